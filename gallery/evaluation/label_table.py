"""Labels from a table instead of folders: a CSV of path, class and, if there is one, split."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.errors import DatasetError
from gallery.evaluation.labels import class_of_name, listed_names, nearest_class_name
from gallery.types import display_path

PATH_COLUMNS = ("path", "file", "filename", "image")
CLASS_COLUMNS = ("class", "label", "class_name")
SPLIT_COLUMN = "split"


def read_label_table(file: Path, class_names: Sequence[str], *, split: str | None = None) -> dict[Path, int]:
    """Return the class index of each photo that a CSV lists, by absolute path.

    Args:
        file: UTF-8, with a header. It needs a column ``path`` (relative to the
            table's own folder, or absolute) and a column ``class``; class names
            count in English and Italian, as those of folders do.
        class_names: the model's classes; they give the indices.
        split: take only the rows with this value in the column ``split``.

    Raises:
        DatasetError: the file cannot be read, lacks a column, has a class that
            the model does not know, gives a photo two classes, or no row is left.
    """
    rows = _rows(file)
    header = list(rows[0]) if rows else []
    path_column = _column(file, header, PATH_COLUMNS)
    class_column = _column(file, header, CLASS_COLUMNS)
    if split is not None:
        parts = Counter(row[_column(file, header, (SPLIT_COLUMN,))] for row in rows)
        rows = [row for row in rows if row[SPLIT_COLUMN] == split]
        if not rows:
            known = ", ".join(f"{name} ({count:,})" for name, count in sorted(parts.items()))
            raise DatasetError(f"{display_path(file)} has no rows of the split {split}. It has: {known}.")
    index_of = _indices(file, {row[class_column] for row in rows}, class_names)
    folder = file.resolve().parent
    labels: dict[Path, int] = {}
    for row in rows:
        if row[path_column]:
            path = Path(os.path.normpath(folder / row[path_column]))  # "a/../b" is "b"
            index = index_of[row[class_column]]
            if labels.setdefault(path, index) != index:
                raise DatasetError(
                    f"{display_path(file)} gives {row[path_column]} two classes, {class_names[labels[path]]} "
                    f"and {class_names[index]}. Keep the row that is right."
                )
    return labels


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(lines)]
    except OSError as exc:
        raise DatasetError(
            f"The table {display_path(file)} cannot be read: {exc.strerror or exc}. Check its name and place."
        ) from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise DatasetError(
            f"{display_path(file)} is not a CSV file in UTF-8 ({exc}). Save it as CSV with commas, UTF-8."
        ) from exc
    if not rows:
        raise DatasetError(
            f"The table {display_path(file)} has no rows. It needs a header and a row a photo."
        )
    return rows


def _column(file: Path, header: Sequence[str], names: Sequence[str]) -> str:
    for name in names:
        if name in header:
            return name
    raise DatasetError(
        f"The table {display_path(file)} has no column {names[0]}; its columns are "
        f"{', '.join(header) or 'none'}. Write its first line as path,class or path,class,split."
    )


def _indices(file: Path, names: set[str], class_names: Sequence[str]) -> Mapping[str, int]:
    indices = {}
    for name in sorted(names):
        index = class_of_name(name, class_names)
        if index is None:
            near = nearest_class_name(name, class_names)
            raise DatasetError(
                f'The class "{name}" in {display_path(file)} is none of the model\'s'
                f"{f' (did you mean {near}?)' if near else ''}. Known names: {listed_names(class_names)}."
            )
        indices[name] = index
    return indices
