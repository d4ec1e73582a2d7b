"""Step 1 of Train: the training photos, read and inspected in the background."""

from __future__ import annotations

import functools
from collections.abc import Callable

import streamlit as st

from gallery.datasets.split import USUAL
from gallery.errors import GalleryError
from gallery.services import training_sets
from gallery.services.collections import opened_folders
from gallery.training.data_sets import DataSet
from gallery.training.preparing import Prepared
from gallery.ui.components import folder_box, messages, waiting
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import inspection as train_inspection
from gallery.words import without_surrogates

FOLDER, FILE, PEOPLE = "Folder", "Zip or table", "Manual labels"
_RECENT = 6
_TABLE = """\
path,label,group
2024-05/IMG_0001.jpg,barn owl,camera 1
2024-05/IMG_0417.jpg,tawny owl,camera 2
"""


def show() -> None:
    """Show the chosen data set, or what can be chosen."""
    chosen = train_address.chosen_set()
    if chosen is None:
        if "set" in st.query_params:
            st.warning("This data set is no longer known. Open it again.", icon=":material/search:")
        _choose()
        return
    _heading(chosen)
    found = prepared(chosen)
    if found is not None:
        train_inspection.show(chosen, found)


def prepared(chosen: DataSet) -> Prepared | None:
    """Return the inspected photos of a set; None, with the progress or the reason, while there are none."""
    task = training_sets.inspection(chosen)
    forget = functools.partial(training_sets.forget, chosen)
    if waiting.is_done(task, "Reading the photos", unit="photos", key="train_reading", again=forget):
        return task.result
    if not task.live and (chosen.plan.by_group or chosen.plan.test):
        st.button(
            "Use the default split",
            key="train_usual_split",
            on_click=training_sets.split_as,
            args=(chosen, USUAL),
            help="85 % training, 15 % validation, photo by photo.",
        )
    return None


def photos_first(icon: str, title: str, remedy: str) -> None:
    """Show an empty state with the way to step 1; see `messages.empty`."""
    messages.empty(icon, title, remedy)
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Choose photos",
            type="primary",
            icon=":material/folder_open:",
            key="train_to_data",
            on_click=train_address.go,
            kwargs={"step": train_address.DATA},
        )


def _choose() -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**Choose photos to train a new model on.** Two classes or more, of any kind, with about twenty "
            "photos or more of each. The photos stay where they are; nothing is written into the folder."
        )
        kind = one_of("Where the labels are", (FOLDER, FILE, PEOPLE), key="train_kind")
        {FOLDER: _folder, FILE: _file, PEOPLE: _people}[kind]()
    with right:
        _recent()
        if kind == FOLDER:
            st.caption("One sub-folder per class; existing train and test folders are used as the split.")
            messages.folder_example("barn owl", "tawny owl", "little owl")
        elif kind == FILE:
            st.caption(
                "A zip of such folders, or a CSV with the columns path and label (group and split if known)."
            )
            st.code(_TABLE, language=None)


def _folder() -> None:
    refusal = st.container()
    path = folder_box.show(recent=opened_folders(), key="train_folder")
    if path is not None:
        with refusal:
            _open(lambda: training_sets.open_folder(path))


def _file() -> None:
    with st.form("train_file_form", border=False):
        path = st.text_input(
            "Path of a zip or CSV file on this computer", key="train_file", placeholder="/home/me/owls.zip"
        )
        if st.form_submit_button("Open the file", icon=":material/folder_zip:"):
            _open(lambda: training_sets.open_file(path))


def _people() -> None:
    st.markdown(
        "All photos with a manual label, given in Browse or Review, with the label of today. Each label "
        "becomes a class, also blank, human or an animal that the model does not know; “cannot tell” is left "
        "out."
    )
    if st.button("Use these photos", icon=":material/fact_check:", key="train_people"):
        _open(training_sets.open_peoples_labels)


def _open(find: Callable[[], DataSet]) -> None:
    """Open what is found, or say why not."""
    try:
        opened = find()
    except GalleryError as exc:
        messages.show_error(exc)
        return
    train_address.go(set=opened.set_id, step=train_address.DATA)
    st.rerun()


def _recent() -> None:
    recent = training_sets.known_sets()[:_RECENT]
    if not recent:
        return
    st.caption("Opened before")
    with st.container(gap=None):
        for one in recent:
            st.button(
                f"{escaped(one.name)}  ·  {escaped(without_surrogates(str(one.source.parent)))}",
                icon=":material/history:",
                type="tertiary",
                key=f"train_recent_{one.set_id}",
                on_click=train_address.go,
                kwargs={"set": one.set_id},
            )


def _heading(chosen: DataSet) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.subheader(escaped(chosen.name), anchor=False, width="content")
        st.caption(escaped(without_surrogates(str(chosen.source))), width="content")
        st.button(
            "Read again",
            icon=":material/refresh:",
            type="tertiary",
            key="train_look_again",
            on_click=training_sets.forget,
            args=(chosen,),
            help="Finds photos that were added, removed or sorted otherwise since.",
        )
        st.button(
            "Other photos",
            icon=":material/folder_open:",
            type="tertiary",
            key="train_other",
            on_click=train_address.go,
            kwargs={"set": None, "step": train_address.DATA},
        )
