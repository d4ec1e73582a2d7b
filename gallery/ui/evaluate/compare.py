"""The tab with two models side by side on the same photos: both scores, a paired test, where they differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.errors import GalleryError
from gallery.evaluation.comparison import ClassChange, EvaluationPair, ModelComparison
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.metrics import IntVector
from gallery.services import compare as compare_service
from gallery.services import models
from gallery.services import tagging as tagging_service
from gallery.settings import FEW_PHOTOS
from gallery.types import ModelCard
from gallery.ui.components import accuracies, job_card, messages, photo_grid, table, theme
from gallery.ui.components.address import go
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import numbers
from gallery.words import class_title, percent, photo_count

TAB = "Compare"
_CHOSEN = "evaluate_compare_chosen"
DIFFER = "differ"
_CHANGE = "The second is"


def show(evaluation: Evaluation) -> None:
    """Show the tab: which model, its tagging, then both side by side."""
    card = _second_model(evaluation)
    if card is None:
        return
    try:
        other = compare_service.with_model(evaluation, card.model_id)
        _tagging(evaluation, card, 0 if other is None else len(other.file_ids))
        if other is None:
            return
        for sentence in other.overlap.validation_sentences(card.name):
            st.warning(escaped(sentence), icon=":material/warning:")
        other = numbers.without_training(other, card.name, "other_trained")
        names = [models.name_of(evaluation.report.model_id), card.name]
        pair = compare_service.pair(evaluation, other)
        accuracies.show_two(pair.comparison, names)
        _counts_and_photos(pair, names)
    except GalleryError as exc:
        messages.show_error(exc)


def _second_model(evaluation: Evaluation) -> ModelCard | None:
    """Let the user choose the second model; None, with a sentence, where there is none."""
    cards = compare_service.comparable_models(evaluation)
    if not cards:
        st.info(
            "There is no second model to compare with. Train one on the Train page, or put a model's folder "
            "into the model store; Models shows what is there.",
            icon=":material/compare_arrows:",
        )
        return None
    asked = st.query_params.get("other")
    st.session_state["evaluate_other_model"] = asked if asked in cards else None
    chosen = st.selectbox(
        "Compare with",
        list(cards),
        index=None,
        key="evaluate_other_model",
        format_func=lambda model_id: cards[model_id].name if model_id in cards else model_id,
        placeholder="Choose a second model",
        on_change=lambda: go(other=st.session_state["evaluate_other_model"]),
        width=420,
    )
    if chosen is None:
        st.caption("Both models are evaluated on the same photos, with a paired test of the difference.")
        return None
    return cards.get(chosen)


def _tagging(evaluation: Evaluation, card: ModelCard, known: int) -> None:
    """Offer to tag what the second model has not seen, or show how that goes."""
    wanted = compare_service.known_to(evaluation, card)
    if wanted < evaluation.report.n:
        st.caption(
            f"{photo_count(evaluation.report.n - wanted)} of classes that {escaped(card.name)} does not have "
            "are left out."
        )
    if known >= wanted:
        return
    if job_card.is_live(evaluation.collection_id):
        st.caption("The photos are being tagged; what is compared grows when that is done.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(card.name)}** has tagged {known:,} of these {wanted:,} photos.", width="content"
        )
        if st.button(
            "Tag the photos with it",
            icon=":material/sell:",
            key="evaluate_tag_other",
            help="Tags of both models are kept side by side. The active model stays the active one.",
        ):
            messages.attempt(_start, evaluation.collection_id, card.model_id)
            messages.show_said()


def _start(collection_id: int, model_id: str) -> None:
    tagging_service.start_job(collection_id, model_id)
    st.rerun()  # the whole page: the job shows above


@st.fragment
def _counts_and_photos(pair: EvaluationPair, names: list[str]) -> None:
    """A fragment: a click on a count draws the counts and the grid again, not the page."""
    comparison = pair.comparison
    agreement, classes = st.columns([2, 3], gap="large")
    with agreement:
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
        on_click=_open,
        args=(DIFFER,),
    )
    st.caption("The paired test uses only the photos on which exactly one model is right.")


def _count(column: DeltaGenerator, comparison: ModelComparison, cell: tuple[bool, bool]) -> None:
    count = len(comparison.rows(*cell))
    column.button(
        f"{count:,} ({percent(count / comparison.n)})",
        key=f"evaluate_compare_{'right' if cell[0] else 'wrong'}_{'right' if cell[1] else 'wrong'}",
        on_click=_open,
        args=(cell,),
        icon=":material/check:" if st.session_state.get(_CHOSEN, DIFFER) == cell else None,
        help="Shows these photos below.",
        width="stretch",
    )


def _open(what: object) -> None:
    st.session_state[_CHOSEN] = what


def _classes(comparison: ModelComparison) -> None:
    """Show which classes got better and which worse; a row opens the photos on which one model is right."""
    st.markdown("##### Class by class")
    changes = comparison.class_changes()

    table.show(
        classes_frame(changes, comparison.class_names),
        key="evaluate_compare_classes",
        on_choose=lambda row: _open(changes[row].class_index),
        columns={
            _CHANGE: st.column_config.TextColumn(width=145),
            "Photos": st.column_config.NumberColumn(width=60),
            "First": st.column_config.NumberColumn(format="%.1f %%", width=65),
            "Second": st.column_config.NumberColumn(format="%.1f %%", width=65),
            "Change": st.column_config.NumberColumn("Points", format="%+.1f", width=60),
            "Only first right": st.column_config.NumberColumn("Only first", width=80),
            "Only second right": st.column_config.NumberColumn("Only second", width=85),
            "p": st.column_config.TextColumn(width=60),
        },
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
                _CHANGE: ("the same", "better", "worse")[int(np.sign(one.difference))]
                + (" (few photos)" if one.n < FEW_PHOTOS else ""),
                "Photos": one.n,
                "First": 100 * one.right_a / one.n,
                "Second": 100 * one.right_b / one.n,
                "Change": 100 * one.difference,
                "Only first right": one.only_a,
                "Only second right": one.only_b,
                "p": accuracies.p_text(one.p_value).removeprefix("p ").removeprefix("= "),
            }
            for one in changes
        ]
    )


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
        whose = one_of(
            "Tags and heatmaps of",
            {0: f"predictions of {names[0]}", 1: f"predictions of {names[1]}"},
            key="evaluate_compare_whose",
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
