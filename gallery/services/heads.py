"""Heads on stored features: a model that shares another's backbone needs no pass through the network."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gallery.errors import CatalogError, ModelError
from gallery.learning.head import Head
from gallery.learning.likeness import likeness, units_of
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import FloatArray, ModelCard, PhotoId

CHUNK = 4096
"""Photos whose features are read at a time: 21 MB of EfficientNet-Lite2's."""


TAUGHT = 500
"""Labelled photos unlike the training photos, which a learnt head knows too: the latest ones."""

_log = logging.getLogger(__name__)


def head_of(parts: wiring.Parts, card: ModelCard) -> Head:
    """Return the head of a pooled model.

    Raises:
        ModelError: its weights are damaged or missing.
    """
    return Head.of(card.class_names, card.temperature, parts.models.weights(card.model_id))


def features_in_chunks(
    parts: wiring.Parts, model_id: str, photo_ids: Sequence[PhotoId]
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield the stored features of photos, some at a time, with which of the photos they are.

    Raises:
        CatalogError: some are not stored; the remedy is to tag again.
    """
    for start in range(0, len(photo_ids), CHUNK):
        rows = slice(start, min(start + CHUNK, len(photo_ids)))
        yield rows, parts.catalog.features(model_id, photo_ids[rows])


def name_from_features(parts: wiring.Parts, card: ModelCard) -> int:
    """Let a head name all photos whose features its backbone has given already, and return how many.

    A model that is no head has nothing to take over.

    Raises:
        GalleryError: its weights are damaged, or the catalog cannot be written.
    """
    if card.backbone is None:
        return 0
    head = head_of(parts, card)
    parts.catalog.admit_head(card, parts.models.card(card.backbone), head.fc1_kernel.shape[0])
    taught: FloatArray | None = None
    count = 0
    for photos in parts.catalog.unnamed_by(card.model_id):
        if not count:
            taught = _taught(parts, card)
        near = None if taught is None else likeness(photos.features, taught)
        parts.catalog.record_head(card.model_id, photos, head.probabilities(photos.features), near)
        count += len(photos)
    return count


# ---- likeness to what was learnt -------------------------------------------


def unlike_below(model_id: str) -> float | None:
    """Return below which likeness a photo is unlike anything learnt; None for a model that cannot tell."""
    try:
        card = wiring.models().card(model_id)
        return _unlike_below(wiring.settings(), card.backbone or model_id, card.weights_sha256)
    except ModelError:
        return None


@functools.lru_cache(maxsize=16)
def _unlike_below(_chosen: Settings, backbone_id: str, _weights: str) -> float | None:
    remembered = wiring.models().training_features(backbone_id)
    return None if remembered is None else remembered.unlike_below


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How like what a model has learnt from photos are.

    Attributes:
        known: features of length 1 of the training photos that it remembers.
        taught: of a head that learnt from labels, those of the labelled photos unlike them: a class that was
            added is no longer unlike anything.
        below: a photo whose likeness is lower is unlike anything learnt.
    """

    known: FloatArray
    taught: FloatArray | None
    below: float

    def of(self, features: FloatArray) -> FloatArray:
        """Return the likeness of features, (n, channels), at most 1, (n,)."""
        near = likeness(features, self.known)
        return near if self.taught is None else np.maximum(near, likeness(features, self.taught))


def likeness_to_learnt(parts: wiring.Parts, card: ModelCard) -> Likeness | None:
    """Return how like what a model has learnt photos are; None for one that remembers no training photos.

    Raises:
        GalleryError: the remembered features are damaged, or those of labelled photos are lost.
    """
    remembered = parts.models.training_features(card.backbone or card.model_id)
    if remembered is None or remembered.unlike_below is None:
        return None
    return Likeness(units_of(remembered.features), _taught(parts, card), remembered.unlike_below)


def _taught(parts: wiring.Parts, card: ModelCard) -> FloatArray | None:
    """Return what `Likeness.taught` is of a learnt head; None where it knows no more than its backbone."""
    remembered = parts.models.training_features(card.backbone) if card.backbone else None
    if remembered is None or remembered.unlike_below is None:
        return None
    learnt = parts.models.training_photos(card.model_id)
    named = [one.photo_id for one in parts.catalog.named_photos(card.model_id) if one.photo_id in learnt]
    features = parts.catalog.features(card.model_id, named)
    new = features[likeness(features, units_of(remembered.features)) < remembered.unlike_below][-TAUGHT:]
    return units_of(new) if len(new) else None


def measure_likeness(parts: wiring.Parts, card: ModelCard) -> None:
    """Store how like what a model has learnt its photos are, of those where that is not known yet.

    Raises:
        ModelError: the remembered features are damaged.
    """
    learnt = likeness_to_learnt(parts, card)
    if learnt is None:
        return
    photo_ids = parts.catalog.unmeasured(card.model_id)
    try:
        for rows, features in features_in_chunks(parts, card.model_id, photo_ids):
            parts.catalog.record_likeness(card.model_id, photo_ids[rows], learnt.of(features))
    except CatalogError as error:  # lost features are there again after the next tagging
        _log.warning("likeness was not measured: %s", error)
