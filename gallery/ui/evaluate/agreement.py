"""Two models on the same photos: both accuracies, the paired test, who is right where, class by class."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.evaluation.comparison import ClassChange, EvaluationPair, ModelComparison
from gallery.evaluation.metrics import IntVector
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import photo_grid, theme
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, interval, percent, photo_count

_CHOSEN = "evaluate_compare_chosen"
DIFFER = "differ"
_CHANGE = "The second is"


def show(pair: EvaluationPair, names: list[str]) -> None:
    """Show the comparison of two models of these names; every count opens its photos."""
    _numbers(pair.comparison, names)
    _counts_and_photos(pair, names)


def _numbers(comparison: ModelComparison, names: list[str]) -> None:
    columns = st.columns(3, border=True)
    for column, name, accuracy, (low, high) in (
        (columns[0], names[0], comparison.accuracy_a, comparison.interval_a),
        (columns[1], names[1], comparison.accuracy_b, comparison.interval_b),
    ):
        with column.container(gap=None):
            st.metric(escaped(name), percent(accuracy))
            st.caption(f"95 % CI {interval((low, high))}, n = {comparison.n:,}")
    low, high = comparison.difference_interval
    p_value = comparison.p_value
    with columns[2].container(gap=None):
        st.metric("Difference (second minus first)", f"{100 * comparison.difference:+.1f} points")
        st.caption(
            f"95 % CI {100 * low:+.1f} to {100 * high:+.1f} points. McNemar's exact paired test: "
            f"{p_text(p_value)}; {comparison.chance}."
        )


def p_text(p_value: float) -> str:
    """Return a p-value as people read it.

    Example:
        >>> p_text(0.0416), p_text(0.00001), p_text(1.0)
        ('p = 0.042', 'p < 0.001', 'p = 1')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


@st.fragment
def _counts_and_photos(pair: EvaluationPair, names: list[str]) -> None:
    """A fragment: a click on a count draws the counts and the grid again, not the page."""
    comparison = pair.comparison
    table, classes = st.columns([2, 3], gap="large")
    with table:
        _agreement(comparison, names)
    with classes:
        _classes(comparison)
    _photos(pair, names)


def _agreement(comparison: ModelComparison, names: list[str]) -> None:
    """Show the matrix of agreement, right or wrong by right or wrong; each count opens its photos."""
    st.markdown("##### Agreement")
    head = st.columns([3, 2, 2], vertical_alignment="bottom")
    head[1].markdown(f"**{escaped(names[1])}** right")
    head[2].markdown(f"**{escaped(names[1])}** wrong")
    for a_right in (True, False):
        row = st.columns([3, 2, 2], vertical_alignment="center")
        row[0].markdown(f"**{escaped(names[0])}** {'right' if a_right else 'wrong'}")
        for column, b_right in zip(row[1:], (True, False), strict=True):
            _count(column, comparison, (a_right, b_right))
    differing = len(comparison.differing())
    st.button(
        f"{photo_count(differing)} on which the models disagree",
        type="tertiary",
        icon=":material/photo_library:",
        key="evaluate_compare_differ",
        on_click=_choose,
        args=(DIFFER,),
    )
    st.caption("The paired test uses only the photos on which exactly one model is right.")


def _count(column: DeltaGenerator, comparison: ModelComparison, cell: tuple[bool, bool]) -> None:
    count = len(comparison.rows(*cell))
    column.button(
        f"{count:,} ({percent(count / comparison.n)})",
        key=f"evaluate_compare_{'right' if cell[0] else 'wrong'}_{'right' if cell[1] else 'wrong'}",
        on_click=_choose,
        args=(cell,),
        icon=":material/check:" if st.session_state.get(_CHOSEN, DIFFER) == cell else None,
        help="Shows these photos below.",
        width="stretch",
    )


def _choose(what: object) -> None:
    st.session_state[_CHOSEN] = what


def _classes(comparison: ModelComparison) -> None:
    """Show which classes got better and which worse; a row opens the photos on which one model is right."""
    st.markdown("##### Class by class")
    changes = comparison.class_changes()

    def chosen() -> None:
        rows = st.session_state["evaluate_compare_classes"]["selection"]["rows"]
        if rows and 0 <= rows[0] < len(changes):
            _choose(changes[rows[0]].class_index)

    st.dataframe(
        classes_frame(changes, comparison.class_names),
        key="evaluate_compare_classes",
        hide_index=True,
        on_select=chosen,
        selection_mode="single-row",
        column_config={
            theme.ICON_COLUMN: theme.icon_column(),
            _CHANGE: st.column_config.TextColumn(width=145),
            "Photos": st.column_config.NumberColumn(width=60),
            "First": st.column_config.NumberColumn(format="%.1f %%", width=65),
            "Second": st.column_config.NumberColumn(format="%.1f %%", width=65),
            "Change": st.column_config.NumberColumn("Points", format="%+.1f", width=60),
            "Only first right": st.column_config.NumberColumn("Only first", width=80),
            "Only second right": st.column_config.NumberColumn("Only second", width=85),
            "p": st.column_config.TextColumn(width=60),
        },
        height="content",
        alt="Recall of each class with the first and the second model, and how much it changes",
    )
    st.caption(
        "First and Second: recall of the class with each model, largest change first. Only first, only "
        "second: photos that one model alone has right. p: McNemar's exact test on the class; with "
        f"{len(changes)} classes one p below 0.05 is easily chance. Choose a row to see the photos of the "
        "class on which exactly one model is right."
    )


def classes_frame(changes: tuple[ClassChange, ...], class_names: tuple[str, ...]) -> pd.DataFrame:
    """Return how the classes fare as people read it: one row per class."""
    return pd.DataFrame(
        [
            {
                theme.ICON_COLUMN: theme.icon_address(class_names[one.class_index], class_names),
                "Class": class_title(class_names[one.class_index]),
                _CHANGE: _direction(one),
                "Photos": one.n,
                "First": 100 * one.right_a / one.n,
                "Second": 100 * one.right_b / one.n,
                "Change": 100 * one.difference,
                "Only first right": one.only_a,
                "Only second right": one.only_b,
                "p": p_text(one.p_value).removeprefix("p ").removeprefix("= "),
            }
            for one in changes
        ]
    )


def _direction(one: ClassChange) -> str:
    few = " (few photos)" if one.n < FEW_PHOTOS else ""
    if one.right_b == one.right_a:
        return f"the same{few}"
    return f"{'better' if one.right_b > one.right_a else 'worse'}{few}"


def chosen_rows(comparison: ModelComparison, what: object, names: list[str]) -> tuple[IntVector, str]:
    """Return the photos of a count and what they are, in words."""
    if isinstance(what, tuple):
        a_right, b_right = what
        words = {
            (True, True): "Both are right",
            (True, False): f"Only {names[0]} is right",
            (False, True): f"Only {names[1]} is right",
            (False, False): "Both are wrong",
        }
        return comparison.rows(a_right, b_right), words[a_right, b_right]
    if isinstance(what, int) and what < len(comparison.class_names):
        title = class_title(comparison.class_names[what])
        return comparison.one_right(what), f"True {title}, exactly one model is right"
    return comparison.differing(), "The models disagree"


def _photos(pair: EvaluationPair, names: list[str]) -> None:
    comparison = pair.comparison
    what = st.session_state.get(_CHOSEN, DIFFER)
    rows, title = chosen_rows(comparison, what, names)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(title)}: {photo_count(len(rows))}**", width="content")
        whose = st.segmented_control(
            "Tags and heatmaps of",
            [0, 1],
            default=0,
            required=True,
            format_func=lambda n: f"predictions of {names[n]}",
            key="evaluate_compare_whose",
            label_visibility="collapsed",
        )
    if not len(rows):
        st.caption("There are none.")
        return
    shown = pair.b if whose == 1 else pair.a
    rows = shown.report.surest_first(rows)
    photo_grid.show(
        shown.file_ids[rows],
        collection_id=shown.collection_id,
        model_id=shown.report.model_id,
        class_names=shown.report.class_names,
        key="evaluate_compare_grid",
        true_index=shown.report.y_true[rows],
        heatmaps="true_and_predicted",
        height=480,
        select=False,
        correct=False,
        scope=f"{comparison.model_b} {what} {whose}",
    )
