"""Heads on frozen features, as the recipes' two dense layers: fitted to labels, or taught as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from gallery.network.engine import keras
from gallery.network.layouts import POOLED_UNITS
from research.photos import THUMBNAILS, LabelledPhoto

EPOCHS, BATCH, MIXING = 160, 128, 0.4
TAUGHT, SMOOTHING = 0.9, 0.1
"""Share of the better network's opinion in a target, and of each label that is spread over all classes."""

Head = dict[str, NDArray[np.float32]]
"""Kernels and biases of "fc1" and "predictions"."""

Linear = tuple[NDArray[np.float32], NDArray[np.float32]]
"""A kernel (channels, classes) and a bias (classes,)."""


def photo_weights(photos: Sequence[LabelledPhoto]) -> NDArray[np.float64]:
    """Return what each photo counts, 1 on average: every class the same in all, thumbnails half."""
    weights = np.array([0.5 if photo.source == THUMBNAILS else 1.0 for photo in photos])
    labels = np.array([photo.label for photo in photos])
    for label in np.unique(labels):
        weights[labels == label] /= weights[labels == label].sum()
    return np.asarray(weights / weights.mean())


def logistic_regression(
    features: NDArray[np.float32], photos: Sequence[LabelledPhoto], *, inverse_penalty: float
) -> Linear:
    """Return a logistic regression on standardised features, its standardisation folded in."""
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    model = LogisticRegression(C=inverse_penalty, max_iter=200)
    labels = [photo.label for photo in photos]
    model.fit((features - mean) / deviation, labels, sample_weight=photo_weights(photos))
    kernel = model.coef_.T / deviation[:, np.newaxis]
    return kernel.astype(np.float32), (model.intercept_ - mean @ kernel).astype(np.float32)


def as_two_layers(head: Linear, *, units: int = POOLED_UNITS, seed: int = 0) -> Head:
    """Return the same function as Dense relu and Dense, by the recipes' names.

    a = relu(a) - relu(-a): the classes' logits are turned by orthonormal rows into as many directions as
    there are pairs of units, and back.

    Example:
        >>> tensors = as_two_layers((np.eye(3, dtype=np.float32), np.array([0, 1, -1], np.float32)))
        >>> hidden = np.maximum(np.array([-2, 0, 5]) @ tensors["fc1/kernel"] + tensors["fc1/bias"], 0)
        >>> (hidden @ tensors["predictions/kernel"]).round(4).tolist()
        [-2.0, 1.0, 4.0]
    """
    kernel, bias = head
    classes = kernel.shape[1]
    normal = np.random.default_rng(seed).normal(size=(units // 2, classes))
    rows = np.linalg.qr(normal)[0].T  # (classes, pairs), orthonormal
    both = np.concatenate([rows, -rows], axis=1)
    return {
        "fc1/kernel": (kernel @ both).astype(np.float32),
        "fc1/bias": (bias @ both).astype(np.float32),
        "predictions/kernel": both.T.astype(np.float32),
        "predictions/bias": np.zeros(classes, np.float32),
    }


def taught_head(
    features: NDArray[np.float32],
    photos: Sequence[LabelledPhoto],
    opinions: NDArray[np.float32],
    *,
    inverse_penalty: float,
    seed: int = 0,
) -> Head:
    """Return the mean of two heads as one: a logistic regression, and two dense layers that were taught.

    What the dense layers learn from is nine parts what a better network says of the photos, one part
    labels. On photos of left-out sources the mean was better than either.

    Args:
        features: pooled features, (n, channels).
        photos: the n photos.
        opinions: the better network's probabilities, (n, classes).
        inverse_penalty: of the logistic regression.
        seed: of the first weights, the draws and the mixtures.
    """
    linear = logistic_regression(features, photos, inverse_penalty=inverse_penalty)
    pairs = 2 * opinions.shape[1]
    straight = as_two_layers(linear, units=pairs)
    taught = _taught_layers(features, photos, opinions, units=POOLED_UNITS - pairs, seed=seed)
    return {
        "fc1/kernel": np.concatenate([straight["fc1/kernel"], taught["fc1/kernel"]], axis=1),
        "fc1/bias": np.concatenate([straight["fc1/bias"], taught["fc1/bias"]]),
        "predictions/kernel": np.concatenate([straight["predictions/kernel"], taught["predictions/kernel"]])
        / 2,
        "predictions/bias": (straight["predictions/bias"] + taught["predictions/bias"]) / 2,
    }


def _taught_layers(
    features: NDArray[np.float32],
    photos: Sequence[LabelledPhoto],
    opinions: NDArray[np.float32],
    *,
    units: int,
    seed: int,
) -> Head:
    """Return two dense layers; classes are drawn equally often, pairs of photos mixed (Zhang et al. 2018)."""
    keras.utils.set_random_seed(seed)
    dice = np.random.default_rng(seed)
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    inputs = (features - mean) / deviation
    labels = np.eye(opinions.shape[1])[[photo.label for photo in photos]]
    smooth = (1 - SMOOTHING) * labels + SMOOTHING / opinions.shape[1]
    targets = (1 - TAUGHT) * smooth + TAUGHT * opinions
    head = keras.Sequential(
        [
            keras.Input((features.shape[1],)),
            keras.layers.Dense(units, activation="relu", name="fc1"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(opinions.shape[1], name="predictions"),
        ]
    )
    steps = EPOCHS * len(photos) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=1e-3, warmup_steps=steps // 10)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.AdamW(rate, weight_decay=0.01), loss)
    chances = photo_weights(photos) / len(photos)
    for _ in range(steps):
        one, other = (dice.choice(len(photos), BATCH, p=chances) for _ in range(2))
        share = dice.beta(MIXING, MIXING, (BATCH, 1))
        x, y = (share * values[one] + (1 - share) * values[other] for values in (inputs, targets))
        head.train_on_batch(x.astype(np.float32), y.astype(np.float32))
    (kernel, bias), (last_kernel, last_bias) = (
        head.get_layer(n).get_weights() for n in ("fc1", "predictions")
    )
    kernel = kernel / deviation[:, np.newaxis]
    return {
        "fc1/kernel": kernel.astype(np.float32),
        "fc1/bias": (bias - mean @ kernel).astype(np.float32),
        "predictions/kernel": last_kernel,
        "predictions/bias": last_bias,
    }


def logits(head: Head, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what two dense layers say of pooled features, (n, classes)."""
    hidden = np.maximum(features @ head["fc1/kernel"] + head["fc1/bias"], 0)
    return np.asarray(hidden @ head["predictions/kernel"] + head["predictions/bias"])
