"""Classes of people's own: added, renamed, merged, retired for what `learn` fits; labels never change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gallery.errors import DatasetError
from gallery.learning.classes import LearntClasses
from gallery.services import wiring
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING
from gallery.words import without_surrogates

NAME_LIMIT = 40
"""Characters of a class's name: it stands on badges and in tables' headings."""

NOT_A_CLASS = frozenset([ALL, UNLIKE, UNSURE, UNREADABLE, WAITING])


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class that the next head has.

    Attributes:
        own: people added it.
        words: other words and classes that count for it.
        labels: photos labelled so, in all collections.
    """

    name: str
    own: bool
    words: tuple[str, ...]
    labels: int


@dataclass(frozen=True, slots=True)
class OwnClasses:
    """All of them, and the labels that count for none, most first."""

    classes: tuple[OwnClass, ...]
    unlearnt: Mapping[str, int]


def listed(parts: wiring.Parts, model_id: str | None = None) -> OwnClasses:
    """Return the classes of the next head that is learnt on a model, the active one if left out.

    Raises:
        ModelError: there is no usable model.
    """
    learnt = _learnt(parts, model_id)
    counts = Counter(parts.catalog.label_counts())
    of_class: Counter[str] = Counter()
    unlearnt: Counter[str] = Counter()
    for label, count in counts.items():
        index = learnt.index_of(label)
        if index is None:
            unlearnt[label] += count
        else:
            of_class[learnt.names[index]] += count
    words = {
        name: tuple(
            word
            for word in dict.fromkeys([*learnt.base_names, *learnt.class_map])
            if word != name and (index := learnt.index_of(word)) is not None and learnt.names[index] == name
        )
        for name in learnt.names
    }
    return OwnClasses(
        tuple(
            OwnClass(name, column is None, words[name], of_class[name])
            for name, column in zip(learnt.names, learnt.columns, strict=True)
        ),
        dict(unlearnt.most_common()),
    )


def add(parts: wiring.Parts, name: str) -> None:
    """Let the next head have a class that is learnt from the photos labelled so.

    Raises:
        DatasetError: the name cannot be one, or there is such a class.
    """
    name = _name(name)
    if _learnt(parts).index_of(name) is not None:
        raise DatasetError(f"There is a class {name} already. Label photos as it, then learn.")
    parts.catalog.change_class_map({name: name})


def rename(parts: wiring.Parts, old: str, new: str) -> None:
    """Call a class otherwise; labels of either name count for it.

    Raises:
        DatasetError: there is no such class, or the new name is taken or cannot be one.
    """
    old, new = _known(parts, old), _name(new)
    taken = _learnt(parts).index_of(new)
    if taken is not None and _learnt(parts).names[taken] != old:
        raise DatasetError(f"There is a class {new} already. Merge the two, or choose another name.")
    parts.catalog.change_class_map({old: new, new: new})


def merge(parts: wiring.Parts, one: str, into: str) -> None:
    """Let a class, or any word that people labelled with, count for another class.

    Raises:
        DatasetError: there is no such class to count for.
    """
    into = _known(parts, into)
    learnt = _learnt(parts)
    index = learnt.index_of(one)
    word = _name(one) if index is None else learnt.names[index]
    if word == into:
        raise DatasetError(f"{one} counts for {into} already.")
    parts.catalog.change_class_map({word: into})


def retire(parts: wiring.Parts, name: str) -> None:
    """Let the next head have a class no more; its labels stay and count for nothing.

    Raises:
        DatasetError: there is no such class, or fewer than two would be left.
    """
    name = _known(parts, name)
    if len(_learnt(parts).names) <= 2:
        raise DatasetError("A model needs two classes: add another one before this one is retired.")
    parts.catalog.change_class_map({name: None})


def restore(parts: wiring.Parts, name: str) -> None:
    """Take back what was said of a name: it counts for itself, as a class of the model or for none.

    Raises:
        DatasetError: nothing was said of it.
    """
    if name not in parts.catalog.class_map():
        changed = ", ".join(parts.catalog.class_map()) or "none"
        raise DatasetError(f"Nothing was changed of the name {name}. Changed ones: {changed}.")
    parts.catalog.forget_words([name])


def _learnt(parts: wiring.Parts, model_id: str | None = None) -> LearntClasses:
    card = wiring.chosen_card(parts.models, model_id)
    backbone = card if card.backbone is None else parts.models.card(card.backbone)
    return LearntClasses.of(backbone.class_names, parts.catalog.class_map())


def _known(parts: wiring.Parts, name: str) -> str:
    learnt = _learnt(parts)
    index = learnt.index_of(name)
    if index is None:
        raise DatasetError(f"There is no class {name}. Classes: {', '.join(learnt.names)}.")
    return learnt.names[index]


def _name(given: str) -> str:
    name = " ".join(without_surrogates(given).split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable() or name in NOT_A_CLASS:
        raise DatasetError(
            f"A class needs a name of 1 to {NAME_LIMIT} characters that is no shelf's, got {given[:60]!r}."
        )
    return name
