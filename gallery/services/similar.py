"""More like this: the photos whose features are nearest to one photo's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.errors import PhotoError
from gallery.learning.unlike import units_of
from gallery.services import photo_lists, wiring
from gallery.services.heads import features_in_chunks
from gallery.services.photo_lists import PhotoList
from gallery.types import Collection, PhotoId, display_path

LISTED = 120
"""Nearest photos that a page shows; the hundredth is seldom like the first."""


@dataclass(frozen=True, slots=True)
class SimilarPhoto:
    """A photo and the cosine of its features and the asked one's, 1 for equal ones."""

    file_id: int
    photo_id: PhotoId
    path: Path
    label: str | None  # a person's
    predicted: str
    similarity: float


def photo_of_file(parts: wiring.Parts, file: Path) -> PhotoId:
    """Return by what the catalog knows a file's photo.

    Raises:
        PhotoError: the file cannot be read, or is no photo.
    """
    from gallery.photos.digest import picture_digest

    try:
        content = file.read_bytes()
    except OSError as exc:
        raise PhotoError(f"{display_path(file)} cannot be read ({exc.strerror}). Check the path.") from exc
    read = parts.catalog.photos_named({hashlib.sha256(content).hexdigest()})
    known = next(iter(read), None) or picture_digest(content)
    if known is None:
        raise PhotoError(f"{display_path(file)} is in no opened folder. Tag its folder first.")
    return known


def list_like(file_id: int, model_id: str, collection_id: int) -> PhotoList:
    """Return a photo and, after it, the photos of a collection that are nearest to it, as a page's list.

    Raises:
        GalleryError: the file has not been read, the model has not tagged it, or features are lost.
    """
    parts = wiring.parts()
    photo = parts.catalog.photo(file_id)
    collection = parts.catalog.collection(collection_id)
    found = similar_photos(parts, photo.photo_id, count=LISTED, model_id=model_id, collection=collection)
    return photo_lists.register(
        np.array([file_id, *(one.file_id for one in found)], np.int64),
        model_id=model_id,
        class_names=parts.models.card(model_id).class_names,
    )


def similar_photos(
    parts: wiring.Parts,
    photo_id: PhotoId,
    *,
    count: int,
    model_id: str | None = None,
    collection: Collection | None = None,
) -> list[SimilarPhoto]:
    """Return the photos nearest to one, the nearest first; copies of it are left out.

    Args:
        parts: real or fake ones.
        photo_id: a photo that the model has tagged.
        count: how many at most.
        model_id: by whose features; the active model's if left out.
        collection: where to search; None for all.

    Raises:
        CatalogError: the model has not tagged the photo, or features are lost.
    """
    card = wiring.chosen_card(parts.models, model_id)
    asked = units_of(parts.catalog.features(card.model_id, [photo_id]))[0]
    found: dict[PhotoId, SimilarPhoto] = {}
    for one in parts.catalog.collections() if collection is None else [collection]:
        table = parts.catalog.prediction_table(one.collection_id, card.model_id, with_paths=False)
        if not len(table):
            continue
        cosines = np.empty(len(table), np.float32)
        for rows, features in features_in_chunks(parts, card.model_id, table.photo_ids):
            cosines[rows] = units_of(features) @ asked
        best = np.argsort(-cosines, kind="stable")[: 2 * count + 1].tolist()
        labels = parts.catalog.labels([table.photo_ids[row] for row in best])
        photos = parts.catalog.photos(table.file_ids[best])
        for row, photo in zip(best, photos, strict=True):
            other = table.photo_ids[row]
            if other != photo_id and other not in found:
                found[other] = SimilarPhoto(
                    photo.file_id, other, photo.path, labels.get(other),
                    table.class_names[int(table.probabilities[row].argmax())], float(cosines[row]),
                )  # fmt: skip
    return sorted(found.values(), key=lambda photo: -photo.similarity)[:count]
