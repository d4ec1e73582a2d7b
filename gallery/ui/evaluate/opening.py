"""The first row of Evaluate: which folder and which labels it uses, its tagging, what can be downloaded."""

from __future__ import annotations

import functools
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.errors import DatasetError, GalleryError
from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.services import collections as collections_service
from gallery.services import evaluate
from gallery.services import tagging as tagging_service
from gallery.services.export import EvaluationTable, evaluation_csv
from gallery.services.folders import typed_path
from gallery.types import Collection, JobState, ModelCard
from gallery.ui.components import dialogs, folder_box, job_card, messages, theme
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.web.addresses import BASE, REPORT
from gallery.words import photo_count

_TABLES = (
    ("Classification report", "One row per class, with the averages.", EvaluationTable.REPORT),
    ("Confusion matrix", "Rows are true classes.", EvaluationTable.MATRIX),
    ("Predictions", "One row per photo, with all probabilities.", EvaluationTable.PHOTOS),
)
_LABELS = {LabelSource.FOLDERS: "Folder names", LabelSource.PEOPLE: "Manual labels"}


def choose(card: ModelCard, *, row: DeltaGenerator) -> Collection | None:
    """Show which folder is evaluated and let the user open another; None while none is chosen.

    Args:
        card: the model that is evaluated.
        row: the container that a chosen folder's box goes into.
    """
    collections = {c.collection_id: c for c in collections_service.opened()}
    named = st.query_params.get("collection", "")
    chosen = collections.get(int(named)) if named.isascii() and named.isdigit() else None
    if chosen is None:
        if named:
            st.warning(
                "This folder is no longer open. Give its path again, or choose another.",
                icon=":material/search:",
            )
        _explain_layout(card)
        _folder_box(card, key="evaluate_folder")
    if collections:
        with row if chosen else st.container(horizontal=True, vertical_alignment="bottom"):
            st.session_state["evaluate_collection"] = chosen.collection_id if chosen else None
            st.selectbox(
                "Labelled folder" if chosen else "Or one that is open already",
                list(collections),
                key="evaluate_collection",
                format_func=lambda number: collections[number].name,
                placeholder="Choose a folder",
                label_visibility="collapsed" if chosen else "visible",
                on_change=_open_chosen,
                width=320,
            )
            if chosen:
                st.button(
                    "Another folder",
                    icon=":material/folder_open:",
                    key="evaluate_another",
                    on_click=dialogs.ask,
                    args=("evaluate",),
                )
                if dialogs.asked("evaluate"):
                    _ask_for_folder(card)
                _labels_control()
                if not job_card.is_live(chosen.collection_id):
                    st.button(
                        "Tag again",
                        icon=":material/refresh:",
                        key="evaluate_tag",
                        on_click=messages.attempt,
                        args=(tagging_service.start_job, chosen.collection_id),
                        help="Finds new photos, and tags those that the active model has not tagged yet.",
                    )
    return chosen


def _labels_control() -> None:
    """Show whose labels count; the address keeps it."""
    st.session_state["evaluate_labels"] = labels_asked()
    one_of(
        "Labels",
        _LABELS,
        key="evaluate_labels",
        on_change=lambda: use_labels(st.session_state["evaluate_labels"]),
        help="Where the true class of a photo comes from: the name of its sub-folder, or the label given in "
        "this gallery.",
    )


def labels_asked() -> LabelSource:
    """Return where the labels come from, as the address says."""
    people = st.query_params.get("labels") == LabelSource.PEOPLE
    return LabelSource.PEOPLE if people else LabelSource.FOLDERS


def use_labels(labels: LabelSource) -> None:
    """Put into the address where the labels come from; what was opened of the others is closed."""
    kept = {name: st.query_params[name] for name in ("collection", "trained") if name in st.query_params}
    st.query_params.from_dict(kept | ({} if labels is LabelSource.FOLDERS else {"labels": labels.value}))


def _open_chosen() -> None:
    chosen = st.session_state["evaluate_collection"]
    st.query_params.from_dict({} if chosen is None else {"collection": str(chosen)})


def _explain_layout(card: ModelCard) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**How accurate is the model on your photos?** Open a folder of photos whose animals are known, "
            "with one sub-folder per class. The model tags them, and this page compares its predictions with "
            "the folder names: accuracy, the confusion matrix, and every misclassified photo.\n\nThe photos "
            "stay where they are; nothing is written into the folder.\n\nPhotos labelled in this gallery can "
            "be used too: choose an open collection, then **Manual labels**."
        )
        names = ", ".join(theme.label_markdown(name, card.class_names) for name in card.class_names)
        st.markdown(f"Classes of **{escaped(card.name)}**: {names}.")
        st.caption("Sub-folders may also be named in the plural or in Italian: cane, gatto, mucca.")
    with right:
        messages.folder_example("dog", "cat", "cow")


def _folder_box(card: ModelCard, *, key: str) -> None:
    """Take a folder's path; a good one is opened, tagged and put into the address."""
    refusal = st.container(width=820)
    with st.container(width=820):
        path = folder_box.show(recent=collections_service.opened_folders(), key=key)
    if path is None:
        return
    try:
        with st.spinner("Reading the folders ..."):
            collection = evaluate.open_folder(typed_path(path), card)
    except GalleryError as exc:
        with refusal:
            messages.show_error(exc)
        return
    dialogs.close()
    st.query_params.from_dict({"collection": str(collection.collection_id)})
    st.rerun()


@st.dialog("Evaluate another folder", width="large", on_dismiss=dialogs.close)
def _ask_for_folder(card: ModelCard) -> None:
    _explain_layout(card)
    _folder_box(card, key="evaluate_other_folder")


def evaluated(collection: Collection, card: ModelCard) -> Evaluation | None:
    """Return the evaluation of what is tagged so far; None, with a sentence, when that cannot be.

    Every photo is in it; what the model was trained on is for `numbers.choose_photos` to leave out.
    """
    live = job_card.is_live(collection.collection_id)
    labels = labels_asked()
    try:
        evaluation = evaluate.find(collection.collection_id, card.model_id, labels)
    except DatasetError as exc:
        if live:
            st.info(
                "The first numbers appear when the first photos are tagged.", icon=":material/hourglass_top:"
            )
        else:
            messages.show_error(exc)
            if labels is LabelSource.FOLDERS:
                _offer_people(collection, card)
        return None
    except GalleryError as exc:
        messages.show_error(exc)
        return None
    if live:
        st.info(
            f"Preliminary: the {evaluation.report.n:,} photos tagged so far. The page updates when the job "
            "is done.",
            icon=":material/hourglass_top:",
        )
    return evaluation


def _offer_people(collection: Collection, card: ModelCard) -> None:
    """Offer the labels of people where the folders are of no use, if there are any."""
    if count := evaluate.labelled_by_people(collection.collection_id, card.model_id):
        st.button(
            f"Evaluate on {photo_count(count)} with manual labels",
            key="evaluate_offer_people",
            icon=":material/person_check:",
            on_click=use_labels,
            args=(LabelSource.PEOPLE,),
        )


def show_job(collection: Collection) -> None:
    """Show how the tagging goes, as long as there is something to see or to do."""
    job = tagging_service.latest_job(collection.collection_id)
    if job is not None and job.state is not JobState.DONE:
        with st.container(width=460):
            job_card.show(collection.collection_id)


def offer_downloads(evaluation: Evaluation, *, row: DeltaGenerator) -> None:
    """Show the menu at the end of the page's first row."""
    with row, st.popover("Download", icon=":material/download:", key="evaluate_downloads"):
        _report_link(evaluation)
        for title, what, table in _TABLES:
            st.download_button(
                f"{title} (CSV)",
                functools.partial(evaluation_csv, evaluation, table),
                file_name=f"{evaluation.folder_name}_{table}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"evaluate_download_{table}",
                on_click="ignore",
                width="stretch",
            )
            st.caption(what)


def _report_link(evaluation: Evaluation) -> None:
    """Show the link that makes and downloads the report of what Evaluate shows now."""
    asked = {name: st.query_params[name] for name in ("labels", "trained") if name in st.query_params}
    address = f"{BASE}{REPORT}{evaluation.report.model_id}/{evaluation.collection_id}"
    st.link_button(
        "Report (HTML)",
        f"{address}?{urlencode(asked)}" if asked else address,
        icon=":material/download:",
        width="stretch",
        help="Takes some seconds: the photos are copied into it.",
    )
    st.caption(
        "All of this page in one file: numbers, matrix, photos, heatmaps, model card. It opens anywhere, "
        "without the gallery."
    )
