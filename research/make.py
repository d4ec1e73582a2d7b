"""Make a shipped model again: ImageNet's convolutions untouched, a head fitted on what they say of photos.

    python -m research.make --data DIR --weights FILE --model ID --out STORE [--photos LIST]

DIR holds ``photos.csv``; FILE is the backbone's, as `python -m gallery train --weights` takes it; ID is one
of `MODELS`; LIST has the digests of the photos to learn from (``training_photos.txt`` of the model to be made
again; else all training photos that look like no test photo). What the convolutions say of each photo is kept
in ``STORE/features-*.npy``. The scores are then measured by ``python -m gallery evaluate``.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gallery.evaluation.calibration import fit_temperature, platt_targets
from gallery.models import ModelStore
from gallery.network.architectures import architecture_named, build, get_weights
from gallery.network.engine import keras
from gallery.network.preprocessing import preprocess
from gallery.settings import CLASS_NAMES
from gallery.training.starting_weights import fill
from gallery.types import ModelCard
from research.heads import Head, as_two_layers, logistic_regression, logits, taught_head
from research.photos import (
    HELD_OUT_SOURCES,
    LabelledPhoto,
    difference_hash,
    held_out,
    near_duplicates,
    read_photos,
    squashed,
)
from research.remembered import save_selection

BATCH = 16


@dataclass(frozen=True, slots=True)
class Probe:
    """How a shipped model's head is fitted.

    Attributes:
        name: as the app shows it.
        architecture: of `gallery.network.architectures`.
        inverse_penalty: C of the logistic regression.
        origin: of the convolutions, and their licence.
        teacher: the model, made before into the same store, whose opinions the head learns from; None for a
            plain logistic regression.
    """

    name: str
    architecture: str
    inverse_penalty: float
    origin: str
    teacher: str | None = None


MODELS = {
    "animals10-vgg16-3": Probe(
        "Ten animals, VGG16", "vgg16-gap", 0.003,
        "VGG16 of the Visual Geometry Group, University of Oxford, trained on ImageNet; CC BY 4.0",
        teacher="animals10-efficientnet-lite2",
    ),
    "animals10-efficientnet-lite2": Probe(
        "Ten animals, EfficientNet-Lite2 (light)", "efficientnet-lite2", 0.003,
        "EfficientNet-Lite2 of the TensorFlow authors, trained on ImageNet; Apache License 2.0",
    ),
}  # fmt: skip


def main() -> None:
    """Make a model from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with photos.csv")
    parser.add_argument("--weights", required=True, help="the backbone's ImageNet weights")
    parser.add_argument("--model", choices=MODELS, required=True, help="which of the shipped models")
    parser.add_argument("--out", type=Path, required=True, help="store for the model")
    parser.add_argument("--photos", type=Path, help="digests of the photos to learn from")
    arguments = parser.parse_args()
    listed = arguments.photos and frozenset(arguments.photos.read_text(encoding="ascii").split())
    make(arguments.model, arguments.data, arguments.weights, arguments.out, listed)


def make(model_id: str, data: Path, weights: str, out: Path, listed: frozenset[str] | None = None) -> Path:
    """Fit the head and, on photos of left-out sources, its temperature; return the saved model's folder."""
    probe = MODELS[model_id]
    architecture = architecture_named(probe.architecture)
    network = build(probe.architecture, len(CLASS_NAMES))
    fill(network, architecture, weights)
    photos = read_photos(data)
    asked = np.array([p.split == "validation" or listed is None or p.photo_id in listed for p in photos])
    features = pooled_features(network, architecture.preprocessing, photos, asked, _cache(out, model_id))
    kept = asked if listed is not None else _resembling_no_test_photo(photos, features)
    fitting = _Fitting(
        probe,
        [photo for photo, keep in zip(photos, kept, strict=True) if keep],
        features[kept],
        np.load(_cache(out, probe.teacher))[kept] if probe.teacher else None,
    )
    learnt = np.array([photo.split == "train" for photo in fitting.photos])
    found, labels = fitting.of_left_out_sources()
    card = _card(model_id, probe, int(learnt.sum()), found, labels)
    ids = np.array([photo.photo_id for photo in fitting.photos])
    folder = ModelStore(out / "none", out).save(
        card,
        get_weights(network) | fitting.head(learnt),
        training_photos=ids[learnt].tolist(),
        validation_photos=ids[~learnt].tolist(),
    )
    train = [photo for photo, use in zip(fitting.photos, learnt, strict=True) if use]
    save_selection(folder, train, fitting.features[learnt])
    return folder


@dataclass(frozen=True)
class _Fitting:
    """What a head is fitted on.

    Attributes:
        features: of the photos, (n, channels).
        teachers: their features by the teacher's convolutions, None without one.
    """

    probe: Probe
    photos: list[LabelledPhoto]
    features: NDArray[np.float32]
    teachers: NDArray[np.float32] | None

    def head(self, rows: NDArray[np.bool_]) -> Head:
        """Return the head fitted on some of the photos."""
        photos = [photo for photo, use in zip(self.photos, rows, strict=True) if use]
        if self.teachers is None:
            penalty = self.probe.inverse_penalty
            return as_two_layers(logistic_regression(self.features[rows], photos, inverse_penalty=penalty))
        given = self.teachers[rows]
        penalty = MODELS[self.probe.teacher or ""].inverse_penalty
        kernel, bias = logistic_regression(given, photos, inverse_penalty=penalty)
        opinions = softmax(given @ kernel + bias, axis=1)
        return taught_head(self.features[rows], photos, opinions, inverse_penalty=self.probe.inverse_penalty)

    def of_left_out_sources(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return logits and labels of photos of sources that the head had not seen when it named them."""
        labels = np.array([photo.label for photo in self.photos])
        found, truth = [], []
        for turn in range(len(HELD_OUT_SOURCES)):
            out = held_out(self.photos, turn)
            found.append(logits(self.head(~out), self.features[out]))
            truth.append(labels[out])
            right = found[-1].argmax(1) == truth[-1]
            recall = np.mean([right[truth[-1] == label].mean() for label in np.unique(truth[-1])])
            print(f"turn {turn + 1}: {out.sum()} photos of left-out sources, mean recall {recall:.4f}")
        return np.concatenate(found), np.concatenate(truth)


def _cache(out: Path, model_id: str) -> Path:
    return out / f"features-{model_id}.npy"


def pooled_features(
    network: keras.Model,
    preprocessing: str,
    photos: Sequence[LabelledPhoto],
    asked: NDArray[np.bool_],
    file: Path,
) -> NDArray[np.float32]:
    """Return the pooled last maps of the whole photos, (N, channels); not a number where not asked for.

    The file keeps what was computed, so that a run that was cut off goes on.
    """
    pooled = keras.Model(network.input, network.get_layer("gap").output)
    side = network.input.shape[1]
    if file.is_file():
        features = np.load(file)
    else:
        features = np.full((len(photos), pooled.output.shape[1]), np.nan, np.float32)
        file.parent.mkdir(parents=True, exist_ok=True)
    missing = np.flatnonzero(asked & np.isnan(features).any(axis=1))
    for start in range(0, len(missing), BATCH):
        rows = missing[start : start + BATCH]
        images = np.stack([squashed(photos[row], side) for row in rows])
        features[rows] = pooled.predict_on_batch(preprocess(images, preprocessing))
        if start % (50 * BATCH) == 0 or start + BATCH >= len(missing):
            np.save(file, features)
    return np.asarray(features)


def _resembling_no_test_photo(
    photos: Sequence[LabelledPhoto], features: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return which photos are neither test photos nor near duplicates of one, (N,)."""
    hashes = np.array([difference_hash(photo) for photo in photos], np.uint64)
    test = np.array([photo.split == "test" for photo in photos])
    return np.asarray(~test & ~near_duplicates(test, hashes, features))


_HEAD = "balanced logistic regression on pooled features of whole photos, as two dense layers"
_TAUGHT_HEAD = (
    "mean of a balanced logistic regression on pooled features of whole photos and of two dense layers "
    "taught by labels and by {}"
)


def _card(
    model_id: str, probe: Probe, photos: int, found: NDArray[np.float32], labels: NDArray[np.int64]
) -> ModelCard:
    architecture = architecture_named(probe.architecture)
    trained_on: dict[str, Any] = {
        "photos": photos,
        "weights": probe.origin,
        "head": _HEAD if probe.teacher is None else _TAUGHT_HEAD.format(probe.teacher),
        "temperature_photos": len(labels),
        "made_by": f"python -m research.make --model {model_id} --photos training_photos.txt",
    }
    return ModelCard(
        model_id=model_id,
        name=probe.name,
        architecture=probe.architecture,
        class_names=CLASS_NAMES,
        input_px=architecture.input_px,
        preprocessing=architecture.preprocessing,
        resize="squash",
        target_layer=architecture.target_layer or "",
        temperature=round(fit_temperature(found, platt_targets(labels, len(CLASS_NAMES))), 3),
        weights_file="weights.npz",
        weights_sha256="",  # filled in by the store, as is the number of parameters
        parameter_count=0,
        created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        trained_on=trained_on,
        library_versions={
            name: importlib.metadata.version(name) for name in ("keras", "numpy", "tensorflow")
        },
    )


if __name__ == "__main__":
    main()
