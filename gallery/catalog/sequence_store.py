"""Sequences: which photos were taken in one go, and what a model says of each sequence.

Triggers note the folders in which files or tags change; what is noted is found anew when it is asked for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.clock_store import TAKEN
from gallery.catalog.prediction_records import MODEL_KEY, as_floats, model_row
from gallery.catalog.store import Store
from gallery.types import FloatArray

FindSequences = Callable[[Sequence[str], Sequence[str | None]], NDArray[np.int64]]
"""Gives the number of the sequence of each photo, from their folders and dates."""

MeanOfSequences = Callable[[FloatArray, NDArray[np.int64]], FloatArray]
"""Gives the probabilities of each sequence, from those of the photos and the numbers of their sequences."""


class SequenceStore(Store):
    """What the catalog knows of sequences."""

    def settle_sequences(
        self, collection_id: int, model_id: str, find: FindSequences, mean: MeanOfSequences
    ) -> None:
        """Bring the sequences of a collection, and a model's tags of them, up to date where they are not.

        Args:
            collection_id: whose photos.
            model_id: whose tags.
            find: finds the sequences of a folder.
            mean: gives what the model says of each.
        """
        stale = self._row(
            f"SELECT 1 FROM stale_sequences WHERE model_key IN (0, {MODEL_KEY}) AND collection_id = ?",
            (model_id, collection_id),
        )
        if stale is None:
            return
        with self._database.writing() as connection:
            self._settle_photos(connection, collection_id, find)
            self._settle_tags(connection, collection_id, model_id, mean)

    def may_have_sequences(self, collection_id: int) -> bool:
        """Return whether a collection has sequences, or dated photos not looked through for them yet."""
        row = self._row(
            "SELECT EXISTS (SELECT 1 FROM sequences WHERE collection_id = ?1) OR (EXISTS "
            "(SELECT 1 FROM stale_sequences WHERE collection_id = ?1 AND model_key = 0) AND EXISTS "
            "(SELECT 1 FROM files f JOIN photos USING (photo_key) "
            "WHERE f.collection_id = ?1 AND f.missing = 0 AND taken_at IS NOT NULL))",
            (collection_id,),
        )
        return bool(row[0])

    def frames(self, file_ids: Sequence[int] | NDArray[np.int64]) -> list[tuple[int, ...]]:
        """Return the files of each one's sequence, by date, the first one first; itself where it is alone."""
        wanted = np.asarray(file_ids, np.int64).tolist()
        found: dict[int, list[int]] = {file_id: [] for file_id in wanted}
        rows = self._rows(
            f"""
            SELECT j.value, f.file_id FROM json_each(?) j
            CROSS JOIN files one ON one.file_id = j.value AND one.sequence IS NOT NULL
            CROSS JOIN files f ON f.sequence = one.sequence AND f.missing = 0
            JOIN photos ON photos.photo_key = f.photo_key ORDER BY j.key, {TAKEN}, f.path
            """,
            (json.dumps(wanted),),
        )
        for asked, file_id in rows:
            found[asked].append(file_id)
        return [tuple(found[file_id]) or (file_id,) for file_id in wanted]

    def sequence_tags(
        self, file_ids: Sequence[int] | NDArray[np.int64], model_id: str
    ) -> dict[int, tuple[str, float]]:
        """Return class and confidence of the sequence that each file is in; files without are left out."""
        rows = self._rows(
            "SELECT f.file_id, json_extract(class_names, '$[' || t.class_index || ']'), t.confidence "
            "FROM json_each(?) j CROSS JOIN files f ON f.file_id = j.value "
            "CROSS JOIN models m ON m.model_id = ? "
            "CROSS JOIN sequence_tags t ON t.sequence = f.sequence AND t.model_key = m.model_key",
            (json.dumps(np.asarray(file_ids, np.int64).tolist()), model_id),
        )
        return {file_id: (class_name, share) for file_id, class_name, share in rows}

    # ---- settling ----------------------------------------------------------

    @staticmethod
    def _settle_photos(connection: sqlite3.Connection, collection_id: int, find: FindSequences) -> None:
        """Find the sequences of the folders in which photos changed; all models tag those anew."""
        stale = "SELECT folder FROM stale_sequences WHERE collection_id = ? AND model_key = 0"
        if connection.execute(stale, (collection_id,)).fetchone() is None:
            return
        rows = connection.execute(
            f"SELECT f.file_id, f.folder, {TAKEN} AS taken FROM files f JOIN photos USING (photo_key) "
            f"WHERE f.collection_id = ?1 AND f.missing = 0 AND f.folder IN ({stale.replace('?', '?1')}) "
            "AND taken_at IS NOT NULL ORDER BY f.folder, taken, f.path",
            (collection_id,),
        ).fetchall()
        members: dict[int, list[int]] = {}
        numbers = find([row[1] for row in rows], [row[2] for row in rows])
        for (file_id, *_), number in zip(rows, numbers.tolist(), strict=True):
            members.setdefault(number, []).append(file_id)
        folder_of = {file_id: folder for file_id, folder, _ in rows}
        connection.execute(
            "UPDATE files SET sequence = NULL WHERE sequence IN (SELECT sequence FROM sequences "
            f"WHERE collection_id = ?1 AND folder IN ({stale.replace('?', '?1')}))",
            (collection_id,),
        )
        connection.execute(
            f"DELETE FROM sequences WHERE collection_id = ?1 AND folder IN ({stale.replace('?', '?1')})",
            (collection_id,),
        )
        found = [files for files in members.values() if len(files) > 1]
        connection.executemany(
            "INSERT INTO sequences VALUES (?, ?, ?, ?)",
            ((files[0], collection_id, folder_of[files[0]], len(files)) for files in found),
        )
        connection.executemany(
            "UPDATE files SET sequence = ? WHERE file_id = ?",
            ((files[0], file_id) for files in found for file_id in files),
        )
        connection.execute(
            "INSERT OR IGNORE INTO stale_sequences SELECT collection_id, folder, m.model_key "
            "FROM stale_sequences s CROSS JOIN models m WHERE s.collection_id = ? AND s.model_key = 0",
            (collection_id,),
        )
        connection.execute(
            "DELETE FROM stale_sequences WHERE collection_id = ? AND model_key = 0", (collection_id,)
        )

    @staticmethod
    def _settle_tags(
        connection: sqlite3.Connection, collection_id: int, model_id: str, mean: MeanOfSequences
    ) -> None:
        model = model_row(connection, model_id)
        if model is None:
            return
        asked = (collection_id, model.model_key)
        of_stale = (
            "FROM sequences s WHERE s.collection_id = ?1 AND s.folder IN "
            "(SELECT folder FROM stale_sequences WHERE collection_id = ?1 AND model_key = ?2)"
        )
        connection.execute(
            f"DELETE FROM sequence_tags WHERE model_key = ?2 AND sequence IN (SELECT s.sequence {of_stale})",
            asked,
        )
        rows = connection.execute(
            "SELECT f.sequence, p.probabilities FROM files f "
            "CROSS JOIN predictions p ON p.model_key = ?2 AND p.photo_key = f.photo_key "
            f"WHERE f.sequence IN (SELECT s.sequence {of_stale}) ORDER BY f.sequence",
            asked,
        ).fetchall()
        if rows:
            sequences, numbers = np.unique([row[0] for row in rows], return_inverse=True)
            shares = mean(np.stack([as_floats(row[1]) for row in rows]), numbers.astype(np.int64))
            best = shares.argmax(axis=1)
            connection.executemany(
                "INSERT INTO sequence_tags VALUES (?, ?, ?, ?)",
                (
                    (sequence, model.model_key, index, float(share[index]))
                    for sequence, index, share in zip(sequences.tolist(), best.tolist(), shares, strict=True)
                ),
            )
        connection.execute("DELETE FROM stale_sequences WHERE collection_id = ? AND model_key = ?", asked)
