"""Class activation maps as pictures: scaled, coloured, laid over the photo."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gallery.errors import CamError
from gallery.types import FloatArray, RgbImage

COLOUR_MAPS: Final = {
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "jet": cv2.COLORMAP_JET,
}
"""The first three grow evenly brighter, also to colour-blind eyes; jet is what the field's papers print."""

DEFAULT_COLOUR_MAP: Final = "inferno"
SOFTWARE: Final = "Smart Gallery heatmap"
"""What the PNG's text "Software" says, by which a heatmap is told from a photo."""

DEFAULT_SIZE_PX: Final = (224, 224)


def has_evidence(cam: NDArray[np.floating]) -> bool:
    """Return whether a map has any evidence for its class; if not, say so and show no map.

    Example:
        >>> has_evidence(np.zeros((14, 14))), has_evidence(np.eye(14))
        (False, True)
    """
    return bool(_checked(cam).max() > 0)


def cam_to_heatmap(
    cam: NDArray[np.floating], *, size_px: tuple[int, int] = DEFAULT_SIZE_PX, peak: float | None = None
) -> FloatArray:
    """Return a map's share of the peak at every pixel.

    The map is divided by the peak without an epsilon, then enlarged bicubically;
    what that overshoots is cut off.

    Args:
        cam: (h, w), values >= 0; 14 x 14 for VGG16. Below 0 counts as 0.
        size_px: (width, height) of the result.
        peak: what is shown as 1; None takes the map's own maximum. Give two maps
            one peak to compare them.

    Returns:
        (height, width) float32 in [0, 1]; all zeros for a map without evidence.

    Raises:
        CamError: the map is not two-dimensional or not finite, the peak is
            negative or not finite, or the size is not positive.

    Example:
        >>> cam_to_heatmap(np.array([[2.0]]), size_px=(2, 1), peak=8.0).tolist()
        [[0.25, 0.25]]
    """
    shares = _shares(cam, peak, size_px)
    width, height = size_px
    shrinks = width < shares.shape[1] or height < shares.shape[0]
    enlarged = cv2.resize(
        shares, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return np.asarray(np.clip(enlarged, 0.0, 1.0), np.float32)


def colour(heatmap: FloatArray, colour_map: str = DEFAULT_COLOUR_MAP) -> RgbImage:
    """Return a heatmap in colours.

    Args:
        heatmap: (height, width) in [0, 1].
        colour_map: one of COLOUR_MAPS.

    Returns:
        (height, width, 3) uint8.

    Raises:
        CamError: there is no such colour map.
    """
    return colour_table(colour_map)[_steps(heatmap)]


def colour_table(colour_map: str) -> NDArray[np.uint8]:
    """Return a colour map's 256 colours from cold to hot, (256, 3) uint8.

    Raises:
        CamError: there is no such colour map.
    """
    if colour_map not in COLOUR_MAPS:
        known = ", ".join(COLOUR_MAPS)
        raise CamError(f"There is no colour map {colour_map[:40]!r}. Choose one of {known}.")
    ramp = np.arange(256, dtype=np.uint8).reshape(256, 1)
    table = cv2.applyColorMap(ramp, COLOUR_MAPS[colour_map])[:, 0, ::-1]  # OpenCV's order is BGR
    return np.ascontiguousarray(table, np.uint8)


def coloured_with_alpha(heatmap: FloatArray, colour_map: str = DEFAULT_COLOUR_MAP) -> NDArray[np.uint8]:
    """Return a heatmap in colours that is as opaque as it is hot, so that cold parts leave the photo alone.

    Returns:
        (height, width, 4) uint8, alpha not premultiplied.
    """
    return np.dstack([colour(heatmap, colour_map), _steps(heatmap)])


def with_contour(image: RgbImage, heatmap: FloatArray) -> RgbImage:
    """Return an image with a line around where a heatmap is half as hot as can be, or hotter.

    The line is white between black edges, so that it is seen on every photo.

    Args:
        image: (height, width, 3) uint8.
        heatmap: (height, width) in [0, 1].
    """
    hot = np.asarray(heatmap >= 0.5, np.uint8)
    contours, _ = cv2.findContours(hot, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = image.copy()
    width = max(1, round(max(image.shape[:2]) / 500))
    for colour_value, thickness in (((0, 0, 0), width + 1), ((255, 255, 255), width)):
        cv2.drawContours(drawn, contours, -1, colour_value, thickness, cv2.LINE_AA)
    return drawn


def overlay(
    image: RgbImage, heatmap: FloatArray, *, opacity: float = 0.5, colour_map: str = DEFAULT_COLOUR_MAP
) -> RgbImage:
    """Return the photo with the heatmap laid over it, as `heatmap_png` looks over it in a browser.

    Args:
        image: (height, width, 3) uint8.
        heatmap: (height, width) in [0, 1].
        opacity: of the hottest place, 0 (photo only) to 1.
        colour_map: one of COLOUR_MAPS.

    Raises:
        CamError: photo and heatmap differ in size, or there is no such colour map.
    """
    if image.shape[:2] != heatmap.shape:
        raise CamError(
            f"The photo is {image.shape[:2]} pixels, its heatmap {heatmap.shape}: make them equal."
        )
    layer = coloured_with_alpha(heatmap, colour_map)
    share = layer[..., 3:].astype(np.float32) * (float(np.clip(opacity, 0.0, 1.0)) / 255)
    mixed = image * (1 - share) + layer[..., :3] * share
    return np.asarray(np.rint(mixed), np.uint8)


def heatmap_png(
    cam: NDArray[np.floating],
    *,
    peak: float | None = None,
    colour_map: str = DEFAULT_COLOUR_MAP,
    size_px: tuple[int, int] = DEFAULT_SIZE_PX,
    steps: int = 256,
) -> bytes:
    """Return a class activation map as a transparent PNG that a page lays over the photo.

    Colour and alpha both follow from one of the steps of heat, so the PNG has a
    palette with alpha: a quarter of the bytes of an RGBA one, pixel for pixel the same.

    Args:
        cam: (h, w), values >= 0.
        peak: what is shown as the hottest; None takes the map's own maximum.
        colour_map: one of COLOUR_MAPS.
        size_px: (width, height); a browser stretches it to the photo.
        steps: shades of heat that are told apart, 256 at most; with fewer it is packed as small as can be.

    Raises:
        CamError: see `cam_to_heatmap` and `colour`.
    """
    heatmap = cam_to_heatmap(cam, size_px=size_px, peak=peak)
    shades = np.linspace(0, 255, steps).round().astype(np.uint8)
    indexed = Image.fromarray(np.rint(heatmap * (steps - 1)).astype(np.uint8))
    indexed.putpalette(colour_table(colour_map)[shades].tobytes())
    buffer = io.BytesIO()
    level = 1 if steps == 256 else 9
    indexed.save(buffer, "PNG", transparency=shades.tobytes(), compress_level=level)
    return buffer.getvalue()


def cells(
    cam: NDArray[np.floating],
    *,
    size_px: tuple[int, int] = DEFAULT_SIZE_PX,
    peak: float | None = None,
    colour_map: str = DEFAULT_COLOUR_MAP,
) -> RgbImage:
    """Return the raw map with each of its cells as one even rectangle: what the network really resolves.

    Args:
        cam: (h, w), values >= 0.
        size_px: (width, height) of the picture.
        peak: what is shown as the hottest; None takes the map's own maximum.
        colour_map: one of COLOUR_MAPS.

    Raises:
        CamError: see `cam_to_heatmap` and `colour`.
    """
    shares = _shares(cam, peak, size_px)
    width, height = size_px
    rows = np.arange(height) * shares.shape[0] // height
    columns = np.arange(width) * shares.shape[1] // width
    return colour(shares[np.ix_(rows, columns)], colour_map)


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an RGB or RGBA picture, (height, width, 3 or 4) uint8, as PNG."""
    order = [2, 1, 0, 3][: image.shape[2]]  # OpenCV's order is BGR(A)
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(image[..., order]))
    if not done:
        raise CamError(f"A picture of shape {image.shape} cannot be written as PNG.")
    return bytes(encoded)


def marked_png(image: RgbImage) -> bytes:
    """Return a photo with its heatmap, (height, width, 3) uint8, as PNG that says what it is."""
    mark = PngInfo()
    mark.add_text("Software", SOFTWARE)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=mark)
    return buffer.getvalue()


def is_marked(file: Path) -> bool:
    """Return whether a file is a PNG that `marked_png` made; its pixels are not read."""
    try:
        with Image.open(file, formats=["PNG"]) as opened:
            return opened.info.get("Software") == SOFTWARE
    except Exception:  # whatever a torn or hostile file makes of Pillow: it is not ours
        return False


def _steps(heatmap: FloatArray) -> NDArray[np.uint8]:
    """Return heat in [0, 1] as one of 256 steps."""
    return np.asarray(np.rint(np.clip(heatmap, 0.0, 1.0) * 255), np.uint8)


def _shares(cam: NDArray[np.floating], peak: float | None, size_px: tuple[int, int]) -> FloatArray:
    """Return the map divided by the peak, within [0, 1], if it can be drawn in this size."""
    if min(size_px) < 1:
        raise CamError(f"A heatmap needs a size of at least 1 x 1, got {size_px[0]} x {size_px[1]}.")
    positive = np.maximum(_checked(cam), 0.0)
    if peak is None:
        peak = float(positive.max())
    if not np.isfinite(peak) or peak < 0:
        raise CamError(f"A heatmap's peak is a finite number of at least 0, got {peak}.")
    if peak == 0:
        return np.zeros(positive.shape, np.float32)
    return np.asarray(np.minimum(positive, peak) / peak, np.float32)


def _checked(cam: NDArray[np.floating]) -> NDArray[np.float64]:
    values = np.asarray(cam, np.float64)
    if values.ndim != 2 or values.size == 0:
        raise CamError(f"A class activation map has two dimensions, got the shape {values.shape}.")
    if not np.isfinite(values).all():
        raise CamError("The class activation map holds values that are no numbers. Tag the photo again.")
    return values
