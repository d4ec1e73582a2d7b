"""The classes' icons in a report: drawn once in the file, referred to wherever a class is named."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.class_styles import style, tile_content
from gallery.exchange.report.markup import Markup, tag


def icon_symbols(class_names: Sequence[str]) -> Markup:
    """Return the drawings that `class_icon` refers to; they are seen nowhere by themselves."""
    return tag(
        "svg",
        [
            tag(
                "symbol",
                Markup(tile_content(style(name, class_names))),
                id=f"class-icon-{k}",
                viewBox="0 0 40 40",
            )
            for k, name in enumerate(class_names)
        ],
        width=0,
        height=0,
        aria_hidden="true",
        class_="symbols",
    )


def class_icon(class_index: int) -> Markup:
    """Return the icon of a class, to stand beside its name."""
    return tag("svg", tag("use", href=f"#class-icon-{class_index}"), class_="class-icon", aria_hidden="true")
