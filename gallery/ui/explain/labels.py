"""The class keys on Explain: a person labels the photo that is explained, by the keys of Browse."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.services import explain
from gallery.services.explain import ExplainedPhoto
from gallery.types import ModelCard
from gallery.ui.components import people, theme
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title

_DIGITS = "1234567890"
_JUST_SET, _SAID = "explain_label_just_set", "explain_label_said"


def show(photo: ExplainedPhoto, card: ModelCard, collection_id: int) -> None:
    """Show a button and a key for each class, and one that removes the label."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(escaped(said), icon=":material/check:")
    if _JUST_SET in st.session_state:
        st.session_state[_SAID] = st.session_state.pop(_JUST_SET)
        st.rerun()  # the whole page: its photo was read before it had the label
    st.markdown("**Set the class**")
    with st.container(horizontal=True, gap="small", key="explain_labels"):
        for name, digit in zip(card.class_names, [*_DIGITS, *[None] * len(card.class_names)], strict=False):
            st.button(
                theme.label_markdown(name, card.class_names),
                type="primary" if name == photo.person_label else "secondary",
                key=f"explain_label_{name}",
                shortcut=digit,
                on_click=_set,
                args=(photo, card, collection_id, name),
            )
        if photo.person_label is not None:
            st.button(
                "Remove label",
                type="tertiary",
                key="explain_label_remove",
                shortcut="Backspace",
                on_click=_set,
                args=(photo, card, collection_id, None),
            )


def _set(photo: ExplainedPhoto, card: ModelCard, collection_id: int, name: str | None) -> None:
    try:
        explain.set_label(photo.photo_id, name, card, collection_id=collection_id, person=people.current())
    except GalleryError as exc:
        st.toast(escaped(str(exc)), icon=":material/error:")
        return
    said = "Label removed" if name is None else f"Labelled {class_title(name)}"
    st.session_state[_JUST_SET] = f"{said}: {photo.name}"
