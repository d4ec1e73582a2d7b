"""Evaluations that pages and HTTP routes share: computed once, as long as the catalog stays as it is."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable

from gallery.settings import Settings
from gallery.ui import evaluate_curves, wiring
from gallery.ui.evaluated_folder import EvaluatedFolder, Labels, evaluate

MANY = 1000
"""From so many photos on, the first look at a tab would take over a third of a second."""

FIRST_S = 1.0
"""The page itself is drawn first."""


_newest: list[EvaluatedFolder] = []
"""The evaluation that was shown last: only it is worth being looked at ahead."""

_one_at_a_time = threading.Lock()


def find(collection_id: int, model_id: str, labels: Labels) -> EvaluatedFolder:
    """Return an evaluation; the last few are remembered as long as the catalog stays as it is.

    Raises:
        GalleryError: there is no such collection or model, or nothing to evaluate.
    """
    return _evaluated(wiring.settings(), wiring.catalog().revision(), collection_id, model_id, labels)


@functools.lru_cache(maxsize=4)
def _evaluated(
    _chosen: Settings, _revision: int, collection_id: int, model_id: str, labels: Labels
) -> EvaluatedFolder:
    """The settings and the catalog's revision make the cache forget."""
    catalog, store = wiring.catalog(), wiring.models()
    return evaluate(
        catalog,
        catalog.collection(collection_id),
        store.card(model_id),
        trained=store.training_photos(model_id),
        validated=store.validation_photos(model_id),
        labels=labels,
    )


def look_ahead(shown: EvaluatedFolder) -> None:
    """Have what the tabs show first and slowly computed, so that no click waits for it; returns at once.

    Args:
        shown: what the page shows now; an earlier one is not looked at any further.
    """
    if shown.report.n < MANY or (_newest and _newest[0] is shown) or wiring.catalog().live_job() is not None:
        return  # a tagging changes the catalog again at once
    _newest[:] = [shown]
    threading.Thread(target=_look, args=(shown,), name="look-ahead", daemon=True).start()


def _look(shown: EvaluatedFolder) -> None:
    """What fails here fails again, with its sentence, when somebody looks."""
    time.sleep(FIRST_S)
    looks: tuple[Callable[[EvaluatedFolder], object], ...] = (
        lambda folder: folder.diagnosis.curves,
        lambda folder: folder.diagnosis.bins_after,
        lambda folder: folder.diagnosis.coverage,
        lambda folder: folder.slices,
        lambda folder: folder.diagnosis.suspects,
        lambda folder: [folder.diagnosis.area_intervals(k) for k in evaluate_curves.worst_first(folder)],
    )
    with _one_at_a_time, contextlib.suppress(Exception):
        for look in looks:
            if _newest[0] is shown:
                look(shown)
