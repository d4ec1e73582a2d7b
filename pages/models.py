"""Models: what is in the store, how good it is, and which one tags."""

from __future__ import annotations

import streamlit as st

from gallery.services import collections, models, wiring
from gallery.ui.components import messages
from gallery.ui.models import view as models_view

st.title("Models", anchor=False)
messages.show_said()
with st.spinner("Checking the weights ..."):
    stored = models.stored()
if not stored:
    models_view.no_models()
    st.stop()

active = wiring.active_model()
opened = collections.opened()
if active is None:
    models_view.none_usable()
else:
    models_view.offer_light_model(active)
    if opened:
        models_view.offer_tagging(active, opened[0])
for model in stored:
    models_view.show_model(model)
models_view.add_model()
