"""When and with what a photo was taken, as far as the file says so."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from PIL import ExifTags, Image

CAMERA_LENGTH = 80
"""Characters of a camera's name that are kept: longer ones are no names."""

_WHEN = re.compile(r"(\d{4})[:\-/.] ?(\d\d?)[:\-/.] ?(\d\d?)[ T]+(\d\d?): ?(\d\d?)(?:: ?(\d\d?))?")
_DATES = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

SIDEWAYS = frozenset(_ORIENTATIONS[orientation] for orientation in (5, 6, 7, 8))
"""The turns that exchange width and height."""


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What EXIF says, with damaged or absent fields as None."""

    taken_at: str | None = None
    camera: str | None = None
    damaged: bool = False


def read_facts(image: Image.Image) -> ExifFacts:
    """Return date and camera of an opened photo; damaged EXIF gives what can be read of it.

    The date is that of the exposure, else of the digitising, else of the file's last change by a program.
    """
    camera = None
    try:
        exif = image.getexif()
        changed = exif.get(ExifTags.Base.DateTime)
        camera = camera_name(exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        dates = [*(inner.get(tag) for tag in _DATES), changed]
    except MemoryError:
        raise
    except Exception:  # EXIF is a stranger's binary tree: Pillow raises of every kind
        return ExifFacts(camera=camera, damaged=True)
    return ExifFacts(next(filter(None, map(parse_taken_at, dates)), None), camera)


def read_turn(image: Image.Image) -> Image.Transpose | None:
    """Return what turns a loaded photo upright, or None where it stands upright.

    To be asked after loading: Pillow turns TIFFs by itself while it loads them.
    """
    try:
        return _ORIENTATIONS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except MemoryError:
        raise
    except Exception:  # see read_facts
        return None


def parse_taken_at(value: object) -> str | None:
    """Return EXIF's date as ISO 8601 without a zone, or None when it is no real date.

    Blanks in place of zeros and a time without seconds are read; a clock that was never set gives none.

    Example:
        >>> parse_taken_at("2024: 5: 1  6:12: 9"), parse_taken_at("0000:00:00 00:00:00")
        ('2024-05-01T06:12:09', None)
    """
    text = _text(value)
    found = _WHEN.match(text) if text else None
    if found is None:
        return None
    try:
        return datetime.datetime(*(int(part or 0) for part in found.groups())).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return None


def camera_name(make: object, model: object) -> str | None:
    """Return maker and model as one name, the maker not said twice.

    Example:
        >>> camera_name("NIKON CORPORATION", "NIKON D90"), camera_name("Reconyx", "HC500\\0")
        ('NIKON D90', 'Reconyx HC500')
    """
    maker, name = _text(make), _text(model)
    if maker and name and name.split()[0].lower() != maker.split()[0].lower():
        name = f"{maker} {name}"
    return (name or maker or "")[:CAMERA_LENGTH].strip() or None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    printable = value.partition("\0")[0]
    return " ".join("".join(c if c.isprintable() else " " for c in printable).split())
