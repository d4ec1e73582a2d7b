"""The catalog's tables, and the steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from gallery.errors import CatalogError


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run a script inside the open transaction (`executescript` would commit it first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


_JOB_COLUMNS = """\
    state TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT '',
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    tagged INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    photos_per_second REAL,
    started_at TEXT,
    finished_at TEXT,
    message TEXT,"""

_FIRST = f"""
CREATE TABLE revision (value INTEGER NOT NULL);
INSERT INTO revision VALUES (0);

CREATE TABLE collections (
    collection_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    root BLOB NOT NULL UNIQUE,       -- the bytes of the absolute path
    name TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    opening INTEGER NOT NULL         -- counts up: the newest opened has the highest
);

CREATE TABLE photos (
    photo_key INTEGER PRIMARY KEY,
    photo_id TEXT NOT NULL UNIQUE,   -- SHA-256 of the bytes: a moved file stays the same photo
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    image_format TEXT NOT NULL,
    taken_at TEXT,
    camera TEXT,
    notes TEXT NOT NULL              -- JSON list
);

CREATE TABLE files (
    file_id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    path BLOB NOT NULL,              -- bytes below the root, parts joined by NUL: sorts folder by folder
    name TEXT NOT NULL,              -- as shown
    name_key TEXT NOT NULL,          -- as searched and sorted: NFC, case folded
    folder TEXT NOT NULL,            -- as shown, "/"-separated, "" for the root
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    missing INTEGER NOT NULL DEFAULT 0,
    photo_key INTEGER REFERENCES photos,
    skip_reason TEXT,
    skip_detail TEXT,
    UNIQUE (collection_id, path)
);
CREATE INDEX files_by_collection ON files (collection_id, missing, skip_reason, photo_key);
CREATE INDEX files_by_photo ON files (photo_key);

CREATE TABLE models (
    model_key INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL UNIQUE,
    class_names TEXT NOT NULL,       -- JSON list
    feature_size INTEGER NOT NULL,
    cam_height INTEGER,              -- NULL until a batch brings maps
    cam_width INTEGER,
    next_slot INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE predictions (
    model_key INTEGER NOT NULL REFERENCES models,
    photo_key INTEGER NOT NULL REFERENCES photos,
    class_index INTEGER NOT NULL,
    confidence REAL NOT NULL,
    slot INTEGER,                    -- record number in the flat files; NULL when that record is lost
    features_crc INTEGER NOT NULL,
    cams_crc INTEGER,
    cam_peaks BLOB,                  -- float32, one a class; NULL for a model without maps
    probabilities BLOB NOT NULL,     -- float32, one a class
    PRIMARY KEY (model_key, photo_key)
) WITHOUT ROWID;

CREATE TABLE corrections (
    correction_id INTEGER PRIMARY KEY AUTOINCREMENT,
    action INTEGER NOT NULL,         -- photos corrected together share it
    photo_key INTEGER NOT NULL REFERENCES photos,
    label TEXT,
    person TEXT NOT NULL,
    made_at TEXT NOT NULL,
    shown_model_id TEXT,
    shown_label TEXT,
    shown_confidence REAL,
    undoes INTEGER REFERENCES corrections
);
CREATE INDEX corrections_by_photo ON corrections (photo_key);
CREATE INDEX corrections_by_person ON corrections (person);
CREATE UNIQUE INDEX corrections_undone ON corrections (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE labels (                -- what stands after all corrections, kept in their transactions
    photo_key INTEGER PRIMARY KEY REFERENCES photos,
    label TEXT NOT NULL,
    correction_id INTEGER NOT NULL REFERENCES corrections
);

CREATE TABLE jobs (
    job_id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    model_id TEXT NOT NULL,
{_JOB_COLUMNS}
    pid INTEGER,
    heartbeat REAL,                  -- seconds since 1970
    cancel_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_collection ON jobs (collection_id);
CREATE INDEX jobs_by_state ON jobs (state);
"""


_VERDICTS = """
CREATE TABLE verdicts (              -- what people say where label and model differ; only ever added to
    verdict_id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_key INTEGER NOT NULL REFERENCES photos,
    label TEXT NOT NULL,             -- the class that was judged: the folder's, or an earlier person's
    verdict TEXT,                    -- NULL in a row that only takes another one back
    other TEXT,                      -- the class that is right instead of the label, or beside it
    person TEXT NOT NULL,
    made_at TEXT NOT NULL,
    shown_model_id TEXT,
    shown_label TEXT,
    token TEXT UNIQUE,               -- of the key press: sent twice, it counts once
    undoes INTEGER REFERENCES verdicts
);
CREATE INDEX verdicts_by_photo ON verdicts (photo_key);
CREATE UNIQUE INDEX verdicts_undone ON verdicts (undoes) WHERE undoes IS NOT NULL;
"""


_MEASURES = """
ALTER TABLE photos ADD COLUMN brightness REAL;  -- NULL: read before this was measured
ALTER TABLE photos ADD COLUMN sharpness REAL;
CREATE TABLE unsure_thresholds (     -- of the Unsure shelf, where people chose one
    model_id TEXT PRIMARY KEY,
    threshold REAL NOT NULL
) WITHOUT ROWID;
"""


_LABEL_TOKENS = """
ALTER TABLE corrections ADD COLUMN token TEXT;  -- of the key press, in an action's first row: counts once
CREATE UNIQUE INDEX corrections_by_token ON corrections (token) WHERE token IS NOT NULL;
"""


_COPIED = """
    job_id, collection_id, model_id, state, stage, total, done, tagged, unchanged, skipped,
    photos_per_second, started_at, finished_at, message, pid, heartbeat, cancel_requested
"""

_JOB_KINDS = f"""
CREATE TABLE jobs_of_all_kinds (
    job_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL DEFAULT 'tagging',
    collection_id INTEGER REFERENCES collections ON DELETE CASCADE,  -- of a tagging
    model_id TEXT NOT NULL,          -- of a training or a search: the name of its folder
{_JOB_COLUMNS}
    pid INTEGER,
    host TEXT,                       -- the computer on which the process with this pid runs
    heartbeat REAL,                  -- seconds since 1970
    cancel_requested INTEGER NOT NULL DEFAULT 0
);
INSERT INTO jobs_of_all_kinds ({_COPIED}) SELECT {_COPIED} FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_of_all_kinds RENAME TO jobs;
CREATE INDEX jobs_by_collection ON jobs (collection_id);
CREATE INDEX jobs_by_name ON jobs (kind, model_id);
CREATE INDEX jobs_by_state ON jobs (state);
"""


_PICTURES = """
ALTER TABLE photos ADD COLUMN by_picture INTEGER NOT NULL DEFAULT 0;  -- 0: photo_id is that of the bytes
ALTER TABLE files ADD COLUMN sha256 TEXT;                             -- of all bytes, as they were read last
ALTER TABLE files ADD COLUMN former_photo_key INTEGER REFERENCES photos;  -- which photo a changed file was
UPDATE files SET sha256 = (SELECT photo_id FROM photos p WHERE p.photo_key = files.photo_key);
CREATE INDEX files_by_sha256 ON files (sha256);
CREATE INDEX files_by_former_photo ON files (former_photo_key) WHERE former_photo_key IS NOT NULL;
"""


_SHARED_VECTORS = """
ALTER TABLE models ADD COLUMN vectors_of INTEGER REFERENCES models;  -- a head: whose file has its features
CREATE TABLE class_map (             -- what words count for when a head learns; others count for themselves
    word TEXT NOT NULL UNIQUE,
    class_name TEXT                  -- NULL: for no class
);
"""


_UNDO_HISTORY = """
ALTER TABLE corrections ADD COLUMN collection_id INTEGER;  -- where it was said: undo is one history each
UPDATE corrections SET collection_id = (
    SELECT f.collection_id FROM files f WHERE f.photo_key = corrections.photo_key
    ORDER BY f.missing, f.file_id
);
DROP INDEX corrections_by_person;
CREATE INDEX corrections_by_person ON corrections (person, collection_id);
CREATE TABLE void_undos (token TEXT PRIMARY KEY) WITHOUT ROWID;  -- key presses that found nothing to undo
CREATE TABLE identity (value TEXT NOT NULL);  -- a browser keeps what it has not sent yet under this name
INSERT INTO identity VALUES (lower(hex(randomblob(8))));
"""


_LIKENESS = """
ALTER TABLE predictions ADD COLUMN likeness REAL;  -- a cosine, to what was learnt; NULL: not measured
"""

_SEQUENCES = """
CREATE TABLE clock_shifts (          -- of cameras whose clock was set wrongly
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    folder TEXT NOT NULL,            -- with all below it; "" for the whole collection
    shift TEXT NOT NULL,             -- added to the dates in the files
    PRIMARY KEY (collection_id, folder)
) WITHOUT ROWID;
CREATE TABLE sequences (             -- of two photos or more
    sequence INTEGER PRIMARY KEY,    -- file_id of its first photo
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    folder TEXT NOT NULL,
    photos INTEGER NOT NULL
);
CREATE INDEX sequences_by_folder ON sequences (collection_id, folder);
ALTER TABLE files ADD COLUMN sequence INTEGER;  -- NULL: the photo is alone
CREATE INDEX files_by_sequence ON files (sequence) WHERE sequence IS NOT NULL;
CREATE TABLE sequence_tags (         -- by the mean of the logits of a sequence's photos
    sequence INTEGER NOT NULL REFERENCES sequences ON DELETE CASCADE,
    model_key INTEGER NOT NULL REFERENCES models,
    class_index INTEGER NOT NULL,
    confidence REAL NOT NULL,
    PRIMARY KEY (sequence, model_key)
) WITHOUT ROWID;
CREATE TABLE stale_sequences (       -- folders whose sequences are to be found, or tagged, anew
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    folder TEXT NOT NULL,
    model_key INTEGER NOT NULL,      -- whose tags; 0: which photos the sequences hold
    PRIMARY KEY (collection_id, folder, model_key)
) WITHOUT ROWID;
CREATE TABLE detections (            -- what a detector found in a photo
    photo_key INTEGER PRIMARY KEY REFERENCES photos,
    label TEXT,                      -- by its boxes; NULL: an animal that nobody has named
    confidence REAL,                 -- of a classifier's label
    animals INTEGER NOT NULL,
    boxes TEXT NOT NULL              -- JSON: [category, sure, left, top, width, height, class, sure], ...
);
INSERT INTO stale_sequences SELECT DISTINCT collection_id, folder, 0 FROM files;
-- No OR IGNORE: a statement with a conflict clause of its own, such as an upsert, overrides a trigger's.
CREATE TRIGGER file_changed AFTER UPDATE OF photo_key, missing ON files
WHEN old.photo_key IS NOT new.photo_key OR old.missing <> new.missing
BEGIN INSERT INTO stale_sequences SELECT new.collection_id, new.folder, 0 WHERE NOT EXISTS (
SELECT 1 FROM stale_sequences s WHERE s.collection_id = new.collection_id AND s.folder = new.folder
AND s.model_key = 0); END;
CREATE TRIGGER photo_tagged AFTER INSERT ON predictions
BEGIN INSERT INTO stale_sequences SELECT DISTINCT collection_id, folder, new.model_key FROM files f
WHERE photo_key = new.photo_key AND +sequence IS NOT NULL AND NOT EXISTS (
SELECT 1 FROM stale_sequences s WHERE s.collection_id = f.collection_id AND s.folder = f.folder
AND s.model_key = new.model_key); END;
"""


_CHANGES = """
CREATE TABLE changes (               -- what listings in memory are brought up to date from; the latest ones
    change_id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER,           -- files came, went, or came back: it is read anew
    file_id INTEGER,                 -- or this file was read or skipped
    photo_key INTEGER                -- or a tag, a label or the date of this photo changed
);
CREATE TRIGGER changes_kept AFTER INSERT ON changes WHEN new.change_id % 4096 = 0
BEGIN DELETE FROM changes WHERE change_id < new.change_id - 65536; END;
CREATE INDEX files_by_folder ON files (collection_id, folder, missing);
CREATE INDEX files_by_name ON files (collection_id, name_key, path, missing);
"""

_NOTED = (
    ("file_added", "INSERT ON files", "collection_id", "new.collection_id"),
    ("file_removed", "DELETE ON files", "collection_id", "old.collection_id"),
    ("file_missing", "UPDATE OF missing ON files WHEN old.missing <> new.missing", "collection_id",
     "new.collection_id"),
    ("file_read", "UPDATE OF photo_key, skip_reason ON files WHEN old.photo_key IS NOT new.photo_key "
     "OR old.skip_reason IS NOT new.skip_reason", "file_id", "new.file_id"),
    ("file_in_sequence", "UPDATE OF sequence ON files WHEN old.sequence IS NOT new.sequence", "file_id",
     "new.file_id"),
    ("prediction_added", "INSERT ON predictions", "photo_key", "new.photo_key"),
    ("prediction_changed", "UPDATE OF class_index, confidence, likeness ON predictions", "photo_key",
     "new.photo_key"),
    ("prediction_removed", "DELETE ON predictions", "photo_key", "old.photo_key"),
    ("label_added", "INSERT ON labels", "photo_key", "new.photo_key"),
    ("label_changed", "UPDATE ON labels", "photo_key", "new.photo_key"),
    ("label_removed", "DELETE ON labels", "photo_key", "old.photo_key"),
    ("detection_added", "INSERT ON detections", "photo_key", "new.photo_key"),
    ("detection_removed", "DELETE ON detections", "photo_key", "old.photo_key"),
    ("photo_dated", "UPDATE OF taken_at ON photos WHEN old.taken_at IS NOT new.taken_at", "photo_key",
     "new.photo_key"),
    ("sequence_tagged", "INSERT ON sequence_tags", "file_id", "new.sequence"),
    ("sequence_not_tagged", "DELETE ON sequence_tags", "file_id", "old.sequence"),
    ("clock_shifted", "INSERT ON clock_shifts", "collection_id", "new.collection_id"),
    ("clock_set_back", "DELETE ON clock_shifts", "collection_id", "old.collection_id"),
)  # fmt: skip
"""The triggers that fill the table of changes: name, after what, and what they note of it."""

_CHANGES += "\n".join(
    f"CREATE TRIGGER {name} AFTER {event} BEGIN INSERT INTO changes ({column}) VALUES ({value}); END;"
    for name, event, column, value in _NOTED
)


_SAVED_LISTINGS = """
CREATE TABLE saved_listings (        -- files beside this one: a collection as it was after a change
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    model_key INTEGER NOT NULL,
    name TEXT NOT NULL,
    seen INTEGER NOT NULL,           -- the change
    UNIQUE (collection_id, model_key)
);
"""


_PHOTOS_NOT_BY_PICTURE = """
CREATE INDEX photos_not_by_picture ON photos (by_picture) WHERE by_picture = 0;
"""

_FILES_NOTED_AS_ADDED = """
DROP TRIGGER file_added;
CREATE TRIGGER file_added AFTER INSERT ON files
BEGIN INSERT INTO changes (collection_id, file_id) VALUES (new.collection_id, new.file_id); END;
"""
"""A file that came is put into its place; only where files went, or came back, a collection is read anew."""


MIGRATIONS = (
    _FIRST, _VERDICTS, _MEASURES, _LABEL_TOKENS, _JOB_KINDS, _PICTURES, _SHARED_VECTORS, _UNDO_HISTORY,
    _LIKENESS, _SEQUENCES, _CHANGES, _SAVED_LISTINGS, _PHOTOS_NOT_BY_PICTURE, _FILES_NOTED_AS_ADDED,
)  # fmt: skip
"""The n-th script makes version n out of version n - 1. Scripts are added, never changed."""


def is_older(connection: sqlite3.Connection) -> bool:
    """Return whether an older program wrote the file; a new file is of no version yet."""
    return 0 < int(connection.execute("PRAGMA user_version").fetchone()[0]) < len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, file: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the newest version; one transaction a version, safe with others opening it too.

    Raises:
        CatalogError: a newer program wrote the file.
    """
    while True:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise CatalogError(
                f"The catalog {file} has version {version}, written by a newer Smart Gallery; this one reads "
                f"up to version {len(migrations)}. Update the program, or set GALLERY_HOME to another folder."
            )
        if version == len(migrations):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0] == version:  # nobody was quicker
                _run(connection, migrations[version])
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
