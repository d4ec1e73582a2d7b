"""A plotly chart whose points are doors: a click hands over what the point carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from gallery.ui.charts import clicked_data


def show(figure: go.Figure, *, key: str, alt: str, on_choose: Callable[[Sequence[Any]], None]) -> None:
    """Draw a chart; `on_choose` gets the customdata of a clicked point before the page runs again.

    A second click on the same point unselects it in the chart, and means it all the same.
    """

    def clicked() -> None:
        data = clicked_data(st.session_state[key]) or st.session_state.get(f"{key}_clicked")
        if data is not None:
            st.session_state[f"{key}_clicked"] = data
            on_choose(data)

    st.plotly_chart(
        figure,
        theme=None,
        key=key,
        on_select=clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=alt,
    )
