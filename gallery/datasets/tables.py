"""How people write down labels: the headings of tables and the names of parts, one reader for all of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from gallery.errors import DatasetError
from gallery.types import display_path

PATH_HEADINGS = ("path", "file", "filename", "file_name", "image", "photo", "filepath")
LABEL_HEADINGS = ("label", "class", "class_name", "category", "species")
PART_HEADINGS = ("part", "split", "set", "subset")
"""Headings of a table that are understood, in any case."""

TRAIN_NAMES = ("train", "training", "train_set", "training_set")
VALIDATION_NAMES = ("val", "valid", "validation", "validation_set", "dev")
TEST_NAMES = ("test", "testing", "test_set")
"""Names of ready folders, and of the values in a column of parts."""


def read_rows(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the headings of a CSV file, and its rows by heading.

    Args:
        file: UTF-8, separated by commas, semicolons or tabs, with a heading.

    Raises:
        DatasetError: it cannot be read as that.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        found = [{key: value or "" for key, value in row.items() if key} for row in rows]
    except OSError as exc:
        raise DatasetError(
            f"The table {display_path(file)} cannot be read: {exc.strerror or exc}. Check its name and place."
        ) from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise DatasetError(
            f"{display_path(file)} is not a CSV file in UTF-8 ({exc}). Open it in your spreadsheet and save "
            "it as “CSV UTF-8”."
        ) from exc
    return list(rows.fieldnames or ()), found
