"""Verdicts as they come from a browser, kept in the catalog exactly once however often they are sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from gallery.errors import CatalogUnavailableError, GalleryError
from gallery.services import wiring
from gallery.types import Verdict
from gallery.ui.components.plain_text import escaped
from gallery.ui.components.resent import NotYet

_PHOTO_ID = re.compile(r"[0-9a-f]{64}")
_CLIENT = re.compile(r"[0-9a-z]{1,40}")


@dataclass(slots=True)
class _Client:
    """One opened desk in one browser tab."""

    name: str = ""
    upto: int = 0  # the last entry that is in the catalog
    not_yet: NotYet = field(default_factory=NotYet)


def apply_queue(key: str, model_id: str, class_names: tuple[str, ...]) -> None:
    """Keep the entries of a desk's queue that are not in the catalog yet, in their order.

    An entry is ``{sequence, photo, label, shown, verdict, other}`` or
    ``{sequence, photo, label, undo: true}``; what does not have that form is
    passed over, since it came from a browser. The catalog knows each entry by
    the desk's name and its number: also a restarted server keeps it once. What
    cannot be kept just now waits in the browser, and so do all that follow it.
    """
    state = st.session_state.get(key) or {}
    queue = state.get("queue")
    if not isinstance(queue, dict) or not isinstance(queue.get("entries"), list):
        return
    name = str(queue.get("client", ""))
    if not _CLIENT.fullmatch(name):
        return
    client = st.session_state.get(f"{key}:client")
    if not isinstance(client, _Client) or client.name != name:
        client = st.session_state[f"{key}:client"] = _Client(name)
    for entry in queue["entries"]:
        sequence = entry.get("sequence") if isinstance(entry, dict) else None
        if type(sequence) is not int or sequence <= client.upto:
            continue
        try:
            _keep(entry, f"{name}:{sequence}", model_id, class_names)
        except CatalogUnavailableError as error:
            client.not_yet.tell("The verdict", error)
            return  # not acknowledged, so the browser sends it again, and all that came after it
        except GalleryError as error:
            # sent again it would fail again; the person is told, and the photo shows what stands
            st.toast(escaped(f"The verdict was not kept. {error}"), icon=":material/error:")
        client.upto = sequence


def receipts(key: str) -> dict[str, Any]:
    """Return which entry of which desk is in the catalog, for the desk to stop sending it."""
    client = st.session_state.get(f"{key}:client")
    if not isinstance(client, _Client):
        client = _Client()
    return {"client": client.name, "upto": client.upto}


def _keep(entry: dict[str, Any], token: str, model_id: str, class_names: tuple[str, ...]) -> None:
    photo, label = entry.get("photo"), entry.get("label")
    if not (isinstance(photo, str) and _PHOTO_ID.fullmatch(photo) and label in class_names):
        return
    catalog, person = wiring.catalog(), wiring.person()
    if entry.get("undo") is True:
        catalog.take_back_verdict(photo, label, person=person, token=token)
        return
    verdict, other, shown = entry.get("verdict"), entry.get("other"), entry.get("shown")
    if verdict not in tuple(Verdict) or not (other is None or other in class_names):
        return
    catalog.give_verdict(
        photo,
        label,
        Verdict(verdict),
        other=other,
        person=person,
        model_id=model_id,
        shown_label=shown if shown in class_names else None,
        token=token,
    )
