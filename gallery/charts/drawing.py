"""What all charts share: colours that read in both themes, axes in percent, texts that stay texts.

Plotly loads inside the functions that need it: it takes a third of a second.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gallery.words import NO_BREAK, shown_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK = {False: "#101614", True: "#e8eeec"}  # by dark, as all of these
QUIET = {False: "#5c6c6a", True: "#94a4a2"}
GRID = {False: "#dfe5e3", True: "#333c39"}
PAPER = {False: "#ffffff", True: "#0f1413"}
ACCENT = {False: "#1f6f54", True: "#5cc49c"}
WORSE = {False: "#c2500f", True: "#e8833f"}
CLEAR = "rgba(0,0,0,0)"
FONT = '"Source Sans", system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
"""Streamlit's own, and where it is not, in the report, that of the report: chart and page read as one."""

SIGN = f"{NO_BREAK}%"
HEIGHT_PX = 330


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and what it shows in words.

    Attributes:
        figure: in the colours of one theme. What a point stands for is the first value of its `customdata`.
        alt: for those who do not see it.
    """

    figure: go.Figure
    alt: str

    def target(self, trace: int, point: int) -> float:
        """Return what a point stands for: a threshold, or the number of a bin or a group.

        Args:
            trace: number of the figure's trace.
            point: number of the point in it.

        Raises:
            LookupError: there is no such point, or it stands for nothing.
        """
        targets = self.figure.data[trace].customdata
        if targets is None:
            raise LookupError(f"trace {trace} has no targets")
        return float(targets[point][0])


NEAR_PX = 20
"""How near the pointer must be to a bar; a point answers from anywhere. Without a limit plotly takes all bars
for equally near, and names the last."""


def chart(
    traces: list[go.BaseTraceType],
    alt: str,
    *,
    x: dict[str, Any],
    y: dict[str, Any],
    dark: bool,
    dashes: tuple[tuple[float, float], tuple[float, float]] | None = None,
    title: str = "",
    height: int = HEIGHT_PX,
) -> Chart:
    """Return traces on two axes.

    Args:
        traces: drawn in their order, the last one on top.
        alt: see `Chart`.
        x: the horizontal axis, see `percent_axis`.
        y: the vertical one.
        dark: colours for the dark theme.
        dashes: (x, y) of both ends of a dashed line for comparison; None for no line.
        title: stands above; "" for nothing.
        height: in px; the width is what the page has.
    """
    import plotly.graph_objects as go

    figure = go.Figure(traces)
    axis = {
        "gridcolor": GRID[dark], "zeroline": False, "fixedrange": True, "automargin": True,
        "title_standoff": 8, "ticklabelstandoff": 4,
    }  # fmt: skip
    figure.update_layout(
        template="none", xaxis=axis | x, yaxis=axis | y, height=height, dragmode=False, barmode="overlay",
        margin={"l": 48, "r": 14, "t": 40 if title else 14, "b": 44},
        title={"text": title, "x": 0, "xref": "paper", "y": 0.98, "font": {"size": 14}},
        paper_bgcolor=CLEAR, plot_bgcolor=CLEAR, font={"color": INK[dark], "family": FONT, "size": 12},
        showlegend=False, hovermode="closest",
        hoverdistance=NEAR_PX if any(trace.type == "bar" for trace in traces) else -1,
        hoverlabel={"bgcolor": PAPER[dark], "bordercolor": QUIET[dark], "font": {"color": INK[dark]}},
    )  # fmt: skip
    if dashes is not None:
        (x0, y0), (x1, y1) = dashes
        dashed = {"color": QUIET[dark], "width": 1.5, "dash": "dash"}
        figure.add_shape(type="line", x0=x0, y0=y0, x1=x1, y1=y1, layer="below", line=dashed)
    return Chart(figure, alt)


def percent_axis(label: str, low: float = 0.0, high: float = 100.0, step: float = 20.0) -> dict[str, Any]:
    """Return an axis in percent, with a little room at its ends for the points that lie there."""
    room = 0.02 * (high - low)
    return {
        "title_text": label, "range": [low - room, high + room], "ticksuffix": SIGN,
        "dtick": step, "tick0": 0,
    }  # fmt: skip


def ring(x: float, y: float, *, dark: bool) -> go.Scatter:
    """Return the mark around the point that is chosen."""
    import plotly.graph_objects as go

    mark = {"size": 15, "symbol": "circle-open", "color": INK[dark], "line": {"width": 3}}
    return go.Scatter(x=[x], y=[y], mode="markers", marker=mark, hoverinfo="skip", cliponaxis=False)


def faded(colour: str, opacity: float) -> str:
    """Return a colour with so much of it.

    Example:
        >>> faded("#1f6f54", 0.6)
        'rgba(31,111,84,0.6)'
    """
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def plain(text: str) -> str:
    """Return a text as plotly shows it letter for letter: it takes some markup in texts for markup.

    Example:
        >>> plain("<b>site & camera")
        '&lt;b&gt;site &amp; camera'
    """
    return html.escape(shown_text(text), quote=False)


UNCHANGED = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
"""Of a trace that can be clicked: the mark of what is chosen is drawn by us, so nothing fades."""
