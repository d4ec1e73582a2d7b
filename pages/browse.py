"""Browse: the gallery, sorted by the model."""

from __future__ import annotations

import streamlit as st

from gallery.services import collections as collections_service
from gallery.ui.browse import gallery_view, library
from gallery.ui.components import messages, view_state

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
    messages.empty(
        ":material/pets:",
        "Open a folder and see it sorted",
        "Choose a folder with photos of animals. They are sorted into ten classes by a network on this "
        "machine; nothing leaves it, and nothing is written into your folder.",
    )
    ways = st.container(horizontal=True, horizontal_alignment="center")
    if ways.button("Open a folder", type="primary", icon=":material/folder_open:", key="first_folder"):
        library.ask_for_folder()
    if ways.button("Upload photos", icon=":material/upload:", key="first_upload"):
        library.ask_for_upload()
    st.stop()

gallery_view.show(chosen)
