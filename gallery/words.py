"""How numbers, times and names are written for people, the same on pages, in the terminal and in reports."""

from __future__ import annotations

import re

NO_BREAK = "\N{NO-BREAK SPACE}"
"""Stands before the percent sign, so that no line ends between a number and its sign."""

FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""A cell that begins so may be run as a formula, also one that somebody gave a photo as its name (OWASP)."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_NONCHARACTERS = re.compile("[\ufffe\uffff]")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def without_surrogates(text: str) -> str:
    """Return text that a browser, a database and a file take: bytes that are not UTF-8 become U+FFFD.

    Such bytes of a file's name arrive from the file system as lone surrogates.

    Example:
        >>> without_surrogates("caf\\udce9.jpg") == "caf\\ufffd.jpg"
        True
    """
    return _SURROGATES.sub("\ufffd", text)


def shown_text(text: str) -> str:
    """Return a text as it may be shown: nothing in it can hide, or turn the direction of what follows.

    Bytes of a file's name that are no UTF-8 become U+FFFD; control characters, and
    those that turn the direction of writing, are spelt out.

    Example:
        >>> shown_text("photo\\u202egpj.exe"), shown_text("a\\nb")
        ('photo[U+202E]gpj.exe', 'a\\nb')
    """
    whole = _NONCHARACTERS.sub("\ufffd", without_surrogates(text))
    return _INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", whole)


def class_title(name: str) -> str:
    """Return the name of a class as people read it.

    Example:
        >>> class_title("guinea_pig")
        'Guinea pig'
    """
    return name.replace("_", " ").capitalize()


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent.

    Example:
        >>> percent(0.9512), percent(0.95, 0)
        ('95.1\\xa0%', '95\\xa0%')
    """
    return f"{100 * share:.{digits}f}{NO_BREAK}%"


def probability(value: float) -> str:
    """Return a probability in percent, never rounded up to certainty or down to impossible.

    Example:
        >>> [probability(value) for value in (0.4567, 0.9999, 0.00001)]
        ['45.7\\xa0%', '>\\xa099.9\\xa0%', '<\\xa00.1\\xa0%']
    """
    if 0.999 < value < 1:
        return f">{NO_BREAK}{percent(0.999)}"
    if 0 < value < 0.001:
        return f"<{NO_BREAK}{percent(0.001)}"
    return percent(value)


def interval(bounds: tuple[float, float], digits: int = 1) -> str:
    """Return the bounds of a share in percent.

    Example:
        >>> interval((0.9, 0.951))
        '90.0 to 95.1\\xa0%'
    """
    return f"{100 * bounds[0]:.{digits}f} to {percent(bounds[1], digits)}"


def counted(count: int, one: str, more: str | None = None) -> str:
    """Return a number with its noun, which takes an s where its plural is not given.

    Example:
        >>> counted(1, "photo"), counted(1204, "photo"), counted(2, "class", "classes")
        ('1 photo', '1,204 photos', '2 classes')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def photo_count(count: int) -> str:
    """Return a number of photos.

    Example:
        >>> photo_count(1), photo_count(1204)
        ('1 photo', '1,204 photos')
    """
    return counted(count, "photo")


def duration(seconds: float) -> str:
    """Return how long something took.

    Example:
        >>> [duration(seconds) for seconds in (0.02, 0.31, 12.4, 100, 5000, 9000)]
        ['0.1 s', '0.3 s', '12 s', '2 min', '83 min', '2.5 h']
    """
    if seconds < 9.5:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def about(seconds: float) -> str:
    """Return how long something will take, no more exactly than anybody can know.

    Example:
        >>> [about(seconds) for seconds in (1, 42, 100, 5000, 9000)]
        ['about 5 s', 'about 40 s', 'about 2 min', 'about 83 min', 'about 2.5 h']
    """
    rounded = f"{max(round(seconds / 5) * 5, 5)} s" if seconds < 90 else duration(seconds)
    return f"about {rounded}"
