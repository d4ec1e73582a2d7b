"""What people say by key, kept in the catalog exactly once however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.errors import CatalogError, CatalogUnavailableError, GalleryError
from gallery.services import wiring
from gallery.types import PhotoId
from gallery.ui.components.plain_text import escaped
from gallery.ui.components.resent import NotYet
from gallery.web import lists

_UNDO_STEPS = 200


@dataclass(slots=True)
class _Client:
    """One opened grid in one browser tab."""

    name: str = ""
    upto: int = 0  # the last entry that is in the catalog
    before: dict[int, dict[PhotoId, str | None]] = field(default_factory=dict)  # entry -> labels it replaced
    not_yet: NotYet = field(default_factory=NotYet)


def apply_queue(key: str, model_id: str, class_names: tuple[str, ...]) -> None:
    """Keep the entries of a grid's queue that are not in the catalog yet, in their order.

    An entry is ``{sequence, token, ranges, label, files}`` or ``{sequence, undo,
    before}``; what does not have that form is passed over, since it came from a
    browser. ``files`` and ``before`` stand in for a list and for labels that this
    process does not know (any more): it was restarted, or the list is an old one.
    What cannot be kept just now waits in the browser, and so do all that follow it.
    """
    state = st.session_state.get(key) or {}
    queue = state.get("queue")
    if not isinstance(queue, dict) or not isinstance(queue.get("entries"), list):
        return
    client = _client(key, str(queue.get("client", "")))
    for entry in queue["entries"]:
        sequence = entry.get("sequence") if isinstance(entry, dict) else None
        if not isinstance(sequence, int) or sequence <= client.upto:
            continue
        try:
            if "undo" in entry:
                _undo(client, entry, model_id, class_names)
            else:
                _set(client, entry, sequence, model_id, class_names)
        except CatalogUnavailableError as error:
            client.not_yet.tell("The label", error)
            return  # not acknowledged, so the browser sends it again, and all that came after it
        except GalleryError as error:
            # sent again it would fail again; the person is told, and the photo shows its old label
            st.toast(escaped(f"The label was not kept. {error}"), icon=":material/error:")
        client.upto = sequence


def receipts(key: str) -> dict[str, Any]:
    """Return which entry of which grid is in the catalog, for the grid to stop sending it."""
    client: _Client = st.session_state.get(f"{key}:client", _Client())
    return {"client": client.name, "upto": client.upto}


def set_labels(photo_ids: list[PhotoId], label: str | None, model_id: str) -> None:
    """Keep one person's label for many photos; None takes labels back."""
    if photo_ids:
        wiring.catalog().correct(photo_ids, label, person=wiring.person(), model_id=model_id)


def _client(key: str, name: str) -> _Client:
    known = st.session_state.get(f"{key}:client")
    if not isinstance(known, _Client) or known.name != name:
        known = st.session_state[f"{key}:client"] = _Client(name)
    return known


def _set(
    client: _Client, entry: dict[str, Any], sequence: int, model_id: str, class_names: tuple[str, ...]
) -> None:
    label = entry.get("label")
    if not (label is None or label in class_names):
        return
    chosen = lists.find(str(entry.get("token", "")))
    if chosen is not None:
        file_ids = chosen.file_ids[lists.positions_of(entry.get("ranges"), len(chosen))]
    else:
        file_ids = _file_ids(entry.get("files"))
        if not len(file_ids):
            raise CatalogError(
                "These photos are not known any more as they were selected. Select them again."
            )
    photo_ids = photo_ids_of(file_ids, model_id)
    standing = wiring.catalog().labels(photo_ids)
    client.before[sequence] = {photo_id: standing.get(photo_id) for photo_id in photo_ids}
    while len(client.before) > _UNDO_STEPS:
        client.before.pop(next(iter(client.before)))
    set_labels(photo_ids, label, model_id)


def _undo(client: _Client, entry: dict[str, Any], model_id: str, class_names: tuple[str, ...]) -> None:
    sequence = entry["undo"]
    before = client.before.get(sequence) if isinstance(sequence, int) else None
    if before is None:
        before = _labels_before(entry.get("before"), model_id, class_names)
        if isinstance(sequence, int):
            client.before[sequence] = before
    for label in list(dict.fromkeys(before.values())):
        photo_ids = [photo_id for photo_id, was in before.items() if was == label]
        set_labels(photo_ids, label, model_id)
        for photo_id in photo_ids:  # sent again after a later label failed, it goes on from here
            del before[photo_id]
    if isinstance(sequence, int):
        client.before.pop(sequence, None)


def _file_ids(sent: object) -> NDArray[np.int64]:
    numbers = (
        [one for one in sent if type(one) is int and 0 <= one < 1 << 63] if isinstance(sent, list) else []
    )
    return np.array(numbers, np.int64)


def _labels_before(sent: object, model_id: str, class_names: tuple[str, ...]) -> dict[PhotoId, str | None]:
    """Return the labels that a browser saw before, ``[[file id, label or None], ...]``."""
    before: dict[PhotoId, str | None] = {}
    for pair in sent if isinstance(sent, list) else []:
        if not (isinstance(pair, list) and len(pair) == 2 and (pair[1] is None or pair[1] in class_names)):
            continue
        before.update(dict.fromkeys(photo_ids_of(_file_ids(pair[:1]), model_id), pair[1]))
    if not before:
        raise CatalogError("What the photos were called before is not known any more. Set their class again.")
    return before


def photo_ids_of(file_ids: Any, model_id: str) -> list[PhotoId]:
    """Return the photos of some files, each once; files that were never read have none."""
    items = wiring.catalog().grid_items(file_ids, model_id) if len(file_ids) else []
    return list(dict.fromkeys(item.photo_id for item in items if item.photo_id))
