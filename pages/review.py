"""Review: which photos a person should see next, and what the model learns from the labels."""

from __future__ import annotations

import streamlit as st

from gallery.services import collections as collections_service
from gallery.services import wiring
from gallery.ui.components import messages, view_state
from gallery.ui.review import learning, queue

st.title("Review", anchor=False)
collections = collections_service.opened()
card = wiring.active_model()
if not collections or card is None:
    messages.empty(
        ":material/fact_check:",
        "Nothing to review yet",
        "Open a folder in Browse first: its photos are tagged, and the least certain ones then wait here.",
    )
    st.stop()
wanted = view_state.current().collection_id
ids = [one.collection_id for one in collections]
chosen = st.selectbox(
    "Collection",
    collections,
    index=ids.index(wanted) if wanted in ids else 0,
    format_func=lambda one: one.name,
    key="review_collection",
)
if chosen.collection_id != wanted:
    view_state.open_collection(chosen.collection_id)
queue.show(chosen)
learning.show(chosen, card)
