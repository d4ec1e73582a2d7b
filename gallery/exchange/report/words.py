"""Numbers and names as the report writes them: a reader sees few digits, a program finds them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gallery.exchange.report.markup import Markup, joined, tag
from gallery.settings import FEW_PHOTOS
from gallery.words import percent


def exact(value: float, shown: str) -> Markup:
    """Return a number as people read it, with all its digits in the element's value.

    Example:
        >>> exact(0.25, "25.0 %")
        '<data value="0.25">25.0 %</data>'
    """
    return tag("data", shown, value=Markup(repr(value)))


def share(value: float) -> Markup:
    """Return a share in percent, exact in its value."""
    return exact(float(value), percent(value))


def figure(value: float, digits: int = 3) -> Markup:
    """Return a plain number with so many decimals, exact in its value."""
    return exact(float(value), f"{value:.{digits}f}")


def interval(bounds: tuple[float, float]) -> Markup:
    """Return a 95 % interval in percent.

    Example:
        >>> interval((0.5, 1.0)).count("<data")
        2
    """
    low, high = bounds
    return joined([exact(float(low), f"{100 * low:.1f}"), " to ", exact(float(high), percent(high))])


def plain_interval(bounds: tuple[float, float] | None) -> Markup:
    """Return a 95 % interval of a score that is no share; None is one that cannot be given."""
    if bounds is None:
        return joined(f"none: fewer than {FEW_PHOTOS} photos of a class, or no error")
    if not math.isfinite(bounds[1]):
        return joined("not known")
    return joined([figure(bounds[0]), " to ", figure(bounds[1])])


def few_note(count: int) -> Markup | None:
    """Return the mark of what rests on few photos, None where there are enough."""
    return tag("span", "few photos", class_="few") if count < FEW_PHOTOS else None


class Words(str):
    """A sentence that stands in a table's cell, where it may wrap."""

    __slots__ = ()


def table(
    head: Sequence[object], rows: Sequence[Sequence[object]], *, caption: str, class_: str | None = None
) -> Markup:
    """Return a table whose first column heads its rows.

    Args:
        head: one heading a column.
        rows: as many values each.
        caption: what the table shows, for those who come to it by its list too.
        class_: of the table.
    """
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", [tag("th", cell, scope="col") for cell in head])),
            tag(
                "tbody",
                [
                    tag("tr", tag("th", row[0], scope="row"), [_cell(cell) for cell in row[1:]])
                    for row in rows
                ],
            ),
            class_=class_,
        ),
        class_="scrolls",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def fact_list(facts: Iterable[tuple[str, object]]) -> Markup:
    """Return names and values, side by side."""
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in facts])


def as_table(summary: str, content: Markup) -> Markup:
    """Return what stands for a drawing to those who cannot see it, folded away under it."""
    return tag("details", tag("summary", summary), content)


def _cell(content: object) -> Markup:
    return tag("td", content, class_="words" if isinstance(content, Words) else None)
