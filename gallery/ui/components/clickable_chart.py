"""A chart on a page: a click on a point hands over what it stands for.

A chart of plotly takes no keyboard: beside each stands a slider, a number or a table that chooses the same.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gallery.charts.drawing import Chart


def show(chart: Chart, *, key: str, on_choose: Callable[[float], None] | None = None) -> None:
    """Show a chart; `on_choose` gets what the clicked point stands for before the page runs again.

    Args:
        chart: what is drawn.
        key: the chart's own.
        on_choose: what a click does; None for nothing.
    """

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        # a second click on the same point takes the selection back, and the photos stay
        if points and on_choose is not None:
            on_choose(chart.target(points[0]["curve_number"], points[0]["point_index"]))

    st.plotly_chart(
        chart.figure,
        theme=None,
        key=key,
        on_select="ignore" if on_choose is None else clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=chart.alt,
    )


def load_ahead() -> None:
    """Have the browser load the library of charts, two seconds' work, while nobody waits for one."""
    with st.container(key="charts_ahead"):  # the style hides it
        st.plotly_chart(
            {"data": [{"type": "scatter", "x": [0], "y": [0]}], "layout": {"height": 40}},
            theme=None,
            key="charts_ahead_chart",
        )
