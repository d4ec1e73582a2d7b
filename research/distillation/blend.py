"""Average a phase's weights with those it began from, to learn and forget less (Wortsman et al. 2022).

    python -m research.distillation.blend --out DIR --phase all --share 0.5 --weights FILE

Writes FILE in float16, and beside it the same unrounded, ``unrounded.npz``. Which share to take is chosen by
the validation's likelihood and the watched photos' divergence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from research.distillation.phases import PHASES
from research.distillation.student import LOWER_FACTOR, Weights, scale_lower
from research.distillation.training_run import export, save_arrays, without_batch_norm


def blend(first: Weights, second: Weights, share: float) -> Weights:
    """Return ``share`` of the second network and the rest of the first, both without batch norm.

    Example:
        >>> one = {"fc1/bias": np.zeros(1, np.float32)}
        >>> blend(one, {"fc1/bias": np.ones(1, np.float32)}, 0.25)["fc1/bias"].tolist()
        [0.25]
    """
    return {name: ((1 - share) * first[name] + share * second[name]).astype(np.float32) for name in first}


def main() -> None:
    """Blend what a phase left in a folder with what it began from."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the phases")
    following = [name for name, phase in PHASES.items() if phase.after]
    parser.add_argument("--phase", choices=following, default=following[-1])
    parser.add_argument("--share", type=float, required=True, help="the phase's share, 0 to 1")
    parser.add_argument("--weights", type=Path, required=True, help="the file to write")
    args = parser.parse_args()
    before = without_batch_norm(PHASES[args.phase].after, args.out)
    blended = blend(before, without_batch_norm(args.phase, args.out), args.share)
    export(blended, args.weights)
    unrounded = {
        k: v for k, v in scale_lower(blended, 1 / LOWER_FACTOR).items() if not k.startswith("adapter/")
    }
    save_arrays(args.weights.with_name("unrounded.npz"), unrounded)


if __name__ == "__main__":
    main()
