"""The tab with the accuracy by site, time and image quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from gallery.charts.evaluation import DRAWN_SLICES, slices_chart
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.slices import DIMENSIONS, Slice
from gallery.services import evaluate
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import clickable_chart, job_card, messages, table, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import matrix
from gallery.words import interval, percent, photo_count

TAB = "By site, time, quality"
ALL = "All"
CHOSEN = "evaluate_slice"


def show(evaluation: Evaluation) -> None:
    """Show the tab: the worst slices first, and the photos of the chosen one."""
    dimension = st.segmented_control(
        "Accuracy by", [ALL, *DIMENSIONS], default=ALL, required=True, key="evaluate_slices_by"
    )
    shown = evaluation.slices_by(None if dimension == ALL else dimension)
    _unmeasured(evaluation)
    if not shown:
        st.info(
            "These photos cannot be grouped: they all have the same folder, time and image quality.",
            icon=":material/search:",
        )
        return
    key = st.session_state.get(CHOSEN)
    chosen = next((m for m, one in enumerate(shown) if (one.dimension, one.name) == key), 0)

    def choose(place: int) -> None:
        if 0 <= place < len(shown):
            st.session_state[CHOSEN] = (shown[place].dimension, shown[place].name)

    left, right = st.columns([1, 1], gap="large")
    with left:
        _chart(shown[:DRAWN_SLICES], evaluation, chosen, choose, mixed=dimension == ALL)
        if len(shown) > DRAWN_SLICES:
            st.caption(f"The {DRAWN_SLICES} worst of {len(shown):,}; the table below has all.")
    with right:
        _photos(evaluation, shown, chosen)
    st.caption("Brightness: mean of the photo, 0 black to 255 white. Sharpness: variance of the Laplacian.")
    _table(shown, choose)


def _chart(
    shown: Sequence[Slice],
    evaluation: Evaluation,
    chosen: int,
    choose: Callable[[int], None],
    *,
    mixed: bool,
) -> None:
    st.markdown(
        f"**Accuracy by site, time and image quality.** Dashed line: all photos "
        f"({percent(evaluation.report.accuracy)}). Click a dot to see its photos."
    )
    clickable_chart.show(
        slices_chart(
            shown, overall=evaluation.report.accuracy, chosen=chosen, mixed=mixed, dark=theme.is_dark()
        ),
        key="evaluate_slices_chart",
        on_choose=lambda place: choose(int(place)),
    )
    st.caption(
        "Lowest first. Orange diamonds: significantly lower than the other photos (Fisher's exact test, "
        f"p < 0.05 after Holm's correction). Rings, at the end: fewer than {FEW_PHOTOS} photos."
    )


def _photos(evaluation: Evaluation, shown: Sequence[Slice], chosen: int) -> None:
    one = shown[chosen]
    rest = "" if one.accuracy_of_rest is None else f"; of all others {percent(one.accuracy_of_rest)}"
    st.markdown(
        f"**{escaped(one.dimension)}: {escaped(one.name)}: {photo_count(one.n)}**, "
        f"{percent(one.accuracy)} correct (95 % CI {interval(one.interval)}){rest}. Errors first."
    )
    rows = evaluation.report.worst_first(one.rows)
    matrix.grid(evaluation, rows, key="evaluate_slice_grid", scope=f"{one.dimension} {one.name}")


def _table(shown: Sequence[Slice], choose: Callable[[int], None]) -> None:
    table.show(
        pd.DataFrame(
            {
                "Grouped by": [one.dimension for one in shown],
                "Group": [one.name for one in shown],
                "Photos": [one.n for one in shown],
                "Correct": [one.right for one in shown],
                "Accuracy": [one.accuracy for one in shown],
                "95 % CI": [interval(one.interval, 0) for one in shown],
                "": [remark(one) for one in shown],
            }
        ),
        fold="All groups as a table",
        key="evaluate_slices_table",
        on_choose=choose,
        height="auto",
        formats={"Accuracy": "percent"},
        alt="Accuracy by group, the lowest first; choosing a row shows its photos",
    )


def remark(one: Slice) -> str:
    """Return what must be known of a group's accuracy; nothing where it can be taken as it is."""
    if one.few:
        return "few photos: a rough guess"
    return "significantly lower" if one.stands_out else ""


def _unmeasured(evaluation: Evaluation) -> None:
    """Say which photos lack brightness and sharpness, and offer to measure them."""
    count = evaluation.unmeasured
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_unmeasured"):
        st.info(
            f"{photo_count(count)} {'was' if count == 1 else 'were'} read before brightness and sharpness "
            "were measured. Reading them again measures them; tags and labels stay.",
            icon=":material/light_mode:",
        )
        if not job_card.is_live(evaluation.collection_id) and st.button(
            "Measure them", icon=":material/refresh:", key="evaluate_measure"
        ):
            messages.attempt(_measure, evaluation.collection_id)
            messages.show_said()


def _measure(collection_id: int) -> None:
    evaluate.measure_again(collection_id)
    st.rerun()  # the whole page: the job shows above
