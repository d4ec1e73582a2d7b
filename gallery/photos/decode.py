"""The one loader: display, tagging and heatmaps all see the same upright sRGB picture."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from gallery.photos import formats, metadata, pixels
from gallery.photos.digest import picture_digest, pixel_digest
from gallery.photos.measures import measured
from gallery.photos.reading import TOO_MUCH_MEMORY, UnreadablePhoto, read_regular_file
from gallery.photos.repair import repaired
from gallery.settings import PIXEL_LIMIT
from gallery.types import DecodedPhoto, PhotoId, PhotoMetadata, RgbImage, SkippedFile, SkipReason

THUMBNAIL_QUALITY = 82
"""Of 100: no blocks are seen at 320 px, and twice as small as at 95."""

LARGE_QUALITY = 90

INPUT_MARGIN = 1.5
"""Cheap shrinking (JPEG's own, means of squares) stops at this many times the model's input: a photo of
12 megapixels is decoded at an eighth, and the input differs by less than 1 of 255 in the mean."""

MOST_MISSING = 0.25
"""A JPEG that lacks more of its picture than this is damaged; with less it is read, and says so."""

_DEEP = "16 bits a channel: the upper 8 are shown"
_warnings_are_global = threading.Lock()  # Python's filters are one list for all threads


@dataclass(frozen=True, slots=True)
class _Upright:
    image: Image.Image  # RGB, upright, perhaps shrunk
    photo_id: PhotoId
    metadata: PhotoMetadata


def decode_photo(path: Path, *, input_px: int, thumbnail_px: int) -> DecodedPhoto:
    """Return all that one reading of a file gives.

    Large pictures are shrunk while they are decoded; the metadata keep the
    true size.

    Args:
        path: a file, of whatever content.
        input_px: side of the model's square input; the whole photo is squashed to it.
        thumbnail_px: longer side of the thumbnail, which is never enlarged.

    Raises:
        UnreadablePhoto: it gave no picture; its `skipped` has the reason.
    """
    data = read_regular_file(path)
    with _faults_named(path, data):
        upright = _load(data, path, least=(input_px, thumbnail_px))
        model_input = np.asarray(_squashed(upright.image, input_px))
        brightness, sharpness = measured(model_input)
        return DecodedPhoto(
            path=path,
            photo_id=upright.photo_id,
            metadata=replace(
                upright.metadata,
                brightness=brightness,
                sharpness=sharpness,
                file_sha256=hashlib.sha256(data).hexdigest(),
            ),
            model_input=model_input,
            thumbnail_jpeg=encode_jpeg(_fitted(upright.image, thumbnail_px), THUMBNAIL_QUALITY),
        )


def large_jpeg(path: Path, max_px: int, *, photo_id: PhotoId | None = None) -> bytes:
    """Return a file's picture, upright, as a JPEG for the large view.

    Args:
        path: a file, of whatever content.
        max_px: longer side that it is shrunk to.
        photo_id: the picture that the file must still hold; None takes whatever it holds now.

    Raises:
        UnreadablePhoto: it gave no picture, or another one was saved under this
            name meanwhile; its `skipped` has the reason.
    """
    data = read_regular_file(path)
    with _faults_named(path, data):
        upright = _load(data, path, least=(1, max_px))
        if photo_id not in (None, upright.photo_id, hashlib.sha256(data).hexdigest()):
            detail = "Another picture has taken its place since it was tagged. Tag the folder again."
            raise UnreadablePhoto(SkippedFile(path, SkipReason.VANISHED, detail))
        return encode_jpeg(_fitted(upright.image, max_px), LARGE_QUALITY)


def squash(image: RgbImage, input_px: int) -> RgbImage:
    """Return the whole picture in a square, its aspect not kept: what models are trained on and shown.

    Bicubic, with the support widened when shrinking (Pillow's antialiasing).

    Args:
        image: (height, width, 3) uint8.
        input_px: the square's side.

    Returns:
        (input_px, input_px, 3) uint8.
    """
    return np.asarray(_squashed(Image.fromarray(image), input_px))


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    """Return an RGB picture as JPEG, without any of its metadata."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def picture_from_jpeg(jpeg: bytes) -> RgbImage:
    """Return the pixels of a JPEG that `encode_jpeg` wrote, (height, width, 3) uint8.

    Not for a stranger's bytes: those go through the sandbox first, which gives such a JPEG.
    """
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB"))


def _load(data: bytes, path: Path, *, least: tuple[int, int] | None) -> _Upright:
    """Return the picture and its facts; it may be shrunk, but not below `least` (square, longer side)."""
    try:
        return _load_whole(data, path, least=least)
    except (MemoryError, UnreadablePhoto, Image.DecompressionBombError):
        raise
    except Exception:  # Pillow raises of every kind
        found = repaired(data)
        if found is None:
            raise
    content, note = found
    upright = _load_whole(content, path, least=least, ends_early=content.startswith(data))
    facts = upright.metadata
    return replace(
        upright, metadata=replace(facts, size_bytes=len(data), notes=(*filter(None, [note]), *facts.notes))
    )


def _load_whole(
    data: bytes, path: Path, *, least: tuple[int, int] | None, ends_early: bool = False
) -> _Upright:
    image = _open(data, path)
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        detail = f"It has {width:,} x {height:,} pixels; up to {PIXEL_LIMIT / 1e6:,.0f} million are read."
        raise UnreadablePhoto(SkippedFile(path, SkipReason.TOO_LARGE, detail))
    notes: list[str] = []
    if any(";16" in str(tile.args) for tile in image.tile) and not image.mode.startswith("I"):
        notes.append(_DEEP)
    frames = _frames_note(image)
    if frames is not None:
        notes.append(frames)
        image = _open(data, path)  # counting has moved it on
    wanted = None if least is None else _wanted_size(image.size, *least)
    if wanted is not None:
        image.draft(None, wanted)  # only JPEG can; others stay as they are
    image.load()
    if ends_early:
        notes.append(_end_note(image))
    photo_id = picture_digest(data) or pixel_digest(image)
    name = "JPEG" if image.format == "MPO" else str(image.format)
    facts = metadata.read_facts(image)  # after loading: a PNG's EXIF may follow its pixels
    if facts.damaged:
        notes.append("its EXIF data are damaged")
    turn = metadata.read_turn(image)
    profile = image.info.get("icc_profile")
    picture = pixels.unpacked(image, notes.append)
    if _DEEP in notes:
        picture = pixels.stretched_deep(data, picture, notes.append)
    del image  # a large scan needs no second copy
    picture = pixels.to_srgb(_shrunk(picture, wanted), profile, notes.append)
    if turn is not None:
        picture = picture.transpose(turn)
        if turn in metadata.SIDEWAYS:
            width, height = height, width
    picture.info = {}  # no comment, place or profile of the original travels into a thumbnail
    return _Upright(
        picture,
        photo_id,
        PhotoMetadata(width, height, len(data), name, facts.taken_at, facts.camera, tuple(notes)),
    )


def _open(data: bytes, path: Path) -> ImageFile.ImageFile:
    allowed: Sequence[str] = formats.FORMATS
    if formats.sniff(data) == "HEIF":
        if not formats.heic_is_installed():
            skipped = SkippedFile(path, SkipReason.HEIC_NOT_INSTALLED, formats.HEIC_REMEDY)
            raise UnreadablePhoto(skipped)
        allowed = ("HEIF",)
    return Image.open(io.BytesIO(data), formats=list(allowed))


def _end_note(image: Image.Image) -> str:
    """Return what to say of a JPEG without its end, which the decoder fills with the last colour it had.

    Raises:
        OSError: too much of the picture is missing.
    """
    pixels_ = np.asarray(image).reshape(image.height, -1)
    last = np.tile(pixels_[-1, -len(image.getbands()) :], image.width)
    filled = np.abs(pixels_.astype(np.int16) - last).max(axis=1) <= 1
    missing = 1.0 if filled.all() else int(np.argmin(filled[::-1])) / image.height
    if missing > MOST_MISSING:
        raise OSError(f"image file is truncated, {missing:.0%} of the picture is missing")
    return "the file ends early" + (f": up to {missing:.0%} of the picture is missing" if missing else "")


def _wanted_size(size: tuple[int, int], square_px: int, longer_px: int) -> tuple[int, int]:
    """Return the smallest size that both outputs can still be made of."""
    scale = min(1.0, longer_px / max(size))
    width, height = (ceil(max(INPUT_MARGIN * square_px, side * scale)) for side in size)
    return width, height


def _shrunk(image: Image.Image, wanted: tuple[int, int] | None) -> Image.Image:
    """Return the picture shrunk by a whole factor, as means of squares, before costlier steps."""
    factor = 1 if wanted is None else min(image.width // wanted[0], image.height // wanted[1])
    return image if factor < 2 or image.mode == "LAB" else image.reduce(factor)


def _squashed(image: Image.Image, input_px: int) -> Image.Image:
    return image.resize((input_px, input_px), Image.Resampling.BICUBIC)


def _fitted(image: Image.Image, max_px: int) -> Image.Image:
    """Return the picture with its longer side at most max_px, never enlarged."""
    scale = max_px / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _frames_note(image: Image.Image) -> str | None:
    """Return what to say of a file with several pictures. Counting them may move the image on."""
    if image.format in ("JPEG", "MPO"):  # the other pictures of an MPO are previews and depth maps
        return None
    try:
        count = int(getattr(image, "n_frames", 1))
    except MemoryError:
        raise
    except Exception:  # a later frame is damaged, the first may not be
        return "the first of several frames, of which one is damaged"
    if count < 2:
        return None
    return f"the first of {count:,} {'pages' if image.format == 'TIFF' else 'frames'}"


@contextlib.contextmanager
def _faults_named(path: Path, data: bytes) -> Iterator[None]:
    """Turn whatever Pillow raises of hostile bytes into an UnreadablePhoto with a fitting reason."""

    def refuse(reason: SkipReason, detail: str) -> UnreadablePhoto:
        return UnreadablePhoto(SkippedFile(path, reason, detail))

    try:
        with _warnings_are_global, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnreadablePhoto:
        raise
    except Image.DecompressionBombError as exc:
        detail = (
            f"It unpacks to more pixels than any photo has; up to {PIXEL_LIMIT / 1e6:,.0f} million are read."
        )
        raise refuse(SkipReason.TOO_LARGE, detail) from exc
    except Exception as exc:  # Pillow raises of every kind: OSError, SyntaxError, struct.error, ...
        what = " ".join("".join(c if c.isprintable() else " " for c in str(exc)).split())[:120]
        if isinstance(exc, MemoryError) or "out of memory" in what.lower():
            raise refuse(SkipReason.OUT_OF_MEMORY, TOO_MUCH_MEMORY) from exc
        announced = formats.sniff(data)
        if announced is None and isinstance(exc, UnidentifiedImageError):
            raise refuse(SkipReason.NOT_A_PHOTO, f"Its content is not {formats.SPOKEN}.") from exc
        fault = "" if isinstance(exc, UnidentifiedImageError) or not what else f" ({what})"
        detail = (
            f"It begins like {announced or 'a photo'} but cannot be decoded{fault}. "
            "Copy it again from the camera or a backup."
        )
        raise refuse(SkipReason.DAMAGED, detail) from exc
