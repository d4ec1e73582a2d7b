"""All feature vectors of a model at once, as they lie on the disk, and whose they are."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.prediction_records import MODEL_KEY, model_row
from gallery.catalog.prediction_store import PredictionStore
from gallery.types import PhotoId

_READ_AT_ONCE = 4096


class VectorStore(PredictionStore):
    """What the catalog knows of feature vectors, whichever head of their backbone brought them."""

    def vectors(self, model_id: str) -> NDArray[np.float16]:
        """Return all vectors of a model's backbone, (n, channels), mapped from the disk; (0, 0) for none.

        A row may be an earlier one of a photo that was read anew, see `photos_of_vectors`.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
        if model is None:
            return np.zeros((0, 0), np.float16)
        file = model.features_file(self._folder)
        count = min(model.next_slot, file.count())
        if not count:
            return np.zeros((0, model.feature_size), np.float16)
        return np.memmap(file.path, "<f2", "r", shape=(count, model.feature_size))

    def vectors_of_files(
        self, model_id: str, collection_id: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which vectors are of a collection's photos that the model has seen, and a file of each.

        Both (n,): positions in `vectors`, and ids of files.
        """
        rows = self._rows(
            f"""
            SELECT p.slot, min(f.file_id) FROM files f
            CROSS JOIN predictions p ON p.model_key = {MODEL_KEY} AND p.photo_key = f.photo_key
            WHERE f.collection_id = ? AND f.missing = 0 AND p.slot IS NOT NULL GROUP BY f.photo_key
            """,
            (model_id, collection_id),
        )
        found = np.array(list(rows), np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def photos_of_vectors(self, model_id: str, count: int) -> NDArray[np.int64]:
        """Return whose each of the first `count` vectors is, (count,): a photo's key, 0 for an outdated one.

        A million take about a second.
        """
        keys = np.zeros(count, np.int64)
        rows = self._rows(
            f"SELECT slot, photo_key FROM predictions WHERE model_key = {MODEL_KEY} AND slot < ?",
            (model_id, count),
        )
        found = np.array(list(rows), np.int64).reshape(-1, 2)
        keys[found[:, 0]] = found[:, 1]
        return keys

    def file_of_each(self, photo_keys: NDArray[np.int64], collection_id: int | None) -> NDArray[np.int64]:
        """Return one file of each of the photos that lie in a collection, in any for None; (n,) at most."""
        rows = self._rows(
            """
            SELECT min(f.file_id) FROM json_each(?) j
            CROSS JOIN files f INDEXED BY files_by_photo ON f.photo_key = j.value
            WHERE f.missing = 0 AND (?2 IS NULL OR f.collection_id = ?2) GROUP BY f.photo_key
            """,
            (json.dumps(photo_keys[photo_keys > 0].tolist()), collection_id),
        )
        return np.array(list(rows), np.int64).reshape(-1)

    def give_up_damaged(self) -> dict[str, tuple[int, int]]:
        """Read all features and maps, and mark those as lost whose checksum is another than when they came.

        Tagging again makes the lost ones anew.

        Returns:
            By model that has tagged photos: how many photos' records were read, and how many were damaged.
        """
        found = {}
        for model_id in self.models_used():
            with self._database.reading() as connection:
                model = model_row(connection, model_id)
                assert model is not None
                rows = connection.execute(
                    "SELECT slot, photo_key, features_crc, cams_crc FROM predictions "
                    "WHERE model_key = ? AND slot IS NOT NULL ORDER BY slot",
                    (model.model_key,),
                ).fetchall()
            damaged = set()
            for file, column in ((model.features_file(self._folder), 2), (model.cams_file(self._folder), 3)):
                stored = [row for row in rows if file is not None and row[column] is not None]
                for start in range(0, len(stored), _READ_AT_ONCE):
                    some = stored[start : start + _READ_AT_ONCE]
                    assert file is not None
                    records = file.read([row[0] for row in some], [row[column] for row in some])
                    damaged |= {
                        (model.model_key, photo_key, slot)
                        for (slot, photo_key, *_), record in zip(some, records, strict=True)
                        if not record
                    }
            if damaged:
                self._give_up(sorted(damaged))
            found[model_id] = (len(rows), len(damaged))
        return found

    def known_photos(self) -> frozenset[PhotoId]:
        """Return the ids of all photos that were ever read; a million take about 150 MB."""
        return frozenset(photo_id for (photo_id,) in self._rows("SELECT photo_id FROM photos"))
