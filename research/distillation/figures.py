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
