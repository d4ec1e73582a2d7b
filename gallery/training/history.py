"""What a training has done so far, and what follows from it: the best epoch, the next rate, when to stop.

All decisions are functions of the recorded epochs alone. A training that was
killed decides the same after reading them back, whatever else was in memory.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import Field, asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from gallery.files import write_atomic
from gallery.jobs.progress import Progress
from gallery.training.recipes import Recipe, scheduled_rate


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Row = TypeVar("Row", bound=_Dataclass)

HISTORY_FILE = "history.csv"

WORTH_SEEING = 1e-4
"""A validation loss must fall by more than this for the plateau to end (Keras' min_delta)."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training photos; losses are mean cross-entropies without any penalty.

    Attributes:
        epoch: 1 is the first.
        accuracy: over the epoch, while it learns and with augmentation.
        val_accuracy: after it, on validation photos as they are.
        seconds: of the epoch with its validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


PREPARING, TRAINING, MEASURING = "preparing", "training", "measuring"


@dataclass(frozen=True, slots=True)
class TrainingProgress(Progress):
    """How far a training is: photos read while PREPARING, photos shown in all epochs while TRAINING.

    Its remaining time is the longest: it may stop early. While one of a search's trials is trained, the
    stage says which, and the epoch is the trial's.
    """

    epoch: int = 0
    epochs: int = 0


Tell = Callable[[TrainingProgress], None]
"""Takes how far a training is; raises `Stopped` when it shall end."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """A finished training, with the network at its best epoch.

    Attributes:
        ended: "finished", "stopped early" (no better epoch for `patience` ones) or "stopped" (by a person).
    """

    history: tuple[Epoch, ...]
    best: Epoch
    ended: str

    @property
    def seconds(self) -> float:
        """Of all epochs."""
        return sum(row.seconds for row in self.history)


def preparing(tell: Tell, recipe: Recipe) -> Callable[[int, int], None]:
    """Return what tells how many photos of how many are prepared."""

    def told(done: int, total: int) -> None:
        tell(TrainingProgress(PREPARING, done, total, epochs=recipe.epochs))

    return told


def best_epoch(history: Sequence[Epoch]) -> int:
    """Return the position of the lowest validation loss, the earliest of equals; -1 where there is none."""
    losses = [row.val_loss if math.isfinite(row.val_loss) else math.inf for row in history]
    return losses.index(min(losses)) if losses else -1


def stops_early(history: Sequence[Epoch], patience: int) -> bool:
    """Return whether so many epochs have passed since the best one."""
    return bool(history) and len(history) - 1 - best_epoch(history) >= patience


def reductions(history: Sequence[Epoch], plateau: int) -> int:
    """Return how often the learning rate has been reduced: after each ``plateau`` epochs without progress.

    Counts as Keras' ReduceLROnPlateau does: the wait begins anew after a reduction.
    """
    best, waited, reduced = math.inf, 0, 0
    for row in history:
        if row.val_loss < best - WORTH_SEEING:
            best, waited = row.val_loss, 0
        else:
            waited += 1
            if waited >= plateau:
                reduced, waited = reduced + 1, 0
    return reduced


def next_rate(recipe: Recipe, history: Sequence[Epoch]) -> float:
    """Return the learning rate of the epoch that follows these."""
    reduced: float = recipe.plateau_factor ** reductions(history, recipe.plateau)
    return scheduled_rate(recipe, len(history)) * reduced


def photos_per_second(
    history: Sequence[Epoch], photos: int, *, share_done: float, elapsed_s: float
) -> float | None:
    """Return how fast a training goes, validation included; None before anything is known.

    Args:
        history: the epochs done.
        photos: of an epoch.
        share_done: of the current epoch, 0 to 1.
        elapsed_s: since the current epoch began.
    """
    if history:
        an_epoch = sum(row.seconds for row in history) / len(history)
    elif share_done > 0:
        an_epoch = elapsed_s / share_done
    else:
        return None
    return photos / an_epoch if an_epoch > 0 else None


def write_history(file: Path, history: Sequence[Epoch]) -> None:
    """Write a row an epoch; a reader that holds on to the file misses one."""
    with contextlib.suppress(PermissionError):
        write_table(file, Epoch, history)


def read_history(file: Path) -> list[Epoch]:
    """Return what `write_history` wrote; nothing where there is no such file yet."""
    return read_table(file, Epoch)


def write_table(file: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write dataclasses of numbers as a table with their fields' names, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_atomic(file, text.getvalue(), durable=False)


def read_table(file: Path, kind: type[Row]) -> list[Row]:
    """Return what `write_table` wrote, an empty field as None; nothing where there is no such file yet."""
    whole = {f.name: f.type in (int, "int") for f in fields(kind)}

    def number(name: str, text: str) -> float | None:
        return None if not text else int(text) if whole[name] else float(text)

    try:
        with file.open(newline="", encoding="utf-8") as rows:
            return [kind(**{name: number(name, row[name]) for name in whole}) for row in csv.DictReader(rows)]
    except FileNotFoundError:
        return []
