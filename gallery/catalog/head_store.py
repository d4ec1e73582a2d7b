"""Heads on a backbone that has tagged before: its features are stored, so no photo is read again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from gallery.catalog.clock_store import TAKEN
from gallery.catalog.prediction_records import MODEL_KEY, model_row, put_predictions
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import FloatArray, ModelCard, PhotoId

_OF_BACKBONE = "SELECT model_key FROM models WHERE ? IN (model_key, vectors_of)"

_IN_ONE_TRANSACTION = 4096
"""Rows: others may write in between, a label for instance."""


@dataclass(frozen=True, slots=True)
class NamedPhoto:
    """A photo that people have labelled, with what tells whether it was taken together with another.

    Attributes:
        file_id: one of its places.
        place: of its folder; equal for photos that lie side by side.
        taken_at: ISO 8601 camera-local; None where the file does not tell.
    """

    photo_id: PhotoId
    label: str
    file_id: int
    place: tuple[int, str]
    taken_at: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Unnamed:
    """Photos of which a head has not said anything, with their stored features.

    Attributes:
        rows: of each the keys of the photo and of its record, its checksum, and its likeness to what the
            backbone has learnt, None where that was not measured.
        features: (n, channels).
    """

    rows: tuple[tuple[int, int, int, float | None], ...]
    features: FloatArray

    def __len__(self) -> int:
        return len(self.rows)


class HeadStore(Store):
    """What the catalog knows of heads that share a backbone's features."""

    def admit_head(self, card: ModelCard, backbone: ModelCard, feature_size: int) -> None:
        """Note that a model shares the features of its backbone, before either has tagged or after.

        Args:
            card: the head's.
            backbone: the model's that holds all but the head.
            feature_size: channels of a feature vector.
        """
        with self._database.writing(shown=False) as connection:
            for one in (backbone, card):
                connection.execute(
                    "INSERT INTO models (model_id, class_names, feature_size) VALUES (?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (one.model_id, json.dumps(one.class_names), feature_size),
                )
            connection.execute(
                "UPDATE models SET vectors_of = (SELECT model_key FROM models WHERE model_id = ?) "
                "WHERE model_id = ?",
                (backbone.model_id, card.model_id),
            )

    def unnamed_by(self, model_id: str) -> Iterator[Unnamed]:
        """Yield, some at a time, the photos whose features are stored and that a head has not named.

        Damaged features are passed over: who tags with the head finds their photos untagged.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                return
            sources = connection.execute(
                f"{_OF_BACKBONE} AND model_key != ? ORDER BY model_key != ?",
                (model.vectors_key, model.model_key, model.vectors_key),
            ).fetchall()
        for (source,) in sources:
            with self._database.reading() as connection:
                rows = connection.execute(
                    """
                    SELECT photo_key, slot, features_crc, likeness FROM predictions p
                    WHERE p.model_key = ? AND p.slot < ? AND NOT EXISTS (
                        SELECT 1 FROM predictions q
                        WHERE q.model_key = ? AND q.photo_key = p.photo_key AND q.slot IS NOT NULL)
                    """,
                    (source, model.held(self._folder)[0], model.model_key),
                ).fetchall()
            for start in range(0, len(rows), _IN_ONE_TRANSACTION):
                some = rows[start : start + _IN_ONE_TRANSACTION]
                slots, checksums = [row[1] for row in some], [row[2] for row in some]
                records = model.features_file(self._folder).read(slots, checksums)
                whole = tuple(row for row, record in zip(some, records, strict=True) if record)
                features = np.frombuffer(b"".join(filter(None, records)), "<f2")
                yield Unnamed(whole, features.reshape(len(whole), model.feature_size).astype(np.float32))

    def record_head(
        self,
        model_id: str,
        photos: Unnamed,
        probabilities: FloatArray,
        likeness: FloatArray | None = None,
    ) -> None:
        """Store what a head says of photos whose features are there; it brings no maps.

        Args:
            model_id: an admitted head's.
            photos: as `unnamed_by` gave them.
            probabilities: (n, classes), in their order.
            likeness: (n,) to what this head alone has learnt; the photos keep their own where that is more.

        Raises:
            CatalogError: the head is not known, or the probabilities are not of its classes.
        """
        taught = [-1.0] * len(photos) if likeness is None else likeness.tolist()
        with self._database.writing() as connection:
            model = model_row(connection, model_id)
            if model is None or probabilities.shape != (len(photos), len(model.class_names)):
                raise CatalogError(
                    f"{probabilities.shape} probabilities do not fit {len(photos)} photos and {model_id}."
                )
            columns: list[list[Any]] = [[row[column] for row in photos.rows] for column in range(4)]
            keys, slots, checksums, own = columns
            like = (None if one is None else max(one, new) for one, new in zip(own, taught, strict=True))
            put_predictions(connection, model, keys, slots, checksums, probabilities, likeness=like)

    def unmeasured(self, model_id: str) -> list[PhotoId]:
        """Return the photos that a model has tagged and whose likeness to what it learnt is not known."""
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                return []
            rows = connection.execute(
                "SELECT photo_id FROM predictions JOIN photos USING (photo_key) "
                "WHERE model_key = ? AND likeness IS NULL AND slot < ?",
                (model.model_key, model.held(self._folder)[0]),
            )
            return [photo_id for (photo_id,) in rows]

    def record_likeness(self, model_id: str, photo_ids: Sequence[PhotoId], likeness: FloatArray) -> None:
        """Store how like what a model has learnt from photos are: (n,), at most 1."""
        with self._database.writing() as connection:
            connection.executemany(
                f"UPDATE predictions SET likeness = ? WHERE model_key = {MODEL_KEY} "
                "AND photo_key = (SELECT photo_key FROM photos WHERE photo_id = ?)",
                zip(likeness.tolist(), repeat(model_id, len(photo_ids)), photo_ids, strict=True),
            )

    def named_photos(self, model_id: str) -> list[NamedPhoto]:
        """Return the photos of collections that people have labelled and whose features are stored.

        Those that any head of this model's backbone has seen; the first labelled comes first.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            if model is None:
                return []
            rows = connection.execute(
                f"""
                SELECT photo_id, l.label, min(f.file_id), f.collection_id, f.folder, {TAKEN}
                FROM labels l CROSS JOIN photos USING (photo_key) CROSS JOIN files f USING (photo_key)
                WHERE EXISTS (SELECT 1 FROM predictions p WHERE p.photo_key = l.photo_key
                    AND p.model_key IN ({_OF_BACKBONE}) AND p.slot IS NOT NULL)
                GROUP BY l.photo_key ORDER BY l.correction_id
                """,
                (model.vectors_key,),
            )
            return [NamedPhoto(row[0], row[1], row[2], (row[3], row[4]), row[5]) for row in rows]
