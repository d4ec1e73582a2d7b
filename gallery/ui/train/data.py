"""Step 1 of Train: which photos to learn from, and the look at them while it is being made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from gallery.errors import DatasetError, GalleryError
from gallery.services import wiring
from gallery.training.data_sets import DataSet, open_set, write_people_labels
from gallery.training.looks import COMPARING, LISTING, Look, Looked
from gallery.types import CollectionKind, display_path
from gallery.ui.components import folder_box, messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import look as train_look
from gallery.web.addresses import BASE
from gallery.words import about, without_surrogates

FOLDER, FILE, PEOPLE = "A folder", "A zip or a table", "Photos labelled in this gallery"
_RECENT = 6
_LOOK_S = 1.0
_EXAMPLE = """\
my photos/
├── barn owl/
│   ├── IMG_0001.jpg
│   └── IMG_0002.jpg
├── tawny owl/
│   └── IMG_0417.jpg
└── little owl/
    └── DSC_0099.jpg
"""
_TABLE = """\
path,label,group
2024-05/IMG_0001.jpg,barn owl,camera 1
2024-05/IMG_0417.jpg,tawny owl,camera 2
"""


def show() -> None:
    """Show the look at the chosen data set, or what can be chosen."""
    chosen = train_address.chosen_set()
    if chosen is None:
        if "set" in st.query_params:
            st.warning("This data set is not known any more. Open it again.", icon="🔎")
        _choose()
        return
    look = train_address.looks().begin(chosen, train_address.parts())
    _heading(chosen)
    if look.live:
        _progress(chosen)
    elif look.looked is None:
        _failed(chosen, look)
    else:
        train_look.show(chosen, look.looked)


def looked(chosen: DataSet) -> Looked | None:
    """Return the finished look at a set for the later steps; None, with its progress, while it is made."""
    look = train_address.looks().begin(chosen, train_address.parts())
    if look.live:
        _progress(chosen)
    elif look.looked is None:
        _failed(chosen, look)
    return look.looked


def _choose() -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**Which photos shall a new model learn from?** Any classes, two or more, with some twenty "
            "photos "
            "or more of each. The photos stay where they are; nothing is written into the folder."
        )
        kind = st.segmented_control(
            "Where the labels are",
            [FOLDER, FILE, PEOPLE],
            default=FOLDER,
            required=True,
            key="train_kind",
            label_visibility="collapsed",
        )
        {FOLDER: _folder, FILE: _file, PEOPLE: _people}[kind]()
    with right:
        _recent()
        if kind == FOLDER:
            st.caption(
                "One sub-folder a class, English or Italian names; ready train and test folders are kept."
            )
            st.code(_EXAMPLE, language=None)
        elif kind == FILE:
            st.caption(
                "A zip of such folders, or a CSV with the columns path and label (group and split if known)."
            )
            st.code(_TABLE, language=None)


def _folder() -> None:
    refusal = st.container()
    path = folder_box.show(start=_beginning(), base=BASE, key="train_folder")
    if path is not None:
        with refusal:
            _open(lambda: wiring.settings().allow(Path(path.strip())))


def _file() -> None:
    with st.form("train_file_form", border=False):
        path = st.text_input(
            "Path of a zip or CSV file on this computer", key="train_file", placeholder="/home/me/owls.zip"
        )
        if st.form_submit_button("Open the file", icon=":material/folder_zip:"):
            _open(lambda: _allowed_file(path))


def _allowed_file(path: str) -> Path:
    """Return a zip or table, if it is one that may be opened.

    Raises:
        DatasetError: it is none.
        PhotoError: its folder may not be opened.
    """
    file = Path(path.strip().strip('"')).expanduser()
    if file.suffix.lower() not in (".zip", ".csv") or not file.is_file():
        raise DatasetError(
            f"{display_path(file) if path.strip() else 'Nothing'} is no zip or CSV file. Give the whole path "
            "of "
            "one, such as /home/me/owls.zip."
        )
    return wiring.settings().allow(file.absolute().parent) / file.name


def _people() -> None:
    st.markdown(
        "Every photo whose class somebody set in Browse, with the label that stands now: what people correct "
        "teaches the model."
    )
    if st.button("Take these photos", icon=":material/fact_check:", key="train_people"):
        _open(_labelled_by_people, name="Photos labelled in this gallery")


def _labelled_by_people() -> Path:
    catalog = wiring.catalog()
    photo_ids = list(dict.fromkeys(one.photo_id for one in catalog.all_corrections()))
    labels = catalog.labels(photo_ids)
    return write_people_labels(
        ((catalog.photo_at(photo_id).path, label) for photo_id, label in labels.items()),
        wiring.settings().training_sets,
    )


def _open(find: Callable[[], Path], *, name: str = "") -> None:
    """Open what is found, or say why not."""
    try:
        opened = open_set(find(), wiring.settings().training_sets, name=name)
    except (GalleryError, OSError, ValueError, RuntimeError) as exc:
        messages.show_error(
            exc if isinstance(exc, GalleryError) else DatasetError(f"It cannot be opened: {exc}.")
        )
        return
    train_address.looks().forget(opened)
    train_address.go(set=opened.set_id, step=train_address.DATA)
    st.rerun()


def _recent() -> None:
    recent = train_address.known_sets()[:_RECENT]
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


def _beginning() -> str:
    folders = [one for one in wiring.catalog().collections() if one.kind is CollectionKind.FOLDER]
    known = train_address.known_sets()
    root = known[0].source if known else folders[0].root if folders else None
    shown = "" if root is None else display_path(root.parent / "_")[:-1]
    return "" if "\ufffd" in shown else shown


def _heading(chosen: DataSet) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.subheader(escaped(chosen.name), anchor=False, width="content")
        st.caption(escaped(without_surrogates(str(chosen.source))), width="content")
        st.button(
            "Look again",
            icon=":material/refresh:",
            type="tertiary",
            key="train_look_again",
            on_click=train_address.looks().forget,
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


@st.fragment(run_every=_LOOK_S)
def _progress(chosen: DataSet) -> None:
    look = train_address.looks().find(chosen)
    if look is None or not look.live:
        st.rerun()
    with st.container(border=True, width=560):
        st.markdown(f"**{look.stage.capitalize()} ...**")
        st.progress(min(look.done / look.total, 1.0) if look.total else 0.0)
        st.caption(_facts(look))
        if st.button("Cancel", key="train_look_cancel"):
            look.cancelled = True


def _facts(look: Look) -> str:
    if look.stage == LISTING:
        return "The folder is being looked through."
    facts = [f"{look.done:,} / {look.total:,} photos"]
    if look.stage == COMPARING:
        facts.append("comparing them with one another, and drawing the split")
    if rate := look.photos_per_second:
        facts.append(f"{rate:.0f} photos/s")
    if (left := look.remaining_s) is not None:
        facts.append(f"{about(left)} left")
    return " · ".join(facts)


def _failed(chosen: DataSet, look: Look) -> None:
    st.error(escaped(look.problem or ""), icon=":material/error:")
    row = st.container(horizontal=True)
    row.button(
        "Look again",
        icon=":material/refresh:",
        type="primary",
        key="train_look_retry",
        on_click=train_address.looks().forget,
        args=(chosen,),
    )
    if chosen.plan.by_group or chosen.plan.test:
        row.button(
            "With the usual split",
            key="train_usual_split",
            on_click=train_look.usual_plan,
            args=(chosen,),
            help="85 % to learn from, 15 % to judge by, photo by photo.",
        )
