"""The labels of a table: a CSV of path, class and, if there are such columns, group and part."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.datasets.class_names import (
    PART_NAMES,
    class_of_name,
    classes_of_names,
    kept_apart_sentences,
    listed_names,
    means_no_class,
    mistyped_names,
    naming_sentences,
    nearest_class_name,
    part_of_name,
)
from gallery.datasets.labelled import LabelledPhoto, LabelledPhotos, ModelLabels, data_set
from gallery.errors import DatasetError
from gallery.settings import PHOTO_SUFFIXES
from gallery.types import FileEntry, display_path
from gallery.words import FORMULA_STARTS, counted, without_surrogates

COLUMNS = {
    "path": (
        "path",
        "file",
        "filename",
        "file_name",
        "image",
        "photo",
        "filepath",
        "file_path",
        "image_path",
    ),
    "folder": ("relativepath", "relative_path"),  # Timelapse's, before the file's name
    "sha256": ("sha256", "sha-256", "file_sha256", "checksum"),  # of the file's bytes, instead of a path
    "class": ("label", "class", "class_name", "category", "species"),
    "group": ("group", "source", "location", "site", "camera", "sequence", "burst"),
    "split": ("part", "split", "set", "subset"),
    "by": ("speciesby", "label_source"),
    "guess": ("model_label", "modelspecies"),  # what the model says, beside the label
    "person": ("person", "observer", "classifiedby", "classified_by"),
}
"""Headings of a table that are understood, in any case."""

GIVEN_BY = {"person", "model", "waiting"}
"""Values of this program's column "source", which are no places."""

OWN_HEADINGS = {"person_label", "model_label"}
"""A table that has one of these comes from this program, whatever its column "source" holds by now."""


@dataclass(frozen=True, slots=True)
class LabelTable:
    """What a table says of photos.

    Attributes:
        file: absolute, without links.
        headings: the column of each key of `COLUMNS` that the table has.
        rows: those with a path and a class.
        incomplete: how many rows lack one of these.
    """

    file: Path
    headings: Mapping[str, str]
    rows: tuple[TableRow, ...]
    incomplete: int

    def incomplete_sentences(self) -> list[str]:
        """Return what to say of the rows that are not among `rows`."""
        lack = counted(self.incomplete, "row lacks", "rows lack")
        return [f"{lack} a path or a class: left out."] if self.incomplete else []


@dataclass(frozen=True, slots=True)
class TableRow:
    """One photo of a table.

    Attributes:
        named: the path as it is written.
        path: absolute. Links in its folders are followed, as `Settings.allow` follows those of a folder that
            is looked through; a photo that is itself a link keeps its own name, under which a scan finds it.
        group, split: "" where the table has no such column, or nothing in it.
        by: "person" or "model" for who gave the label, as tables of this program tell; else "".
        person: who gave it.
    """

    named: str
    path: Path
    label: str
    group: str
    split: str
    by: str = ""
    person: str = ""


def read_label_table(file: Path, class_names: Sequence[str], *, split: str | None = None) -> ModelLabels:
    """Return the class index of each photo that a CSV lists, by absolute path, for an evaluation.

    Args:
        file: as `read_rows` takes it; paths are relative to its own folder, or absolute. Class names
            count in English and Italian, as those of folders do.
        class_names: the model's classes; they give the indices.
        split: take only the rows with this value in the column ``split``, or one that means the same.

    Raises:
        DatasetError: the file cannot be read, lacks a column, has no class that the model knows or one
            that is nearly a class, gives a photo two classes, or no row is left.
    """
    table = read_label_rows(file)
    rows, of_models = _by_people(table.rows)
    if of_models and not rows:
        raise only_of_models(file, of_models)
    if not rows:
        raise DatasetError(
            f"The table {display_path(file)} has no rows. It needs a header and a row a photo."
        )
    if split is not None:
        if "split" not in table.headings:
            raise _no_column(file, "split", table.headings.values())
        parts = Counter(row.split for row in rows)
        rows = [row for row in rows if _same_part(row.split, split)]
        if not rows:
            known = ", ".join(f"{name} ({count:,})" for name, count in sorted(parts.items()))
            raise DatasetError(f"{display_path(file)} has no rows of the split {split}. It has: {known}.")
    listed = labels_as_classes(file, rows, class_names)
    left_out = [f"{counted(of_models, 'row')} left out: a model gave the label."] if of_models else []
    return replace(listed, problems=(*listed.problems, *left_out, *table.incomplete_sentences()))


def labels_as_classes(file: Path, rows: Sequence[TableRow], class_names: Sequence[str]) -> ModelLabels:
    """Return the class index of each photo that a file labels, whatever its format.

    Args:
        file: the file, for what is said of it.
        rows: what it says.
        class_names: the model's classes; they give the indices.

    Raises:
        DatasetError: it has no class that the model knows or one that is nearly a class, or gives a photo
            two classes.
    """
    index_of = _indices(file, {row.label for row in rows}, class_names)
    problems = naming_sentences({name: class_names[k] for name, k in index_of.items()})
    others = Counter(row.label for row in rows if row.label not in index_of)
    if others:
        named = ", ".join(f'"{name}" ({count:,})' for name, count in others.most_common(5))
        problems.insert(0, f"Rows left out, because the model has no such class: {named}.")
    labels: dict[Path, int] = {}
    for row in rows:
        index = index_of.get(row.label)
        if index is not None and labels.setdefault(row.path, index) != index:
            raise DatasetError(
                f"{display_path(file)} gives {row.named} two classes, {class_names[labels[row.path]]} "
                f"and {class_names[index]}. Keep the row that is right."
            )
    return ModelLabels(labels, tuple(problems))


def only_of_models(file: Path, labels: int) -> DatasetError:
    """Return the refusal of a file in which no person gave a label."""
    return DatasetError(
        f"{display_path(file)} holds {counted(labels, 'label')}, all by a model. A model is measured by what "
        "people say: give a file with their labels."
    )


def _by_people(rows: Sequence[TableRow]) -> tuple[list[TableRow], int]:
    """Return the rows whose label a model alone did not give, and how many others there are."""
    kept = [row for row in rows if row.by != "model"]
    return kept, len(rows) - len(kept)


def read_table(file: Path) -> LabelledPhotos:
    """Return the photos that a CSV file names as a data set of its own classes, for a training.

    Args:
        file: as `read_rows` takes it; paths are relative to its own folder, or absolute.

    Raises:
        DatasetError: no such columns, a part of another name, or fewer than two classes with photos.
    """
    table = read_label_rows(file)
    # a validation photo must not be trained on because its part has another name
    if strange := sorted({row.split for row in table.rows if row.split and not part_of_name(row.split)}):
        raise DatasetError(
            f"{display_path(file)} has {', '.join(map(repr, strange[:5]))} in its column "
            f"{table.headings['split']}, where photos for {', '.join(PART_NAMES)} are understood. Write "
            "one of these, or nothing for a photo whose part is to be drawn; or rename the column."
        )
    class_of = classes_of_names(row.label for row in table.rows)
    photos, missing, seen = [], [], set()
    for row in table.rows:
        if row.path in seen:
            continue
        seen.add(row.path)
        try:
            facts = row.path.stat()
        except (OSError, ValueError):
            missing.append(row)
            continue
        entry = FileEntry(row.path, facts.st_size, facts.st_mtime_ns)
        group = row.group or row.path.parent.as_posix()
        photos.append(LabelledPhoto(entry, class_of[row.label], group, part_of_name(row.split)))
    problems = [*table.incomplete_sentences(), *naming_sentences(class_of), *kept_apart_sentences(class_of)]
    if repeated := len(table.rows) - len(seen):
        rows = counted(repeated, "row names", "rows name")
        problems.append(f"{rows} a photo again: left out, its first label counts.")
    if missing:
        problems.append(pointing_nowhere(file, missing, len(table.rows)))
    if table.rows and not photos:
        raise DatasetError(pointing_nowhere(file, missing, len(table.rows)))
    return data_set(table.file.parent, photos, problems)


def pointing_nowhere(file: Path, missing: Sequence[TableRow], rows: int) -> str:
    """Return what to say of a table's rows whose photo does not exist."""
    first = missing[0]
    return (
        f"{len(missing):,} of {counted(rows, 'row')} of {display_path(Path(file.name))} "
        f"{'points' if len(missing) == 1 else 'point'} to no photo: left out. The first is "
        f"{without_surrogates(first.named)}, which was looked for at {display_path(first.path)}."
    )


def read_label_rows(file: Path, folder: Path | None = None) -> LabelTable:
    """Return what a CSV file says of photos.

    Args:
        file: as `read_rows` takes it. Photos are named by a path (backslashes are those of Windows), by
            Timelapse's File and RelativePath, or by the SHA-256 of their bytes.
        folder: below which photos of a SHA-256 are looked for; the table's own for None.

    Raises:
        DatasetError: the file cannot be read, or has no column of paths or of classes.
    """
    found, rows = read_rows(file)
    file = file.resolve()
    headings = _headings(file, found, rows) if rows else {}
    contents = "sha256" in headings and "path" not in headings
    by_content = _files_by_sha256(folder or file.parent) if contents else {}
    real: dict[Path, Path] = {}  # a table has few folders and many photos
    complete = []
    for row in rows:
        cells = {key: plain_text(row[heading].strip()) for key, heading in headings.items()}
        if not cells["class"]:
            continue
        if "path" in headings:
            named = "/".join(filter(None, (cells.get("folder", ""), cells["path"]))) if cells["path"] else ""
        else:
            named = cells["sha256"].lower()
        if not named:
            continue
        place = file.parent / by_content.get(named, named)
        if "\\" in named and not place.is_file():  # written on Windows
            named = named.replace("\\", "/")
            place = file.parent / named
        if place.parent not in real:
            real[place.parent] = _real(place.parent)
        path = real[place.parent] / place.name
        group, part, by, person, guess = (
            cells.get(key, "") for key in ("group", "split", "by", "person", "guess")
        )
        if not by and not person and guess == cells["class"]:
            by = "model"  # the cell was emptied: the label is still the model's own
        complete.append(TableRow(named, path, cells["class"], group, part, by.lower(), person))
    return LabelTable(file, headings, tuple(complete), len(rows) - len(complete))


def plain_text(cell: str) -> str:
    """Return a cell as it was before it was made safe for spreadsheets (`exchange.csv_text.safe_text`).

    Example:
        >>> plain_text("'=1+1.jpg"), plain_text("'tis")
        ('=1+1.jpg', "'tis")
    """
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def _files_by_sha256(folder: Path) -> dict[str, Path]:
    """Return the photos below a folder by the SHA-256 of their bytes; all of them are read for it."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
            with contextlib.suppress(OSError), path.open("rb") as file:
                found.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), path)
    return found


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


def _headings(file: Path, found: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    by_name = {heading.strip().lower(): heading for heading in found if heading}
    headings = {}
    source = by_name.get("source")
    if source is not None and (
        OWN_HEADINGS & by_name.keys() or {row[source].strip().lower() for row in rows} <= GIVEN_BY | {""}
    ):
        headings["by"] = by_name.pop("source")  # of a table that this program wrote
    for key, names in COLUMNS.items():
        heading = next((by_name[name] for name in names if name in by_name), None)
        if heading is not None:
            headings[key] = heading
    for key in ("path", "class"):
        if key not in headings and not (key == "path" and "sha256" in headings):
            raise _no_column(file, key, found)
    return headings


def _no_column(file: Path, called: str, found: Iterable[str]) -> DatasetError:
    return DatasetError(
        f"The table {display_path(file)} has no column {called}; its columns are "
        f"{', '.join(found) or 'none'}. Write its first line as path,class or path,class,split."
    )


def _real(folder: Path) -> Path:
    """Return a folder without links and without ``..``, whether it exists or not."""
    try:
        return folder.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a NUL in the name
        return Path(os.path.normpath(folder))


def _same_part(said: str, split: str) -> bool:
    part = part_of_name(split)
    return said.lower() == split.strip().lower() or (part is not None and part_of_name(said) is part)


def _indices(file: Path, names: set[str], class_names: Sequence[str]) -> dict[str, int]:
    """Return the index of each name that means a class of the model."""
    indices = {name: k for name in sorted(names) if (k := class_of_name(name, class_names)) is not None}
    unknown = sorted(names - indices.keys())
    wrong = mistyped_names(unknown, class_names)
    if not indices:
        wrong = wrong or [name for name in unknown if not means_no_class(name)] or unknown
    if wrong:
        near = nearest_class_name(wrong[0], class_names)
        raise DatasetError(
            f'The class "{wrong[0]}" in {display_path(file)} is none of the model\'s'
            f"{f' (did you mean {near}?)' if near else ''}. Known names: {listed_names(class_names)}."
        )
    return indices
