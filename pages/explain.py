"""Explain: why the model says what it says of one photo."""

from __future__ import annotations

import streamlit as st

from gallery.services import wiring
from gallery.ui.explain import photo_choice
from gallery.ui.explain import sources as explain_sources
from gallery.ui.explain import view as explain_view
from gallery.web import routes

row = st.container(horizontal=True, vertical_alignment="bottom", key="explain_choice")
row.title("Explain", width="content", anchor=False)
card = wiring.active_model()
if card is None:
    explain_sources.no_model()
    st.stop()

with row:
    source = explain_sources.choose_source(has_collections=bool(wiring.catalog().collections()))
if source == explain_sources.UPLOAD:
    explained = explain_sources.uploaded(card)
else:
    photo = photo_choice.choose(wiring.catalog(), card, row=row, thumbnails=routes.THUMBNAILS)
    explained = explain_sources.catalogued(photo, card) if photo else None
if explained is not None:
    explain_view.show(explained, card)
