"""Labels from a table instead of folders: a CSV of path, class and, if there is one, split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.datasets.labels import class_of_name, listed_names, nearest_class_name
from gallery.datasets.tables import (
    LABEL_HEADINGS,
    PART_HEADINGS,
    PATH_HEADINGS,
    TEST_NAMES,
    TRAIN_NAMES,
    VALIDATION_NAMES,
    read_rows,
)
from gallery.errors import DatasetError
from gallery.types import display_path


def read_label_table(file: Path, class_names: Sequence[str], *, split: str | None = None) -> dict[Path, int]:
    """Return the class index of each photo that a CSV lists, by absolute path.

    Links in the folders of a path are followed, as `Settings.allow` follows those of the folder that is
    looked through; a photo that is itself a link keeps its own name, under which the scan finds it.

    Args:
        file: as `labelled_tables.read_rows` takes it. It needs a column ``path`` (relative to the
            table's own folder, or absolute) and a column ``class``, or one of the headings that mean
            the same; class names count in English and Italian, as those of folders do.
        class_names: the model's classes; they give the indices.
        split: take only the rows with this value in the column ``split``, or one that means the same.

    Raises:
        DatasetError: the file cannot be read, lacks a column, has a class that
            the model does not know, gives a photo two classes, or no row is left.
    """
    header, rows = read_rows(file)
    if not rows:
        raise DatasetError(
            f"The table {display_path(file)} has no rows. It needs a header and a row a photo."
        )
    path_column = _column(file, header, PATH_HEADINGS, "path")
    class_column = _column(file, header, LABEL_HEADINGS, "class")
    if split is not None:
        part_column = _column(file, header, PART_HEADINGS, "split")
        parts = Counter(row[part_column] for row in rows)
        rows = [row for row in rows if _same_part(row[part_column], split)]
        if not rows:
            known = ", ".join(f"{name} ({count:,})" for name, count in sorted(parts.items()))
            raise DatasetError(f"{display_path(file)} has no rows of the split {split}. It has: {known}.")
    index_of = _indices(file, {row[class_column] for row in rows}, class_names)
    folder = file.resolve().parent
    real: dict[Path, Path] = {}  # a table has few folders and many photos
    labels: dict[Path, int] = {}
    for row in rows:
        if row[path_column]:
            named = folder / row[path_column]
            if named.parent not in real:
                real[named.parent] = _real(named.parent)
            path = real[named.parent] / named.name
            index = index_of[row[class_column]]
            if labels.setdefault(path, index) != index:
                raise DatasetError(
                    f"{display_path(file)} gives {row[path_column]} two classes, {class_names[labels[path]]} "
                    f"and {class_names[index]}. Keep the row that is right."
                )
    return labels


def _real(folder: Path) -> Path:
    """Return a folder without links and without ``..``, whether it exists or not."""
    try:
        return folder.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a NUL in the name
        return Path(os.path.normpath(folder))


def _column(file: Path, header: Sequence[str], names: Sequence[str], called: str) -> str:
    by_name = {heading.strip().lower(): heading for heading in header}
    for name in names:
        if name in by_name:
            return by_name[name]
    raise DatasetError(
        f"The table {display_path(file)} has no column {called}; its columns are "
        f"{', '.join(header) or 'none'}. Write its first line as path,class or path,class,split."
    )


def _same_part(said: str, split: str) -> bool:
    said, split = said.strip().lower(), split.strip().lower()
    return said == split or any(
        said in names and split in names for names in (TRAIN_NAMES, VALIDATION_NAMES, TEST_NAMES)
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
