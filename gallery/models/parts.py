"""The files that a model's folder holds: weights, JSON objects, tables and lists of hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.files import read_arrays, write_atomic
from gallery.types import ModelCard, display_path

FLOAT16_MAX = 65504.0


def read_weights(path: Path) -> dict[str, NDArray[np.floating[Any]]]:
    """Return the tensors of an npz file of plain float arrays.

    Raises:
        ModelError: it is no such file, holds pickled objects or other than
            floats, or would unpack to more than `files.ARRAYS_LIMIT_BYTES`.
    """
    try:
        tensors = read_arrays(path)
    except ValueError as exc:
        raise ModelError(
            f"{path} is not a file of plain weights ({exc}). "
            "Only .npz files of numbers are read, never pickles."
        ) from exc
    for name, tensor in tensors.items():
        if not np.issubdtype(tensor.dtype, np.floating):
            raise ModelError(
                f"{name} in {path} holds {tensor.dtype}, not floating-point weights. Export it again."
            )
    return tensors


@dataclass(frozen=True, slots=True)
class TrainingFeatures:
    """What a model's convolutions say of a balanced selection of the photos it was trained on.

    A head that is fitted anew sees them again, so that nothing is forgotten.

    Attributes:
        features: (n, channels) float32, pooled as they are stored with a prediction.
        class_indices: (n,) in the order of the card's classes.
        unlike_below: a photo whose mean cosine with the nearest of them is lower is unlike anything learnt:
            `learning.likeness`; None where that was not measured.
    """

    features: NDArray[np.float32]
    class_indices: NDArray[np.int64]
    unlike_below: float | None = None


def read_training_features(path: Path, card: ModelCard) -> TrainingFeatures:
    """Return the training features in a model's folder.

    Raises:
        ModelError: the file is damaged or does not fit the card.
    """
    tensors = read_weights(path)
    features, classes = tensors.get("features"), tensors.get("class_indices")
    if features is None or classes is None or features.ndim != 2 or classes.shape != features.shape[:1]:
        raise ModelError(f"{path} holds no features with their classes. Restore the folder.")
    indices = classes.astype(np.int64)
    if not np.isfinite(features).all() or not ((indices >= 0) & (indices < len(card.class_names))).all():
        raise ModelError(f"{path} holds features or classes that {card.model_id} cannot have. Restore it.")
    below = tensors.get("unlike_below")
    return TrainingFeatures(
        features.astype(np.float32),
        indices,
        None if below is None or below.size != 1 else float(below.item()),
    )


def to_float16(name: str, tensor: NDArray[np.floating[Any]]) -> NDArray[np.float16]:
    """Return the tensor as it is stored.

    Raises:
        ModelError: it holds what float16 cannot.
    """
    array = np.asarray(tensor)
    if not np.isfinite(array).all():
        raise ModelError(f"{name} holds values that are not finite. Train again, with a lower learning rate.")
    largest = float(np.abs(array).max(initial=0))
    if largest > FLOAT16_MAX:
        raise ModelError(
            f"{name} holds {largest:.3g}, beyond float16 (65,504). Scale the layer down and the next one up."
        )
    return array.astype(np.float16)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_ids(path: Path) -> frozenset[str]:
    """Return the words of a file; empty where there is none."""
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return frozenset()


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        ModelError: it cannot be read, or holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise ModelError(f"{display_path(path)} cannot be read as JSON ({exc}). Restore it.") from exc
    if not isinstance(data, dict):
        raise ModelError(f"{path} must hold a JSON object, not {type(data).__name__}. Restore it.")
    return data


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write an object as JSON that is whole and on the disk when this returns."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomic(path, f"{text}\n", durable=True)


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with the same keys, at least one, as a table with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue(), durable=True)
