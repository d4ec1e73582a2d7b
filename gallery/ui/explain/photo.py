"""What Explain needs of one photo, catalogued or uploaded: its picture, probabilities and maps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gallery import settings
from gallery.catalog import Catalog
from gallery.errors import PhotoError
from gallery.photos.pool import DecodePool
from gallery.types import Classifier, FloatArray, Photo, PhotoId, Prediction, RgbImage, SkippedFile

SCREEN_PX = 1000
"""Longer side of a photo as this page shows it: sharp in half of a wide window, 30 ms to colour."""


@dataclass(frozen=True, slots=True)
class ExplainedPhoto:
    """A photo with what one model said of it.

    Attributes:
        name: the file's name as text.
        screen_jpeg: upright, longer side at most `SCREEN_PX`.
        full_jpeg: gives the same at most `settings.LARGE_VIEW_PX` large, for the download.
        model_input: gives the photo as the network takes it, (side, side, 3); raises PhotoError when its
            file is gone or another one has taken its place.
        prediction: all probabilities.
        cams: (classes, h, w); None when the model's head has no closed form.
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


def from_catalog(
    photo: Photo,
    prediction: Prediction,
    *,
    catalog: Catalog,
    pool: DecodePool,
    input_px: int,
    thumbnail: bytes | None,
) -> ExplainedPhoto:
    """Return a catalogued photo with its stored maps; no network is loaded.

    A photo whose file is gone is shown by its thumbnail, with a note.

    Args:
        photo: where it lies.
        prediction: what the model said of it.
        catalog: has its maps and labels.
        pool: reads it, in the model's size too.
        input_px: that size.
        thumbnail: what is left of it when its file is gone.

    Raises:
        PhotoError: the file is gone and there is no thumbnail either.
    """
    note = None
    try:
        jpeg = _large_jpeg(pool, photo.photo_id, str(photo.path), SCREEN_PX)
    except PhotoError as exc:
        if thumbnail is None:
            raise
        jpeg, note = thumbnail, f"{exc} Its thumbnail is shown instead."

    def full_jpeg() -> bytes:
        if note is not None:
            return jpeg
        return _large_jpeg(pool, photo.photo_id, str(photo.path), settings.LARGE_VIEW_PX)

    return ExplainedPhoto(
        photo_id=photo.photo_id,
        name=photo.display_name,
        screen_jpeg=jpeg,
        full_jpeg=full_jpeg,
        model_input=lambda: _model_input(pool, photo.photo_id, str(photo.path), input_px),
        prediction=prediction,
        cams=catalog.cams(photo.photo_id, prediction.model_id),
        person_label=catalog.labels([photo.photo_id]).get(photo.photo_id),
        note=note,
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _large_jpeg(_pool: DecodePool, photo_id: PhotoId, path: str, max_px: int) -> bytes:
    """Return the picture to which the stored maps belong, not one saved under its name since."""
    return _pool.large_jpeg(Path(path), max_px, photo_id=photo_id)


@st.cache_data(show_spinner=False, max_entries=32)
def _model_input(
    _pool: DecodePool,
    photo_id: PhotoId,
    path: str,
    input_px: int,  # noqa: ARG001 - the pool's own, which tells its pictures apart in the cache
) -> RgbImage:
    (decoded,) = _pool.decode([Path(path)])
    if isinstance(decoded, SkippedFile):
        raise PhotoError(decoded.detail or "The photo could not be read. Look at its file.")
    if decoded.photo_id != photo_id:
        raise PhotoError("Another file has taken its place. Tag its folder again on the Browse page.")
    return decoded.model_input


def from_file(path: Path, name: str, *, classifier: Classifier, pool: DecodePool) -> ExplainedPhoto:
    """Return a photo that is in no catalog, decoded in the sandbox and classified now.

    Raises:
        PhotoError: the file gives no picture; the sentence says why.
    """
    decoded = next(iter(pool.decode([path])), None)
    if decoded is None or isinstance(decoded, SkippedFile):
        detail = f"{decoded.reason}. {decoded.detail}" if decoded else "it could not be read."
        raise PhotoError(f"{name}: {detail}")
    screen, full = pool.large_jpeg(path, SCREEN_PX), pool.large_jpeg(path, settings.LARGE_VIEW_PX)
    batch = classifier.classify(decoded.model_input[None])
    prediction = Prediction(
        photo_id=decoded.photo_id,
        model_id=classifier.model_id,
        class_names=classifier.class_names,
        probabilities=batch.probabilities[0],
    )
    return ExplainedPhoto(
        photo_id=decoded.photo_id,
        name=name,
        screen_jpeg=screen,
        full_jpeg=lambda: full,
        model_input=lambda: decoded.model_input,
        prediction=prediction,
        cams=None if batch.cams is None else batch.cams[0],
    )


def from_upload(data: bytes, name: str, *, classifier: Classifier, pool: DecodePool) -> ExplainedPhoto:
    """Return an uploaded photo, classified; nothing of it stays on the disk.

    Raises:
        PhotoError: the file gives no picture; the sentence says why.
    """
    with tempfile.TemporaryDirectory(prefix="gallery-explain-") as folder:
        path = Path(folder) / "upload"  # the client's name never touches the disk
        path.write_bytes(data)
        return from_file(path, name, classifier=classifier, pool=pool)
