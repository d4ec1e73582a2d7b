"""From whatever a file holds to 8-bit sRGB, by rules that are written down with the photo.

Pillow's own ``convert("RGB")`` clips instead of scaling: 93.6 % of a 12-bit
ramp turn white.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

FULL_SCALES = (255, 1023, 4095, 16383, 65535)
"""White of 8, 10, 12, 14 and 16 bits: sensors of every depth are stored in 16 bits."""

SMALL_PART = 0.25
"""A photo of more than 8 bits whose values lie within so small a part of the scale is stretched."""

_EXTREME_SHARE = 0.1  # percent at either end that count for nothing: a hot pixel, a date burnt in
_SAMPLED = 1_000_000  # values of which the spread is taken
_BAND_ROWS = 256  # rows converted at a time, so that a large scan needs no second copy in float
_WHITE_IS_ZERO = 0
_PHOTOMETRIC = 262  # TIFF tag

Note = Callable[[str], None]


def unpacked(image: Image.Image, note: Note) -> Image.Image:
    """Return a loaded picture with 8 bits a channel and no palette.

    Args:
        image: any of Pillow's modes.
        note: is told what had to be done to the values.

    Returns:
        A picture of mode L, RGB, RGBA, CMYK or LAB, and of the same size.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return rescale_depth(image, note)
    if image.has_transparency_data or image.mode in ("La", "PA", "RGBa"):
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None, note: Note) -> Image.Image:
    """Return an unpacked picture as sRGB without transparency.

    Args:
        image: mode L, RGB, RGBA, CMYK or LAB.
        profile: the file's ICC profile, if it has one.
        note: is told what had to be done to the colours.

    Returns:
        A picture of mode RGB and the same size.
    """
    if image.mode == "LAB":
        note("colours converted from Lab")
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB").apply(image)
    if image.mode == "RGBA":
        image = flatten_on_white(image, note)
    if profile:
        image = apply_profile(image, profile, note)
    elif image.mode == "CMYK":
        note("CMYK without a colour profile: colours are approximate")
    return image if image.mode == "RGB" else image.convert("RGB")


def rescale_depth(image: Image.Image, note: Note) -> Image.Image:
    """Return a picture of more than 8 bits, or of floats, scaled linearly to 8 bits.

    White is the smallest full scale (1 for floats, then 8, 10, 12, 14, 16 bits)
    that holds the brightest value; values below 0 or above 65535 are scaled from
    the darkest to the brightest instead, and whole numbers that use a small part of the scale
    from where they begin to where they end. What is no number becomes black, infinity white.

    Args:
        image: mode I, I;16 in either byte order, or F.
        note: is told the rule, as "16 bits: 0..4095 scaled to 0..255".

    Returns:
        A picture of mode L and the same size.
    """
    low, high, not_numbers = _extremes(image)
    scales = FULL_SCALES if image.mode != "F" else (1, *FULL_SCALES)
    if low >= 0 and high <= scales[-1]:
        low, high = 0.0, float(next(scale for scale in scales if scale >= high))
    kind = {"F": "floating point", "I": "32 bits"}.get(image.mode, "16 bits")
    if image.mode != "F" and (part := _small_part(_sample(image), high)) is not None:
        note(f"{kind}: {part[0]:g}..{part[1]:g}, a small part of {low:g}..{high:g}, stretched to 0..255")
        low, high = part
    else:
        note(f"{kind}: {low:g}..{high:g} scaled to 0..255")
    if not_numbers:
        note(f"{not_numbers:,} values are no numbers: shown black, or white where infinite")
    grey = np.empty((image.height, image.width), np.uint8)
    table = _scaled(np.arange(65536), low, high) if kind == "16 bits" else None
    for top, band in _bands(image):
        grey[top : top + len(band)] = _scaled(band, low, high) if table is None else table[band]
    result = Image.fromarray(grey)
    tags = getattr(image, "tag_v2", {})  # only TIFFs have it
    if image.mode != "F" and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        note("0 is white in this file")
        result = ImageOps.invert(result)
    return result


def stretched_deep(data: bytes, shown: Image.Image, note: Note) -> Image.Image:
    """Return a colour picture of 16 bits a channel, stretched where it uses a small part of the scale.

    Pillow shows the upper 8 bits, of which a picture of 12 bits fills a sixteenth.

    Args:
        data: the file's bytes, a PNG or TIFF.
        shown: mode RGB or RGBA, as Pillow gave it; returned where nothing is to be stretched.
        note: is told what was done.
    """
    import cv2

    if (
        shown.mode != "RGB"
        or float(np.percentile(np.asarray(shown), 100 - _EXTREME_SHARE)) >= 256 * SMALL_PART
    ):
        return shown
    deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if (
        deep is None
        or deep.dtype != np.uint16
        or deep.ndim != 3
        or deep.shape[:2] != (shown.height, shown.width)
    ):
        return shown
    values = deep[..., 2::-1]
    part = _small_part(values[:: max(1, values.size // _SAMPLED)], 65535.0)
    if part is None:
        return shown
    note(f"16 bits a channel: {part[0]:g}..{part[1]:g}, a small part of 0..65535, stretched to 0..255")
    return Image.fromarray(_scaled(np.arange(65536), *part)[values])


def _sample(image: Image.Image) -> NDArray[Any]:
    """Return so many of a picture's values that their spread can be told."""
    step = max(1, image.width * image.height // _SAMPLED)
    rows = [np.asarray(image.crop((0, y, image.width, y + 1))) for y in range(0, image.height, step)]
    return np.concatenate(rows)


def _small_part(values: NDArray[Any], white: float) -> tuple[float, float] | None:
    """Return between which values nearly all lie, where that is a small part of the scale; else None."""
    low, high = (float(np.percentile(values, share)) for share in (_EXTREME_SHARE, 100 - _EXTREME_SHARE))
    return (low, high) if 0 < high - low < SMALL_PART * white and white > FULL_SCALES[0] else None


def flatten_on_white(image: Image.Image, note: Note) -> Image.Image:
    """Return an RGBA picture laid on white paper, as RGB."""
    alpha = image.getchannel("A")
    opaque = image.convert("RGB")
    if alpha.getextrema() == (255, 255):
        return opaque
    note("transparency is shown white")
    white = Image.new("RGB", image.size, "white")
    white.paste(opaque, mask=alpha)
    return white


def apply_profile(image: Image.Image, profile: bytes, note: Note) -> Image.Image:
    """Return the picture in sRGB as its colour profile asks; a useless profile is ignored and noted."""
    try:
        wanted = profile[16:20].decode("latin-1").strip()  # ICC.1:2022, 7.2: data colour space
        if wanted == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(wanted) != image.mode:
            note(f"a colour profile for {wanted or 'nothing'} was ignored")
            return image
        transform, name = _transform_to_srgb(profile, image.mode)
        if transform is None:
            return image
        converted = transform.apply(image)
    except MemoryError:
        raise
    except Exception:  # a stranger's profile: littlecms and Pillow raise of every kind
        note("its damaged colour profile was ignored")
        return image
    note(f"colours converted from {name}")
    return converted


@functools.lru_cache(maxsize=8)
def _transform_to_srgb(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """Return what brings a profile's colours to sRGB (None: they are) and the profile's name."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    try:
        described = ImageCms.getProfileDescription(source)
    except ImageCms.PyCMSError:
        described = ""
    name = "".join(c for c in described if c.isprintable()).strip()[:60] or "an unnamed profile"
    if mode == "RGB" and name.lower().startswith("srgb"):
        return None, name
    return ImageCms.buildTransform(source, _srgb(), mode, "RGB"), name


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return values with low at 0 and high at 255; NaN becomes 0."""
    shares = np.subtract(values, low, dtype=np.float64) / ((high - low) or 1.0)
    return np.asarray(np.rint(np.nan_to_num(shares, nan=0.0).clip(0.0, 1.0) * 255), np.uint8)


def _extremes(image: Image.Image) -> tuple[float, float, int]:
    """Return the darkest and brightest finite value, and how many are not finite."""
    low, high, not_finite = np.inf, -np.inf, 0
    for _, band in _bands(image):
        darkest, brightest = float(band.min()), float(band.max())
        if not np.isfinite([darkest, brightest]).all():
            finite = band[np.isfinite(band)]
            not_finite += band.size - finite.size
            if not finite.size:
                continue
            darkest, brightest = float(finite.min()), float(finite.max())
        low, high = min(low, darkest), max(high, brightest)
    return (low, high, not_finite) if low <= high else (0.0, 0.0, not_finite)


def _bands(image: Image.Image) -> Iterator[tuple[int, NDArray[Any]]]:
    for top in range(0, image.height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, image.height)
        yield top, np.asarray(image.crop((0, top, image.width, bottom)))
