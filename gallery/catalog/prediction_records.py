"""How a batch of predictions becomes records of fixed size, with checksums."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.flat_file import FlatFile, file_stem
from gallery.errors import CatalogError
from gallery.types import BatchPrediction, FloatArray, PhotoId

_FLOAT16_LARGEST = 65504.0


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as its predictions made it known.

    Attributes:
        vectors_key: the model whose file has the features: itself, or the one on whose backbone it is a head.
            All heads of one backbone number their records together.
        cam_shape: None until a batch brings maps.
    """

    model_key: int
    model_id: str
    vectors_key: int
    vectors_id: str
    class_names: tuple[str, ...]
    feature_size: int
    cam_shape: tuple[int, int] | None
    next_slot: int

    def features_file(self, folder: Path) -> FlatFile:
        return FlatFile(folder / "vectors" / f"{file_stem(self.vectors_id)}.f16", 2 * self.feature_size)

    def cams_file(self, folder: Path) -> FlatFile | None:
        if self.cam_shape is None:
            return None
        height, width = self.cam_shape
        record_bytes = len(self.class_names) * height * width
        return FlatFile(folder / "cams" / f"{file_stem(self.model_id)}.u8", record_bytes)

    def held(self, folder: Path) -> tuple[int, int]:
        """Return how many records of features and of maps the files hold: they may be cut short."""
        cams = self.cams_file(folder)
        return self.features_file(folder).count(), 0 if cams is None else cams.count()


def model_row(connection: sqlite3.Connection, model_id: str) -> ModelRow | None:
    """Return what is known of a model; None before its first prediction."""
    row = connection.execute(
        """
        SELECT m.model_key, v.model_key, v.model_id, m.class_names, m.feature_size,
            m.cam_height, m.cam_width, v.next_slot
        FROM models m JOIN models v ON v.model_key = coalesce(m.vectors_of, m.model_key)
        WHERE m.model_id = ?
        """,
        (model_id,),
    ).fetchone()
    if row is None:
        return None
    model_key, vectors_key, vectors_id, class_names, feature_size, height, width, next_slot = row
    return ModelRow(
        model_key,
        model_id,
        vectors_key,
        vectors_id,
        tuple(json.loads(class_names)),
        feature_size,
        None if height is None else (height, width),
        next_slot,
    )


MODEL_KEY = "(SELECT model_key FROM models WHERE model_id = ?)"
"""By which the rows of a model's predictions are known; none where it has not tagged anything."""

HELD = "p.slot < ? AND (p.cams_crc IS NULL OR p.slot < ?)"
"""Whether the files hold a prediction's records; the values are `ModelRow.held`."""


def admit_model(
    connection: sqlite3.Connection, model_id: str, class_names: tuple[str, ...], batch: BatchPrediction
) -> ModelRow:
    """Return the model's row, made or completed by this batch.

    Raises:
        CatalogError: it had other classes or sizes before.
    """
    feature_size = batch.features.shape[1]
    connection.execute(
        "INSERT INTO models (model_id, class_names, feature_size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (model_id, json.dumps(class_names), feature_size),
    )
    shape = None if batch.cams is None else batch.cams.shape[2:]
    if shape is not None:
        connection.execute(
            "UPDATE models SET cam_height = ?, cam_width = ? WHERE model_id = ? AND cam_height IS NULL",
            (*shape, model_id),
        )
    model = model_row(connection, model_id)
    assert model is not None
    same = model.class_names == class_names and model.feature_size == feature_size
    if not same or shape not in (None, model.cam_shape):
        raise CatalogError(
            f"The model {model_id} has tagged photos before with other classes or sizes "
            f"({len(model.class_names)} classes: {', '.join(model.class_names)}). "
            "Give the new model an id of its own."
        )
    return model


def put_predictions(
    connection: sqlite3.Connection,
    model: ModelRow,
    photo_keys: Sequence[int],
    slots: Iterable[int],
    checksums: Iterable[int],
    probabilities: FloatArray,
    **others: Iterable[Any],
) -> None:
    """Keep what a model says of n photos, in place of what it said before.

    Args:
        connection: that writes.
        model: whose word it is.
        photo_keys: of the photos.
        slots: of their features, and of their maps.
        checksums: of the features.
        probabilities: (n, classes).
        **others: cams_crc, cam_peaks, likeness; NULL unless given.
    """
    stored = np.ascontiguousarray(probabilities, "<f4")
    columns = {
        "model_key": repeat(model.model_key, len(stored)),
        "photo_key": photo_keys,
        "slot": slots,
        "features_crc": checksums,
        "class_index": stored.argmax(axis=1).tolist(),
        "confidence": stored.max(axis=1).tolist(),
        "probabilities": (row.tobytes() for row in stored),
        **others,
    }
    connection.executemany(
        f"INSERT OR REPLACE INTO predictions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        zip(*columns.values(), strict=True),
    )


def quantise(cams: FloatArray) -> tuple[NDArray[np.uint8], FloatArray]:
    """Return maps as whole numbers 0..255 of their own peaks, and the peaks.

    Args:
        cams: (..., h, w) float32 >= 0.

    Returns:
        (..., h, w) uint8 and (...,) float32; ``levels * peak / 255`` is within
        ``peak / 510`` of the map. A map without evidence has peak 0.
    """
    peaks = np.clip(cams.max(axis=(-2, -1)), 0, None)
    scale = np.where(peaks > 0, peaks, 1).astype(np.float64)[..., None, None]
    return np.rint(np.clip(cams, 0, None) / scale * 255).astype(np.uint8), peaks.astype("<f4")


def restore(
    record: bytes, peaks: bytes, cam_shape: tuple[int, int], class_indices: NDArray[np.integer]
) -> FloatArray:
    """Return maps of some classes, (classes, h, w) float32, that `quantise` made one photo's record of."""
    highest = as_floats(peaks).astype(np.float64)[:, None, None]
    levels = np.frombuffer(record, np.uint8).reshape(len(highest), *cam_shape)
    return np.asarray(levels[class_indices] * (highest[class_indices] / 255), np.float32)


def as_float16(features: FloatArray) -> NDArray[np.float16]:
    """Return features as they are kept; what float16 cannot hold becomes the largest that it can."""
    return np.asarray(np.clip(features, -_FLOAT16_LARGEST, _FLOAT16_LARGEST), "<f2")


def as_floats(stored: bytes) -> FloatArray:
    """Return stored float32 values in this machine's byte order."""
    return np.frombuffer(stored, "<f4").astype(np.float32)


def check_batch(
    model_id: str, class_names: Sequence[str], photo_ids: Sequence[PhotoId], batch: BatchPrediction
) -> None:
    """Let a batch pass that fits its photos and holds numbers.

    Raises:
        CatalogError: it does not.
    """
    if len(photo_ids) != len(batch) or len(class_names) != batch.probabilities.shape[1]:
        raise CatalogError(
            f"A batch of {batch.probabilities.shape} probabilities does not fit {len(photo_ids)} photos and "
            f"{len(class_names)} classes."
        )
    arrays = [batch.probabilities, batch.features, *([] if batch.cams is None else [batch.cams])]
    if not all(np.isfinite(array).all() for array in arrays):
        raise CatalogError(
            f"The model {model_id} gave values that are not numbers (NaN or infinite). Its weights are "
            "damaged or its training diverged; use another model."
        )
