"""What people call classes and the parts of a data set, in folders and tables, and which ones they mean."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from gallery.datasets.labelled import Part

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

PART_NAMES = {
    **dict.fromkeys(("train", "training", "train set", "training set"), Part.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validation set", "dev"), Part.VALIDATION),
    **dict.fromkeys(("test", "testing", "test set"), Part.TEST),
}
"""Names of ready folders, and of values in a table's column "split", as `_plain` gives them."""


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


def part_of_name(name: str) -> Part | None:
    """Return the part of a data set that a folder or a table's value means, or None.

    Example:
        >>> [part_of_name(name) for name in ("Train", "validation_set", "holdout")]
        [<Part.TRAIN: 'train'>, <Part.VALIDATION: 'validation'>, None]
    """
    return PART_NAMES.get(_plain(name))


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
