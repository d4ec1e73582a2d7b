"""Labels as a file of another program, or of this one, has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadLabel:
    """What a file says of one photo.

    Attributes:
        place: the photo's path as it is written, "/"-separated: below the folder, or absolute.
        label: what the photo shows.
        source: `rows.PERSON` or `rows.MODEL`; "" where the file does not tell.
        person: who says so, "" where the file does not tell.
        path: where the reader takes the photo to lie; None where only the folder's owner can tell.
    """

    place: str
    label: str
    source: str = ""
    person: str = ""
    path: Path | None = None
