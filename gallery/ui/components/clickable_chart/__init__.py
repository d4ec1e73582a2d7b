"""A chart whose points can be chosen: a click, or the arrow keys and Enter, hand over what a point carries.

It is drawn by a component of ours, because these charts stand in the way of an
answer: plotly needs 0.25 s for two of them each time a tab opens, draws each
twice, and is 4.7 MB of script that the page then need not load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

import streamlit as st

from gallery.ui.components import assets, events
from gallery.words import percent

_component = assets.component(
    "gallery_clickable_chart",
    css=["shared/tip.css", "clickable_chart/chart.css"],
    js=["clickable_chart/chart.js"],
)

SHARES = tuple((k / 5, percent(k / 5, 0)) for k in range(6))
"""Ticks of an axis from 0 to 100 %."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a chart.

    Attributes:
        label: what it measures; "" for nothing.
        low: value at the left or the bottom.
        high: value at the other end; a smaller one turns the axis round.
        ticks: values that are written at it, each with its text.
        grid: lines are drawn across the chart at the ticks.
    """

    label: str
    low: float = -0.02
    high: float = 1.02
    ticks: tuple[tuple[float, str], ...] = SHARES
    grid: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a chart, and what opens at it.

    Attributes:
        x: along the horizontal axis.
        y: along the vertical one; of a bar, its upper end.
        target: what a click on it hands over.
        tip: what is said of it, a line each; the second one is bold.
        shape: a "bar" stands on 0.
        colour: "#rrggbb".
        interval: from and to on the axis that is measured: the vertical one of bars, else the horizontal.
        few: rests on few photos, and looks like it.
        chosen: it is the one whose photos are shown.
        width: of a bar, on the horizontal axis.
        label: written above a bar.
    """

    x: float
    y: float
    target: float
    tip: tuple[str, ...]
    shape: Literal["dot", "diamond", "bar"] = "dot"
    colour: str = "#808080"
    interval: tuple[float, float] | None = None
    few: bool = False
    chosen: bool = False
    width: float = 0.0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Points on two axes.

    Attributes:
        x: the horizontal axis.
        y: the vertical one.
        points: in the order in which the arrow keys walk over them.
        joined: a line leads from each to the next.
        dashes: (x, y) of both ends of each dashed line, for comparison.
        ring: (x, y) of the place that is marked, None for none.
        height: in px; the width is what the page has.
        title: stands above it; "" for nothing.
        alt: what it shows, for those who do not see it.
    """

    x: Axis
    y: Axis
    points: tuple[Point, ...]
    joined: bool = False
    dashes: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
    ring: tuple[float, float] | None = None
    height: int = 330
    title: str = ""
    alt: str = ""


def show(*charts: Chart, key: str, on_choose: Callable[[float], None]) -> None:
    """Draw charts side by side; `on_choose` gets what the chosen point carries before the page runs again.

    Args:
        charts: what is drawn; where there is no room, one below the other.
        key: the charts' own.
        on_choose: what a click does; also one on the point that is chosen already.
    """

    def clicked() -> None:
        target = events.clicked(st.session_state[key].get("point"), "target")
        if any(target == point.target for chart in charts for point in chart.points):
            on_choose(float(str(target)))

    _component(key=key, data={"charts": [_plain(chart) for chart in charts]}, on_point_change=clicked)


_USUAL = {one.name: one.default for one in fields(Point)}


def _plain(chart: Chart) -> dict[str, Any]:
    """Return a chart as the browser takes it; what a point has as usual is left out of it.

    Not `dataclasses.asdict`: it copies every text and takes 14 ms for a curve.
    """
    plain: dict[str, Any] = {one.name: getattr(chart, one.name) for one in fields(Chart)}
    for name in ("x", "y"):
        plain[name] = {one.name: getattr(plain[name], one.name) for one in fields(Axis)}
    plain["points"] = [
        {name: value for name, usual in _USUAL.items() if (value := getattr(point, name)) != usual}
        for point in chart.points
    ]
    return plain
