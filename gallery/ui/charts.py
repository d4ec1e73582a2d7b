"""Charts that are doors: the confusion matrix whose cells open their photos.

A plotly heatmap never reports a click, so the coloured cells (`Heatmap`, which
ignores the pointer) lie under invisible scatter points that carry the cell.
Right answers are shaded green and errors orange, two hues that stay apart for
people with any kind of colour blindness; the number stands in every cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from gallery.ui import theme

RIGHT = {False: ("#f3f5f4", "#1f6f54"), True: ("#1e2422", "#4fb38d")}  # by dark: from none to all
WRONG = {False: ("#f3f5f4", "#c2500f"), True: ("#1e2422", "#e8833f")}
TOTAL = {False: "#e4e9e7", True: "#2a322f"}
TEXT = {False: "#101614", True: "#e8eeec"}
CLEAR = "rgba(0,0,0,0)"
FONT = '"Source Sans", sans-serif'  # Streamlit's own, so that chart and page read as one
FULL_ERROR_SHARE = 0.5
"""Errors on half of a class have the strongest colour: on a scale to 1 the usual few percent would vanish."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix; None stands for all classes, so a cell may be a row or a column."""

    true: int | None
    said: int | None

    def sentence(self, class_names: Sequence[str]) -> str:
        """Return what the cell's photos are, in words.

        Example:
            >>> Cell(0, 1).sentence(["dog", "cat"])
            'true Dog, model says Cat'
            >>> Cell(None, 1).sentence(["dog", "cat"])
            'model says Cat'
        """
        true = None if self.true is None else theme.plain_name(class_names[self.true])
        said = None if self.said is None else theme.plain_name(class_names[self.said])
        if true is not None and true == said:
            return f"true {true}, recognised"
        parts = [f"true {true}"] * (true is not None) + [f"model says {said}"] * (said is not None)
        return ", ".join(parts) or "all photos"


def is_dark() -> bool:
    """Return whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def shares_of_true_class(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return each row divided by its sum, (K, K); a class without photos gives zeros.

    Example:
        >>> shares_of_true_class(np.array([[3, 1], [0, 0]])).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    support = matrix.sum(axis=1, keepdims=True)
    shares = np.zeros(matrix.shape)
    np.divide(matrix, support, out=shares, where=support > 0)
    return shares


def with_totals(matrix: NDArray[Any]) -> NDArray[np.int64]:
    """Return the matrix with a column of row sums, a row of column sums and the sum of all, (K + 1, K + 1).

    Example:
        >>> with_totals(np.array([[3, 1], [0, 2]])).tolist()
        [[3, 1, 4], [0, 2, 2], [3, 3, 6]]
    """
    rows = np.concatenate([matrix, matrix.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([rows, rows.sum(axis=0, keepdims=True)], axis=0).astype(np.int64)


def confusion_figure(
    matrix: NDArray[Any],
    class_names: Sequence[str],
    *,
    shares: bool = False,
    chosen: Cell | None = None,
    dark: bool = False,
    clickable: bool = True,
) -> go.Figure:
    """Return the confusion matrix as a figure whose every cell can be clicked.

    Args:
        matrix: (K, K) counts; row i is the true class, column j the predicted one.
        class_names: K names in the matrix's order.
        shares: write shares of the true class instead of counts.
        chosen: the cell to frame.
        dark: colours for the dark theme.
        clickable: the tooltips promise photos.

    Returns:
        A figure whose last trace carries ``customdata = [i, j, n]`` for each
        cell; i or j is K for the totals.
    """
    count = len(class_names)
    share, totals = shares_of_true_class(matrix), with_totals(matrix)
    strength = np.full((count + 1, count + 1), np.nan)
    strength[:count, :count] = np.where(np.eye(count, dtype=bool), share, share / FULL_ERROR_SHARE)
    right = np.where(np.eye(count + 1, dtype=bool), strength, np.nan)
    wrong = np.where(np.eye(count + 1, dtype=bool), np.nan, strength)
    sums = np.where(np.isnan(strength), 1.0, np.nan)
    figure = go.Figure(
        [
            _cells(right, RIGHT[dark]),
            _cells(wrong, WRONG[dark]),
            _cells(sums, (TOTAL[dark], TOTAL[dark])),
            _numbers(totals, share, strength, shares=shares, dark=dark),
            _doors(totals, share, class_names, "<br>Click to see them" if clickable else ""),
        ]
    )
    names = [theme.label_text(name) for name in class_names] + ["All"]
    axis: dict[str, Any] = {
        "tickmode": "array", "tickvals": list(range(count + 1)), "ticktext": names, "showgrid": False,
        "zeroline": False, "fixedrange": True, "tickfont": {"size": 13, "color": TEXT[dark]},
        "ticks": "", "automargin": False, "ticklabeloverflow": "allow",
    }  # fmt: skip
    figure.update_xaxes(**axis, side="top", range=[-0.5, count + 0.5], tickangle=-55)
    figure.update_yaxes(**axis, range=[count + 0.5, -0.5])
    figure.update_layout(
        annotations=_axis_names(dark), height=112 + 38 * (count + 1),
        margin={"l": 122, "r": 14, "t": 108, "b": 4}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        clickmode="event+select", dragmode=False, hovermode="closest", hoverdistance=-1, showlegend=False,
        font={"color": TEXT[dark], "family": FONT}, shapes=_frame(chosen, count, dark),
    )  # fmt: skip
    return figure


def _cells(strength: NDArray[np.float64], scale: tuple[str, str]) -> go.Heatmap:
    return go.Heatmap(
        z=strength.tolist(), zmin=0, zmax=1, colorscale=[[0, scale[0]], [1, scale[1]]],
        showscale=False, hoverinfo="skip", hoverongaps=False, xgap=2, ygap=2,
    )  # fmt: skip


def _numbers(
    totals: NDArray[np.int64],
    share: NDArray[np.float64],
    strength: NDArray[np.float64],
    *,
    shares: bool,
    dark: bool,
) -> go.Scatter:
    rows, columns = np.indices(totals.shape).reshape(2, -1)
    count = len(share)
    texts, colours = [], []
    for i, j in zip(rows, columns, strict=True):
        inside = i < count and j < count
        texts.append("" if inside and not totals[i, j] else _number(totals, share, i, j, shares and inside))
        if inside:
            scale = (RIGHT if i == j else WRONG)[dark]
            colours.append(readable_on(mix(*scale, min(float(strength[i, j]), 1.0))))
        else:
            colours.append(TEXT[dark])
    return go.Scatter(
        x=columns, y=rows, mode="text", text=texts, textfont={"color": colours, "size": 13}, hoverinfo="skip"
    )


def _number(totals: NDArray[np.int64], share: NDArray[np.float64], i: int, j: int, as_share: bool) -> str:
    return f"{share[i, j]:.0%}" if as_share else f"{totals[i, j]:,}"


def _doors(
    totals: NDArray[np.int64], share: NDArray[np.float64], class_names: Sequence[str], promise: str
) -> go.Scatter:
    rows, columns = np.indices(totals.shape).reshape(2, -1)
    count = len(class_names)
    hover = []
    for i, j in zip(rows, columns, strict=True):
        cell = Cell(int(i) if i < count else None, int(j) if j < count else None)
        number = f"{totals[i, j]:,} photo{'' if totals[i, j] == 1 else 's'}"
        of_class = f" ({share[i, j]:.1%} of the class)" if i < count and j < count else ""
        sentence = cell.sentence(class_names)
        hover.append(f"{sentence[0].upper()}{sentence[1:]}<br><b>{number}</b>{of_class}{promise}")
    return go.Scatter(
        x=columns, y=rows, mode="markers", marker={"size": 4, "opacity": 0},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        customdata=np.stack([rows, columns, totals.reshape(-1)], axis=1).tolist(),
        text=hover, hovertemplate="%{text}<extra></extra>", name="cells",
    )  # fmt: skip


def _axis_names(dark: bool) -> list[dict[str, Any]]:
    """Return the names of both axes in the corner between them, where they cost no room."""
    common = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 13, "color": TEXT[dark]}}
    said = {"text": "<b>model says</b> →", "x": 0, "y": 1, "xanchor": "right", "xshift": -8, "yshift": 50}
    true = {"text": "<b>true class</b> ↓", "x": 0, "y": 1, "xanchor": "right", "xshift": -8, "yshift": 14}
    return [common | said, common | true]


def _frame(chosen: Cell | None, count: int, dark: bool) -> list[dict[str, Any]]:
    if chosen is None:
        return []
    x = count if chosen.said is None else chosen.said
    y = count if chosen.true is None else chosen.true
    frame = {"type": "rect", "x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
    return [frame | {"line": {"color": TEXT[dark], "width": 3}}]


def mix(start: str, end: str, share: float) -> str:
    """Return the colour between two, as plotly's linear scale paints it.

    Example:
        >>> mix("#000000", "#ffffff", 0.5)
        '#808080'
    """
    first, second = (np.array([int(c[k : k + 2], 16) for k in (1, 3, 5)]) for c in (start, end))
    return "#" + "".join(f"{round(float(value)):02x}" for value in first + (second - first) * share + 1e-9)


def readable_on(colour: str) -> str:
    """Return black or white, whichever stands out more on the colour (WCAG relative luminance)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def clicked_data(state: Any) -> list[Any] | None:
    """Return what the point that a plotly selection names carries; None when it names none.

    Plotly's customdata arrives as a list or as a dict of positions, by version.
    """
    points = state["selection"]["points"] if state else []
    data = points[0].get("customdata") if points else None
    if data is None:
        return None
    return list(data.values()) if isinstance(data, dict) else list(data)


def clicked_cell(data: Sequence[Any], class_count: int) -> Cell:
    """Return the cell that a clicked point of the matrix stands for, by its ``[i, j, ...]``."""
    i, j = int(data[0]), int(data[1])
    return Cell(i if i < class_count else None, j if j < class_count else None)
