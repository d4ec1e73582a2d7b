"""The virtual grid of thumbnails and the large view, as one component.

The browser gets the token of a list and fetches its pages; it draws as many
cells as fit the window. What a person says by key stays in the browser until
the server has it on its disk (`gallery.web.labels`), so that no key is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.services import collections, formats, labelling, photo_lists, wiring
from gallery.services.photo_lists import PhotoList
from gallery.services.review import QueuedPhoto
from gallery.types import BESIDE_CLASSES
from gallery.ui.components import assets, events, people, theme
from gallery.ui.components.view_state import View, written
from gallery.web.addresses import ROOT

Heatmaps = Literal["off", "predicted", "true_and_predicted", "difference"]

_component = assets.component(
    "gallery_photo_grid",
    css=["shared/look.css", "photo_grid/grid.css", "photo_grid/large.css"],
    js=[
        "shared/dom.js",
        "shared/labels.js",
        "shared/queue.js",
        "shared/items.js",
        "shared/notice.js",
        "photo_grid/label_queue.js",
        "photo_grid/label_keys.js",
        "photo_grid/class_box.js",
        "photo_grid/person.js",
        "photo_grid/watch.js",
        "photo_grid/zoom.js",
        "photo_grid/selection.js",
        "photo_grid/menu.js",
        "photo_grid/format_menu.js",
        "photo_grid/selection_bar.js",
        "photo_grid/cell.js",
        "photo_grid/panel.js",
        "photo_grid/beside.js",
        "photo_grid/frames.js",
        "photo_grid/large.js",
        "photo_grid/grid.js",
    ],
    constants=theme.SHARED_CONSTANTS,
)


def show(
    file_ids: NDArray[np.int64],
    *,
    collection_id: int,
    model_id: str,
    class_names: tuple[str, ...],
    key: str,
    true_index: NDArray[np.int64] | None = None,
    heatmaps: Heatmaps = "off",
    open_file_id: int | None = None,
    height: Literal["fill"] | int = "fill",
    select: bool = True,
    correct: bool = True,
    scope: str = "",
    live: bool = False,
    view: View | None = None,
    waiting: Sequence[QueuedPhoto] | None = None,
    stacked_photos: int | None = None,
) -> int | None:
    """Show photos as a grid in which they open large, and return the file of the one that is large now.

    Call it inside a fragment, which runs again when anybody has changed what it shows. It also has the keys
    of an empty list: the last change can be undone there.

    Args:
        file_ids: (n,) the photos in their order; a hundred thousand cost no more than ten.
        collection_id: in which a person labels, and undoes it.
        model_id: whose tags and heatmaps are shown.
        class_names: what the keys 1-9 and 0 set.
        key: the grid's own, unique on the page.
        true_index: (n,) the true class of each, -1 where unknown.
        heatmaps: laid over the thumbnails at first; with "true_and_predicted"
            each cell has two pictures on one scale, the true class left; with
            "difference" a third one: orange for the predicted, purple for the true class.
        open_file_id: shown large at first.
        height: in px, or "fill" for what the window has left.
        select: whether photos can be selected.
        correct: whether keys set classes.
        scope: what the list shows; while it stays the same, the list does not change
            under the hands of a person who selects, corrects or has scrolled.
        live: the fragment runs again by itself, so the grid need not ask for changes.
        view: of Browse, which goes along to Explain.
        waiting: the photos as a review queue: each says why it is there and what is like it, and the next
            one follows when a class is set.
        stacked_photos: each of the files stands for its sequence, and so many photos they are in all.
    """
    stacked = stacked_photos is not None
    address = written(replace(view, collection_id=collection_id, photo=None)) if view else {}
    listed = photo_lists.register(
        file_ids, model_id=model_id, class_names=class_names, true_index=true_index, stacked=stacked
    )
    data: dict[str, Any] = {
        "list": photo_lists.named(listed),
        "collection": collection_id,
        "live": live,
        "version": collections.revision(),
        "scope": scope,
        **people.keeping(),
        "explain": f"{ROOT}/explain?{urlencode(address)}&",
        "model_id": model_id,
        "classes": theme.class_data(class_names),
        "beside": theme.class_data(BESIDE_CLASSES),
        "in_use": labelling.words_in_use(class_names) if correct else [],
        "heatmaps": heatmaps,
        "height": height,
        "select": select,
        "reasons": None if waiting is None else {str(one.file_id): str(one.reason) for one in waiting},
        "beside_queue": None if waiting is None else _beside(waiting, listed),
        "stacked": {"photos": stacked_photos} if stacked else None,
        "formats": [
            {"name": one.name, "title": one.title, "for_whom": one.for_whom}
            for one in formats.FORMATS
            if one.name not in ("csv", "folders")  # these have a place of their own
        ],
        "without_location": bool(wiring.settings().roots),
        "correct": correct,
        "open": _opened(listed, open_file_id),
    }
    result = _component(
        key=key,
        data=data,
        on_revision_change=lambda: None,
        on_opened_change=lambda: None,
        on_explain_change=lambda: None,
        on_person_change=lambda: None,
    )
    people.named(result.get("person"))
    if isinstance(explained := events.clicked_now(key, result.get("explain"), "photo"), str):
        st.switch_page("pages/explain.py", query_params=address | {"photo": explained})
    opened = result.get("opened") if "opened" in result else open_file_id
    return opened if isinstance(opened, int) else None


def _beside(waiting: Sequence[QueuedPhoto], listed: PhotoList) -> dict[str, Any]:
    """Return the near duplicates and look-alikes of all photos as one list, and which are whose."""
    files = list(dict.fromkeys(file for one in waiting for file in (*one.together, *one.alike)))
    places = {file: place for place, file in enumerate(files)}
    beside = photo_lists.register(
        np.array(files, np.int64), model_id=listed.model_id, class_names=listed.class_names
    )
    return {
        "list": photo_lists.named(beside),
        "files": files,
        "of": {
            str(one.file_id): {
                "together": [places[file] for file in one.together],
                "alike": [places[file] for file in one.alike],
            }
            for one in waiting
        },
    }


def _opened(listed: PhotoList, file_id: int | None) -> dict[str, Any] | None:
    """Return where a photo is shown large: in the list, or alone when it is not in it."""
    if file_id is None:
        return None
    positions = np.flatnonzero(listed.file_ids == file_id)
    if len(positions):
        return {"file_id": file_id, "index": int(positions[0]), "list": photo_lists.named(listed)}
    alone = photo_lists.register(
        np.array([file_id], dtype=np.int64), model_id=listed.model_id, class_names=listed.class_names
    )
    return {"file_id": file_id, "index": 0, "list": photo_lists.named(alone)}
