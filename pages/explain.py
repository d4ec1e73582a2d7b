"""Explain: which parts of a photo its prediction rests on."""

from __future__ import annotations

import streamlit as st

from gallery.services import collections, wiring
from gallery.ui.components import messages
from gallery.ui.explain import photo_choice
from gallery.ui.explain import sources as explain_sources
from gallery.ui.explain import view as explain_view

row = st.container(horizontal=True, vertical_alignment="bottom", key="explain_choice")
row.title("Explain", width="content", anchor=False)
card = wiring.active_model()
if card is None:
    messages.no_model()
    st.stop()

if collections.opened() or "photo" in st.query_params:
    with row:
        source = explain_sources.choose_source()
else:
    explain_sources.nothing_open()
    source = explain_sources.UPLOAD
if source == explain_sources.UPLOAD:
    explained, collection_id = explain_sources.uploaded(card), None
else:
    photo = photo_choice.choose(card, row=row)
    explained = explain_sources.catalogued(photo, card) if photo else None
    collection_id = photo.collection_id if photo else None
if explained is not None:
    explain_view.show(explained, card, collection_id=collection_id)
messages.show_said()  # where there are no keys that said it
