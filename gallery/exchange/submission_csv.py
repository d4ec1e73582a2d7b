"""A table with a row a photo under headings of the user's choice: a competition's submission file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ExchangeError
from gallery.exchange.csv_text import BYTE_ORDER_MARK, Cell, csv_lines, shortest
from gallery.exchange.whole_file import check_place, write_whole
from gallery.settings import TAG_BATCH
from gallery.types import Classifier, DecodedPhoto, FileEntry, SkippedFile, display_path

IdKind = Literal["auto", "stem", "name", "path"]
"""What stands for a photo: "12" for cats/12.jpg, "12.jpg", or "cats/12.jpg"; "auto" is the first of these
under which no two photos are called alike."""

CONFIDENCE_HEADINGS = ("confidence", "probability", "score")


@dataclass(frozen=True, slots=True)
class Submission:
    """What was written.

    Attributes:
        rows: photos in the file.
        skipped: photos that could not be read and have no row.
    """

    rows: int
    skipped: tuple[SkippedFile, ...]


def predict_to_csv(
    entries: Iterable[FileEntry | SkippedFile],
    out: Path,
    *,
    root: Path,
    classifier: Classifier,
    decode: Callable[[Iterable[Path]], Iterator[DecodedPhoto | SkippedFile]],
    columns: Sequence[str] = ("id", "label"),
    ids: IdKind = "auto",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Submission:
    """Write the predictions of photos, and return how many rows that gave.

    The first column names the photo. Each further one holds the class's
    probability if its heading is a class's name, the confidence if it is one of
    `CONFIDENCE_HEADINGS`, and else the label. Rows are in the natural order of
    their paths: 2 before 10.

    Args:
        entries: the photos as a scan of the root gave them.
        out: the file to write, whole or not at all.
        root: the folder that "path" ids are relative to.
        classifier: the model.
        decode: reads photos for that model's input size.
        columns: two headings or more, all different.
        ids: what the first column holds.
        on_progress: is told how many photos of how many are done.

    Raises:
        ExchangeError: headings that make no sense, two photos of one id, nothing
            to predict, or a place that cannot be written.
    """
    value_of = _columns(columns, classifier.class_names)
    if ids not in get_args(IdKind):
        raise ExchangeError(f"An id is the file's {', '.join(get_args(IdKind))}; {ids!r} is none of these.")
    check_place(out)
    found = list(entries)
    paths = [entry.path for entry in found if isinstance(entry, FileEntry)]
    if not paths:
        raise ExchangeError(f"There are no photos in {display_path(root)} to predict.")
    if ids == "auto":
        ids = "stem" if len({path.stem for path in paths}) == len(paths) else "path"
    id_of = {path: _id(path, root, ids) for path in paths}
    _refuse_clashes(id_of, ids)
    skipped = [entry for entry in found if isinstance(entry, SkippedFile)]
    rows: dict[Path, list[Cell]] = {}
    results = decode(paths)
    while batch := list(islice(results, TAG_BATCH)):
        skipped += [result for result in batch if isinstance(result, SkippedFile)]
        photos = [result for result in batch if isinstance(result, DecodedPhoto)]
        if photos:
            shares = classifier.classify(np.stack([photo.model_input for photo in photos])).probabilities
            for photo, share in zip(photos, shares, strict=True):
                rows[photo.path] = [id_of[photo.path], *(value(share) for value in value_of)]
        on_progress(len(rows) + len(skipped), len(found))
    ordered = (rows[path] for path in sorted(rows, key=lambda path: _natural(path, root)))
    lines = (line.removeprefix(BYTE_ORDER_MARK) for line in csv_lines(columns, ordered))
    write_whole(out, lines)
    return Submission(len(rows), tuple(skipped))


def _columns(
    columns: Sequence[str], class_names: Sequence[str]
) -> list[Callable[[NDArray[np.float32]], Cell]]:
    """Return how to get each column after the first from a photo's probabilities."""
    if len(columns) < 2 or len(set(columns)) < len(columns) or not all(name.strip() for name in columns):
        raise ExchangeError(
            f"The columns must be two different headings or more, as id,label; got {','.join(columns)!r}."
        )
    index = {name.casefold(): i for i, name in enumerate(class_names)}
    values: list[Callable[[NDArray[np.float32]], Cell]] = []
    labels = 0
    for name in columns[1:]:
        plain = name.strip().casefold()
        if plain in index:
            values.append(_share_of(index[plain]))
        elif plain in CONFIDENCE_HEADINGS:
            values.append(lambda share: shortest(share.max()))
        else:
            labels += 1
            values.append(lambda share: class_names[int(share.argmax())])
    if labels > 1:
        raise ExchangeError(
            f"Only one of the columns {', '.join(columns[1:])} can be the label. Probabilities stand in "
            f"columns headed by their class ({', '.join(class_names[:3])} ...), or {CONFIDENCE_HEADINGS[0]}."
        )
    return values


def _share_of(index: int) -> Callable[[NDArray[np.float32]], Cell]:
    return lambda share: shortest(share[index])


def _id(path: Path, root: Path, ids: IdKind) -> str:
    if ids == "path":
        return path.relative_to(root).as_posix()
    return path.stem if ids == "stem" else path.name


def _refuse_clashes(id_of: dict[Path, str], ids: IdKind) -> None:
    name, count = Counter(id_of.values()).most_common(1)[0]
    if count > 1:
        examples = [display_path(path) for path, found in id_of.items() if found == name][:2]
        raise ExchangeError(
            f"{count} photos would have the id {name!r}, among them {' and '.join(examples)}. "
            f"Tell photos apart by their {'path' if ids == 'name' else 'name or path'} instead."
        )


def _natural(path: Path, root: Path) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", path.relative_to(root).as_posix())
    return [(int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]
