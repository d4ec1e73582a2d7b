"""The tab with two models side by side on the same photos: both scores, a paired test, where they differ."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
import streamlit as st

from gallery.errors import GalleryError
from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.labelled_folder import FolderEvaluation, evaluate_collection
from gallery.evaluation.overlap import photo_overlap
from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.types import JobState, ModelCard
from gallery.ui.components import job_card, messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import agreement as evaluate_agreement
from gallery.ui.evaluate.folder import EvaluatedFolder, Rows
from gallery.words import photo_count

TAB = "Two models"
LEAVE_OUT, COUNT = "Leave them out", "Count them too"
_ADDRESS = "other"
_KEPT = 4
_OtherKey = tuple[EvaluatedFolder, str, int]
_others: deque[tuple[_OtherKey, FolderEvaluation | None]] = deque(maxlen=_KEPT)
_compared: deque[tuple[tuple[FolderEvaluation, FolderEvaluation], Compared]] = deque(maxlen=_KEPT)
_looking = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two models on the photos that both have tagged; row r of each part is the same photo."""

    comparison: ModelComparison
    a: FolderEvaluation
    b: FolderEvaluation


def show(folder: EvaluatedFolder) -> None:
    """Show the tab: which model, its tagging, then both side by side."""
    card = _choose(folder)
    if card is None:
        return
    try:
        other = said_by(folder, card)
        _tagging(folder, card, 0 if other is None else len(other.file_ids))
        if other is None:
            return
        other = _without_training(other, card)
        evaluate_agreement.show(compared(folder.evaluation, other), wiring.models())
    except GalleryError as exc:
        messages.show_error(exc)


def said_by(folder: EvaluatedFolder, card: ModelCard) -> FolderEvaluation | None:
    """Return another model's evaluation on the labels of a folder; None while it has tagged none of them.

    Photos whose label is no class of that model are not in it. Computed once
    until the catalog changes.

    Raises:
        DatasetError: it tagged the photos when it had other classes.
        CatalogError: the catalog cannot be read.
    """
    catalog = wiring.catalog()
    revision = catalog.revision()
    with _looking:
        for (known, model_id, at), found in _others:
            if known is folder and model_id == card.model_id and at == revision:
                return found
        names = folder.report.class_names
        index = [card.class_names.index(name) if name in card.class_names else None for name in names]
        labels = {
            path: known_index
            for path, true in zip(folder.paths, folder.report.y_true.tolist(), strict=True)
            if (known_index := index[true]) is not None
        }
        collection = catalog.collection(folder.collection_id)
        tagged = len(catalog.predicted(card.model_id, folder.photo_ids)) > 0
        found = (
            evaluate_collection(catalog, collection, card.model_id, card.class_names, labels=labels)
            if tagged and labels
            else None
        )
        _others.append(((folder, card.model_id, revision), found))
        return found


def compared(a: FolderEvaluation, b: FolderEvaluation) -> Compared:
    """Return the comparison of two evaluations; computed once for each pair.

    Raises:
        DatasetError: no photo is in both.
    """
    with _looking:
        for (known_a, known_b), found in _compared:
            if known_a is a and known_b is b:
                return found
        comparison, shown = ModelComparison.of_folder(a, b)
        place = {file_id: row for row, file_id in enumerate(b.file_ids.tolist())}
        rows = np.array([place[file_id] for file_id in shown.file_ids.tolist()], np.int64)
        found = Compared(comparison, shown, b.only(rows))
        _compared.append(((a, b), found))
        return found


def _choose(folder: EvaluatedFolder) -> ModelCard | None:
    """Let the user choose the second model; None, with a sentence, where there is none."""
    names = set(folder.report.class_names)
    cards = {
        entry.model_id: entry.card
        for entry in wiring.models().entries()
        if entry.ok and entry.card is not None and entry.model_id != folder.report.model_id
        if names & set(entry.card.class_names)
    }
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
        st.caption(
            "Both are then measured on the same photos, and a paired test says whether the difference "
            "is more than chance."
        )
    return cards.get(chosen) if chosen is not None else None


def _chosen() -> None:
    chosen = st.session_state["evaluate_other_model"]
    if chosen is not None:
        st.query_params[_ADDRESS] = chosen
    elif _ADDRESS in st.query_params:
        del st.query_params[_ADDRESS]


def _tagging(folder: EvaluatedFolder, card: ModelCard, known: int) -> None:
    """Offer to tag what the second model has not seen, or show how that goes."""
    shared = np.isin(
        folder.report.y_true,
        [k for k, name in enumerate(folder.report.class_names) if name in card.class_names],
    )
    wanted = int(shared.sum())
    if wanted < len(shared):
        st.caption(
            f"{photo_count(len(shared) - wanted)} of classes that {escaped(card.name)} does "
            "not know are left out."
        )
    if known >= wanted:
        return
    if job_card.is_live(folder.collection_id):
        _progress(folder.collection_id, card)
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
            args=(folder.collection_id, card.model_id),
            help="Tags of both models are kept side by side. The active model stays the active one.",
        )


def _start(collection_id: int, model_id: str) -> None:
    try:
        tagging_service.start_job(collection_id, model_id)
    except GalleryError as exc:
        st.toast(escaped(str(exc)), icon="⚠️")


@st.fragment(run_every=1.0)
def _progress(collection_id: int, card: ModelCard) -> None:
    """Follow the job, and draw the page anew when it has ended."""
    job = wiring.catalog().latest_job(collection_id)
    if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
        st.rerun()
    left = job_card.time_left(job)
    facts = [f"{job.done:,} / {job.total:,} photos"] if job.total else [job.stage or "waiting for its turn"]
    who = card.name if job.model_id == card.model_id else job.model_id
    st.progress(
        min(job.done / job.total, 1.0) if job.total else 0.0,
        text=f"Tagging with {escaped(who)}: {', '.join([*facts, *([left] if left else [])])}",
    )


def _without_training(other: FolderEvaluation, card: ModelCard) -> FolderEvaluation:
    """Return the evaluation without photos that the second model was trained on, unless they are to count.

    Those that it was chosen by stay, and are told of.
    """
    models = wiring.models()
    overlap = photo_overlap(
        other.photo_ids,
        other.report.y_true,
        models.training_photos(card.model_id),
        models.validation_photos(card.model_id),
    )
    name = escaped(card.name)
    if chosen_by := len(overlap.chosen_by):
        st.warning(
            f"**By {chosen_by:,} of these {overlap.n:,} photos {name}'s best epoch and temperature were "
            "chosen**: it was not trained on them, yet they flatter it a little.",
            icon="⚠️",
        )
    count = len(overlap.trained_on)
    if not count:
        return other
    if count == overlap.n:
        st.warning(
            f"**{name} was trained on all of these {count:,} photos**, so it looks better here than it is. "
            "Compare on photos that neither model has seen.",
            icon="⚠️",
        )
        return other
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"**{name} was trained on {count:,} of these {overlap.n:,} photos**: counted, they flatter it.",
            icon="⚠️",
        )
        choice = st.segmented_control(
            "Photos the second model was trained on",
            [LEAVE_OUT, COUNT],
            default=LEAVE_OUT,
            required=True,
            key="evaluate_other_trained",
            label_visibility="collapsed",
        )
    return other if choice == COUNT else _only_unseen(other, overlap.unseen)


_unseen: deque[tuple[FolderEvaluation, FolderEvaluation]] = deque(maxlen=_KEPT)


def _only_unseen(other: FolderEvaluation, rows: Rows) -> FolderEvaluation:
    """Return the same object for the same evaluation, so that what is computed from it is found again."""
    with _looking:
        for known, found in _unseen:
            if known is other:
                return found
        found = other.only(rows)
        _unseen.append((other, found))
        return found
