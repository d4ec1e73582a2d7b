"""Whether a catalog's file is whole, told without opening it for writing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def integrity_problem(file: Path) -> str | None:
    """Return what is wrong with a catalog's SQLite file, None when nothing is.

    A file that is not there yet has no problem: it is made when first needed.
    """
    if not file.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            said += [
                f"a row of {row[0]} lacks its partner"
                for row in connection.execute("PRAGMA foreign_key_check")
            ]
    except sqlite3.Error as exc:
        said = [str(exc)]
    return None if said == ["ok"] else "; ".join(line for line in said if line != "ok")
