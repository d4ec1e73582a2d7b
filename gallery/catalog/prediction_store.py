"""Predictions: rows in the database, feature vectors and class activation maps in files beside it.

A record is on the disk before its row is committed. Whatever kills a writer
in between leaves a record without a row, which the next writer overwrites.
Each row holds its records' checksums: what a row points to is what was
written, or it is reported as lost.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.collection_store import root_of
from gallery.catalog.flat_file import FlatFile, file_stem
from gallery.catalog.paths import decode_below
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import BatchPrediction, FloatArray, PhotoId, Prediction, PredictionTable

_FLOAT16_LARGEST = 65504.0


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as its predictions made it known."""

    model_key: int
    model_id: str
    class_names: tuple[str, ...]
    feature_size: int
    cam_shape: tuple[int, int] | None
    next_slot: int

    def features_file(self, folder: Path) -> FlatFile:
        return FlatFile(folder / "vectors" / f"{file_stem(self.model_id)}.f16", 2 * self.feature_size)

    def cams_file(self, folder: Path) -> FlatFile | None:
        if self.cam_shape is None:
            return None
        height, width = self.cam_shape
        return FlatFile(
            folder / "cams" / f"{file_stem(self.model_id)}.u8", len(self.class_names) * height * width
        )

    def first_lost_slot(self, folder: Path) -> int:
        """Return the first slot that the files do not hold: they are missing, or were cut short."""
        files = [self.features_file(folder), self.cams_file(folder)]
        return min(file.count() for file in files if file is not None)


def model_row(connection: sqlite3.Connection, model_id: str) -> ModelRow | None:
    """Return what is known of a model; None before its first prediction."""
    row = connection.execute(
        "SELECT model_key, class_names, feature_size, cam_height, cam_width, next_slot FROM models "
        "WHERE model_id = ?",
        (model_id,),
    ).fetchone()
    if row is None:
        return None
    model_key, class_names, feature_size, height, width, next_slot = row
    shape = None if height is None else (height, width)
    return ModelRow(model_key, model_id, tuple(json.loads(class_names)), feature_size, shape, next_slot)


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
    return np.rint(np.clip(cams, 0, None) / scale * 255).astype(np.uint8), peaks.astype(np.float32)


class PredictionStore(Store):
    """What the catalog knows of what models said."""

    def record_predictions(
        self,
        model_id: str,
        class_names: Sequence[str],
        photo_ids: Sequence[PhotoId],
        batch: BatchPrediction,
    ) -> None:
        """Store a batch whole: probabilities, features and maps, replacing the model's earlier ones.

        Args:
            model_id: who says it.
            class_names: its classes, in the order of the probabilities.
            photo_ids: the batch's photos; each has been recorded before.
            batch: probabilities, features (kept as float16) and maps (kept as
                uint8 of their own peak).

        Raises:
            CatalogError: a photo is unknown, values are not finite, or the model
                had other classes or sizes before; nothing of the batch is kept.
        """
        _check(model_id, class_names, photo_ids, batch)
        features = np.clip(batch.features, -_FLOAT16_LARGEST, _FLOAT16_LARGEST).astype("<f2")
        feature_records = features.view(np.uint8).reshape(len(batch), -1)
        with self._database.writing() as connection:
            self._mark_lost(connection, model_row(connection, model_id))
            model = self._model_for(connection, model_id, tuple(class_names), batch)
            cam_records, peaks = _cam_records(batch, model)
            try:
                model.features_file(self._folder).write(model.next_slot, feature_records)
                cams_file = model.cams_file(self._folder)
                if cams_file is not None and cam_records is not None:
                    cams_file.write(model.next_slot, cam_records)
            except OSError as exc:
                raise CatalogError(
                    f"The predictions cannot be written to {self._folder} ({exc}). Free some space or check "
                    "that "
                    "you may write there, then tag again: what was stored so far is kept."
                ) from exc
            for n, photo_id in enumerate(photo_ids):
                probabilities = batch.probabilities[n].astype("<f4")
                winner = int(np.argmax(probabilities))
                photo_key = _photo_key(connection, photo_id)
                connection.execute(
                    "INSERT OR REPLACE INTO predictions (model_key, photo_key, class_index, confidence, "
                    "slot, "
                    "features_crc, cams_crc, cam_peaks, probabilities) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        model.model_key,
                        photo_key,
                        winner,
                        float(probabilities[winner]),
                        model.next_slot + n,
                        zlib.crc32(feature_records[n].tobytes()),
                        None
                        if peaks is None or cam_records is None
                        else zlib.crc32(cam_records[n].tobytes()),
                        None if peaks is None else peaks[n].astype("<f4").tobytes(),
                        probabilities.tobytes(),
                    ),
                )
            connection.execute(
                "UPDATE models SET next_slot = next_slot + ? WHERE model_key = ?",
                (len(photo_ids), model.model_key),
            )

    def prediction(self, photo_id: PhotoId, model_id: str) -> Prediction | None:
        """Return what a model said of a photo; None if it has not seen it."""
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            row = (
                model
                and connection.execute(
                    "SELECT probabilities FROM predictions JOIN photos USING (photo_key) "
                    "WHERE model_key = ? AND photo_id = ?",
                    (model.model_key, photo_id),
                ).fetchone()
            )
        if not model or not row:
            return None
        return Prediction(photo_id, model_id, model.class_names, _floats(row[0]))

    def predicted(self, model_id: str, photo_ids: Sequence[PhotoId]) -> set[PhotoId]:
        """Return those of the photos that need no new look of the model."""
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                return set()
            rows = connection.execute(
                "SELECT photo_id FROM json_each(?) CROSS JOIN photos ON photo_id = value "
                "CROSS JOIN predictions USING (photo_key) WHERE model_key = ? AND slot < ?",
                (json.dumps(list(photo_ids)), model.model_key, model.first_lost_slot(self._folder)),
            )
            return {photo_id for (photo_id,) in rows}

    def cams(self, photo_id: PhotoId, model_id: str) -> FloatArray | None:
        """Return a photo's class activation maps of all classes, (classes, h, w) float32 >= 0.

        None where there are none: the model has not seen the photo, its network
        gives no maps, or the stored ones are lost (tagging again brings them back).
        Each value is within 1/510 of its own map's peak of what the model gave.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            row = (
                model
                and connection.execute(
                    "SELECT photo_key, slot, cams_crc, cam_peaks FROM predictions JOIN photos USING "
                    "(photo_key) "
                    "WHERE model_key = ? AND photo_id = ?",
                    (model.model_key, photo_id),
                ).fetchone()
            )
        if not model or not row:
            return None
        photo_key, slot, checksum, peaks = row
        file = model.cams_file(self._folder)
        if file is None or slot is None or peaks is None:
            return None
        (record,) = file.read([slot])
        if not record:
            return None
        if zlib.crc32(record) != checksum:
            self._give_up(model, [(photo_key, slot)])
            return None
        levels = np.frombuffer(record, np.uint8).reshape(len(model.class_names), *(model.cam_shape or ()))
        return (levels * (_floats(peaks).astype(np.float64)[:, None, None] / 255)).astype(np.float32)

    def features(self, model_id: str, photo_ids: Sequence[PhotoId]) -> FloatArray:
        """Return the photos' feature vectors, (n, channels) float32, as float16 kept them.

        Raises:
            CatalogError: some are not there, or lost; the remedy is to tag again.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                raise CatalogError(
                    f"The model {model_id} has tagged no photos yet. Tag the collection with it."
                )
            rows = connection.execute(
                "SELECT p.photo_key, p.slot, p.features_crc FROM json_each(?) j "
                "LEFT JOIN photos ON photo_id = j.value "
                "LEFT JOIN predictions p ON p.model_key = ? AND p.photo_key = photos.photo_key ORDER BY "
                "j.key",
                (json.dumps(list(photo_ids)), model.model_key),
            ).fetchall()
        known = [n for n, (_, slot, _) in enumerate(rows) if slot is not None]
        records = model.features_file(self._folder).read([rows[n][1] for n in known])
        damaged = [
            n for n, record in zip(known, records, strict=True) if record and zlib.crc32(record) != rows[n][2]
        ]
        if damaged:
            self._give_up(model, [rows[n][:2] for n in damaged])
        absent = len(rows) - len(known) + len(damaged) + sum(not record for record in records)
        if absent:
            raise CatalogError(
                f"The features of {absent} of {len(rows)} photos are not stored for the model {model_id}. "
                "Tag the collection again with it: only those photos are read."
            )
        stored = np.frombuffer(b"".join(records), "<f2").reshape(len(rows), model.feature_size)
        return stored.astype(np.float32)

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable:
        """Return what a model said of all the collection's photos, in the order of their paths.

        Photos that it has not seen, and files that are missing, are not in it.

        Raises:
            CatalogError: there is no such collection.
        """
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
            model = model_row(connection, model_id)
            if model is None:
                return PredictionTable(
                    np.zeros(0, np.int64), (), (), np.zeros((0, 0), np.float32), class_names=()
                )
            rows = connection.execute(
                "SELECT f.file_id, photo_id, f.path, p.probabilities FROM files f JOIN photos USING "
                "(photo_key) "
                "CROSS JOIN predictions p ON p.model_key = ? AND p.photo_key = f.photo_key "
                "WHERE f.collection_id = ? AND f.missing = 0 ORDER BY f.path",
                (model.model_key, collection_id),
            ).fetchall()
        return PredictionTable(
            np.array([row[0] for row in rows], np.int64),
            tuple(row[1] for row in rows),
            tuple(decode_below(root, row[2]) for row in rows),
            _floats(b"".join(row[3] for row in rows)).reshape(-1, len(model.class_names)),
            model.class_names,
        )

    def models_used(self) -> list[str]:
        """Return the ids of the models that have tagged photos, sorted."""
        with self._database.reading() as connection:
            return [row[0] for row in connection.execute("SELECT model_id FROM models ORDER BY model_id")]

    def _mark_lost(self, connection: sqlite3.Connection, model: ModelRow | None) -> None:
        """Note which records the files no longer hold, before new ones hide the gap."""
        if model is None:
            return
        lost = model.first_lost_slot(self._folder)
        if lost < model.next_slot:
            connection.execute(
                "UPDATE predictions SET slot = NULL WHERE model_key = ? AND slot >= ?",
                (model.model_key, lost),
            )

    def _give_up(self, model: ModelRow, records: Sequence[tuple[int, int]]) -> None:
        """Mark records (photo_key, slot) as lost, so that tagging again makes them anew."""
        with self._database.writing(shown=False) as connection:
            connection.executemany(
                "UPDATE predictions SET slot = NULL WHERE model_key = ? AND photo_key = ? AND slot = ?",
                [(model.model_key, photo_key, slot) for photo_key, slot in records],
            )

    @staticmethod
    def _model_for(
        connection: sqlite3.Connection, model_id: str, class_names: tuple[str, ...], batch: BatchPrediction
    ) -> ModelRow:
        connection.execute(
            "INSERT INTO models (model_id, class_names, feature_size) VALUES (?, ?, ?) "
            "ON CONFLICT (model_id) DO NOTHING",
            (model_id, json.dumps(class_names), batch.features.shape[1]),
        )
        shape = None if batch.cams is None else batch.cams.shape[2:]
        if shape is not None:
            connection.execute(
                "UPDATE models SET cam_height = ?, cam_width = ? WHERE model_id = ? AND cam_height IS NULL",
                (*shape, model_id),
            )
        model = model_row(connection, model_id)
        assert model is not None
        same = model.class_names == class_names and model.feature_size == batch.features.shape[1]
        if not same or shape not in (None, model.cam_shape):
            raise CatalogError(
                f"The model {model_id} has tagged photos before with other classes or sizes "
                f"({len(model.class_names)} classes: {', '.join(model.class_names)}). Give the new model an "
                "id of "
                "its own."
            )
        return model


def _check(
    model_id: str, class_names: Sequence[str], photo_ids: Sequence[PhotoId], batch: BatchPrediction
) -> None:
    if len(photo_ids) != len(batch) or len(class_names) != batch.probabilities.shape[1]:
        raise CatalogError(
            f"A batch of {batch.probabilities.shape} probabilities does not fit {len(photo_ids)} photos and "
            f"{len(class_names)} classes."
        )
    arrays = [batch.probabilities, batch.features, *([] if batch.cams is None else [batch.cams])]
    if not all(np.isfinite(array).all() for array in arrays):
        raise CatalogError(
            f"The model {model_id} gave values that are not numbers (NaN or infinite). Its weights are "
            "damaged or "
            "its training diverged; use another model."
        )


def _cam_records(
    batch: BatchPrediction, model: ModelRow
) -> tuple[NDArray[np.uint8] | None, FloatArray | None]:
    """Return the batch's records for the file of maps (zeros where it brings none), and the peaks."""
    if model.cam_shape is None:
        return None, None
    if batch.cams is None:
        size = len(model.class_names) * model.cam_shape[0] * model.cam_shape[1]
        return np.zeros((len(batch), size), np.uint8), None
    levels, peaks = quantise(batch.cams)
    return levels.reshape(len(batch), -1), peaks


def _photo_key(connection: sqlite3.Connection, photo_id: PhotoId) -> int:
    row = connection.execute("SELECT photo_key FROM photos WHERE photo_id = ?", (photo_id,)).fetchone()
    if row is None:
        raise CatalogError(f"The photo {photo_id} is not in the catalog. Open the folder that holds it.")
    return int(row[0])


def _floats(stored: bytes) -> FloatArray:
    return np.frombuffer(stored, "<f4").astype(np.float32)
