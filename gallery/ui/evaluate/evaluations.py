"""Evaluations that pages and HTTP routes share: computed once, as long as the catalog stays as it is."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator

from gallery.services import wiring
from gallery.settings import Settings
from gallery.ui.evaluate.folder import EvaluatedFolder, Labels, evaluate

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
    with _one_at_a_time, contextlib.suppress(Exception):
        for _ in _looks(shown):
            if _newest[0] is not shown:
                return


def _looks(shown: EvaluatedFolder) -> Iterator[object]:
    """Compute one thing after the other, what people open first at the beginning."""
    diagnosis = shown.diagnosis
    yield diagnosis.curves
    for k in diagnosis.curves_worst_first[:1]:
        yield diagnosis.area_intervals(k)
    yield diagnosis.bins_after
    yield diagnosis.coverage
    yield shown.slices
    yield diagnosis.suspects
    for k in diagnosis.curves_worst_first:
        yield diagnosis.area_intervals(k)
