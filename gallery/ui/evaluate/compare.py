"""The tab with two models side by side on the same photos: both scores, a paired test, where they differ."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.evaluation.evaluation import Evaluation
from gallery.services import compare as compare_service
from gallery.services import models
from gallery.services import tagging as tagging_service
from gallery.types import JobState, ModelCard
from gallery.ui.components import job_card, messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import agreement
from gallery.words import photo_count

TAB = "Compare models"
LEAVE_OUT, COUNT = "Leave them out", "Count them too"
_ADDRESS = "other"


def show(evaluation: Evaluation) -> None:
    """Show the tab: which model, its tagging, then both side by side."""
    card = _choose(evaluation)
    if card is None:
        return
    try:
        other = compare_service.with_model(evaluation, card)
        _tagging(evaluation, card, 0 if other is None else len(other.file_ids))
        if other is None:
            return
        other = _without_training(other, card)
        names = [models.name_of(evaluation.report.model_id), card.name]
        agreement.show(compare_service.pair(evaluation, other), names)
    except GalleryError as exc:
        messages.show_error(exc)


def _choose(evaluation: Evaluation) -> ModelCard | None:
    """Let the user choose the second model; None, with a sentence, where there is none."""
    cards = compare_service.comparable_models(evaluation)
    if not cards:
        st.info(
            "There is no second model to compare with. Train one on the Train page, or put a model's folder "
            "into the model store; Models shows what is there.",
            icon=":material/compare_arrows:",
        )
        return None
    asked = st.query_params.get(_ADDRESS)
    st.session_state["evaluate_other_model"] = asked if asked in cards else None
    chosen = st.selectbox(
        "Compare with",
        list(cards),
        index=None,
        key="evaluate_other_model",
        format_func=lambda model_id: cards[model_id].name if model_id in cards else model_id,
        placeholder="Choose a second model",
        on_change=_chosen,
        width=420,
    )
    if chosen is None:
        st.caption("Both models are evaluated on the same photos, with a paired test of the difference.")
    return cards.get(chosen) if chosen is not None else None


def _chosen() -> None:
    chosen = st.session_state["evaluate_other_model"]
    if chosen is not None:
        st.query_params[_ADDRESS] = chosen
    elif _ADDRESS in st.query_params:
        del st.query_params[_ADDRESS]


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
        _progress(evaluation.collection_id, card)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(card.name)}** has tagged {known:,} of these {wanted:,} photos.", width="content"
        )
        st.button(
            "Tag the photos with it",
            icon=":material/sell:",
            key="evaluate_tag_other",
            on_click=_start,
            args=(evaluation.collection_id, card.model_id),
            help="Tags of both models are kept side by side. The active model stays the active one.",
        )


def _start(collection_id: int, model_id: str) -> None:
    try:
        tagging_service.start_job(collection_id, model_id)
    except GalleryError as exc:
        st.toast(escaped(str(exc)), icon=":material/warning:")


@st.fragment(run_every=1.0)
def _progress(collection_id: int, card: ModelCard) -> None:
    """Follow the job, and draw the page anew when it has ended."""
    job = tagging_service.latest_job(collection_id)
    if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
        st.rerun()
    left = job_card.time_left(job)
    facts = [f"{job.done:,} / {job.total:,} photos"] if job.total else [job.stage or "queued"]
    who = card.name if job.model_id == card.model_id else job.model_id
    st.progress(
        min(job.done / job.total, 1.0) if job.total else 0.0,
        text=f"Tagging with {escaped(who)}: {', '.join([*facts, *([left] if left else [])])}",
    )


def _without_training(other: Evaluation, card: ModelCard) -> Evaluation:
    """Return the evaluation without photos that the second model was trained on, unless they are to count.

    Those that it was validated on stay, with a warning.
    """
    overlap, name = other.overlap, escaped(card.name)
    if chosen_by := len(overlap.chosen_by):
        st.warning(
            f"**{chosen_by:,} of these {overlap.n:,} photos were validation data of {name}**; its score on "
            "them is slightly optimistic.",
            icon=":material/warning:",
        )
    count = len(overlap.trained_on)
    if not count:
        return other
    if count == overlap.n:
        st.warning(
            f"**{name} was trained on all of these {count:,} photos**, so its score here is optimistic. "
            "Compare on photos that neither model was trained on.",
            icon=":material/warning:",
        )
        return other
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"**{name} was trained on {count:,} of these {overlap.n:,} photos**: with them, its score is "
            "optimistic.",
            icon=":material/warning:",
        )
        choice = st.segmented_control(
            "Photos the second model was trained on",
            [LEAVE_OUT, COUNT],
            default=LEAVE_OUT,
            required=True,
            key="evaluate_other_trained",
            label_visibility="collapsed",
        )
    return other if choice == COUNT else other.unseen
