"""The labelled photos of a training: class sub-folders, a zip of them, or a table of path and label.

Nothing is decoded here. What lies in a ready train, validation or test folder
keeps its part; the rest is drawn later (`splits`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery import settings
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
from gallery.types import FileEntry, display_path

Scan = Callable[[Path], Iterable[FileEntry]]
"""The photos below a folder: `photos.scan.scan_folder`."""

Translate = Callable[[str], str | None]
"""The class that a folder's name stands for ("cane": "dog"), None where the name is its own class."""


class Part(StrEnum):
    """What a photo is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    LEFT_OUT = "left out"


PART_NAMES = {
    **dict.fromkeys(TRAIN_NAMES, Part.TRAIN),
    **dict.fromkeys(VALIDATION_NAMES, Part.VALIDATION),
    **dict.fromkeys(TEST_NAMES, Part.TEST),
}
"""Names of ready folders, and of values in a table's column "split"."""

COLUMNS = {
    "path": PATH_HEADINGS,
    "label": LABEL_HEADINGS,
    "group": ("group", "source", "location", "site", "camera", "sequence", "burst"),
    "part": PART_HEADINGS,
}
"""Headings of a table that are understood, in any case."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo, what it is said to show, and what must stay together with it.

    Attributes:
        group: the sub-folder or the table's group; photos of one group may be kept in one part.
        part: given by the data; None where it is to be drawn.
    """

    entry: FileEntry
    label: str
    group: str
    part: Part | None = None

    @property
    def path(self) -> Path:
        return self.entry.path


@dataclass(frozen=True, slots=True)
class LabelledPhotos:
    """A data set as it was found.

    Attributes:
        root: the folder that paths are shown relative to.
        class_names: two or more; in the order of the shipped model's where all are its, else by alphabet.
        problems: a sentence each, for what was left out or looks wrong.
    """

    root: Path
    class_names: tuple[str, ...]
    photos: tuple[LabelledPhoto, ...]
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.photos)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Return each photo's index in `class_names`, (N,)."""
        index = {name: i for i, name in enumerate(self.class_names)}
        return np.array([index[photo.label] for photo in self.photos], np.int64)

    @property
    def counts(self) -> dict[str, int]:
        """Return the photos of each class."""
        found = Counter(photo.label for photo in self.photos)
        return {name: found[name] for name in self.class_names}

    def relative(self, index: int) -> str:
        """Return a photo's path below the root, "/"-separated, as it is stored in a split."""
        path = self.photos[index].path
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()


def read_data(
    source: Path, *, scan: Scan, unzip: Callable[[Path], Path], translate: Translate = lambda _: None
) -> LabelledPhotos:
    """Return the labelled photos of a folder, a zip file or a table.

    Args:
        source: a folder of class sub-folders, a ``.zip`` of one, or a ``.csv`` of path and label.
        scan: lists photos below a folder.
        unzip: unpacks a zip file and returns the folder.
        translate: turns folder names and labels into class names.

    Raises:
        DatasetError: it is none of these, or holds fewer than two classes.
    """
    if source.is_dir():
        return read_folder(source, scan=scan, translate=translate)
    if source.suffix.lower() == ".zip" and source.is_file():
        return read_folder(unzip(source), scan=scan, translate=translate)
    if source.suffix.lower() == ".csv" and source.is_file():
        return read_table(source, translate=translate)
    raise DatasetError(
        f"{display_path(source)} is no data set. Give a folder with a sub-folder for each class, "
        "a zip file of one, or a CSV file with the columns path and label."
    )


def read_folder(root: Path, *, scan: Scan, translate: Translate = lambda _: None) -> LabelledPhotos:
    """Return the photos of a folder that holds a sub-folder for each class, or ready parts that do.

    A single folder around them, as archives have, is passed through.

    Raises:
        DatasetError: there are fewer than two classes with photos.
    """
    root = Path(root).resolve()
    entries = [(entry, entry.path.relative_to(root).parts) for entry in scan(root)]
    depth = 0
    while entries and len({parts[depth] for _, parts in entries if len(parts) > depth + 1}) == 1:
        only = next(parts[depth] for _, parts in entries if len(parts) > depth + 1)
        if any(len(parts) == depth + 1 for _, parts in entries) or _part(only) is not None:
            break
        if not any(len(parts) > depth + 2 for _, parts in entries):
            break
        depth += 1
    tops = {parts[depth] for _, parts in entries if len(parts) > depth + 1}
    ready = bool(tops) and all(_part(name) is not None for name in tops)
    photos, loose = [], 0
    for entry, parts in entries:
        place = parts[depth:]
        if len(place) < (3 if ready else 2):
            loose += 1
            continue
        part = _part(place[0]) if ready else None
        folder = place[1] if ready else place[0]
        group = "/".join(parts[:-1])
        photos.append(LabelledPhoto(entry, translate(folder) or folder, group, part))
    problems = []
    if loose:
        were = (
            "1 photo is in no class's folder and was"
            if loose == 1
            else f"{loose} photos are in no class's folder and were"
        )
        problems.append(f"{were} left out.")
    problems += _empty_folders(root.joinpath(*_common(entries, depth)), tops, ready=ready)
    return _checked(root, photos, problems)


def read_table(
    file: Path, *, translate: Translate = lambda _: None, columns: dict[str, str] | None = None
) -> LabelledPhotos:
    """Return the photos that a CSV file names; relative paths start at its folder.

    Args:
        file: UTF-8, separated by commas, semicolons or tabs, with a heading.
        translate: turns labels into class names.
        columns: headings to use, by "path", "label", "group", "part"; the rest is found by `COLUMNS`.

    Raises:
        DatasetError: no such columns, a part of another name, or fewer than two classes with photos.
    """
    file = Path(file).resolve()
    found, rows = read_rows(file)
    headings = _headings(file, found, columns or {})
    photos, missing, unlabelled, seen, no_parts = [], [], 0, Counter[Path](), set()
    for row in rows:
        named, label = (row.get(headings[key]) or "" for key in ("path", "label"))
        if not named.strip() or not label.strip():
            unlabelled += 1
            continue
        path = file.parent / named.strip()
        seen[path] += 1
        if seen[path] > 1:
            continue
        try:
            facts = path.stat()
        except (OSError, ValueError):
            missing.append(named)
            continue
        entry = FileEntry(path, facts.st_size, facts.st_mtime_ns)
        label = label.strip()
        said = (row.get(headings["part"]) or "").strip() if "part" in headings else ""
        part = _part(said)
        if said and part is None:
            no_parts.add(said)
        group = (row.get(headings["group"]) or "").strip() if "group" in headings else ""
        photos.append(LabelledPhoto(entry, translate(label) or label, group or path.parent.as_posix(), part))
    if no_parts:  # a photo to judge by must not be trained on because its part has another name
        raise DatasetError(
            f"{display_path(file)} has {', '.join(map(repr, sorted(no_parts)[:5]))} in its column "
            f"{headings['part']}, where photos for {', '.join(PART_NAMES)} are understood. Write one of "
            "these, or nothing for a photo whose part is to be drawn; or rename the column."
        )
    problems = []
    if unlabelled:
        problems.append(f"{unlabelled} rows lack a path or a label and were left out.")
    if repeated := sum(seen.values()) - len(seen):
        problems.append(f"{repeated} rows name a photo again and were left out: its first label counts.")
    if missing:
        problems.append(f"{len(missing)} files do not exist and were left out; the first is {missing[0]}.")
    return _checked(file.parent, photos, problems)


def _checked(root: Path, photos: Sequence[LabelledPhoto], problems: list[str]) -> LabelledPhotos:
    found = Counter(photo.label for photo in photos)
    if len(found) < 2:
        got = f"only the class {next(iter(found))!r}" if found else "no labelled photos"
        raise DatasetError(
            f"{display_path(root)} holds {got}; a training needs two classes or more. "
            "Give a folder with a sub-folder of photos for each class."
        )
    known = settings.CLASS_NAMES
    names = [name for name in known if name in found] if found.keys() <= set(known) else sorted(found)
    problems += [f"The class {name!r} has a single photo." for name in names if found[name] == 1]
    given = Counter(photo.label for photo in photos if photo.part in (Part.TRAIN, None))
    problems += [f"The class {name!r} has no photo to train on." for name in names if not given[name]]
    return LabelledPhotos(root, tuple(names), tuple(photos), tuple(problems))


def _headings(file: Path, found: Sequence[str], chosen: dict[str, str]) -> dict[str, str]:
    by_name = {heading.strip().lower(): heading for heading in found if heading}
    headings = {}
    for key, names in COLUMNS.items():
        heading = next((by_name[name] for name in names if name in by_name), None)
        if key in chosen:
            heading = by_name.get(chosen[key].strip().lower())
        if heading is not None:
            headings[key] = heading
        elif key in chosen or key in ("path", "label"):
            raise DatasetError(
                f"{display_path(file)} has no column {chosen.get(key, key)!r}; its columns are "
                f"{', '.join(found) or 'none'}. Name one {' or '.join(names[:3])}."
            )
    return headings


def _part(name: str) -> Part | None:
    return PART_NAMES.get(name.strip().lower())


def _common(entries: Sequence[tuple[FileEntry, tuple[str, ...]]], depth: int) -> tuple[str, ...]:
    return entries[0][1][:depth] if entries else ()


def _empty_folders(top: Path, used: set[str], *, ready: bool) -> list[str]:
    """Return a sentence for each folder beside the classes' that gave no photo."""
    if ready:
        return []
    try:
        names = sorted(path.name for path in top.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
    return [f"The folder {display_path(Path(name))} holds no photos." for name in names if name not in used]
