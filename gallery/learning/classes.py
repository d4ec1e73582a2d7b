"""Classes of one's own: what each label, and each class of a model, counts for when a head is fitted anew.

Labels stay as people gave them. A class map says what they count for:

    add fox             fox -> fox
    rename dog, hound   dog -> hound, hound -> hound
    merge hen, chicken  hen -> chicken
    retire spider       spider -> nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gallery.datasets.class_names import class_of_name

ClassMap = Mapping[str, str | None]
"""The class that a word counts for, None for no class; a word that is not in it counts for itself."""


@dataclass(frozen=True, slots=True)
class LearntClasses:
    """The classes of a new head.

    Attributes:
        names: of the base's classes what they count for, then the added ones.
        columns: which of the base's outputs each begins from; None for an added class.
        base_names: the base's classes.
        class_map: what words count for.
    """

    names: tuple[str, ...]
    columns: tuple[int | None, ...]
    base_names: tuple[str, ...]
    class_map: ClassMap

    @classmethod
    def of(cls, base_names: Sequence[str], class_map: ClassMap) -> LearntClasses:
        """Return the classes that a map makes of a model's.

        Example:
            >>> found = LearntClasses.of(("dog", "hen"), {"dog": "hound", "fox": "fox", "hen": None})
            >>> found.names, found.columns
            (('hound', 'fox'), (0, None))
        """
        columns: dict[str, int | None] = {}
        for column, name in enumerate(base_names):
            counted = _followed(name, class_map)
            if counted is not None and (counted not in columns or counted == name):
                columns[counted] = column
        for word in class_map:
            if class_map[word] == word:
                columns.setdefault(word, None)
        return cls(tuple(columns), tuple(columns.values()), tuple(base_names), class_map)

    def index_of(self, word: str) -> int | None:
        """Return the class that a label or a model's class counts for, None for none of them.

        Example:
            >>> found = LearntClasses.of(("dog", "hen"), {"dog": "hound"})
            >>> [found.index_of(word) for word in ("dog", "cane", "hound", "chicken", "fox")]
            [0, 0, 0, 1, None]
        """
        if word not in self.class_map and word not in self.names:
            base = class_of_name(word, self.base_names)
            word = word if base is None else self.base_names[base]
        counted = _followed(word, self.class_map)
        return self.names.index(counted) if counted in self.names else None

    def without(self, unlearnt: Sequence[str]) -> LearntClasses:
        """Return the classes less some that nothing is known of yet."""
        kept = [(n, c) for n, c in zip(self.names, self.columns, strict=True) if n not in unlearnt]
        names, columns = zip(*kept, strict=True) if kept else ((), ())
        return LearntClasses(names, columns, self.base_names, self.class_map)


def _followed(word: str, class_map: ClassMap) -> str | None:
    """Return what a word counts for in the end: a class that was renamed may be merged later."""
    seen = {word}
    found: str | None = class_map.get(word, word)
    while found is not None and found not in seen:
        seen.add(found)
        found = class_map.get(found, found)
    return found
