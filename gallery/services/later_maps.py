"""Heatmaps of a head that was learnt on stored features: computed when they are looked at, and kept.

Its tags need no network; its maps do. A page asks again until they are there; what nobody asks for any more
is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.services import wiring
from gallery.services.explained_photo import model_input
from gallery.types import ModelCard, PhotoId

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gallery.jobs.task import Report


def awaited(photo_id: PhotoId, model_id: str) -> bool:
    """Return whether maps that are not stored can still come: the model is a head, and did not fail here."""
    models = wiring.models()
    if not any(entry.ok and entry.model_id == model_id for entry in models.entries()):
        return False
    card = models.card(model_id)
    if card.backbone is None or wiring.catalog().prediction(photo_id, model_id) is None:
        return False
    known = wiring.tasks().known(_key(photo_id, card))
    return known is None or not known.problem


def compute(photo_id: PhotoId, model_id: str) -> None:
    """Have a photo's maps computed in the background, the photos asked for last before forgotten ones."""
    card = wiring.models().card(model_id)

    def work(_report: Report) -> None:
        path = wiring.catalog().photo_at(photo_id).path
        image = model_input(photo_id, str(path), card.input_px)
        batch = wiring.classifier(model_id).classify(image[None])
        if batch.cams is not None:
            wiring.catalog().record_cams(model_id, photo_id, batch.cams[0])

    wiring.tasks().ask(_key(photo_id, card), work, lane="maps")


def _key(photo_id: PhotoId, card: ModelCard) -> Hashable:
    return "maps", wiring.settings(), card.model_id, card.weights_sha256, photo_id
