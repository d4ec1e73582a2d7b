"""The report's style sheet: light and dark, wide and narrow, screen and paper."""

from __future__ import annotations

from pathlib import Path

_SHEET = Path(__file__).with_name("style.css")


def style_sheet(shades: int) -> str:
    """Return the sheet, with a class for each shade of the matrix.

    The strongest shades are chosen so that the page's own ink reads on them.
    """
    shaded = "".join(
        f".{kind}.s{shade}{{background:rgba(var(--{kind}),{shade / shades:.2g})}}"
        for kind in ("right", "wrong")
        for shade in range(shades + 1)
    )
    return _SHEET.read_text(encoding="utf-8") + shaded
