"""Heads on stored features: a model that shares another's backbone needs no pass through the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gallery.learning.head import Head
from gallery.services import wiring
from gallery.types import FloatArray, ModelCard, PhotoId

CHUNK = 4096
"""Photos whose features are read at a time: 21 MB of EfficientNet-Lite2's."""


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
    photo_ids = parts.catalog.unnamed_by(card.model_id)
    for rows, features in features_in_chunks(parts, card.model_id, photo_ids):
        parts.catalog.record_head(card.model_id, photo_ids[rows], head.probabilities(features))
    return len(photo_ids)
