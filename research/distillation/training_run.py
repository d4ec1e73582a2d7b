"""Distil the teacher into VGG16: blocks 4 and 5 on cached maps, then every layer on photos.

    python -m gallery.training.distillation --data DIR --teacher FILE --start FILE --out DIR \\
        --phase upper --minutes 50 [--resume]
    python -m gallery.training.distillation ... --phase long --views 4 --minutes 72
    python -m gallery.training.distillation ... --phase all --minutes 25

The second phase goes on where the first one ended, with more views of each photo; the third, which also sees
blends of two photos, drawings and night shots made of them, from what the second left. Each writes
``checkpoint.npz``, from which a killed run resumes; after every epoch a line of ``history.csv``; and
``weights.npz``: float16, without batch norm, the average of the last steps.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.training.distillation.losses import TeacherHeads
from research.distillation.batches import ALL_CELLS, CROP_CELLS, BatchSource
from research.distillation.figures import macro_recall
from research.distillation.phases import PHASES, Phase
from research.distillation.prepare import Prepared, add_input_arguments, prepare, use_two_threads
from research.distillation.schedule import TimeBudget, rate_factor
from research.distillation.student import LOWER_FACTOR, Weights, fold_batch_norm, scale_lower
from research.distillation.trainer import Trainer, begin_upper

log = logging.getLogger(__name__)

CHECKPOINT_STEPS = 40


def export(weights: Weights, file: Path) -> None:
    """Write float16 weights without batch norm and adapter, replacing the file at once."""
    folded = scale_lower(fold_batch_norm(weights), 1 / LOWER_FACTOR)
    arrays = {k: v.astype(np.float16) for k, v in folded.items() if not k.startswith("adapter/")}
    save_arrays(file, arrays)


def save_arrays(file: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write an npz file that is whole or not there."""
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)


def train(phase: Phase, prepared: Prepared, args: argparse.Namespace) -> None:
    """Train until the minutes are used, resuming from the phase's checkpoint if told to."""
    folder = args.out / phase.name
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.npz"
    weights, heads = begin_phase(phase, prepared, args.out)
    trainer = Trainer(phase, prepared, weights, heads)
    steps, used_minutes = 0, 0.0
    if args.resume and checkpoint.exists():
        with np.load(checkpoint, allow_pickle=False) as stored:
            arrays = {k: stored[k] for k in stored.files}
        used_minutes = float(arrays.pop("used_minutes"))
        trainer.restore(arrays)
        steps = int(trainer.optimiser.slots["count"].numpy())
    source = BatchSource(prepared, args.views, phase)
    parts = np.array([p.part for p in prepared.photos])
    held = {part: np.flatnonzero(parts == part).tolist() for part in ("val", "watched")}
    labels = np.array([prepared.photos[i].class_index for i in held["val"]])
    budget = TimeBudget(args.minutes, used_minutes)
    recent: list[dict[str, float]] = []

    def cells() -> int:
        return ALL_CELLS if budget.progress > phase.whole_map_after else CROP_CELLS

    def finish_epoch() -> None:
        _, predicted = trainer.measure(source, held["val"])
        watched, _ = trainer.measure(source, held["watched"])
        line = {
            "phase": phase.name,
            "epoch": round(steps / phase.steps_per_epoch, 2),
            "photos_seen": steps * phase.batch_size,
            "minutes": round(budget.used_minutes, 2),
            "rate_factor": round(rate_factor(budget.progress), 4),
            **{f"train_{k}": round(float(np.mean([r[k] for r in recent])), 4) for k in recent[0]},
            **{f"watched_{k}": round(v, 4) for k, v in watched.items() if k != "labels"},
            "val_accuracy": round(float((predicted == labels).mean()), 4),
            "val_macro_recall": round(macro_recall(predicted, labels), 4),
        }
        append_line(folder / "history.csv", line)
        log.info("%s", line)
        export(trainer.averaged_weights(), folder / "weights.npz")
        save_arrays(folder / "averaged.npz", trainer.averaged_weights())
        recent.clear()

    def save_checkpoint() -> None:
        save_arrays(checkpoint, {**trainer.state(), "used_minutes": np.array(budget.used_minutes)})

    for step, (inputs, codes, batch_labels) in source.batches(steps, phase.batch_size, cells):
        rate = tf.constant(rate_factor(budget.progress), tf.float32)
        terms = trainer.step(inputs, codes, batch_labels, rate)
        recent.append({k: float(v) for k, v in terms.items()})
        steps = step + 1
        if steps % 16 == 0:
            means = {k: round(float(np.mean([r[k] for r in recent[-16:]])), 4) for k in terms}
            log.info("step %d, %.1f min, rate %.3f, %s", steps, budget.used_minutes, float(rate), means)
        if not all(np.isfinite(v) for v in recent[-1].values()):
            raise TrainingError(f"The loss is no number at step {steps}: resume with lower rates.")
        ended = budget.progress >= 1
        if steps % CHECKPOINT_STEPS == 0:
            save_checkpoint()
        if ended or steps % phase.steps_per_epoch == 0:
            finish_epoch()
        if ended:
            return


def begin_phase(phase: Phase, prepared: Prepared, out: Path) -> tuple[Weights, TeacherHeads]:
    """Return the phase's first weights and the teacher's heads, stored so that a resumed run has the same."""
    file = out / "beginning.npz"
    if not file.exists():
        weights, heads = begin_upper(prepared)
        variances = {
            "map_variance": np.array(heads.map_variance),
            "pooled_variance": np.array(heads.pooled_variance),
        }
        save_arrays(file, {**weights, **variances})
    with np.load(file, allow_pickle=False) as stored:
        weights = {k: stored[k] for k in stored.files}
    heads = prepared.heads(float(weights.pop("map_variance")), float(weights.pop("pooled_variance")))
    if not phase.after:
        return weights, heads
    return (end_of(phase.after, out) if phase.batch_norm else without_batch_norm(phase.after, out)), heads


def end_of(phase_name: str, out: Path) -> Weights:
    """Return the averaged weights that a phase left in the folder, with its batch norm and its adapter."""
    with np.load(out / phase_name / "averaged.npz", allow_pickle=False) as stored:
        return {k: stored[k] for k in stored.files}


def without_batch_norm(phase_name: str, out: Path) -> Weights:
    """Return the same with batch norm folded away."""
    weights = end_of(phase_name, out)
    adapter = {k: v for k, v in weights.items() if k.startswith("adapter/")}
    return {**fold_batch_norm(weights), **adapter}


def append_line(file: Path, line: Mapping[str, object]) -> None:
    """Add a line to a CSV file, with a header if it is new."""
    is_new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(line))
        if is_new:
            writer.writeheader()
        writer.writerow(line)


def main() -> None:
    """Run a phase from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_input_arguments(parser)
    parser.add_argument("--phase", choices=sorted(PHASES), default="upper")
    parser.add_argument(
        "--minutes", type=float, required=True, help="the time after which the rate has fallen to 0"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the phase's checkpoint, if there is one"
    )
    args = parser.parse_args()
    use_two_threads()
    train(PHASES[args.phase], prepare(args), args)


if __name__ == "__main__":
    main()
