"""Batches of a training, a few ahead of it: cached maps, or the photos themselves, at random positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from research.distillation.dataset import UNLABELLED, sampling_weights
from research.distillation.phases import Phase
from research.distillation.prepare import Prepared

CROP_CELLS, ALL_CELLS = 5, 7
"""The side of a crop and of a whole view in cells of the teacher's map, 32 pixels each."""

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int32]]
"""Codes of block3_pool (B, h, w, 256) or images (B, H, W, 3); the teacher's (B, h, w, 2048); labels (B,)."""


class BatchSource:
    """Draws batches, a few ahead of the training, from the cache or from the photos themselves."""

    def __init__(self, prepared: Prepared, views: int, phase: Phase, *, seed: int = 0) -> None:
        """Draw what a phase learns from: train and unlabelled photos' maps, or their pixels."""
        self._photos, self._cache = prepared.photos, prepared.cache
        self._views, self._phase, self._seed = views, phase, seed
        self._labels = np.array([p.class_index for p in prepared.photos], np.int32)
        self._weights = sampling_weights(prepared.photos, prepared.animal_shares())

    def batch(self, step: int, size: int, cells: int) -> Batch:
        """Return the step's batch, the same each time."""
        rng = np.random.default_rng([self._seed, step])
        numbers = rng.choice(len(self._photos), size, p=self._weights)
        if self._phase.sees_photos:
            images, codes, blended = self._cache.fresh_images(
                numbers.tolist(),
                cells,
                rng,
                blended_share=self._phase.blended_share,
                styled_share=self._phase.styled_share,
            )
            return images, codes, np.where(blended, UNLABELLED, self._labels[numbers]).astype(np.int32)
        views = list(zip(numbers.tolist(), rng.integers(0, self._views, size).tolist(), strict=True))
        return (*self._cache.batch(views, cells, rng), self._labels[numbers])

    def batches(self, first_step: int, size: int, cells: Callable[[], int]) -> Iterator[tuple[int, Batch]]:
        """Yield (step, batch) without end, two batches ahead; ``cells`` is asked when a batch is begun."""
        with ThreadPoolExecutor(1) as worker:
            ahead = [worker.submit(self.batch, first_step + k, size, cells()) for k in range(2)]
            step = first_step
            while True:
                ahead.append(worker.submit(self.batch, step + 2, size, cells()))
                yield step, ahead.pop(0).result()
                step += 1

    def whole(self, numbers: Sequence[int]) -> Batch:
        """Return the whole photos (first views), as `batch` does."""
        views = [(int(i), 0) for i in numbers]
        if self._phase.sees_photos:
            return (*self._cache.images(views), self._labels[list(numbers)])
        return (*self._cache.batch(views, ALL_CELLS, np.random.default_rng(0)), self._labels[list(numbers)])
