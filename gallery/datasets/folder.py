"""The labels of a folder that has a sub-folder for each class."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.datasets.class_names import (
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
from gallery.datasets.labelled import LabelledPhoto, LabelledPhotos, ModelLabels, Part, Scan, data_set
from gallery.errors import DatasetError
from gallery.settings import CLASS_NAMES, is_left_out
from gallery.types import display_path
from gallery.words import counted

NAMED_AT_MOST = 5
"""Unknown folders that a sentence names one by one."""


def labels_of(root: Path, paths: Sequence[Path], class_names: Sequence[str]) -> ModelLabels:
    """Return the label of each photo by the sub-folder of root that it lies in, for an evaluation.

    Args:
        root: the labelled folder, laid out as `layout_of` has it.
        paths: photos below it.
        class_names: the model's classes; they give the indices.

    Raises:
        DatasetError: no photo has a label, or a sub-folder's name is nearly that of a class.
    """
    places = [_place_below(root, path) for path in paths]
    if not places:
        raise DatasetError(
            f"There are no photos in {display_path(root)}. Open a folder that has a sub-folder with photos "
            f"for each class, named {listed_names(class_names)}."
        )
    layout = layout_of(places, lambda name: class_of_name(name, class_names) is not None)
    folders = [layout.class_folder(place) for place in places]
    names = sorted({name for name in folders if name is not None})
    if not names:
        raise DatasetError(
            f"The photos of {display_path(root)} lie directly in it, so nothing says what they show. Put "
            f"them into one sub-folder a class, named {listed_names(class_names)}, and open it again."
        )
    known = {name: class_of_name(name, class_names) for name in names}
    unknown = [name for name in names if known[name] is None]
    if len(unknown) == len(names) or mistyped_names(unknown, class_names):
        raise DatasetError(_unknown_sentence(unknown, class_names))
    by_path: dict[Path, int] = {}
    others: dict[str, list[Path]] = {name: [] for name in unknown}
    for path, name in zip(paths, folders, strict=True):
        if name is not None and (index := known[name]) is not None:
            by_path[path] = index
        elif name is not None:
            others[name].append(path)
    problems = naming_sentences({name: class_names[k] for name, k in known.items() if k is not None})
    problems += layout.sentences()
    if len(layout.parts) > 1:
        named = ", ".join(sorted(map(_shown, layout.parts)))
        problems.append(
            f"The folder holds the parts {named} of a data set; they are evaluated together. To evaluate "
            "one of them, open it."
        )
    problems += _outside(folders.count(None))
    problems += _without_photos(_empty_folders(root, layout, names), set(by_path.values()), class_names)
    return ModelLabels(by_path, tuple(problems), others)


def read_folder(root: Path, *, scan: Scan) -> LabelledPhotos:
    """Return the photos of a folder as a data set of its own classes, for a training.

    Args:
        root: laid out as `layout_of` has it.
        scan: lists photos below a folder.

    Raises:
        DatasetError: there are fewer than two classes with photos.
    """
    root = Path(root).resolve()
    entries = [(entry, entry.path.relative_to(root).parts) for entry in scan(root)]
    layout = layout_of(
        [place for _, place in entries], lambda name: class_of_name(name, CLASS_NAMES) is not None
    )
    folders = [layout.class_folder(place) for _, place in entries]
    class_of = classes_of_names(name for name in folders if name is not None)
    photos = [
        LabelledPhoto(entry, class_of[folder], layout.group(place), layout.part(place))
        for (entry, place), folder in zip(entries, folders, strict=True)
        if folder is not None
    ]
    problems = [
        *naming_sentences(class_of),
        *kept_apart_sentences(class_of),
        *layout.sentences(),
        *_outside(folders.count(None)),
        *(
            f"The folder {_shown(name)} {why}."
            for name, why in _empty_folders(root, layout, class_of).items()
        ),
    ]
    return data_set(root, photos, problems)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the classes of a labelled folder stand.

    Attributes:
        depth: position, in a photo's path below the folder, at which its class folder stands.
        parts: the folders above the classes, where these are ready parts of a data set.
        stations: the folders around the classes, "/"-separated, where each of several holds classes.
    """

    depth: int
    parts: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()

    def class_folder(self, place: Sequence[str]) -> str | None:
        """Return the name of the class folder that a photo lies in, None where it lies in none."""
        return place[self.depth] if len(place) > self.depth + 1 else None

    def part(self, place: Sequence[str]) -> Part | None:
        """Return the part that a photo of a class lies in, None where there are none."""
        return part_of_name(place[self.depth - 1]) if self.parts else None

    def group(self, place: Sequence[str]) -> str:
        """Return what a photo must stay together with: its station, or else the folder that it lies in."""
        return "/".join(place[: self.depth] if self.stations else place[:-1])

    def sentences(self) -> list[str]:
        """Return what to say of the layout, where it is not the plain one."""
        if not self.stations:
            return []
        named = ", ".join(sorted(map(_shown, self.stations))[:NAMED_AT_MOST])
        more = f" and {len(self.stations) - NAMED_AT_MOST} more" if len(self.stations) > NAMED_AT_MOST else ""
        return [f"The class folders stand one level deeper, in {named}{more}: these are taken for stations."]


def layout_of(places: Sequence[Sequence[str]], is_class: Callable[[str], bool]) -> Layout:
    """Return where the class folders of a labelled folder stand.

    A class folder may hold folders of its own. Where all sub-folders are parts
    of a data set (train, val, test), the classes stand in them; a single folder
    around the others, as archives have, is passed through, and so are stations
    that each hold folders of the same classes.

    Args:
        places: each photo's path below the folder, in its components.
        is_class: whether a name is that of a class; other names may be classes too.

    Example:
        >>> layout_of([("pets", "cat", "1.jpg"), ("pets", "dog", "2.jpg")], {"cat", "dog"}.__contains__).depth
        1
        >>> layout_of([("train", "owl", "1.jpg"), ("val", "fox", "2.jpg")], lambda name: False).depth
        1
    """
    depth = 0
    while True:
        names = {place[depth] for place in places if len(place) > depth + 1}
        inner = {place[depth + 1] for place in places if len(place) > depth + 2}
        if not inner or any(map(is_class, names)):
            return Layout(depth)
        if all(part_of_name(name) for name in names):
            return Layout(depth + 1, frozenset(names))
        beside, within = (any(len(place) == depth + step for place in places) for step in (1, 2))
        if len(names) > 1:
            return _stations(places, depth, is_class) or Layout(depth)
        around = not beside and (len(inner) > 1 or not within)
        if not (around or any(map(is_class, inner))):
            return Layout(depth)
        depth += 1


def _stations(places: Sequence[Sequence[str]], above: int, is_class: Callable[[str], bool]) -> Layout | None:
    """Return where the classes stand inside several stations; None where these are no stations.

    Each station holds a known class, or nothing but folders such as "blank"; or each holds the same
    folders, two or more, whose names are no numbers and dates (as cameras and years are).
    """
    for depth in range(above + 1, max(map(len, places)) - 1):
        inside: dict[str, set[str]] = {
            "/".join(place[:depth]): set() for place in places if len(place) > depth
        }
        for place in places:
            if len(place) > depth + 1:
                inside["/".join(place[:depth])].add(place[depth])
        every = set().union(*inside.values())
        if any(map(is_class, every)):
            fits = all(any(map(is_class, names)) or (names and all(map(means_no_class, names)))
                       for names in inside.values())  # fmt: skip
            return Layout(depth, stations=frozenset(inside)) if fits else None
        same = len(every) > 1 and all(names == every for names in inside.values())
        if same and not re.search(r"\d", " ".join(every)):
            return Layout(depth, stations=frozenset(inside))
    return None


def _outside(count: int) -> list[str]:
    if not count:
        return []
    lie = counted(count, "photo lies", "photos lie")
    return [f"{lie} outside the class folders: left out. Move such photos into the folder of their class."]


def _empty_folders(root: Path, layout: Layout, used: Collection[str]) -> dict[str, str]:
    """Return the folders where classes stand that gave no photo, by name, with why; none if root is gone."""
    level = [root]
    try:
        for _ in range(layout.depth + 1):
            level = [
                child
                for folder in level
                for child in sorted(folder.iterdir())
                if child.is_dir() and not child.name.startswith((".", "__")) and not is_left_out(child.name)
            ]
    except OSError:
        return {}
    return {
        folder.name: "is a link that leads out of the opened folder"
        if folder.is_symlink()
        else "holds no photos"
        for folder in sorted(level)
        if folder.name not in used
    }


def _without_photos(
    empty: Mapping[str, str], present: Collection[int], class_names: Sequence[str]
) -> list[str]:
    """Return a sentence for each class and each folder of which an evaluation says nothing."""
    absent = [k for k in range(len(class_names)) if k not in present]
    folder_of = {class_of_name(name, class_names): name for name in empty}
    problems = [
        f"The folder {_shown(folder_of[k])} {empty[folder_of[k]]}: nothing can be said of the class "
        f"{class_names[k]}."
        for k in absent
        if k in folder_of
    ]
    if without := [class_names[k] for k in absent if k not in folder_of]:
        problems.append(
            f"There is no folder of {', '.join(without)}: nothing can be said of how well they are found."
        )
    if None in folder_of:
        unknown = [_shown(name) for name in empty if class_of_name(name, class_names) is None]
        problems.append(f"Not a class, and without photos: {', '.join(unknown)}. It was passed over.")
    return problems


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


def _place_below(root: Path, path: Path) -> tuple[str, ...]:
    try:
        return path.relative_to(root).parts
    except ValueError as exc:
        raise DatasetError(
            f"{display_path(path)} does not lie in {display_path(root)}. Open the folder that holds it."
        ) from exc


def _shown(name: str) -> str:
    return f'"{display_path(Path(name))}"'
