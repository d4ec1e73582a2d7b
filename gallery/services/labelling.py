"""What people say of photos, as their browser sends it: labels set by key, and verdicts on labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CatalogError
from gallery.services import photo_lists, wiring
from gallery.services.photo_view import PHOTO_ID
from gallery.types import Verdict


def keep_label(entry: dict[str, Any], client: str, *, model_id: str, class_names: tuple[str, ...]) -> None:
    """Keep one entry of a grid's queue: a label for some photos of a list, or the undo of an earlier one.

    Args:
        entry: ``{sequence, token, ranges, label, files}``, where label None takes a label back and
            ``files`` stand in for a list that this process does not know (any more): it was restarted,
            or the list is an old one; or ``{sequence, undo: sequence of the entry}``.
        client: the grid's name.
        model_id: whose tags the person was looking at.
        class_names: what a label may be.

    Raises:
        CatalogError: it can never be kept.
        CatalogUnavailableError: it cannot be kept just now.
    """
    catalog, person, token = wiring.catalog(), wiring.person(), f"{client}:{entry['sequence']}"
    if "undo" in entry:
        catalog.take_back(f"{client}:{entry['undo']}", person=person, token=token)
        return
    label = entry.get("label")
    if not (label is None or label in class_names):
        return
    chosen = photo_lists.find(str(entry.get("token", "")))
    file_ids = _file_ids(entry.get("files")) if chosen is None else chosen.picked(entry.get("ranges"))
    if chosen is None and not len(file_ids):
        raise CatalogError("These photos are not known any more as they were selected. Select them again.")
    items = photo_lists.items_of(file_ids, model_id)
    photo_ids = list(dict.fromkeys(item.photo_id for item in items if item.photo_id))
    if photo_ids:
        catalog.correct(photo_ids, label, person=person, model_id=model_id, token=token)


def keep_verdict(entry: dict[str, Any], client: str, *, model_id: str, class_names: tuple[str, ...]) -> None:
    """Keep one entry of a verdict panel's queue: a verdict on a label, or the undo of the last one on it.

    Args:
        entry: ``{sequence, photo, label, shown, verdict, other}``, or
            ``{sequence, photo, label, undo: true}``.
        client: the panel's name.
        model_id: whose answer the person was looking at.
        class_names: what a label may be.

    Raises:
        CatalogError: it can never be kept.
        CatalogUnavailableError: it cannot be kept just now.
    """
    catalog, person, token = wiring.catalog(), wiring.person(), f"{client}:{entry['sequence']}"
    photo, label = entry.get("photo"), entry.get("label")
    if not (isinstance(photo, str) and PHOTO_ID.fullmatch(photo) and label in class_names):
        return
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


def _file_ids(sent: object) -> NDArray[np.int64]:
    numbers = sent if isinstance(sent, list) else []
    return np.array([one for one in numbers if type(one) is int and 0 <= one < 1 << 63], np.int64)
