"""Files of a collection: read into photos, or skipped with a reason."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gallery.catalog.clock_store import TAKEN
from gallery.catalog.collection_store import root_of
from gallery.catalog.correction_store import settle_label
from gallery.catalog.paths import PathsBelow, decode_below, encode_below, shown_of
from gallery.catalog.prediction_records import HELD, MODEL_KEY, model_row
from gallery.catalog.scan_store import INSERT_FILE
from gallery.catalog.store import Store
from gallery.types import PhotoId, PhotoMetadata, SkippedFile, SkipReason
from gallery.words import without_surrogates

RETRIED = (SkipReason.NO_PERMISSION, SkipReason.VANISHED, SkipReason.HEIC_NOT_INSTALLED)
"""Reasons that can end without the file changing; looking again costs next to nothing."""

METADATA_COLUMNS = (
    f"width_px, height_px, p.size_bytes, image_format, {TAKEN}, camera, notes, brightness, sharpness"
)
"""What `metadata_of` takes, of the table photos, called p, and the files f."""

_UNSCANNED = -1
"""Size of what no scan listed: a sub-folder without permission, for one. There is nothing to read there."""

_UNREAD = "collection_id = :id AND missing = 0 AND photo_key IS NULL AND skip_reason IS NULL"

_READ = (
    "FROM files k JOIN photos p ON p.photo_key = coalesce(k.photo_key, k.former_photo_key) "
    "WHERE k.sha256 IS NOT NULL AND p.by_picture = 1 AND p.brightness IS NOT NULL AND p.sharpness IS NOT NULL"
)
"""Files k whose bytes and photo p need no second reading, also such as have changed since."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was when it was read."""

    file_id: int
    path: Path  # absolute
    size_bytes: int
    modified_ns: int
    sha256: str  # of all its bytes


def metadata_of(row: Sequence[Any]) -> PhotoMetadata:
    """Return a row of `METADATA_COLUMNS` as what the photo says of itself."""
    width, height, size, image_format, taken_at, camera, notes, brightness, sharpness = row
    said = tuple(json.loads(notes))
    return PhotoMetadata(width, height, size, image_format, taken_at, camera, said, brightness, sharpness)


def merge_photos(connection: sqlite3.Connection, former: int, kept: int) -> None:
    """Make two photos one that turned out to be the same picture; the latest label stands."""
    keys = {"former": former, "kept": kept}
    for table in ("files", "corrections", "verdicts"):
        connection.execute(f"UPDATE {table} SET photo_key = :kept WHERE photo_key = :former", keys)
    connection.execute("UPDATE files SET former_photo_key = :kept WHERE former_photo_key = :former", keys)
    for table in ("predictions", "detections"):
        connection.execute(f"UPDATE OR IGNORE {table} SET photo_key = :kept WHERE photo_key = :former", keys)
        connection.execute(f"DELETE FROM {table} WHERE photo_key = :former", keys)
    connection.execute("DELETE FROM labels WHERE photo_key = :former", keys)
    settle_label(connection, kept)
    connection.execute("DELETE FROM photos WHERE photo_key = :former", keys)


def _know_by_picture(connection: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
    """Give the row of an older catalog, where a photo is known by its bytes, the digest of its picture.

    That row is the one with these bytes; or, where another program has changed them meanwhile, what the same
    file held, if both its size in pixels and the two measures of its pixels are the same.
    """
    row = connection.execute(
        """
        SELECT photo_key FROM photos WHERE by_picture = 0 AND photo_id = :file_sha256
        UNION ALL
        SELECT p.photo_key FROM files f JOIN photos p ON p.photo_key = f.former_photo_key
        WHERE f.file_id = :file_id AND p.by_picture = 0 AND p.width_px = :width_px
        AND p.height_px = :height_px AND p.brightness = :brightness AND p.sharpness = :sharpness
        """,
        facts,
    ).fetchone()
    if row is None:
        return
    known = connection.execute("SELECT photo_key FROM photos WHERE photo_id = :photo_id", facts).fetchone()
    if known is None or known == row:
        connection.execute(
            "UPDATE photos SET photo_id = ?, by_picture = 1 WHERE photo_key = ?", (facts["photo_id"], *row)
        )
    else:
        merge_photos(connection, *row, *known)


class FileStore(Store):
    """What the catalog knows of files."""

    def pending_files(
        self, collection_id: int, model_id: str, among: Sequence[int] | None = None
    ) -> Sequence[Path]:
        """Return the files that a model has yet to see, in the order of their paths.

        These are files never read (or changed since), photos that are not known
        by their picture yet (an older catalog's), and photos without a
        prediction of the model, or whose features or maps are lost. A file that
        was skipped is not tried again before it changes, unless its reason may
        have passed (`RETRIED`).

        Args:
            collection_id: whose files.
            model_id: of the model.
            among: ids of the few files that are asked about; all for None.

        Raises:
            CatalogError: there is no such collection.
        """
        few = "" if among is None else "AND file_id IN (SELECT value FROM json_each(?))"
        of_few = "" if among is None else f"AND photo_key IN (SELECT photo_key FROM files WHERE true {few})"
        ids = [] if among is None else [json.dumps([*among])]
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
            model = model_row(connection, model_id)
            rows = connection.execute(
                f"""
                SELECT path FROM files
                WHERE collection_id = ? AND missing = 0 {few}
                AND (skip_reason IS NULL
                    OR (skip_reason IN ({",".join("?" * len(RETRIED))}) AND size_bytes > {_UNSCANNED}))
                AND (photo_key IS NULL
                    OR photo_key NOT IN (
                        SELECT photo_key FROM predictions p WHERE model_key = ? AND {HELD} {of_few}
                    )
                    OR photo_key IN (SELECT photo_key FROM photos WHERE by_picture = 0))
                ORDER BY path
                """,
                (
                    collection_id,
                    *ids,
                    *map(str, RETRIED),
                    model.model_key if model else None,
                    *(model.held(self._folder) if model else (0, 0)),
                    *ids,
                ),
            )
            return PathsBelow(root, [path for (path,) in rows])

    def files_like_read_ones(self, collection_id: int) -> Sequence[Path]:
        """Return the unread files that are as large as a file that was read, in the order of their paths.

        Only these can hold the same bytes: `record_known` is for those that do.

        Raises:
            CatalogError: there is no such collection.
        """
        sizes = f"SELECT size_bytes FROM files WHERE {_UNREAD}"
        alike = f"SELECT k.size_bytes {_READ} AND k.size_bytes IN ({sizes})"
        return self._unread(collection_id, f"AND size_bytes IN ({alike}) ORDER BY path")

    def known_files(self, collection_id: int) -> list[tuple[Path, int, str | None]]:
        """Return a collection's files: path below its root, size in bytes, SHA-256 of the bytes if read."""
        rows = self._rows(
            "SELECT path, size_bytes, sha256 FROM files WHERE collection_id = ? AND missing = 0 "
            "ORDER BY path",
            (collection_id,),
        )
        return [(decode_below(Path(), path), size, sha256) for path, size, sha256 in rows]

    def unread_files(self, collection_id: int, most: int) -> Sequence[Path]:
        """Return the first files of a collection that were not read yet.

        Raises:
            CatalogError: there is no such collection.
        """
        return self._unread(collection_id, f"ORDER BY path LIMIT {most:d}")

    def _unread(self, collection_id: int, which: str) -> PathsBelow:
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
            question = f"SELECT path FROM files WHERE {_UNREAD} {which}"
            return PathsBelow(root, [path for (path,) in connection.execute(question, {"id": collection_id})])

    def record_known(self, collection_id: int, digests: Sequence[tuple[Path, str]]) -> None:
        """Note which photo each unread file is whose bytes were read before, here or in another collection.

        The others are left as they were.

        Args:
            collection_id: whose files.
            digests: a file and the SHA-256 of all its bytes.

        Raises:
            CatalogError: no such collection, or a path outside its folder.
        """
        with self._database.writing() as connection:
            root = root_of(connection, collection_id)
            connection.executemany(
                "UPDATE files SET sha256 = ?1, former_photo_key = NULL, photo_key = known.photo_key "
                f"FROM (SELECT p.photo_key {_READ} AND k.sha256 = ?1 LIMIT 1) known "
                "WHERE collection_id = ?2 AND path = ?3 AND files.photo_key IS NULL",
                ((sha256, collection_id, encode_below(root, path)) for path, sha256 in digests),
            )

    def awaits_model(self, collection_id: int, model_id: str) -> bool:
        """Return whether a photo of the collection was read that the model has not tagged."""
        row = self._row(
            f"SELECT 1 FROM files f LEFT JOIN predictions p ON p.model_key = {MODEL_KEY} AND p.photo_key = "
            "f.photo_key WHERE f.collection_id = ? AND f.missing = 0 AND f.photo_key IS NOT NULL "
            "AND p.slot IS NULL LIMIT 1",
            (model_id, collection_id),
        )
        return row is not None

    def record_photos(
        self, collection_id: int, photos: Sequence[tuple[Path, PhotoId, PhotoMetadata]]
    ) -> None:
        """Note what was read: which photo each file is, and what it says of itself.

        A file that no scan has found yet is added. A photo that an older
        catalog knows by its bytes is from now on known by its picture, with all
        its labels, verdicts and predictions.

        Raises:
            CatalogError: no such collection, or a path outside its folder.
        """
        with self._database.writing() as connection:
            root = root_of(connection, collection_id)
            for path, photo_id, metadata in photos:
                facts = {
                    **asdict(metadata),
                    "photo_id": photo_id,
                    "taken_at": without_surrogates(metadata.taken_at) if metadata.taken_at else None,
                    "camera": without_surrogates(metadata.camera) if metadata.camera else None,
                    "notes": json.dumps(metadata.notes),
                    "file_id": self._noted(
                        connection, collection_id, encode_below(root, path), metadata.size_bytes
                    ),
                }
                _know_by_picture(connection, facts)
                connection.execute(
                    """
                    INSERT INTO photos (photo_id, width_px, height_px, size_bytes, image_format, taken_at,
                        camera, notes, brightness, sharpness, by_picture)
                    VALUES (:photo_id, :width_px, :height_px, :size_bytes, :image_format, :taken_at,
                        :camera, :notes, :brightness, :sharpness, 1)
                    ON CONFLICT (photo_id) DO UPDATE SET width_px = excluded.width_px,
                        height_px = excluded.height_px, size_bytes = excluded.size_bytes,
                        image_format = excluded.image_format, taken_at = excluded.taken_at,
                        camera = excluded.camera, notes = excluded.notes,
                        brightness = coalesce(excluded.brightness, brightness),
                        sharpness = coalesce(excluded.sharpness, sharpness), by_picture = 1
                    """,
                    facts,
                )
                connection.execute(
                    "UPDATE files SET photo_key = (SELECT photo_key FROM photos WHERE photo_id = :photo_id), "
                    "sha256 = :file_sha256, former_photo_key = NULL, skip_reason = NULL, skip_detail = NULL "
                    "WHERE file_id = :file_id",
                    facts,
                )

    def metadata(self, photo_ids: Sequence[PhotoId]) -> list[PhotoMetadata]:
        """Return what photos say of themselves, in the order asked for; unknown ones are left out."""
        rows = self._rows(
            f"SELECT {METADATA_COLUMNS} FROM json_each(?) j JOIN photos p ON photo_id = j.value "
            "LEFT JOIN files f ON f.file_id = (SELECT file_id FROM files g "
            "WHERE g.photo_key = p.photo_key ORDER BY g.missing, g.file_id LIMIT 1) ORDER BY j.key",
            (json.dumps(list(photo_ids)),),
        )
        return [metadata_of(row) for row in rows]

    def photos_named(self, digests: Collection[str]) -> frozenset[PhotoId]:
        """Return the photos that digests stand for: of a picture, or of all bytes of one of its files.

        Args:
            digests: SHA-256 in hexadecimal digits, as in a model's list of
                training photos; those of no photo here are left out.
        """
        rows = self._rows(
            """
            WITH named AS (SELECT value FROM json_each(?))
            SELECT photo_id FROM named JOIN photos ON photo_id = value
            UNION
            SELECT photo_id FROM named JOIN files ON files.sha256 = value JOIN photos USING (photo_key)
            """,
            (json.dumps(sorted(digests)),),
        )
        return frozenset(photo_id for (photo_id,) in rows)

    def read_files(self) -> list[ReadFile]:
        """Return every file that was read and is not missing, with the digest of its bytes."""
        rows = self._rows(
            "SELECT file_id, root, path, size_bytes, modified_ns, sha256 FROM files "
            "JOIN collections USING (collection_id) WHERE missing = 0 AND sha256 IS NOT NULL "
            "AND photo_key IS NOT NULL ORDER BY collection_id, path"
        )
        return [
            ReadFile(file_id, decode_below(Path(os.fsdecode(root)), path), *facts)
            for file_id, root, path, *facts in rows
        ]

    def read_files_again(self, file_ids: Sequence[int]) -> None:
        """Let the next tagging read these files, as if a scan had found them changed."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE files SET former_photo_key = coalesce(photo_key, former_photo_key), photo_key = NULL "
                "WHERE file_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(file_ids)),),
            )

    def read_again(self, collection_id: int) -> int:
        """Let the next tagging read the photos that lack a measure, and return how many files these are.

        Photos that were read before brightness and sharpness were measured have
        neither. Tags, labels and thumbnails stay; no model looks at them again.
        """
        with self._database.writing() as connection:
            return connection.execute(
                "UPDATE files SET photo_key = NULL WHERE collection_id = ? AND missing = 0 AND photo_key IN "
                "(SELECT photo_key FROM photos WHERE brightness IS NULL OR sharpness IS NULL)",
                (collection_id,),
            ).rowcount

    def record_skipped(self, collection_id: int, skipped: Sequence[SkippedFile]) -> None:
        """Note files (or folders) that could not be read, each with its reason.

        Raises:
            CatalogError: no such collection, or a path outside its folder.
        """
        with self._database.writing() as connection:
            root = root_of(connection, collection_id)
            for file in skipped:
                file_id = self._noted(connection, collection_id, encode_below(root, file.path), _UNSCANNED)
                connection.execute(
                    "UPDATE files SET photo_key = NULL, skip_reason = ?, skip_detail = ? WHERE file_id = ?",
                    (str(file.reason), without_surrogates(file.detail), file_id),
                )

    def skipped_files(self, collection_id: int) -> list[SkippedFile]:
        """Return the collection's files that could not be read, in the order of their paths.

        Raises:
            CatalogError: there is no such collection.
        """
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
            rows = connection.execute(
                "SELECT path, skip_reason, skip_detail FROM files INDEXED BY files_by_collection "
                "WHERE collection_id = ? AND missing = 0 AND skip_reason > '' ORDER BY path",
                (collection_id,),
            )
            return [
                SkippedFile(decode_below(root, path), SkipReason(reason), detail)
                for path, reason, detail in rows
            ]

    @staticmethod
    def _noted(connection: sqlite3.Connection, collection_id: int, stored: bytes, size_bytes: int) -> int:
        """Return the id of a file that is there, whether a scan has found it or not."""
        row = connection.execute(
            f"{INSERT_FILE} ON CONFLICT (collection_id, path) DO UPDATE SET missing = 0 RETURNING file_id",
            (collection_id, stored, size_bytes, 0, *shown_of(stored)),
        ).fetchone()
        return int(row[0])
