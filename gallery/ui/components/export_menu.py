"""A menu of all formats in which photos' labels go out, for pages without a grid; the grid has its own."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.services import formats, photo_lists, wiring
from gallery.types import ModelCard
from gallery.web.addresses import BASE
from gallery.words import photo_count

CAMTRAP = "camtrap-dp"


def show(file_ids: NDArray[np.int64], card: ModelCard) -> None:
    """Show a button that opens the list of formats; nothing for no photos.

    Args:
        file_ids: (n,) the photos that go out, in their order.
        card: the model whose predictions go along.
    """
    if not len(file_ids):
        return
    token = photo_lists.register(file_ids, model_id=card.model_id, class_names=card.class_names).token
    shared = bool(wiring.settings().roots)
    with st.popover("Export", icon=":material/download:", key="explain_export", width="content"):
        st.caption(f"{photo_count(len(file_ids))}: label, prediction, confidence, who labelled and when.")
        for one in formats.FORMATS:
            if one.name == CAMTRAP:
                continue  # below: it needs to know where the cameras stood
            title, about = one.title, f"For {one.for_whom}"
            if one.name == "folders":
                title = f"{one.title} (zip)"
                about = f"{about}. The copies have {'no' if shared else 'the'} coordinates of the photos."
            st.link_button(title, f"{BASE}/download/{one.name}/{token}", help=about, width="stretch")
        st.caption("A Camtrap DP package needs the cameras' place: export it from the grid in Browse.")
