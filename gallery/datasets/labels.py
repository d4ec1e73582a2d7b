"""Which class a folder's name means, and the labels of all photos below a labelled folder."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.tables import TEST_NAMES, TRAIN_NAMES, VALIDATION_NAMES
from gallery.errors import DatasetError
from gallery.types import display_path

UNLABELLED = -1
"""In place of a class index: the photo lies in no class's folder, and is left out of every score."""

SYNONYMS = (
    ("dog", "dogs", "cane", "cani"),
    ("cat", "cats", "gatto", "gatti"),
    ("horse", "horses", "cavallo", "cavalli"),
    ("spider", "spiders", "ragno", "ragni"),
    ("butterfly", "butterflies", "farfalla", "farfalle"),
    ("chicken", "chickens", "hen", "hens", "gallina", "galline"),
    ("sheep", "sheeps", "pecora", "pecore"),
    ("cow", "cows", "mucca", "mucche"),
    ("squirrel", "squirrels", "scoiattolo", "scoiattoli"),
    ("elephant", "elephants", "elefante", "elefanti"),
)
"""The ten classes in English and Italian; the first name is the class's own."""

SPLIT_NAMES = frozenset(name.replace("_", " ") for name in (*TRAIN_NAMES, *VALIDATION_NAMES, *TEST_NAMES))
"""Parts of a data set that people put above the class folders, as `_plain` gives them."""

NAMED_AT_MOST = 5
"""Unknown folders that a sentence names one by one."""


@dataclass(frozen=True, slots=True)
class FolderLabels:
    """The true class of each photo, as the folders say.

    Attributes:
        y_true: (n,) int64 class indices in the order of the paths; `UNLABELLED`
            for a photo in no class's folder.
        problems: sentences on what is odd but does not stop an evaluation.
    """

    y_true: NDArray[np.int64]
    problems: tuple[str, ...]

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Positions of the photos that have a label."""
        return np.flatnonzero(self.y_true != UNLABELLED).astype(np.int64)


def class_of_name(name: str, class_names: Sequence[str]) -> int | None:
    """Return the index of the class that a folder's name means, or None.

    Names count in English and Italian, singular and plural; case, accents,
    spaces, ``_`` and ``-`` around or between words, and a leading number with
    a separator (``01_dog``) do not matter. The model's own class names win.

    Example:
        >>> [class_of_name(name, ("dog", "spider")) for name in ("Cane", "ragno_", "02 SPIDERS", "zebra")]
        [0, 1, 1, None]
    """
    return _known_names(class_names).get(_plain(name))


def labels_of(root: Path, paths: Sequence[Path], class_names: Sequence[str]) -> FolderLabels:
    """Return the label of each photo by the sub-folder of root that it lies in.

    A class folder may hold folders of its own. Where all sub-folders of root
    are parts of a data set (train, val, test), or root holds only one folder and
    that has the class folders, the classes are looked for one level deeper.

    Args:
        root: the labelled folder.
        paths: photos below it.
        class_names: the model's classes; they give the indices.

    Raises:
        DatasetError: a sub-folder's name is none of the classes, or no photo has a label.
    """
    parts = [_parts_below(root, path) for path in paths]
    if not parts:
        raise DatasetError(
            f"There are no photos in {display_path(root)}. Open a folder that has a sub-folder with photos "
            f"for each class, named {listed_names(class_names)}."
        )
    depth, problems = _depth_of_classes(parts, class_names)
    names = sorted({part[depth] for part in parts if len(part) > depth + 1})
    if not names:
        raise DatasetError(
            f"The photos of {display_path(root)} lie directly in it, so nothing says what they show. Put "
            f"them into one sub-folder a class, named {listed_names(class_names)}, and open the folder above."
        )
    known = {name: class_of_name(name, class_names) for name in names}
    unknown = [name for name, index in known.items() if index is None]
    if unknown:
        raise DatasetError(_unknown_sentence(unknown, class_names))
    y_true = np.array(
        [
            UNLABELLED if len(part) <= depth + 1 or (index := known[part[depth]]) is None else index
            for part in parts
        ],
        np.int64,
    )
    problems += _oddities(root, depth, y_true, known, class_names)
    return FolderLabels(y_true, tuple(problems))


def _depth_of_classes(parts: Sequence[tuple[str, ...]], class_names: Sequence[str]) -> tuple[int, list[str]]:
    """Return at which position of a path the class folder stands, and what to say about it."""
    first = {part[0] for part in parts if len(part) > 1}
    if any(class_of_name(name, class_names) is not None for name in first):
        return 0, []
    second = {part[1] for part in parts if len(part) > 2}
    deeper = bool(second) and all(class_of_name(name, class_names) is not None for name in second)
    if first and all(_plain(name) in SPLIT_NAMES for name in first) and second:
        named = ", ".join(sorted(map(_shown, first)))
        sentence = (
            f"The folder holds the parts {named} of a data set; they are evaluated together. To evaluate "
            "one of them, open it."
        )
        return 1, [sentence] if len(first) > 1 else []
    if len(first) == 1 and deeper:
        return 1, []
    return 0, []


def _oddities(
    root: Path,
    depth: int,
    y_true: NDArray[np.int64],
    known: dict[str, int | None],
    class_names: Sequence[str],
) -> list[str]:
    problems = []
    loose = int((y_true == UNLABELLED).sum())
    if loose:
        which = "1 photo lies" if loose == 1 else f"{loose:,} photos lie"
        problems.append(
            f"{which} outside the class folders and cannot be evaluated. Move such photos into the folder of "
            "their class."
        )
    folders = _folders_at(root, depth)
    photos = np.bincount(y_true[y_true != UNLABELLED], minlength=len(class_names))
    absent = [k for k, count in enumerate(photos.tolist()) if not count]
    empty = {class_of_name(name, class_names): _shown(name) for name in folders if name not in known}
    for k in absent:
        if k in empty:
            problems.append(
                f"The folder {empty[k]} holds no photos: nothing can be said of the class {class_names[k]}."
            )
    without = [class_names[k] for k in absent if k not in empty]
    if without:
        problems.append(
            f"There is no folder of {', '.join(without)}: nothing can be said of how well they are found."
        )
    if None in empty:
        unknown = [_shown(n) for n in folders if n not in known and class_of_name(n, class_names) is None]
        problems.append(f"Not a class, and without photos: {', '.join(unknown)}. It was passed over.")
    return problems


def _folders_at(root: Path, depth: int) -> list[str]:
    """Return the names of the folders where classes stand, also of empty ones; none if root is gone."""
    level = [root]
    try:
        for _ in range(depth + 1):
            level = [
                child
                for folder in level
                for child in sorted(folder.iterdir())
                if child.is_dir() and not child.name.startswith((".", "__"))
            ]
    except OSError:
        return []
    return sorted({folder.name for folder in level})


def nearest_class_name(name: str, class_names: Sequence[str]) -> str | None:
    """Return the known name that is most like an unknown one; None when none is.

    Example:
        >>> nearest_class_name("hors", ("dog", "horse")), nearest_class_name("zebra", ("dog", "horse"))
        ('horse', None)
    """
    near = difflib.get_close_matches(_plain(name), list(_known_names(class_names)), n=1, cutoff=0.65)
    return near[0] if near else None


def listed_names(class_names: Sequence[str]) -> str:
    """Return the classes as a user may write them, with the Italian name where there is one.

    Example:
        >>> listed_names(["dog", "cat", "gnu"])
        'dog (cane), cat (gatto), gnu'
    """
    italian = {group[0]: group[-2] for group in SYNONYMS}
    return ", ".join(f"{name} ({italian[name]})" if name in italian else name for name in class_names)


def _unknown_sentence(unknown: Sequence[str], class_names: Sequence[str]) -> str:
    shown = []
    for name in unknown[:NAMED_AT_MOST]:
        near = nearest_class_name(name, class_names)
        shown.append(_shown(name) + (f" (did you mean {near}?)" if near else ""))
    more = f" and {len(unknown) - NAMED_AT_MOST} more" if len(unknown) > NAMED_AT_MOST else ""
    what = "sub-folder {} is not the name" if len(unknown) == 1 else "sub-folders {} are not names"
    return (
        f"The {what.format(', '.join(shown) + more)} of a class. Known names: {listed_names(class_names)}. "
        "Rename a folder that is one of these, and move others away."
    )


def _known_names(class_names: Iterable[str]) -> dict[str, int]:
    """Return every name that means a class; a model's own names win over synonyms of another class."""
    own = {_plain(name): k for k, name in enumerate(class_names)}
    known: dict[str, int] = {}
    for name, k in own.items():
        group = next((group for group in SYNONYMS if name in group), (name, name + "s", name + "es"))
        for other in group:
            known.setdefault(other, k)
    return known | own


def _plain(name: str) -> str:
    """Return a folder's name without what people vary: case, accents, separators, a leading number."""
    text = unicodedata.normalize("NFKD", name).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\s_\-.]+", " ", text).strip()
    return re.sub(r"^\d+ (?=\S)", "", text)


def _parts_below(root: Path, path: Path) -> tuple[str, ...]:
    try:
        return path.relative_to(root).parts
    except ValueError as exc:
        raise DatasetError(
            f"{display_path(path)} does not lie in {display_path(root)}. Open the folder that holds it."
        ) from exc


def _shown(name: str) -> str:
    return f'"{display_path(Path(name))}"'
