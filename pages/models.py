"""Models: what is in the store, how good it is, and which one tags."""

from __future__ import annotations

import streamlit as st

from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.ui.models import view as models_view

st.title("Models", anchor=False)
store = wiring.models()
entries = store.entries()
models_view.show_message(store)
if not entries:
    models_view.no_models()
    st.stop()

active_id = store.active_id()
active = wiring.active_model()
collections = wiring.catalog().collections()
if active is not None and collections:
    models_view.offer_tagging(wiring.catalog(), active, collections[0], start=tagging_service.start_job)
elif active is None:
    models_view.none_usable()
for entry in sorted(entries, key=lambda entry: entry.model_id != active_id):
    models_view.show_entry(store, entry, active=entry.model_id == active_id)
