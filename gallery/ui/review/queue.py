"""The queue: photos with the reason why each is next, worked by the keys of the large view."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gallery.services import review, wiring
from gallery.services.review import QueuedPhoto
from gallery.types import Collection
from gallery.ui.components import messages, photo_grid, view_state
from gallery.words import counted

_QUEUE, _OPENED, _ROUND = "review:queue", "review:opened", "review:round"


@st.fragment
def show(collection: Collection) -> None:
    """Show how far people have come and the next photos; a photo opens large and its keys label it."""
    with messages.boundary():
        model_id, class_names = wiring.shown_model()
        far = review.so_far(collection.collection_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{far.labelled:,} of {counted(far.total, 'photo')} reviewed**; "
                f"{far.corrected:,} corrected",
                width="stretch",
            )
            if st.button("Next photos", icon=":material/skip_next:", key="review_next"):
                _begin()
        if not far.total:
            messages.empty(
                ":material/hourglass_empty:",
                "No photo is tagged yet",
                "Open Browse and let the active model tag this collection.",
            )
            return
        photos = _queue(collection.collection_id, model_id)
        if not photos:
            messages.empty(
                ":material/done_all:", "Every tagged photo is reviewed", "Learn from the labels below."
            )
            return
        st.caption(
            "The least certain photos come first, and every tenth is a random check. Click one: Enter "
            "accepts its tag, 1 to 9 and 0 set a class, / takes any name, ? shows all keys; the next "
            "photo follows."
        )
        st.session_state[_OPENED] = photo_grid.show(
            np.array([one.file_id for one in photos], np.int64),
            collection_id=collection.collection_id,
            model_id=model_id,
            class_names=class_names,
            key="review_grid",
            open_file_id=st.session_state.get(_OPENED),
            height=520,
            scope=f"{collection.collection_id} {model_id} {st.session_state.get(_ROUND, 0)}",
            view=view_state.current(),
            waiting=photos,
        )


def forget() -> None:
    """Begin the queue anew, when another model tags."""
    st.session_state.pop(_QUEUE, None)


def _begin() -> None:
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    forget()


def _queue(collection_id: int, model_id: str) -> tuple[QueuedPhoto, ...]:
    """Return the photos of this round: they stay while they are labelled."""
    asked = (collection_id, model_id, st.session_state.get(_ROUND, 0))
    known = st.session_state.get(_QUEUE)
    if known is None or known[0] != asked:
        known = st.session_state[_QUEUE] = (asked, review.next_photos(collection_id, seed=asked[2]))
    photos: tuple[QueuedPhoto, ...] = known[1]
    return photos
