"""Evaluate: how good the model is on photos whose classes are known, and which photos it gets wrong."""

from __future__ import annotations

import streamlit as st

from gallery.services import wiring
from gallery.ui.evaluate import choice as evaluate_choice
from gallery.ui.evaluate import evaluations
from gallery.ui.evaluate import numbers as evaluate_numbers
from gallery.ui.evaluate import overlap as evaluate_overlap
from gallery.ui.evaluate import tabs as evaluate_tabs
from gallery.ui.evaluate import view as evaluate_view
from gallery.ui.explain import sources as explain_sources

row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
row.title("Evaluate", width="content", anchor=False)
card = wiring.active_model()
if card is None:
    explain_sources.no_model()
    st.stop()

collection = evaluate_choice.choose(card, row=row)
if collection is None:
    st.stop()
evaluate_choice.show_job(collection)
whole = evaluate_choice.evaluated(collection, card)
if whole is not None:
    folder = evaluate_overlap.show(whole)
    evaluate_numbers.show(folder)
    evaluate_view.show(folder)
    evaluate_tabs.show(folder)
    evaluations.look_ahead(folder)
