"""Evaluate: how good the model is on photos whose classes are known, and which photos it gets wrong."""

from __future__ import annotations

import streamlit as st

from gallery.services import evaluate, wiring
from gallery.ui.components import messages
from gallery.ui.evaluate import matrix, numbers, opening, tabs

row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
row.title("Evaluate", width="content", anchor=False)
messages.show_said()
card = wiring.active_model()
if card is None:
    messages.no_model()
    st.stop()

collection = opening.choose(card, row=row)
if collection is None:
    st.stop()
opening.show_job(collection)
whole = opening.evaluated(collection, card)
if whole is not None:
    evaluation = numbers.choose_photos(whole)
    opening.offer_downloads(evaluation, row=row)
    numbers.show(evaluation)
    matrix.show(evaluation)
    tabs.show(evaluation)
    evaluate.compute_ahead(evaluation)
