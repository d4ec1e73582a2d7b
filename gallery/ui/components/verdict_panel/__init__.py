"""The panel in which labels are judged: one photo large, the evidence beside it, four verdicts on a keyboard.

A key shows at once and stays in the browser until the server has it on its
disk, so that rapid keys all arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.suspects import Suspect
from gallery.services import photo_lists
from gallery.types import GivenVerdict, PhotoId
from gallery.ui.components import assets, events, people, theme

_component = assets.component(
    "gallery_verdict_panel",
    css=["shared/look.css", "verdict_panel/panel.css"],
    js=[
        "shared/dom.js",
        "shared/labels.js",
        "shared/queue.js",
        "shared/items.js",
        "shared/notice.js",
        "verdict_panel/cases.js",
        "verdict_panel/panel.js",
    ],
    constants=theme.SHARED_CONSTANTS,
)


def show(
    suspects: Sequence[Suspect],
    reasons: Sequence[str],
    evaluation: Evaluation,
    given: Mapping[tuple[PhotoId, str], GivenVerdict],
    *,
    scope: str,
    reveal: float = 0,
) -> None:
    """Show the panel; call it inside a fragment, which runs again when verdicts are kept.

    Args:
        suspects: the labels that are to be judged, in their order.
        reasons: what speaks for and against each, in words.
        evaluation: the photos, and the model whose answers and heatmaps are shown.
        given: the verdicts that stand, by photo and judged label, the last given at the end.
        scope: what the labels are; while it stays the same, the panel stays where it is.
        reveal: when this changes, the panel scrolls into sight.
    """
    report = evaluation.report
    cases: list[list[Any]] = []
    places: dict[tuple[PhotoId, str], int] = {}
    rows: list[int] = []  # of each photo and, after it, its neighbours
    for one, why in zip(suspects, reasons, strict=True):
        photo_id = evaluation.photo_ids[one.row]
        pair = (photo_id, report.class_names[one.label])
        if pair in places:  # a photo that lies in a folder twice is judged once
            continue
        places[pair] = len(cases)
        shares = (round(one.label_probability, 4), round(one.suggested_probability, 4))
        cases.append([len(rows), len(one.neighbours), photo_id, one.label, one.suggested, *shares, why])
        rows += [one.row, *one.neighbours]
    listed = photo_lists.register(
        evaluation.file_ids[rows],
        model_id=report.model_id,
        class_names=report.class_names,
        true_index=report.y_true[rows],
    )
    person = people.current()
    data: dict[str, Any] = {
        "list": photo_lists.named(listed),
        "cases": cases,
        "given": [[place, *_said(given[pair], person)] for pair, place in places.items() if pair in given],
        "history": [places[pair] for pair, one in given.items() if pair in places and one.person == person],
        "receipts": events.receipts("evaluate_desk"),
        **people.keeping(),
        "scope": scope,
        "reveal": reveal,
        "model_id": report.model_id,
        "classes": theme.class_data(report.class_names),
    }
    _component(key="evaluate_desk", data=data, on_kept_change=lambda: None)


def _said(one: GivenVerdict, person: str) -> list[Any]:
    return [str(one.verdict), one.other, one.person if one.person != person else None]
