"""Stacks: the photos of a sequence shown as one, with one tag by the mean of their logits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gallery.services import wiring
from gallery.types import GridItem, Prediction


def settle(collection_id: int, model_id: str) -> None:
    """Bring the sequences of a collection, and a model's tags of them, up to date; quick where they are.

    Raises:
        CatalogError: the catalog cannot be written.
    """
    settle_in(wiring.parts(), collection_id, model_id)


def settle_in(parts: wiring.Parts, collection_id: int, model_id: str) -> None:
    """Do what `settle` does, with real or fake parts."""
    from gallery.datasets.sequences import mean_of_sequences, sequences_of

    parts.catalog.settle_sequences(collection_id, model_id, sequences_of, mean_of_sequences)


@wiring.until_changed(16)
def may_be(collection_id: int) -> bool:
    """Return whether a collection has sequences, or has not been looked through for them."""
    return wiring.catalog().may_have_sequences(collection_id)


def items(file_ids: NDArray[np.int64], model_id: str, *, unlike_below: float | None = None) -> list[GridItem]:
    """Return what a grid shows of the sequences of some files, in their order; of one photo as it is.

    A stack has the label that most of its photos have, once people have labelled them all; else the tag of
    the sequence.
    """
    catalog = wiring.catalog()
    stacks = catalog.frames(file_ids)
    every = catalog.grid_items(
        [file_id for stack in stacks for file_id in stack], model_id, unlike_below=unlike_below
    )
    of_file, tags = {item.file_id: item for item in every}, catalog.sequence_tags(file_ids, model_id)
    found = []
    for file_id, stack in zip(np.asarray(file_ids).tolist(), stacks, strict=True):
        if file_id in of_file:
            frames = [of_file[one] for one in stack if one in of_file]
            found.append(of_file[file_id] if len(frames) < 2 else _stack(of_file[file_id], frames, tags))
    return found


def frames(file_id: int, model_id: str) -> list[GridItem]:
    """Return what is shown of each photo of a file's sequence, by date."""
    catalog = wiring.catalog()
    return catalog.grid_items(catalog.frames([file_id])[0], model_id)


def dissenting(
    parts: wiring.Parts,
    collection_id: int,
    model_id: str,
    file_ids: NDArray[np.int64],
    labels: Sequence[str],
) -> list[bool]:
    """Return of each file whether the model's tag of its sequence is another than its own label."""
    settle_in(parts, collection_id, model_id)
    tags = parts.catalog.sequence_tags(file_ids, model_id)
    own = zip(file_ids.tolist(), labels, strict=True)
    return [file_id in tags and tags[file_id][0] != label for file_id, label in own]


def with_all_frames(file_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the files of whole sequences."""
    stacks = wiring.catalog().frames(file_ids)
    return np.array([file_id for stack in stacks for file_id in stack], np.int64)


def prediction(file_id: int, model_id: str) -> Prediction | None:
    """Return what a model says of a file's sequence, under the id of that file's photo; None for nothing."""
    from gallery.datasets.sequences import mean_of_sequences

    catalog = wiring.catalog()
    photos = catalog.photos(catalog.frames([file_id])[0])
    said = [one for photo in photos if (one := catalog.prediction(photo.photo_id, model_id)) is not None]
    if not said:
        return None
    together = np.zeros(len(said), np.int64)
    (shares,) = mean_of_sequences(np.stack([one.probabilities for one in said]), together)
    return replace(said[0], photo_id=catalog.photo(file_id).photo_id, probabilities=shares)


def _stack(shown: GridItem, frames: Sequence[GridItem], tags: dict[int, tuple[str, float]]) -> GridItem:
    said = Counter(item.label for item in frames if item.source == "person")
    predicted, confidence = tags.get(shown.file_id, (None, None))
    boxed = Counter(item.label for item in frames if item.source == "detector")
    if said.total() == len(frames):
        label, source = said.most_common(1)[0][0], "person"
    elif boxed and said.total() + boxed.total() == len(frames):
        (label, _), source, confidence = boxed.most_common(1)[0], "detector", None
    else:
        label, source = predicted, "waiting" if predicted is None else "model"
    return replace(
        shown,
        label=label,
        source=source,
        confidence=confidence,
        predicted_label=predicted,
        labelled_in=None,
        unlike=False,
        frames=tuple(item.file_id for item in frames),
        dissenting=sum(item.label is not None and item.label != label for item in frames),
    )
