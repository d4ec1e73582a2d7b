"""Predictions: rows in the database, feature vectors and class activation maps in files beside it; boxes.

A record is on the disk before its row is committed. Whatever kills a writer
in between leaves a record without a row, which the next writer overwrites.
Each row holds its records' checksums: what a row points to is what was
written, or it is reported as lost.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.collection_store import root_of
from gallery.catalog.flat_file import FlatFile
from gallery.catalog.paths import decode_below
from gallery.catalog.prediction_records import (
    HELD,
    MODEL_KEY,
    ModelRow,
    admit_model,
    as_float16,
    as_floats,
    check_batch,
    model_row,
    put_predictions,
    quantise,
    restore,
)
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import (
    BatchPrediction,
    DetectedBox,
    Detections,
    FloatArray,
    PhotoId,
    Prediction,
    PredictionTable,
    display_path,
)

_RECORDS = """
    SELECT p.model_key, p.photo_key, CASE WHEN p.{checksum} IS NOT NULL THEN p.slot END, p.{checksum},
        p.cam_peaks
    FROM json_each(:ids) j
    LEFT JOIN photos ON photo_id = j.value
    LEFT JOIN predictions p ON p.photo_key = photos.photo_key AND p.model_key = {whose}
    ORDER BY j.key
"""
_ANY_HEAD = """(
    SELECT q.model_key FROM models m
    CROSS JOIN predictions q ON q.model_key = m.model_key AND q.photo_key = photos.photo_key
    WHERE :vectors IN (m.model_key, m.vectors_of) AND q.slot IS NOT NULL
    ORDER BY m.model_key != :model LIMIT 1
)"""


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
        check_batch(model_id, class_names, photo_ids, batch)
        with self._database.writing() as connection:
            self._mark_lost(connection, model_row(connection, model_id))
            model = admit_model(connection, model_id, tuple(class_names), batch)
            keys = [_photo_key(connection, photo_id) for photo_id in photo_ids]
            features = as_float16(batch.features)
            self._write(model.features_file(self._folder), model.next_slot, features)
            maps: dict[str, Iterable[Any]] = {}
            if (file := model.cams_file(self._folder)) is not None and model.cam_shape is not None:
                if batch.cams is None:  # the model's earlier ones brought maps: their places are kept
                    levels = np.zeros((*batch.probabilities.shape, *model.cam_shape), np.uint8)
                else:
                    levels, peaks = quantise(batch.cams)
                    maps = {"cams_crc": map(zlib.crc32, levels), "cam_peaks": map(bytes, peaks)}
                self._write(file, model.next_slot, levels)
            slots, checksums = range(model.next_slot, model.next_slot + len(batch)), map(zlib.crc32, features)
            put_predictions(connection, model, keys, slots, checksums, batch.probabilities, **maps)
            connection.execute(
                "UPDATE models SET next_slot = next_slot + ? WHERE model_key = ?",
                (len(photo_ids), model.vectors_key),
            )

    def prediction(self, photo_id: PhotoId, model_id: str) -> Prediction | None:
        """Return what a model said of a photo; None if it has not seen it."""
        row = self._row(
            "SELECT class_names, probabilities FROM models CROSS JOIN photos "
            "CROSS JOIN predictions USING (model_key, photo_key) WHERE model_id = ? AND photo_id = ?",
            (model_id, photo_id),
        )
        if row is None:
            return None
        return Prediction(photo_id, model_id, tuple(json.loads(row[0])), as_floats(row[1]))

    def predicted(self, model_id: str, photo_ids: Sequence[PhotoId]) -> set[PhotoId]:
        """Return those of the photos that the model need not see again."""
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                return set()
            rows = connection.execute(
                "SELECT photo_id FROM json_each(?) CROSS JOIN photos ON photo_id = value "
                f"CROSS JOIN predictions p USING (photo_key) WHERE model_key = ? AND {HELD}",
                (json.dumps(list(photo_ids)), model.model_key, *model.held(self._folder)),
            )
            return {photo_id for (photo_id,) in rows}

    def cams(self, photo_id: PhotoId, model_id: str) -> FloatArray | None:
        """Return a photo's class activation maps of all classes, (classes, h, w) float32 >= 0.

        None where there are none: the model has not seen the photo, its network
        gives no maps, or the stored ones are lost (tagging again brings them back).
        Each value is within 1/510 of its own map's peak of what the model gave.
        """
        found = self.class_cams(model_id, [photo_id])
        return found[0][0] if found is not None and found[1][0] else None

    def record_cams(self, model_id: str, photo_id: PhotoId, cams: FloatArray) -> None:
        """Keep the maps, (classes, h, w), of a photo that a head has named from stored features.

        Raises:
            CatalogError: the model has not named the photo, or the disk refuses.
        """
        levels, peaks = quantise(cams)
        with self._database.writing(shown=False) as connection:
            connection.execute(
                "UPDATE models SET cam_height = ?, cam_width = ? WHERE model_id = ? AND cam_height IS NULL",
                (*cams.shape[1:], model_id),
            )
            row = connection.execute(
                "UPDATE predictions SET cams_crc = ?, cam_peaks = ? WHERE slot IS NOT NULL AND "
                f"model_key = {MODEL_KEY} AND photo_key = (SELECT photo_key FROM photos WHERE photo_id = ?) "
                "RETURNING slot",
                (zlib.crc32(levels.data), peaks.tobytes(), model_id, photo_id),
            ).fetchone()
            model = model_row(connection, model_id)
            file = None if model is None else model.cams_file(self._folder)
            if file is None or row is None:
                raise CatalogError(f"{model_id} has not tagged the photo {photo_id}. Tag its collection.")
            self._write(file, row[0], levels[None])

    def class_cams(
        self, model_id: str, photo_ids: Sequence[PhotoId], class_indices: NDArray[np.integer] | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]] | None:
        """Return many photos' maps of a few classes each, as `cams` gives them, and which photos have some.

        Args:
            model_id: whose maps.
            photo_ids: n photos; 5,000 take about 0.1 s.
            class_indices: (n, m) the classes that are wanted of each photo; None for all.

        Returns:
            (n, m, h, w) float32 >= 0, zeros where a photo has none, and (n,); None for a model without maps.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            file = None if model is None else model.cams_file(self._folder)
            if model is None or model.cam_shape is None or file is None:
                return None
            rows = connection.execute(
                _RECORDS.format(whose=":model", checksum="cams_crc"),
                {"ids": json.dumps(list(photo_ids)), "model": model.model_key},
            ).fetchall()
        if class_indices is None:
            class_indices = np.tile(np.arange(len(model.class_names)), (len(rows), 1))
        cams = np.zeros((*class_indices.shape, *model.cam_shape), np.float32)
        records = self._read(file, rows)
        for n, record in enumerate(records):
            if record:
                cams[n] = restore(record, rows[n][4], model.cam_shape, class_indices[n])
        return cams, np.array([bool(record) for record in records], np.bool_)

    def features(self, model_id: str, photo_ids: Sequence[PhotoId]) -> FloatArray:
        """Return the photos' feature vectors, (n, channels) float32, as float16 kept them.

        What any head of the same backbone has seen counts.

        Raises:
            CatalogError: some are not there, or lost; the remedy is to tag again.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                raise CatalogError(
                    f"The model {model_id} has tagged no photos yet. Tag the collection with it."
                )
            values = {
                "ids": json.dumps(list(photo_ids)),
                "vectors": model.vectors_key,
                "model": model.model_key,
            }
            for whose in (":model", _ANY_HEAD):
                question = _RECORDS.format(whose=whose, checksum="features_crc")
                rows = connection.execute(question, values).fetchall()
                if all(row[2] is not None for row in rows):
                    break
        records = self._read(model.features_file(self._folder), rows)
        if absent := records.count(b""):
            raise CatalogError(
                f"The features of {absent} of {len(rows)} photos are not stored for the model {model_id}. "
                "Tag the collection again with it: only those photos are read."
            )
        stored = np.frombuffer(b"".join(records), "<f2").reshape(len(rows), model.feature_size)
        return stored.astype(np.float32)

    def prediction_table(
        self, collection_id: int, model_id: str, *, with_paths: bool = True
    ) -> PredictionTable:
        """Return what a model said of all the collection's photos, in the order of their paths.

        Photos that it has not seen, and files that are missing, are not in it. Without paths, which most of
        the time goes into, there are none in it either.

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
                """
                SELECT f.file_id, photo_id, f.path, p.probabilities
                FROM files f
                CROSS JOIN photos USING (photo_key)
                CROSS JOIN predictions p ON p.model_key = ? AND p.photo_key = f.photo_key
                WHERE f.collection_id = ? AND f.missing = 0 ORDER BY f.path
                """,
                (model.model_key, collection_id),
            ).fetchall()
        return PredictionTable(
            np.array([row[0] for row in rows], np.int64),
            tuple(row[1] for row in rows),
            tuple(decode_below(root, row[2]) for row in rows) if with_paths else (),
            as_floats(b"".join(row[3] for row in rows)).reshape(-1, len(model.class_names)),
            model.class_names,
        )

    def record_detections(self, found: Sequence[Detections]) -> None:
        """Keep what a detector found in photos, in place of what was kept; unknown photos are passed over."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO detections (photo_key, label, confidence, animals, boxes) "
                "SELECT photo_key, ?, ?, ?, ? FROM photos WHERE photo_id = ?",
                (
                    (
                        one.label,
                        one.confidence,
                        one.animals,
                        json.dumps(list(map(_listed, one.boxes))),
                        one.photo_id,
                    )
                    for one in found
                ),
            )

    def detections(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Detections]:
        """Return what a detector found in photos; those that none has seen are left out."""
        rows = self._rows(
            "SELECT photo_id, label, confidence, boxes FROM json_each(?) "
            "CROSS JOIN photos ON photo_id = value CROSS JOIN detections USING (photo_key)",
            (json.dumps(list(photo_ids)),),
        )
        return {
            photo_id: Detections(photo_id, label, confidence, tuple(map(_box, json.loads(boxes))))
            for photo_id, label, confidence, boxes in rows
        }

    def models_used(self) -> list[str]:
        """Return the ids of the models that have tagged photos, sorted."""
        return [model_id for (model_id,) in self._rows("SELECT model_id FROM models ORDER BY model_id")]

    def _mark_lost(self, connection: sqlite3.Connection, model: ModelRow | None) -> None:
        """Note which records the files no longer hold, before new ones hide the gap."""
        if model is None:
            return
        features, cams = model.held(self._folder)
        if features < model.next_slot:
            connection.execute(
                "UPDATE predictions SET slot = NULL WHERE slot >= ? AND model_key IN "
                "(SELECT model_key FROM models WHERE ? IN (model_key, vectors_of))",
                (features, model.vectors_key),
            )
        if model.cam_shape is not None and cams < model.next_slot:
            connection.execute(
                "UPDATE predictions SET slot = NULL WHERE model_key = ? AND slot >= ? "
                "AND cams_crc IS NOT NULL",
                (model.model_key, cams),
            )

    def _write(self, file: FlatFile, slot: int, records: NDArray[Any]) -> None:
        """Put records into a file; the write lock is held."""
        try:
            file.write(slot, records)
        except OSError as exc:
            raise CatalogError(
                f"The predictions cannot be written to {display_path(self._folder)} ({exc}). Free some space "
                "or check that you may write there, then tag again: what was stored so far is kept."
            ) from exc

    def _read(self, file: FlatFile, rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
        """Return the records of rows of `_RECORDS`, empty for none; damaged ones are given up."""
        stored = [row for row in rows if row[2] is not None]
        found = iter(file.read([row[2] for row in stored], [row[3] for row in stored]))
        records = [b"" if row[2] is None else next(found) for row in rows]
        damaged = [row[:3] for row, record in zip(rows, records, strict=True) if record is None]
        if damaged:
            self._give_up(damaged)
        return [record or b"" for record in records]

    def _give_up(self, records: Sequence[tuple[int, int, int]]) -> None:
        """Mark records (model_key, photo_key, slot) as lost, so that tagging again makes them anew."""
        with self._database.writing(shown=False) as connection:
            connection.executemany(
                "UPDATE predictions SET slot = NULL WHERE model_key = ? AND photo_key = ? AND slot = ?",
                records,
            )


def _photo_key(connection: sqlite3.Connection, photo_id: PhotoId) -> int:
    row = connection.execute("SELECT photo_key FROM photos WHERE photo_id = ?", (photo_id,)).fetchone()
    if row is None:
        raise CatalogError(f"The photo {photo_id} is not in the catalog. Open the folder that holds it.")
    return int(row[0])


def _listed(box: DetectedBox) -> list[Any]:
    return [box.category, box.confidence, *box.place, box.label, box.label_confidence]


def _box(listed: list[Any]) -> DetectedBox:
    category, confidence, left, top, width, height, label, label_confidence = listed
    return DetectedBox(category, confidence, (left, top, width, height), label, label_confidence)
