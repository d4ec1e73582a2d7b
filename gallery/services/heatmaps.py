"""Two classes' heatmaps of one photo on one scale, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.photos import heatmap
from gallery.types import FloatArray, RgbImage

COLOUR_MAPS = {
    "inferno": "Inferno",
    "viridis": "Viridis",
    "cividis": "Cividis (colour-blind)",
    "jet": "Jet (as in papers)",
}
"""What the pages offer. The first is the default: equal steps of evidence look equal, which jet's do not."""

FOR_COLOUR, AGAINST_COLOUR = (230, 97, 1), (94, 60, 153)
"""Orange and purple of ColorBrewer's PuOr, which stay apart for every kind of colour blindness."""

NEITHER_COLOUR = (178, 178, 178)
"""What the photo in grey is like where neither class has more evidence."""

RAW_WIDTH_PX = 448
"""Width of a raw map as drawn: 32 pixels for each of 14 positions."""


@dataclass(frozen=True, slots=True)
class MapPair:
    """The maps of two classes for one photo, shown on one scale.

    Attributes:
        first: (h, w) class activation map, >= 0.
        second: (h, w), of the class it is compared with.
        colour_map: a key of `COLOUR_MAPS`.
    """

    first: FloatArray
    second: FloatArray
    colour_map: str = "inferno"

    @property
    def peak(self) -> float:
        """The strongest evidence in either map; 0 when neither has any."""
        return max(float(self.first.max()), float(self.second.max()))

    def share_of_scale(self, cam: FloatArray) -> float:
        """Return how far up the shared scale a map reaches, 0 to 1."""
        return float(cam.max()) / self.peak if self.peak > 0 else 0.0

    def overlay(self, picture: RgbImage, cam: FloatArray, *, opacity: float) -> RgbImage:
        """Return the photo with one map over it, in the photo's size; the bare photo when nothing is hot.

        A contour at half of the scale shows it on dark and on busy photos too.
        """
        if not heatmap.has_evidence(cam):
            return picture
        size = (picture.shape[1], picture.shape[0])
        heat = heatmap.cam_to_heatmap(cam, size_px=size, peak=self.peak)
        laid = heatmap.overlay(picture, heat, opacity=opacity, colour_map=self.colour_map)
        return heatmap.with_contour(laid, heat) if opacity > 0 else laid

    def raw(self, cam: FloatArray, picture: RgbImage) -> RgbImage:
        """Return a map as the network computed it, a rectangle a position, in the photo's aspect."""
        height, width = picture.shape[:2]
        size = (RAW_WIDTH_PX, max(1, round(RAW_WIDTH_PX * height / width)))
        return heatmap.cells(cam, size_px=size, peak=self.peak, colour_map=self.colour_map)

    def difference(self, picture: RgbImage) -> RgbImage:
        """Return the photo in grey: orange where the first class has more evidence, purple where less."""
        pale = picture.mean(axis=2, keepdims=True) * 0.6 + 255 * 0.4
        grey = np.repeat(pale, 3, axis=2).astype(np.float32)  # (H, W, 3)
        layer = self.difference_layer((picture.shape[1], picture.shape[0]))
        weight = layer[..., 3:].astype(np.float32) / 255  # (H, W, 1)
        return np.asarray(np.rint(grey * (1 - weight) + layer[..., :3] * weight), np.uint8)

    def difference_layer(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """Return what `difference` lays over a photo, (height, width, 4): as opaque as both maps differ."""
        if self.peak <= 0:
            return np.zeros((size_px[1], size_px[0], 4), np.uint8)
        first, second = (
            heatmap.cam_to_heatmap(cam, size_px=size_px, peak=self.peak) for cam in (self.first, self.second)
        )
        gap = (first - second)[..., np.newaxis]  # (H, W, 1) in [-1, 1]
        colours = np.where(gap > 0, np.array(FOR_COLOUR), np.array(AGAINST_COLOUR))
        return np.concatenate([colours, np.rint(np.abs(gap) * 255)], axis=2).astype(np.uint8)


png = heatmap.png


def has_evidence(cam: FloatArray) -> bool:
    """Return whether a map has any evidence for its class."""
    return heatmap.has_evidence(cam)


def colour_steps(colour_map: str, steps: int = 12) -> list[tuple[int, int, int]]:
    """Return a colour map's colours from no evidence to the strongest, (red, green, blue)."""
    shares: NDArray[np.float32] = np.linspace(0, 1, steps, dtype=np.float32)[None, :]
    return [(red, green, blue) for red, green, blue in heatmap.colour(shares, colour_map)[0].tolist()]
