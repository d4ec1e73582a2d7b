"""The panel in which labels are judged: one photo large, the evidence beside it, four verdicts on a keyboard.

A key shows at once and stays in the browser until the server has it on its
disk, so that rapid keys all arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.services import photo_lists
from gallery.services.photo_lists import PhotoList
from gallery.types import GivenVerdict, PhotoId
from gallery.ui.components import assets, events, people, theme

_component = assets.component(
    "gallery_verdict_panel",
    css=["verdict_panel/panel.css"],
    js=[
        "shared/dom.js",
        "shared/queue.js",
        "shared/items.js",
        "verdict_panel/cases.js",
        "verdict_panel/panel.js",
        "verdict_panel/main.js",
    ],
    constants=theme.SHARED_CONSTANTS,
)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One label to be judged.

    Attributes:
        file_id: the photo's place in the catalog.
        photo_id: the photo.
        label: index of the class that it is labelled.
        said: index of the class that the model says.
        of_label: the model's probability of the label.
        sure: the model's probability of its own class.
        near: (k,) file_ids of the nearest other photos, the nearest first.
        near_labels: (k,) their class indices.
        why: the reason in words.
    """

    file_id: int
    photo_id: PhotoId
    label: int
    said: int
    of_label: float
    sure: float
    near: NDArray[np.int64]
    near_labels: NDArray[np.int64]
    why: str


def show(
    cases: Sequence[Case],
    given: Mapping[tuple[PhotoId, str], GivenVerdict],
    *,
    model_id: str,
    class_names: tuple[str, ...],
    key: str,
    scope: str,
    reveal: float = 0,
) -> None:
    """Show the panel; call it inside a fragment, which runs again when verdicts are kept.

    Args:
        cases: what is to be judged, in its order.
        given: the verdicts that stand, by photo and judged label, the last given at the end.
        model_id: whose answers and heatmaps are shown.
        class_names: its classes.
        key: the panel's own, unique on the page.
        scope: what the cases are; while it stays the same, the panel stays where it is.
        reveal: when this changes, the panel scrolls into sight.
    """
    listed = _listed(cases, model_id, class_names)
    starts = np.cumsum([0, *(1 + len(case.near) for case in cases)]).tolist()
    places: dict[tuple[PhotoId, str], int] = {}
    for n, case in enumerate(cases):
        places.setdefault((case.photo_id, class_names[case.label]), n)
    person = people.current()
    data: dict[str, Any] = {
        "list": photo_lists.named(listed),
        "cases": [_row(case, start) for case, start in zip(cases, starts, strict=False)],
        "given": [[place, *_said(given[pair], person)] for pair, place in places.items() if pair in given],
        "history": [places[pair] for pair, one in given.items() if pair in places and one.person == person],
        "receipts": events.receipts(key),
        **people.keeping(),
        "scope": scope,
        "reveal": reveal,
        "model_id": model_id,
        "classes": theme.class_data(class_names),
    }
    _component(key=key, data=data, on_kept_change=lambda: None)


def _listed(cases: Sequence[Case], model_id: str, class_names: tuple[str, ...]) -> PhotoList:
    """Return the list from which the browser reads each case's photo, followed by its neighbours."""
    files = [np.concatenate([[case.file_id], case.near]) for case in cases]
    labels = [np.concatenate([[case.label], case.near_labels]) for case in cases]
    empty = np.zeros(0, np.int64)
    return photo_lists.register(
        np.concatenate([empty, *files]).astype(np.int64),
        model_id=model_id,
        class_names=class_names,
        true_index=np.concatenate([empty, *labels]).astype(np.int64),
    )


def _row(case: Case, start: int) -> list[Any]:
    """Return a case as the component reads it."""
    shares = (round(case.of_label, 4), round(case.sure, 4))
    return [start, len(case.near), case.photo_id, case.label, case.said, *shares, case.why]


def _said(one: GivenVerdict, person: str) -> list[Any]:
    return [str(one.verdict), one.other, one.person if one.person != person else None]
