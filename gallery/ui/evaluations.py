"""Evaluations that pages and HTTP routes share: computed once, as long as the catalog stays as it is."""

from __future__ import annotations

import functools

from gallery.settings import Settings
from gallery.ui import wiring
from gallery.ui.evaluated_folder import EvaluatedFolder, Labels, evaluate


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
