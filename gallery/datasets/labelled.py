"""Labelled photos as they were found: for a training by their own classes, for an evaluation by a model's.

Nothing is decoded here. What lies in a ready train, validation or test folder keeps its part; the rest is
drawn later (`split`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery import settings
from gallery.errors import DatasetError
from gallery.types import FileEntry, display_path

Scan = Callable[[Path], Iterable[FileEntry]]
"""The photos below a folder: `photos.scan.scan_folder`."""


class Part(StrEnum):
    """What a photo is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    LEFT_OUT = "left out"


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


@dataclass(frozen=True, slots=True)
class ModelLabels:
    """The true classes of photos, as indices of a model's classes: what an evaluation goes by.

    Attributes:
        by_path: of the photos that have a label.
        problems: sentences on what is odd but does not stop an evaluation.
        others: the photos in folders that are no class of the model, by the folder's name.
    """

    by_path: Mapping[Path, int]
    problems: tuple[str, ...] = ()
    others: Mapping[str, Sequence[Path]] = field(default_factory=dict)


def data_set(root: Path, photos: Sequence[LabelledPhoto], problems: Sequence[str]) -> LabelledPhotos:
    """Return photos as a data set of the classes that they bear.

    A class of a single photo, which cannot be trained and validated on, is left out and named where
    two others remain: one lone label is not the end of a training.

    Raises:
        DatasetError: these are fewer than two.
    """
    found = Counter(photo.label for photo in photos)
    if len(found) < 2:
        got = f"only the class {next(iter(found))!r}" if found else "no labelled photos"
        raise DatasetError(
            f"{display_path(root)} holds {got}; a training needs two classes or more. "
            f"Give a folder with a sub-folder of photos for each class. {' '.join(problems)}".rstrip()
        )
    lone = {photo.label: photo.path for photo in photos if found[photo.label] == 1}
    if len(found) - len(lone) >= 2:
        photos = [photo for photo in photos if photo.label not in lone]
        problems = [*problems, *(_lone(name, path) for name, path in sorted(lone.items()))]
        found = Counter(photo.label for photo in photos)
    known = settings.CLASS_NAMES
    names = [name for name in known if name in found] if found.keys() <= set(known) else sorted(found)
    problems = [*problems, *(f"The class {name!r} has a single photo." for name in names if found[name] == 1)]
    given = Counter(photo.label for photo in photos if photo.part in (Part.TRAIN, None))
    problems += [f"The class {name!r} has no photo to train on." for name in names if not given[name]]
    return LabelledPhotos(root, tuple(names), tuple(photos), tuple(problems))


def _lone(name: str, path: Path) -> str:
    shown = display_path(Path(path.name))
    return f"The class {name!r} has a single photo, {shown}: left out. A class needs two or more."
