"""Charts as inline SVG: axes with their units, lines, dots with intervals; no library, no script.

Colours come from the page's style sheet by class (``line-0`` ...), so a chart
follows the light and the dark theme and the printer. Every line also has a dash
pattern of its own: colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gallery.exchange.report.markup import Markup, tag

WIDTH, HEIGHT = 380, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 48
"""Room around the area of the drawing, for the labels of the axes."""

TICK = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a chart.

    Attributes:
        label: what it measures, with its unit.
        low: value at its beginning.
        high: value at its end.
        ticks: values that are written at it.
    """

    label: str
    low: float = 0.0
    high: float = 1.0
    ticks: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 to 1; what lies beyond is put at the end.

        Example:
            >>> Axis("m", 10, 20).share(12.5), Axis("m", 10, 20).share(30)
            (0.25, 1.0)
        """
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class Series:
    """Values that belong together.

    Attributes:
        name: what they are, for the legend.
        x: along the horizontal axis.
        y: as many, along the vertical one.
        kind: "line" joins them; "steps" goes up or down first and then along, as
            average precision counts; "dots" leaves them apart.
        intervals: one (low, high) a dot.
        line: number of its colour and dashes.
        quiet: a thin grey line that is there for comparison only.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    kind: str = "line"
    intervals: Sequence[tuple[float, float]] = field(default_factory=tuple)
    line: int = 0
    quiet: bool = False


def chart(
    description: str,
    x: Axis,
    y: Axis,
    series: Sequence[Series],
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
) -> Markup:
    """Return a chart.

    Args:
        description: what it shows, in a sentence, for those who do not see it.
        x: the horizontal axis.
        y: the vertical axis.
        series: drawn in their order, the last one on top.
        width: in units of the drawing; the page scales it.
        height: of it.
    """
    area = _Area(x, y, LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM)
    return tag(
        "svg",
        _axes(area, height),
        [_drawn(area, one) for one in series],
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=description,
        class_="chart",
    )


def legend(series: Sequence[Series]) -> Markup:
    """Return what each line means, as a list with a sample of the line."""
    return tag(
        "ul",
        [
            tag(
                "li",
                tag(
                    "svg",
                    tag("path", d="M1 6H35", class_=_class_of(one)),
                    viewBox="0 0 36 12",
                    width=36,
                    height=12,
                    aria_hidden="true",
                ),
                one.name,
            )
            for one in series
        ],
        class_="legend",
    )


def path_of(points: Sequence[tuple[float, float]], *, steps: bool = False) -> str:
    """Return points as the ``d`` of a path, to a tenth of a unit.

    Args:
        points: (x, y) in the drawing's units.
        steps: go up or down at each x first, then along.

    Example:
        >>> path_of([(0, 10), (5, 2.5)])
        'M0 10L5 2.5'
        >>> path_of([(0, 10), (5, 2.5)], steps=True)
        'M0 10V2.5H5'
    """
    parts: list[str] = []
    for number, (x, y) in enumerate(points):
        if number == 0:
            parts.append(f"M{_short(x)} {_short(y)}")
        elif steps:
            parts.append(f"V{_short(y)}H{_short(x)}")
        else:
            parts.append(f"L{_short(x)} {_short(y)}")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Area:
    """Where the values lie in the drawing."""

    x_axis: Axis
    y_axis: Axis
    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def at_x(self, value: float) -> float:
        return self.left + self.width * self.x_axis.share(value)

    def at_y(self, value: float) -> float:
        return self.bottom - self.height * self.y_axis.share(value)


def _axes(area: _Area, height: int) -> list[Markup]:
    right = area.left + area.width
    drawn = [
        tag("path", d=f"M{_short(area.left)} {_short(area.at_y(tick))}H{_short(right)}", class_="grid")
        for tick in area.y_axis.ticks
    ]
    drawn.append(
        tag("path", d=f"M{area.left} {area.top}V{_short(area.bottom)}H{_short(right)}", class_="axis")
    )
    for tick in area.x_axis.ticks:
        at = area.at_x(tick)
        drawn.append(tag("path", d=f"M{_short(at)} {_short(area.bottom)}v{TICK}", class_="axis"))
        drawn.append(
            tag("text", _written(tick), x=_short(at), y=_short(area.bottom + 18), text_anchor="middle")
        )
    drawn.extend(
        tag("text", _written(tick), x=_short(area.left - 8), y=_short(area.at_y(tick) + 4), text_anchor="end")
        for tick in area.y_axis.ticks
    )
    middle = area.left + area.width / 2
    drawn.append(
        tag("text", area.x_axis.label, x=_short(middle), y=height - 8, text_anchor="middle", class_="label")
    )
    halfway = area.top + area.height / 2
    drawn.append(
        tag(
            "text",
            area.y_axis.label,
            text_anchor="middle",
            class_="label",
            transform=f"translate(14 {_short(halfway)}) rotate(-90)",
        )
    )
    return drawn


def _drawn(area: _Area, series: Series) -> list[Markup]:
    points = [(area.at_x(x), area.at_y(y)) for x, y in zip(series.x, series.y, strict=True)]
    if series.kind != "dots":
        return [tag("path", d=path_of(points, steps=series.kind == "steps"), class_=_class_of(series))]
    drawn = [
        tag(
            "path",
            d=f"M{_short(at)} {_short(area.at_y(low))}V{_short(area.at_y(high))}",
            class_=f"whisker line-{series.line}",
        )
        for (at, _), (low, high) in zip(points, series.intervals, strict=False)
    ]
    drawn += [
        tag("circle", cx=_short(at), cy=_short(height), r=4, class_=f"dot line-{series.line}")
        for at, height in points
    ]
    return drawn


def _class_of(series: Series) -> str:
    return "quiet" if series.quiet else f"line line-{series.line}"


def _written(tick: float) -> str:
    return f"{tick:g}"


def _short(value: float) -> str:
    """Return a coordinate with one decimal at most.

    Example:
        >>> _short(3.0), _short(2.4567)
        ('3', '2.5')
    """
    return f"{value:.1f}".removesuffix(".0")
