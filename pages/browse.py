"""Browse: the gallery, sorted by the model."""

import streamlit as st

from gallery.types import PhotoQuery
from gallery.ui import browse_queries, photo_grid, wiring

model_id, class_names = wiring.shown_model()
c = wiring.catalog().collections()[0]


@st.fragment
def grid() -> None:
    ids = browse_queries.find_files(PhotoQuery(c.collection_id, model_id))
    s = photo_grid.show(ids, model_id=model_id, class_names=class_names, key="grid")
    st.write(len(s.selected_file_ids), s.opened_file_id)


grid()
