"""A training on disk: its last whole epoch and its best weights, each file whole or not there."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.files import open_atomic, read_arrays
from gallery.training.history import Epoch

Tensors = Mapping[str, NDArray[Any]]
STATE_FILE = "state.npz"


@dataclass(frozen=True, slots=True)
class TrainingState:
    """All that the next epoch depends on.

    Attributes:
        history: the epochs done.
        weights: the network's tensors after the last one, float32.
        optimiser: its variables, in their order.
    """

    history: tuple[Epoch, ...]
    weights: Tensors
    optimiser: Sequence[NDArray[Any]]


def save_state(folder: Path, state: TrainingState) -> None:
    """Replace the stored state by this one.

    Raises:
        TrainingError: the disk refuses; the older state is still there.
    """
    arrays = {f"weights/{name}": tensor for name, tensor in state.weights.items()}
    arrays |= {f"optimiser/{i:04}": np.asarray(value) for i, value in enumerate(state.optimiser)}
    arrays["history"] = np.array(json.dumps([asdict(row) for row in state.history]))
    save_arrays(folder / STATE_FILE, arrays)


def load_state(folder: Path) -> TrainingState | None:
    """Return the stored state; None where no epoch has been finished.

    Raises:
        TrainingError: the file is damaged.
    """
    file = folder / STATE_FILE
    if not file.is_file():
        return None
    arrays = arrays_of(file)
    try:
        history = tuple(Epoch(**row) for row in json.loads(str(arrays.pop("history"))))
    except (KeyError, ValueError, TypeError) as exc:
        raise _damaged(file, exc) from exc
    weights = {k.removeprefix("weights/"): v for k, v in arrays.items() if k.startswith("weights/")}
    return TrainingState(
        history, weights, [v for k, v in sorted(arrays.items()) if k.startswith("optimiser/")]
    )


def best_file(folder: Path, epoch: int) -> Path:
    """Return where the weights of the best epoch lie, beside older ones, which a killed training may need."""
    return folder / f"best-{epoch:04}.npz"


def drop_other_bests(folder: Path, epoch: int) -> None:
    """Remove the weights of all but the best epoch, once the state that names it is stored."""
    for file in folder.glob("best-*.npz"):
        if file != best_file(folder, epoch):
            with contextlib.suppress(OSError):
                file.unlink()


def save_arrays(file: Path, arrays: Tensors) -> None:
    """Write an npz file that is whole or not there.

    Raises:
        TrainingError: the disk refuses.
    """
    try:
        with open_atomic(file, durable=True) as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]
    except OSError as exc:
        raise TrainingError(
            f"The checkpoint {file} could not be written: {exc}. Free space and resume."
        ) from exc


def arrays_of(file: Path) -> dict[str, NDArray[Any]]:
    """Return what `save_arrays` wrote.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        return read_arrays(file, limit_bytes=math.inf)
    except ValueError as exc:
        if isinstance(exc.__cause__, MemoryError | OSError):
            raise TrainingError(
                f"The checkpoint {file} cannot be read now ({exc}). Free memory, check the disk, and resume."
            ) from exc
        raise _damaged(file, exc) from exc


def _damaged(file: Path, exc: Exception) -> TrainingError:
    return TrainingError(f"The checkpoint {file} is damaged ({exc}). Remove its folder and train again.")
