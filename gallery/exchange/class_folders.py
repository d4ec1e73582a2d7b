"""Photos sorted into a folder for each label, as copies or as links; nothing is ever written over."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gallery.errors import ExchangeError
from gallery.exchange.photo_zip import portable_name
from gallery.exchange.rows import PredictionRow
from gallery.types import display_path

UNTAGGED = "not tagged"
"""The folder of the photos without a label."""

Cleaned = Callable[[bytes], bytes | None]
"""Takes the coordinates out of a photo's bytes: `photos.location.without_location`."""


@dataclass(slots=True)
class Sorted:
    """What was made.

    Attributes:
        made: new copies or links.
        there: photos that lie there already.
        missing: photos that could not be copied, with why.
    """

    made: int = 0
    there: int = 0
    missing: list[str] = field(default_factory=list)


def class_place(row: PredictionRow) -> list[str]:
    """Return where a photo goes: its label, its own sub-folders but for one called so, its name."""
    label = row.label or UNTAGGED
    above = [part for part in row.place[:-1] if part.casefold() != label.casefold()]
    return [portable_name(part) for part in (label, *above, row.place[-1])]


def sort_into_folders(
    rows: Iterable[PredictionRow], folder: Path, *, links: bool = False, cleaned: Cleaned | None = None
) -> Sorted:
    """Copy photos into a folder for each label, below which they keep the sub-folders that they lie in.

    Args:
        rows: the photos.
        folder: where they go; made if need be. It neither holds any of the photos nor lies among them, for
            which `services.formats.write` sees.
        links: make links, which show all of the photo, its place too, instead of copies.
        cleaned: takes the coordinates out of copies; None copies as it is.

    Raises:
        ExchangeError: the folder cannot be written, or links cannot be made here.
    """
    made = Sorted()
    for row in rows:
        place = folder.joinpath(*class_place(row))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise ExchangeError(
                f"{display_path(place.parent)} cannot be made: {exc.strerror or exc}. Choose a folder "
                "that you may write to."
            ) from exc
        try:
            new = _link(row.photo.path, place) if links else _copy(row.photo.path, place, cleaned)
        except OSError as exc:
            made.missing.append(f"{display_path(row.photo.path)}: {exc.strerror or exc}")
            continue
        made.made += new
        made.there += not new
    return made


def _copy(photo: Path, place: Path, cleaned: Cleaned | None) -> bool:
    """Copy a photo under the first name that is free; False where it lies there already.

    Raises:
        OSError: it cannot be read, cleaned or written.
    """
    data = None
    if cleaned is not None:
        data = cleaned(photo.read_bytes())
        if data is None:
            raise OSError("its coordinates could not be taken out")
    for candidate in _names(place):
        if _same(photo, data, candidate):
            return False
        try:
            with candidate.open("xb") as target:  # claims the name: nothing is written over
                try:
                    if data is None:
                        with photo.open("rb") as source:
                            shutil.copyfileobj(source, target, 1 << 20)
                    else:
                        target.write(data)
                except BaseException:
                    target.close()
                    candidate.unlink()
                    raise
        except FileExistsError:
            continue
        if data is None:
            shutil.copystat(photo, candidate)
        return True
    raise AssertionError("names do not run out")


def _link(photo: Path, place: Path) -> bool:
    for candidate in _names(place):
        if candidate.is_symlink() and candidate.exists() and candidate.samefile(photo):
            return False
        try:
            candidate.symlink_to(photo)
        except FileExistsError:
            continue
        except (OSError, NotImplementedError) as exc:
            raise ExchangeError(
                f"Links cannot be made in {display_path(place.parent)} ({exc}): some disks have none, and "
                "Windows needs its developer mode for it. Make copies instead."
            ) from exc
        return True
    raise AssertionError("names do not run out")


def _names(place: Path) -> Iterable[Path]:
    yield place
    number = 2
    while True:
        yield place.with_name(f"{place.stem} ({number}){place.suffix}")
        number += 1


def _same(photo: Path, data: bytes | None, there: Path) -> bool:
    if not there.is_file() or there.is_symlink():
        return False
    return filecmp.cmp(photo, there, shallow=False) if data is None else there.read_bytes() == data
