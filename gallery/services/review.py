"""The review queue: which photos of a collection a person should see next, and why each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.learning.queue import Reason, contradicted, review_order
from gallery.learning.unlike import Known
from gallery.services import wiring
from gallery.types import FloatArray, PhotoId

WITNESSES = 2_000
"""Labelled photos that are asked whether they contradict a tag: the latest ones."""


@dataclass(frozen=True, slots=True)
class QueuedPhoto:
    """A photo that waits for a person, and why it does."""

    file_id: int
    photo_id: PhotoId
    reason: Reason


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How far people have come in a collection.

    Attributes:
        labelled: photos that people have labelled.
        corrected: those of them whose label is not the model's class.
        total: photos that the model has tagged.
    """

    labelled: int
    corrected: int
    total: int


def progress(parts: wiring.Parts, collection_id: int) -> Reviewed:
    """Return how far people have come in a collection, by the tags of the active model.

    Raises:
        ModelError: there is no usable model.
    """
    card = wiring.chosen_card(parts.models, None)
    return Reviewed(*parts.catalog.reviewed(collection_id, card.model_id))


def queue(
    parts: wiring.Parts, collection_id: int, *, count: int = 50, seed: int = 0
) -> tuple[QueuedPhoto, ...]:
    """Return the next photos of a collection that a person should see.

    Args:
        parts: real or fake ones.
        collection_id: whose photos.
        count: how many at most.
        seed: of the random checks.

    Raises:
        ModelError: there is no usable model.
        CatalogError: there is no such collection, or features are lost.
    """
    card = wiring.chosen_card(parts.models, None)
    table = parts.catalog.prediction_table(collection_id, card.model_id)
    rows_of = {photo_id: row for row, photo_id in reversed(list(enumerate(table.photo_ids)))}  # copies once
    labels = parts.catalog.labels(list(rows_of))
    left = np.array([row for photo_id, row in rows_of.items() if photo_id not in labels], np.int64)

    if not len(left):
        return ()
    asked = review_order(table.probabilities[left], count, seed=seed)
    chosen = left[[one.row for one in asked]]
    features = parts.catalog.features(card.model_id, [table.photo_ids[row] for row in chosen.tolist()])
    names = table.class_names
    witnesses = [one for one in parts.catalog.named_photos(card.model_id) if one.label in names][-WITNESSES:]
    against = np.zeros(len(chosen), bool)
    if witnesses:
        known = parts.catalog.features(card.model_id, [one.photo_id for one in witnesses])
        truth = np.array([names.index(one.label) for one in witnesses])
        against = contradicted(table.probabilities[chosen].argmax(axis=1), features, known, truth)
    odd = _odd(parts, card.backbone or card.model_id, features)
    reasons = [
        Reason.RANDOM if one.random
        else Reason.ODD if odd[place]
        else Reason.CONTRADICTED if against[place]
        else Reason.UNSURE
        for place, one in enumerate(asked)
    ]  # fmt: skip
    return tuple(
        QueuedPhoto(int(table.file_ids[row]), table.photo_ids[row], reason)
        for row, reason in zip(chosen.tolist(), reasons, strict=True)
    )


def _odd(parts: wiring.Parts, model_id: str, features: FloatArray) -> NDArray[np.bool_]:
    """Return which photos are unlike all that a model remembers, (n,); none of one that remembers nothing."""
    remembered = parts.models.training_features(model_id)
    if remembered is None or remembered.unlike_below is None:
        return np.zeros(len(features), bool)
    return np.asarray(Known.of(remembered.features).likeness(features) < remembered.unlike_below)
