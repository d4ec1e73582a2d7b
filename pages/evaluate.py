"""Evaluate: how good the model is on photos whose classes are known, and which photos it gets wrong."""

from __future__ import annotations

import streamlit as st

from gallery.ui import (
    evaluate_choice,
    evaluate_numbers,
    evaluate_overlap,
    evaluate_tabs,
    evaluate_view,
    evaluations,
    explain_sources,
    wiring,
)

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
