"""Photos and heatmaps as small as a file that is sent around needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gallery.errors import GalleryError
from gallery.photos import heatmap
from gallery.photos.decode import encode_jpeg, picture_from_jpeg
from gallery.photos.thumbnails import ThumbnailStore
from gallery.types import FloatArray, PhotoId

HEATMAP_PX = 28
"""Two pixels for each of the 14 positions of a map; the browser smooths between them."""

HEAT_STEPS = 32
"""As many shades of heat are told apart in a small picture; 256 would take three times the bytes."""

SCALE_STEPS = 9


class SmallPicture(NamedTuple):
    """A thumbnail and its size."""

    jpeg: bytes
    width_px: int
    height_px: int


class MapStore(Protocol):
    """Where class activation maps are kept; the catalog is one."""

    def cams(self, photo_id: PhotoId, model_id: str) -> FloatArray | None: ...


@dataclass(frozen=True)
class ReportPictures:
    """The pictures of evaluated photos, by row.

    Attributes:
        photo_ids: one a row.
        paths: where the photos lie.
        model_id: whose maps are shown.
        maps: where they are kept.
        thumbnails: where thumbnails are kept.
        make_thumbnail: makes one that is not kept any more, from the photo.
    """

    photo_ids: Sequence[PhotoId]
    paths: Sequence[Path]
    model_id: str
    maps: MapStore
    thumbnails: ThumbnailStore
    make_thumbnail: Callable[[Path, PhotoId], bytes]

    def thumbnail(self, row: int, max_px: int, quality: int) -> SmallPicture | None:
        """Return a photo's thumbnail; None when none is kept and the photo is gone."""
        photo_id = self.photo_ids[row]
        try:
            pixels = picture_from_jpeg(self.thumbnails.get(photo_id) or b"")
        except OSError:  # none is kept, or it is damaged
            try:
                pixels = picture_from_jpeg(self.make_thumbnail(self.paths[row], photo_id))
            except GalleryError:
                return None
        image = Image.fromarray(pixels)
        image.thumbnail((max_px, max_px), Image.Resampling.LANCZOS)
        return SmallPicture(encode_jpeg(image, quality), image.width, image.height)

    def heatmaps(self, row: int, classes: Sequence[int]) -> list[bytes | None] | None:
        """Return heatmaps of some classes as transparent PNGs on one scale; None without maps."""
        cams = self.maps.cams(self.photo_ids[row], self.model_id)
        if cams is None:
            return None
        peak, size = max(float(cams[index].max()) for index in classes), (HEATMAP_PX, HEATMAP_PX)
        return [
            heatmap.heatmap_png(cams[index], peak=peak, size_px=size, steps=HEAT_STEPS)
            if heatmap.has_evidence(cams[index])
            else None
            for index in classes
        ]

    def average_map(self, heat: NDArray[np.floating]) -> bytes:
        """Return a map that is of no single photo as an opaque PNG, on a scale of its own."""
        return heatmap.png(heatmap.colour(heatmap.cam_to_heatmap(heat, size_px=(HEATMAP_PX, HEATMAP_PX))))

    def heat_colours(self) -> list[str]:
        """Return the colours from no evidence to the strongest, as "#rrggbb"."""
        steps = np.linspace(0, 255, SCALE_STEPS).round().astype(np.int64)
        table = heatmap.colour_table(heatmap.DEFAULT_COLOUR_MAP)
        return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in table[steps].tolist()]
