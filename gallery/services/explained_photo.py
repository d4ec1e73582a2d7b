"""The photo that is explained: one of the catalog with its stored maps, a file, or an upload."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import PhotoError
from gallery.services import wiring
from gallery.settings import LARGE_VIEW_PX
from gallery.types import FloatArray, ModelCard, Photo, PhotoId, Prediction, RgbImage, SkippedFile

SCREEN_PX = 1000
"""Longer side of a photo as a page shows it: sharp in half of a wide window, 30 ms to colour."""


@dataclass(frozen=True, slots=True)
class ExplainedPhoto:
    """A photo with a model's prediction.

    Attributes:
        name: the file's name as text.
        screen_jpeg: upright, longer side at most `SCREEN_PX`.
        full_jpeg: gives the same at most `settings.LARGE_VIEW_PX` large, for the download.
        model_input: gives the photo as the network takes it, (side, side, 3); raises PhotoError when its
            file is gone or another one has taken its place.
        prediction: all probabilities.
        cams: (classes, h, w); None where none are stored.
        person_label: what a person said it shows.
        note: a sentence on what is missing.
    """

    photo_id: PhotoId
    name: str
    screen_jpeg: bytes
    full_jpeg: Callable[[], bytes]
    model_input: Callable[[], RgbImage]
    prediction: Prediction
    cams: FloatArray | None
    person_label: str | None = None
    note: str | None = None


def catalogued(photo: Photo, card: ModelCard) -> ExplainedPhoto | None:
    """Return a catalogued photo with its stored maps; None where the model has not tagged it.

    No network is loaded. A photo whose file is gone is shown by its thumbnail, with a note.

    Raises:
        PhotoError: the file is gone and there is no thumbnail either.
        CatalogError: the catalog cannot be read.
    """
    catalog, path = wiring.catalog(), str(photo.path)
    prediction = catalog.prediction(photo.photo_id, card.model_id)
    if prediction is None:
        return None
    note = None
    try:
        jpeg = _large_jpeg(photo.photo_id, path, card.input_px, SCREEN_PX)
    except PhotoError as exc:
        thumbnail = wiring.thumbnails().get(photo.photo_id)
        if thumbnail is None:
            raise
        jpeg, note = thumbnail, f"{exc} Its thumbnail is shown instead."

    def full_jpeg() -> bytes:
        return jpeg if note else _large_jpeg(photo.photo_id, path, card.input_px, LARGE_VIEW_PX)

    return ExplainedPhoto(
        photo_id=photo.photo_id,
        name=photo.display_name,
        screen_jpeg=jpeg,
        full_jpeg=full_jpeg,
        model_input=lambda: model_input(photo.photo_id, path, card.input_px),
        prediction=prediction,
        cams=catalog.cams(photo.photo_id, prediction.model_id),
        person_label=catalog.labels([photo.photo_id]).get(photo.photo_id),
        note=note,
    )


@functools.lru_cache(maxsize=64)
def _large_jpeg(photo_id: PhotoId, path: str, input_px: int, max_px: int) -> bytes:
    """Return the picture to which the stored maps belong, not one saved under its name since."""
    return wiring.decode_pool(input_px).large_jpeg(Path(path), max_px, photo_id=photo_id)


@functools.lru_cache(maxsize=32)
def model_input(photo_id: PhotoId, path: str, input_px: int) -> RgbImage:
    """Return a catalogued photo as its model takes it, (side, side, 3).

    Raises:
        PhotoError: the file is gone, or another picture has taken its place.
    """
    (decoded,) = wiring.decode_pool(input_px).decode([Path(path)])
    if isinstance(decoded, SkippedFile):
        raise PhotoError(decoded.detail or "The photo could not be read. Look at its file.")
    if decoded.photo_id != photo_id:
        raise PhotoError("Another picture has taken its place. Tag its folder again on the Browse page.")
    return decoded.model_input


def from_file(path: Path, name: str, card: ModelCard) -> ExplainedPhoto:
    """Return a photo that the model has not tagged, decoded in the sandbox and classified now.

    Raises:
        PhotoError: the file gives no picture; the sentence says why.
        ModelError: the model cannot be loaded or run.
    """
    pool = wiring.decode_pool(card.input_px)
    (decoded,) = pool.decode([path])
    if isinstance(decoded, SkippedFile):
        raise PhotoError(f"{name}: {decoded.reason}. {decoded.detail}")
    screen, full = pool.large_jpeg(path, SCREEN_PX), pool.large_jpeg(path, LARGE_VIEW_PX)
    batch = wiring.classifier(card.model_id).classify(decoded.model_input[None])
    return ExplainedPhoto(
        photo_id=decoded.photo_id,
        name=name,
        screen_jpeg=screen,
        full_jpeg=lambda: full,
        model_input=lambda: decoded.model_input,
        prediction=Prediction(decoded.photo_id, card.model_id, card.class_names, batch.probabilities[0]),
        cams=None if batch.cams is None else batch.cams[0],
    )


def from_upload(data: bytes, name: str, card: ModelCard) -> ExplainedPhoto:
    """Return an uploaded photo, classified; nothing of it stays on the disk.

    Raises:
        PhotoError: the file gives no picture; the sentence says why.
        ModelError: the model cannot be loaded or run.
    """
    with tempfile.TemporaryDirectory(prefix="gallery-explain-") as folder:
        path = Path(folder) / "upload"  # the client's name never touches the disk
        path.write_bytes(data)
        return from_file(path, name, card)


def picture(jpeg: bytes) -> RgbImage:
    """Return the pixels of a JPEG that this program made, (height, width, 3)."""
    from gallery.photos.decode import picture_from_jpeg

    return picture_from_jpeg(jpeg)
