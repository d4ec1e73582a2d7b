"""The class keys on Explain: its photo is labelled, and that undone, by the keys of Browse."""

from __future__ import annotations

import streamlit as st

from gallery.services import labelling
from gallery.services.explained_photo import ExplainedPhoto
from gallery.types import CANNOT_TELL, ModelCard
from gallery.ui.components import messages, people, theme
from gallery.words import class_title, photo_count

_DIGITS = "1234567890"
_BESIDE = {"blank": "B", "human": "P", "vehicle": "V", CANNOT_TELL: "U"}
_JUST_SET = "explain_label_just_set"


def show(photo: ExplainedPhoto, card: ModelCard, collection_id: int) -> None:
    """Show a button and a key for each class and for what is no animal, to remove the label and to undo."""
    if st.session_state.pop(_JUST_SET, False):
        st.rerun()  # the whole page: its photo was read before it had the label
    messages.show_said()
    st.markdown("**Set the class**")
    with st.container(horizontal=True, gap="small", key="explain_labels"):
        digits = zip(card.class_names, [*_DIGITS, *[None] * len(card.class_names)], strict=False)
        for name, key in [*digits, *_BESIDE.items()]:
            st.button(
                theme.label_markdown(name, card.class_names),
                type="primary" if name == photo.person_label else "secondary",
                key=f"explain_label_{name}",
                shortcut=key,
                on_click=messages.attempt,
                args=(_set, photo, card, collection_id, name),
            )
        if photo.person_label is not None:
            st.button(
                "Remove label",
                type="tertiary",
                key="explain_label_remove",
                shortcut="Backspace",
                on_click=messages.attempt,
                args=(_set, photo, card, collection_id, None),
            )
        st.button(
            "Undo",
            icon=":material/undo:",
            type="tertiary",
            key="explain_label_undo",
            shortcut="Ctrl+Z",
            help="Undo your last change of a label in this collection, on whatever page it was made",
            on_click=messages.attempt,
            args=(_undo, collection_id),
        )


def _set(photo: ExplainedPhoto, card: ModelCard, collection_id: int, name: str | None) -> None:
    labelling.label_photo(
        photo.photo_id,
        name,
        card,
        collection_id=collection_id,
        person=people.current(),
        browser=people.browser(),
    )
    said = "Label removed" if name is None else f"Labelled {class_title(name)}"
    _say(f"{said}: {photo.name}")


def _undo(collection_id: int) -> None:
    undone = labelling.undo_last(
        collection_id, people.current(), browser=people.browser(), named=people.is_named()
    )
    said = "Nothing to undo in this collection"
    if undone is not None:
        what = "label removed" if undone.label is None else f"set to {class_title(undone.label)}"
        said = f"Undid: {photo_count(len(undone.photo_ids))} {what}"
    _say(said)


def _say(sentence: str) -> None:
    messages.say_done(sentence)
    st.session_state[_JUST_SET] = True
