"""What should be known before any score: photos the model was trained on, copies, labels of people."""

from __future__ import annotations

import streamlit as st

from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import view as evaluate_view
from gallery.ui.evaluate.folder import EvaluatedFolder, Labels
from gallery.words import photo_count

LEAVE_OUT, COUNT = "Leave them out", "Count them too"


def show(whole: EvaluatedFolder) -> EvaluatedFolder:
    """Say what the photos' hashes show, and return what is to be evaluated.

    The photos that the model was trained on are left out, unless the address
    (``trained=count``) or the choice shown here says otherwise.
    """
    if whole.labels is Labels.PEOPLE:
        _people(whole)
    _copies(whole)
    if chosen_by := len(whole.overlap.chosen_by):
        st.warning(
            f"**By {chosen_by:,} of these {whole.report.n:,} photos the model's best epoch and temperature "
            "were chosen.** It was not trained on them, yet scores on them are a little better than on new "
            "photos.",
            icon="⚠️",
        )
    count = len(whole.trained_on)
    if not count:
        return whole
    if count == whole.report.n:
        _warn_all(whole)
        return whole
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_trained_on"):
        st.warning(
            f"**{count:,} of these {whole.report.n:,} photos were used to train the model.** It has seen "
            "them with their labels, so scores on them are better than they would be on new photos.",
            icon="⚠️",
        )
        with st.container(width="content", gap=None):
            st.session_state["evaluate_trained"] = COUNT if _counted() else LEAVE_OUT
            st.segmented_control(
                "Photos the model was trained on",
                [LEAVE_OUT, COUNT],
                key="evaluate_trained",
                label_visibility="collapsed",
                required=True,
                on_change=_trained_chosen,
            )
            evaluate_view.door(f"See the {count:,}", evaluate_view.TRAINED_ON)
    return whole if _counted() else whole.unseen


def _counted() -> bool:
    return st.query_params.get("trained") == "count"


def _trained_chosen() -> None:
    if st.session_state["evaluate_trained"] == COUNT:
        st.query_params["trained"] = "count"
    elif "trained" in st.query_params:
        del st.query_params["trained"]


def _warn_all(whole: EvaluatedFolder) -> None:
    st.warning(
        f"**The model was trained on all of these {photo_count(whole.report.n)}.** The numbers "
        "below only say how well it remembers them. Evaluate a folder that it has not seen.",
        icon="⚠️",
    )


def _people(whole: EvaluatedFolder) -> None:
    sentences = " ".join(escaped(problem) for problem in whole.problems[:1])
    st.info(
        f"**Evaluated on {photo_count(whole.report.n)} that people labelled in this gallery.** "
        "People look where they expect errors, so such photos are a biased sample: the model may do better, "
        f"or worse, on all photos. {sentences}",
        icon=":material/person_check:",
    )


def _copies(whole: EvaluatedFolder) -> None:
    overlap = whole.overlap
    extra = sum(len(rows) - 1 for rows in overlap.repeated)
    if not extra:
        return
    clash = len(overlap.contradicting)
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_copies"):
        st.warning(
            (
                "**1 photo is a copy of another**, byte for byte, and counts twice."
                if extra == 1
                else f"**{extra:,} photos are copies of others**, byte for byte, and each counts once more."
            )
            + (
                f" {clash:,} of them {'lies' if clash == 1 else 'lie'} in folders of different classes: one "
                "of the labels must be wrong."
                if clash
                else ""
            ),
            icon="⚠️",
        )
        evaluate_view.door("See the copies", evaluate_view.COPIES)
