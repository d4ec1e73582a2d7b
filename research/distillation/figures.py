"""The figures of a network's card: accuracy with its interval, recalls, calibration, agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from gallery.settings import CLASS_NAMES
from gallery.training.distillation.views import View
from research.distillation.dataset import TrainingPhoto
from research.distillation.feature_cache import load_fixed_view

Logits = NDArray[np.float32]


def whole_view(_aspect: float) -> View:
    """Return the view that the application shows the network: the whole photo, squashed."""
    return View()


def mirrored_view(_aspect: float) -> View:
    """Return the whole photo, mirrored."""
    return View(mirrored=True)


def logits_of_photos(
    photos: Sequence[TrainingPhoto],
    logits_of_images: Callable[[NDArray[np.uint8]], Logits],
    choose_view: Callable[[float], View] = whole_view,
) -> Logits:
    """Return (n, classes) logits of one view of each photo, in batches of 32."""
    parts = []
    with ThreadPoolExecutor(2) as readers:
        for i in range(0, len(photos), 32):
            part = photos[i : i + 32]
            images = np.stack(list(readers.map(lambda photo: load_fixed_view(photo, choose_view), part)))
            padded = np.concatenate([images, images[:1].repeat(32 - len(part), 0)])
            parts.append(logits_of_images(padded)[: len(part)])
    return np.concatenate(parts)


def softmax(logits: Logits, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities: softmax of logits divided by the temperature."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(1, keepdims=True))


def fit_temperature(logits: Logits, labels: NDArray[np.integer]) -> float:
    """Return the temperature of least negative log likelihood (Guo et al. 2017), searched in steps of 1 %."""
    grid = np.exp(np.arange(np.log(0.2), np.log(5.0), 0.01))
    rows = np.arange(len(labels))
    losses = [-np.log(np.maximum(softmax(logits, t)[rows, labels], 1e-12)).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def expected_calibration_error(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer], bins: int = 15
) -> float:
    """Return the mean gap of confidence and accuracy over equally wide bins, weighted by their photos.

    Example:
        >>> expected_calibration_error(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 1]))
        0.3
    """
    confidence, correct = probabilities.max(1), probabilities.argmax(1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(float((confidence - correct)[which == b].sum())) for b in range(bins)]
    return round(sum(gaps) / len(labels), 12)


def wilson_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    Example:
        >>> [round(x, 4) for x in wilson_interval(8, 10)]
        [0.4902, 0.9433]
    """
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / n + spread / n / 4) / (1 + spread)
    return float(centre - half), float(centre + half)


def recall_by_class(
    predicted: NDArray[np.integer], labels: NDArray[np.integer]
) -> dict[str, dict[str, float]]:
    """Return recall and number of photos of each class that occurs."""
    return {
        name: {"recall": round(float((predicted[labels == c] == c).mean()), 4), "n": int((labels == c).sum())}
        for c, name in enumerate(CLASS_NAMES)
        if (labels == c).any()
    }


def macro_recall(predicted: NDArray[np.integer], labels: NDArray[np.integer]) -> float:
    """Return the unweighted mean of the classes' recalls."""
    return float(np.mean([score["recall"] for score in recall_by_class(predicted, labels).values()]))
