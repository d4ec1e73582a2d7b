"""Average the two phases' weights, to learn from the second and forget less (Wortsman et al. 2022).

    python -m gallery.training.distillation.blend --out DIR --share 0.25 --weights FILE

Writes FILE in float16, and beside it the same unrounded, ``unrounded.npz``. Which share to take is chosen by
the validation's likelihood and the watched photos' divergence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gallery.training.distillation.student import LOWER_FACTOR, Weights, fold_batch_norm, scale_lower
from gallery.training.distillation.training_run import export, save_arrays


def blend(first: Weights, second: Weights, share: float) -> Weights:
    """Return ``share`` of the second network and the rest of the first, both without batch norm.

    Example:
        >>> one = {"fc1/bias": np.zeros(1, np.float32)}
        >>> blend(one, {"fc1/bias": np.ones(1, np.float32)}, 0.25)["fc1/bias"].tolist()
        [0.25]
    """
    return {name: ((1 - share) * first[name] + share * second[name]).astype(np.float32) for name in first}


def main() -> None:
    """Blend what the two phases left in a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the two phases")
    parser.add_argument("--share", type=float, required=True, help="the second phase's share, 0 to 1")
    parser.add_argument("--weights", type=Path, required=True, help="the file to write")
    args = parser.parse_args()
    both: list[Weights] = []
    for phase in ("upper", "all"):
        with np.load(args.out / phase / "averaged.npz", allow_pickle=False) as stored:
            folded = fold_batch_norm({name: stored[name] for name in stored.files})
        both.append({name: value for name, value in folded.items() if not name.startswith("adapter/")})
    blended = blend(both[0], both[1], args.share)
    export(blended, args.weights)
    save_arrays(args.weights.with_name("unrounded.npz"), scale_lower(blended, 1 / LOWER_FACTOR))


if __name__ == "__main__":
    main()
