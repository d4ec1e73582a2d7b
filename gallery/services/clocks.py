"""Cameras whose clock was set wrongly: what is added to the dates of their photos; the files keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gallery.clock_shift import ClockShift
from gallery.services import collections, wiring
from gallery.types import PhotoQuery, SortOrder

_TRIED = 200
"""Photos among which one with a date is looked for."""


@dataclass(frozen=True, slots=True)
class Shifted:
    """A photo as an example: its name, the date that its file bears, and what that becomes."""

    name: str
    in_file: str
    shifted: str | None


def shifts(collection_id: int) -> Mapping[str, str]:
    """Return what is added in a collection by folder, "" for all that have no shift of their own."""
    return wiring.catalog().clock_shifts(collection_id)


def shift(collection_id: int, folder: str, text: str | None) -> None:
    """Keep what is added to the dates of a folder's photos and of all below it; None: nothing.

    Raises:
        CatalogError: it is no shift, or the folder has no photos.
    """
    wiring.catalog().shift_clock(collection_id, folder, text)


def example(collection_id: int, folder: str, text: str) -> Shifted | None:
    """Return what a shift would do to the first dated photo of a folder; None where none has a date.

    Raises:
        CatalogError: it is no shift.
    """
    wanted = ClockShift.parse(text)
    query = PhotoQuery(collection_id, "", folder=folder or None, sort=SortOrder.TAKEN_AT)
    for photo in wiring.catalog().photos(collections.find_files(query)[:_TRIED]):
        in_file, _ = wiring.catalog().clock_of(photo.file_id)
        if in_file is not None:
            return Shifted(photo.display_name, in_file, wanted.applied(in_file))
    return None
