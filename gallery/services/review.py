"""The review queue: which photos of a collection a person should see next, and why each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gallery.learning.likeness import near_photos
from gallery.learning.queue import Reason, contradicted, review_order
from gallery.services import learn, stacks, wiring
from gallery.services.candidates import LearnPreview
from gallery.services.heads import features_in_chunks, likeness_to_learnt
from gallery.services.learn import KeptHead
from gallery.types import ModelCard, PhotoId

if TYPE_CHECKING:
    from gallery.jobs.task import Report, Task

AT_ONCE = 50
"""Photos of the queue that are named at once."""

WITNESSES = 2_000
"""Labelled photos that are asked whether they contradict a tag: the latest ones."""

LOOK_ALIKES = 12
"""Photos in the row under a photo, at most."""


@dataclass(frozen=True, slots=True)
class QueuedPhoto:
    """A photo that waits for a person, and why it does.

    Attributes:
        together: files of its near duplicates, which wait behind it and get its label.
        alike: files of the waiting photos of its predicted class that are most like it, the nearest first.
    """

    file_id: int
    photo_id: PhotoId
    reason: Reason
    together: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()


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


# ---- for the page ----------------------------------------------------------


def so_far(collection_id: int) -> Reviewed:
    """Return how far people have come in a collection, by the tags of the active model.

    Raises:
        ModelError: there is no usable model.
    """
    return _so_far(collection_id, wiring.chosen_card(wiring.models(), None).model_id)


@wiring.until_changed(16)
def _so_far(collection_id: int, model_id: str) -> Reviewed:
    return Reviewed(*wiring.catalog().reviewed(collection_id, model_id))


def learning(collection_id: int, asked: str) -> Task[LearnPreview]:
    """Return the fit that was asked for: under way in the background, or done.

    Args:
        collection_id: whose photos are looked through for changed tags.
        asked: another text begins another fit; it must be nobody else's.
    """

    def work(_report: Report) -> LearnPreview:
        parts = wiring.parts()
        return learn.preview(parts, collection=parts.catalog.collection(collection_id))

    return wiring.tasks().ask(("learn", wiring.settings(), collection_id, asked), work, lane="learn")


def keep(preview: LearnPreview) -> KeptHead:
    """Keep a learnt head as a version, and let it tag.

    Raises:
        GalleryError: as `learn.keep`.
    """
    return learn.keep(wiring.parts(), preview.id)


def discard(preview: LearnPreview) -> None:
    """Forget a learnt head.

    Raises:
        ModelError: somebody has kept or forgotten it.
    """
    learn.discard(wiring.parts(), preview.id)


def versions() -> list[ModelCard]:
    """Return the models that share the active one's backbone, the backbone's own model first.

    Raises:
        ModelError: there is no usable model.
    """
    parts = wiring.parts()
    card = wiring.chosen_card(parts.models, None)
    root = card.backbone or card.model_id
    cards = [entry.card for entry in parts.models.entries() if entry.ok and entry.card is not None]
    return sorted(
        (one for one in cards if root in (one.model_id, one.backbone)),
        key=lambda one: (one.backbone is not None, one.created_at),
    )


# ---- the queue -------------------------------------------------------------


def next_photos(collection_id: int, *, seed: int) -> tuple[QueuedPhoto, ...]:
    """Return the next photos of a collection that a person should see, at most `AT_ONCE`.

    Args:
        collection_id: whose photos.
        seed: of the random checks.

    Raises:
        ModelError: there is no usable model.
        CatalogError: there is no such collection, or features are lost.
    """
    parts = wiring.parts()
    card = wiring.chosen_card(parts.models, None)
    table = parts.catalog.prediction_table(collection_id, card.model_id, with_paths=False)
    rows_of = {photo_id: row for row, photo_id in reversed(list(enumerate(table.photo_ids)))}  # copies once
    labels = parts.catalog.labels(list(rows_of))
    left = np.array([row for photo_id, row in rows_of.items() if photo_id not in labels], np.int64)

    if not len(left):
        return ()
    predicted = table.probabilities.argmax(axis=1)
    asked = review_order(table.probabilities[left], 2 * AT_ONCE, seed=seed)
    places = np.array([one.row for one in asked], np.int64)
    waiting = [table.photo_ids[row] for row in left.tolist()]
    features = parts.catalog.features(card.model_id, [waiting[place] for place in places])
    near = near_photos(
        places,
        features,
        predicted[left],
        features_in_chunks(parts, card.model_id, waiting),
        count=LOOK_ALIKES,
    )
    names = table.class_names
    witnesses = [one for one in parts.catalog.named_photos(card.model_id) if one.label in names][-WITNESSES:]
    against = np.zeros(len(places), bool)
    if witnesses:
        known = parts.catalog.features(card.model_id, [one.photo_id for one in witnesses])
        truth = np.array([names.index(one.label) for one in witnesses])
        against = contradicted(predicted[left[places]], features, known, truth)
    likeness = likeness_to_learnt(parts, card)
    odd = np.zeros(len(places), bool) if likeness is None else likeness.of(features) < likeness.below
    files = table.file_ids[left].tolist()
    said = [names[index] for index in predicted[left[places]].tolist()]
    dissenting = stacks.dissenting(parts, collection_id, card.model_id, table.file_ids[left[places]], said)
    queued: list[QueuedPhoto] = []
    behind: set[int] = set()  # near duplicates of a photo that is in the queue already
    for at, (one, beside) in enumerate(zip(asked, near, strict=True)):
        if one.row in behind or len(queued) == AT_ONCE:
            continue
        together = [row for row in beside.together if row not in behind]
        behind.update([one.row, *together])
        reason = (
            Reason.RANDOM if one.random
            else Reason.ODD if odd[at]
            else Reason.SEQUENCE if dissenting[at]
            else Reason.CONTRADICTED if against[at]
            else Reason.UNSURE
        )  # fmt: skip
        queued.append(
            QueuedPhoto(
                files[one.row],
                waiting[one.row],
                reason,
                tuple(files[row] for row in together),
                tuple(files[row] for row in beside.alike),
            )
        )
    return tuple(queued)
