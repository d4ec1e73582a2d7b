"""What people call classes and the parts of a data set, in folders and tables, and which ones they mean."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from gallery.datasets.labelled import Part
from gallery.settings import CLASS_NAMES
from gallery.words import without_surrogates

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


NO_CLASS_NAMES = frozenset(
    ("blank", "empty", "nothing", "no animal", "false trigger", "vuoto", "human", "humans", "person",
     "people", "persona", "persone", "vehicle", "vehicles", "unknown", "unidentified", "unclassified",
     "other", "others", "misc", "none", "unsure", "cannot tell")
)  # fmt: skip
"""Folders that stand beside those of the classes without being one."""


def class_of_name(name: str, class_names: Sequence[str]) -> int | None:
    """Return the index of the class that a name means, or None where it means none, or more than one.

    A class's exact name wins. Then what people vary is forgiven step by step, as long as exactly one class
    is meant: composed Unicode; case, spaces, ``_`` and ``-``; accents; plural and Italian; a leading number
    with a separator (``01_dog``).

    Example:
        >>> [class_of_name(name, ("dog", "spider")) for name in ("Cane", "ragno_", "02 SPIDERS", "zebra")]
        [0, 1, 1, None]
        >>> grades = ("2_spot", "7_spot")
        >>> class_of_name("7_SPOT", grades), class_of_name("spot", grades)
        (1, None)
    """
    for fits in _FORGIVEN:
        meant = [k for k, own in enumerate(class_names) if fits(name, own)]
        if meant:
            return meant[0] if len(meant) == 1 else None
    return None


def classes_of_names(names: Iterable[str]) -> dict[str, str]:
    """Return the class that each name of a data set stands for, for a training on classes of its own.

    A name that means one of the ten is that one, so ``hen`` and ``chicken`` are one class. Names that only
    their numbers keep apart (``1_dog``, ``2_dog``) stay classes of their own; other names that differ only
    in case, separators or composed Unicode are one.

    Example:
        >>> classes_of_names(["hen", "1_dog", "2_dog", "Fox", "fox"])
        {'hen': 'chicken', '1_dog': '1_dog', '2_dog': '2_dog', 'Fox': 'Fox', 'fox': 'Fox'}
    """
    every = list(dict.fromkeys(names))
    meant = {name: class_of_name(name, CLASS_NAMES) for name in every}
    shared = Counter(meant.values())
    own: dict[str, str] = {}
    for name in sorted(every):
        own.setdefault(_spelling(name), unicodedata.normalize("NFC", name))
    return {
        name: own[_spelling(name)] if k is None or (shared[k] > 1 and _numbered(name)) else CLASS_NAMES[k]
        for name, k in meant.items()
    }


def naming_sentences(class_of: Mapping[str, str]) -> list[str]:
    """Return what to say of the names that were taken for another one, or kept apart; nothing of exact ones.

    Args:
        class_of: the class of each name, as it was decided.

    Example:
        >>> naming_sentences({"hen": "chicken", "chicken": "chicken", "cane": "dog", "fox": "fox"})
        ['Counted together: "chicken" and "hen" as chicken. Read as: "cane" as dog.']
    """
    names_of: dict[str, list[str]] = {}
    for name, class_name in sorted(class_of.items()):
        names_of.setdefault(class_name, []).append(name)
    merged = [f"{_listed(names)} as {own}" for own, names in names_of.items() if len(names) > 1]
    renamed = [
        f"{_listed(names)} as {own}"
        for own, names in names_of.items()
        if len(names) == 1 and unicodedata.normalize("NFC", names[0]) != own
    ]
    sentences = []
    if merged:
        sentences.append(f"Counted together: {', '.join(merged)}.")
    if renamed:
        sentences.append(f"Read as: {', '.join(renamed)}.")
    return [" ".join(sentences)] if sentences else []


def kept_apart_sentences(class_of: Mapping[str, str]) -> list[str]:
    """Return what to say of the classes that `classes_of_names` left apart because of their numbers.

    Example:
        >>> kept_apart_sentences({"1_dog": "1_dog", "2_dog": "2_dog", "cat": "cat"})
        ['Classes of their own: "1_dog" and "2_dog", which without a number would be dog.']
    """
    kept: dict[str, list[str]] = {}
    for name, own in sorted(class_of.items()):
        k = class_of_name(name, CLASS_NAMES)
        if k is not None and own != CLASS_NAMES[k]:
            kept.setdefault(CLASS_NAMES[k], []).append(name)
    return [
        f"Classes of their own: {_listed(names)}, which without a number would be {own}."
        for own, names in kept.items()
    ]


def part_of_name(name: str) -> Part | None:
    """Return the part of a data set that a folder or a table's value means, or None.

    Example:
        >>> [part_of_name(name) for name in ("Train", "validation_set", "holdout")]
        [<Part.TRAIN: 'train'>, <Part.VALIDATION: 'validation'>, None]
    """
    return PART_NAMES.get(_plain(name))


def nearest_class_name(name: str, class_names: Sequence[str], *, likeness: float = 0.65) -> str | None:
    """Return the known name that is most like an unknown one; None when none is so like it, 0 to 1.

    Example:
        >>> nearest_class_name("hors", ("dog", "horse")), nearest_class_name("zebra", ("dog", "horse"))
        ('horse', None)
    """
    known = {form: form for own in class_names for form in _forms(_plain(own))}
    known |= {_plain(own): own for own in class_names}
    near = difflib.get_close_matches(_plain(name), list(known), n=1, cutoff=likeness)
    return known[near[0]] if near else None


def mistyped_names(names: Iterable[str], class_names: Sequence[str]) -> list[str]:
    """Return those of unknown names that are nearly a class's: an evaluation without them would mislead.

    Example:
        >>> mistyped_names(["hors", "zebra", "blank"], ("dog", "horse"))
        ['hors']
    """
    return [
        name
        for name in names
        if not means_no_class(name) and nearest_class_name(name, class_names, likeness=0.8) is not None
    ]


def means_no_class(name: str) -> bool:
    """Return whether a folder is one of those that stand beside the classes: blank, human, unknown.

    Example:
        >>> means_no_class("Blank"), means_no_class("zebra")
        (True, False)
    """
    return _plain(name) in NO_CLASS_NAMES


def listed_names(class_names: Sequence[str]) -> str:
    """Return the classes as a user may write them, with the Italian name where there is one.

    Example:
        >>> listed_names(["dog", "cat", "gnu"])
        'dog (cane), cat (gatto), gnu'
    """
    italian = {group[0]: group[-2] for group in SYNONYMS}
    return ", ".join(f"{name} ({italian[name]})" if name in italian else name for name in class_names)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spelling(name: str) -> str:
    """Return a name without what people vary most: case, separators, composed or decomposed letters."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
    return re.sub(r"[\s_\-.]+", " ", text).strip()


def _unaccented(name: str) -> str:
    letters = unicodedata.normalize("NFKD", _spelling(name))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _plain(name: str) -> str:
    """Return a name without what people vary: case, accents, separators, a leading number."""
    return re.sub(r"^\d+ (?=\S)", "", _unaccented(name))


def _numbered(name: str) -> bool:
    return _plain(name) != _unaccented(name)


def _forms(plain: str) -> tuple[str, ...]:
    """Return the forms under which a class is known: its group of `SYNONYMS`, or its plural."""
    return next((group for group in SYNONYMS if plain in group), (plain, plain + "s", plain + "es"))


def _kindred(one: str, other: str) -> bool:
    return bool(one and other) and (one in _forms(other) or other in _forms(one))


def _listed(names: Sequence[str]) -> str:
    """Return names in quotes, as a sentence has them."""
    quoted = [f'"{without_surrogates(name)}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


_FORGIVEN: tuple[Callable[[str, str], bool], ...] = (
    lambda name, own: name == own,
    lambda name, own: _composed(name) == _composed(own),
    lambda name, own: _spelling(name) == _spelling(own) != "",
    lambda name, own: _unaccented(name) == _unaccented(own) != "",
    lambda name, own: _kindred(_unaccented(name), _unaccented(own)),
    lambda name, own: _kindred(_plain(name), _plain(own)),
)
"""How a name and a class are held against each other, the strictest first."""
