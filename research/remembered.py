"""The features of a balanced selection of a model's training photos: a head that is fitted anew sees them.

    python -m research.remembered --data DIR --features FILE --model FOLDER

DIR holds ``photos.csv``; FILE has what the model's convolutions say of each of its photos, as `research.make`
leaves it beside the model (``features-*.npy``); FOLDER is the model's, and gets ``training_features.npz``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.files import open_atomic
from gallery.learning.likeness import likeness, units_of
from gallery.models import ModelStore
from gallery.models.store import TRAINING_FEATURES_FILE
from research.photos import HELD_OUT_SOURCES, LabelledPhoto, held_out, read_photos

VALUES_OF_A_CLASS = 128_000
"""100 photos with 1,280 features, 250 with 512: 2.6 MB for ten classes in float16."""

CALLED_UNLIKE = 0.02
"""Share of the photos of known classes, of sources that were left out, that may be called unlike anything."""


def main() -> None:
    """Write the file of a model that was made before."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with photos.csv")
    parser.add_argument("--features", type=Path, required=True, help="features-*.npy of the same photos")
    parser.add_argument("--model", type=Path, required=True, help="the model's folder")
    arguments = parser.parse_args()
    store = ModelStore(arguments.model.parent, arguments.model.parent / "none")
    trained = store.training_photos(arguments.model.name)
    photos, features = read_photos(arguments.data), np.load(arguments.features)
    known = np.isfinite(features[: len(photos)]).all(axis=1)
    usable = [row for row, photo in enumerate(photos) if photo.photo_id in trained and known[row]]
    save_selection(arguments.model, [photos[row] for row in usable], features[usable])


def save_selection(model: Path, photos: Sequence[LabelledPhoto], features: NDArray[np.float32]) -> None:
    """Write the features of a selection of training photos into a model's folder.

    Args:
        model: the folder.
        photos: n training photos.
        features: theirs, (n, channels).
    """
    rows = balanced(photos, VALUES_OF_A_CLASS // features.shape[1])
    classes = np.array([photos[row].label for row in rows], np.float16)
    with open_atomic(model / TRAINING_FEATURES_FILE, durable=True) as file:
        np.savez_compressed(
            file,
            features=features[rows].astype(np.float16),
            class_indices=classes,
            unlike_below=np.float32(unlike_below(photos, features)),
        )


def unlike_below(photos: Sequence[LabelledPhoto], features: NDArray[np.float32]) -> float:
    """Return the likeness that all but a few photos of known classes reach, from sources that were left out.

    Args:
        photos: n training photos.
        features: theirs, (n, channels).
    """
    found = []
    for turn in range(len(HELD_OUT_SOURCES)):
        out = held_out(photos, turn)
        rest = np.flatnonzero(~out)
        if out.any() and len(rest):
            of_each = VALUES_OF_A_CLASS // features.shape[1]
            kept = rest[balanced([photos[row] for row in rest.tolist()], of_each)]
            found.append(likeness(features[out], units_of(features[kept])))
    return float(np.quantile(np.concatenate(found), CALLED_UNLIKE))


def balanced(photos: Sequence[LabelledPhoto], of_each: int, *, seed: int = 0) -> list[int]:
    """Return the rows of at most so many photos of each class, its sources in turn."""
    dice = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in sorted({photo.label for photo in photos}):
        sources: dict[str, list[int]] = {}
        for row in dice.permutation(len(photos)).tolist():
            if photos[row].label == label:
                sources.setdefault(photos[row].source, []).append(row)
        chosen += [row for row, _ in zip(_in_turn(list(sources.values())), range(of_each), strict=False)]
    return chosen


def _in_turn(lists: list[list[int]]) -> Iterator[int]:
    while lists := [one for one in lists if one]:
        for one in lists:
            yield one.pop()


if __name__ == "__main__":
    main()
