"""What the frozen layers and the teacher say of each photo's views, computed once and kept on disk.

A view costs 200 KB of block3_pool (28, 28, 256) and 100 KB of the teacher's map (7, 7, 2048), both one byte a
value: the square root of the value over its channel's scale, so that small values keep their precision. Views
are computed when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.training.distillation.views import View, draw_view, open_photo, render_view
from research.distillation.dataset import TrainingPhoto
from research.distillation.styles import on_plain_ground, restyled

LOWER_SHAPE = (28, 28, 256)
TEACHER_SHAPE = (7, 7, 2048)
MapFunction = Callable[[tf.Tensor], tf.Tensor]
_readers = ThreadPoolExecutor(2)


def load_view(photo: TrainingPhoto, number: int, view_number: int) -> NDArray[np.uint8]:
    """Return the pixels, (224, 224, 3), of one of the photo's views; ``number`` seeds its randomness."""
    image = open_photo(photo.path)
    return render_view(image, draw_view(view_number, number, aspect=image.width / image.height))


def load_fixed_view(photo: TrainingPhoto, choose: Callable[[float], View]) -> NDArray[np.uint8]:
    """Return the pixels, (224, 224, 3), of the view that ``choose`` makes of the photo's width by height."""
    image = open_photo(photo.path)
    return render_view(image, choose(image.width / image.height))


def encode(values: NDArray[np.floating], scale: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return values >= 0, (..., channels), as bytes: 255 * sqrt(value / scale), clipped at the scale.

    Example:
        >>> encode(np.array([[0.0, 1.0, 4.0, 9.0]]), np.full(4, 4.0, np.float32)).tolist()
        [[0, 128, 255, 255]]
    """
    return np.asarray(np.rint(255 * np.sqrt(np.clip(values / scale, 0, 1))), np.uint8)


def decode(codes: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Return the float32 values that `encode` made bytes of."""
    return tf.square(tf.cast(codes, tf.float32) * (1 / 255)) * scale


class FeatureCache:
    """Encoded maps of every photo's views, in memory-mapped files of one folder."""

    def __init__(
        self,
        folder: Path,
        photos: Sequence[TrainingPhoto],
        views: int,
        lower: MapFunction,
        teacher: MapFunction,
    ) -> None:
        """Open the cache, or make it: the channels' scales come from the first views of 256 photos.

        Args:
            folder: where the files lie; of other photos or layers they are wrong.
            photos: the photos, in an order that stays.
            views: how many views a photo has.
            lower: gives block3_pool of RGB images (B, 224, 224, 3) uint8.
            teacher: gives the teacher's last map of the same.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._photos, self._lower, self._teacher = photos, lower, teacher

        def mapped(name: str, shape: tuple[int, ...]) -> np.memmap:
            file = folder / f"{name}.u8"
            return np.memmap(file, np.uint8, "r+" if file.exists() else "w+", shape=shape)

        n = len(photos)
        self._done = [mapped(f"done_{v}", (n,)) for v in range(views)]
        self._lower_codes = [mapped(f"lower_{v}", (n, *LOWER_SHAPE)) for v in range(views)]
        self._teacher_codes = [mapped(f"teacher_{v}", (n, *TEACHER_SHAPE)) for v in range(views)]
        scales = folder / "scales.npz"
        if not scales.exists():
            sample = np.random.default_rng(0).permutation(n)[:256]
            images = self._render([(int(i), 0) for i in sample])
            batches = [images[i : i + 32] for i in range(0, len(images), 32)]
            np.savez(
                scales,
                lower=_channel_scale(np.concatenate([lower(b).numpy() for b in batches])),
                teacher=_channel_scale(np.concatenate([teacher(b).numpy() for b in batches])),
            )
        with np.load(scales) as stored:
            self.lower_scale: NDArray[np.float32] = stored["lower"]
            self.teacher_scale: NDArray[np.float32] = stored["teacher"]

    def _render(self, views: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
        return np.stack(list(_readers.map(lambda item: load_view(self._photos[item[0]], *item), views)))

    def fill(self, views: Sequence[tuple[int, int]]) -> int:
        """Compute those (photo number, view number) that are missing; return how many were."""
        missing = sorted({item for item in views if not self._done[item[1]][item[0]]})
        for start in range(0, len(missing), 32):
            part = missing[start : start + 32]
            images = self._render(part)
            padded = np.concatenate([images, images[:1].repeat(-len(part) % 8, 0)])
            lower = encode(self._lower(padded).numpy(), self.lower_scale)
            teacher = encode(self._teacher(padded).numpy(), self.teacher_scale)
            for k, (photo, view) in enumerate(part):
                self._lower_codes[view][photo] = lower[k]
                self._teacher_codes[view][photo] = teacher[k]
                self._done[view][photo] = 1
        return len(missing)

    def batch(
        self, views: Sequence[tuple[int, int]], cells: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return random crops of views at matching positions of both maps.

        Args:
            views: (photo number, view number) of each row.
            cells: the crop's side in cells of the teacher's map, 7 for all of it.
            rng: draws the positions.

        Returns:
            block3_pool's codes (B, 4 * cells, 4 * cells, 256), the teacher's (B, cells, cells, 2048).
        """
        self.fill(views)
        lower = np.empty((len(views), 4 * cells, 4 * cells, LOWER_SHAPE[2]), np.uint8)
        teacher = np.empty((len(views), cells, cells, TEACHER_SHAPE[2]), np.uint8)
        for k, (photo, view) in enumerate(views):
            y, x = rng.integers(0, TEACHER_SHAPE[0] - cells + 1, 2)
            lower[k] = self._lower_codes[view][photo, 4 * y : 4 * (y + cells), 4 * x : 4 * (x + cells)]
            teacher[k] = self._teacher_codes[view][photo, y : y + cells, x : x + cells]
        return lower, teacher

    def images(self, views: Sequence[tuple[int, int]]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return cached views' pixels, (B, 224, 224, 3), and the teacher's codes, (B, 7, 7, 2048)."""
        self.fill(views)
        return self._render(views), np.stack([self._teacher_codes[view][photo] for photo, view in views])

    def fresh_images(
        self,
        numbers: Sequence[int],
        cells: int,
        rng: np.random.Generator,
        *,
        blended_share: float,
        styled_share: float,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
        """Return views that were never seen before, some of them blended, others restyled.

        The teacher looks at the very same pixels, blends too (Beyer et al. 2022): a few photos give ever new
        pairs of picture and answer, which a small collection needs against being learnt by heart. Of a
        restyled view (see `styles`) it sees the photo.

        Args:
            numbers: the photos of the rows.
            cells: the pixels' side by 32; 7 gives full views, fewer give smaller ones to the student.
            rng: draws the views and the blends.
            blended_share: how many of the rows are mixtures of two.
            styled_share: how many others of the rows are restyled; half as many get a plain ground.

        Returns:
            Pixels (B, 32 * cells, 32 * cells, 3), the teacher's codes (B, 7, 7, 2048), which rows are blends.
        """
        views = rng.integers(1, 2**31, len(numbers)).tolist()
        images = self._render(list(zip(numbers, views, strict=True)))
        lot = rng.random(len(numbers))
        blended, styled = lot < blended_share, lot >= 1 - styled_share
        for k in np.flatnonzero(rng.random(len(numbers)) < styled_share / 2):
            images[k] = on_plain_ground(images[k], rng)
        share = np.where(blended, rng.uniform(0.1, 0.5, len(numbers)), 0.0)[:, None, None, None]
        mixed = (1 - share) * images + share * images[rng.permutation(len(numbers))]
        images = np.rint(mixed).astype(np.uint8)
        codes = encode(self._teacher(images).numpy(), self.teacher_scale)
        for k in np.flatnonzero(styled):
            images[k] = restyled(images[k], rng)
        if cells < TEACHER_SHAPE[0]:
            smaller = tf.image.resize(images, (32 * cells, 32 * cells), "bicubic", antialias=True)
            images = np.rint(np.clip(smaller.numpy(), 0, 255)).astype(np.uint8)
        return images, codes, blended

    def teacher_features(self, photo_numbers: Sequence[int], view: int = 0) -> NDArray[np.float32]:
        """Return the teacher's pooled features, (n, 2048), of filled views."""
        codes = self._teacher_codes[view]
        scale = self.teacher_scale / 255**2
        rows = [np.square(codes[i].astype(np.float32)).mean((0, 1)) * scale for i in photo_numbers]
        return np.stack(rows)


def _channel_scale(maps: NDArray[np.floating]) -> NDArray[np.float32]:
    flat = maps.reshape(-1, maps.shape[-1]).astype(np.float32)
    return np.asarray(np.maximum(np.percentile(flat, 99.98, axis=0), 1e-3 * flat.max()), np.float32)
