"""Browse: the gallery, sorted by the model."""

from __future__ import annotations

import streamlit as st

from gallery.services import collections as collections_service
from gallery.ui.browse import gallery_view, library
from gallery.ui.components import view_state

collections = collections_service.opened()
view = view_state.current()
chosen = next((one for one in collections if one.collection_id == view.collection_id), None)
if chosen is None and collections:
    chosen = collections[0]
    if view.collection_id is None:
        view_state.change(collection_id=chosen.collection_id)
    else:
        view_state.open_collection(chosen.collection_id)
library.show(collections, chosen)

if chosen is None:
    library.show_first_steps()
    st.stop()

gallery_view.show(chosen)
