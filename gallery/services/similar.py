"""More like this: the photos whose features are nearest to one photo's."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.errors import PhotoError
from gallery.learning.likeness import units_of
from gallery.learning.nearest import READ_THROUGH_UP_TO, VectorIndex, Vectors, has_index, nearest
from gallery.services import photo_lists, wiring
from gallery.services.photo_lists import PhotoList
from gallery.types import Collection, FloatArray, PhotoId, display_path

LISTED = 120
"""Nearest photos that a page shows; the hundredth is seldom like the first."""

_WIDER = 4
"""So many more candidates than are wanted come from an index that rounds, to be ordered by exact cosines."""


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
    found = similar_photos(
        parts, photo.photo_id, count=LISTED, model_id=model_id, collection=collection, kept=_kept
    )
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
    kept: Indices | None = None,
) -> list[SimilarPhoto]:
    """Return the photos nearest to one, the nearest first; copies of it are left out.

    Args:
        parts: real or fake ones.
        photo_id: a photo that the model has tagged.
        count: how many at most.
        model_id: by whose features; the active model's if left out.
        collection: where to search; None for all.
        kept: answers for many photos without reading all features; None reads them.

    Raises:
        CatalogError: the model has not tagged the photo, or features are lost.
    """
    card = wiring.chosen_card(parts.models, model_id)
    asked = parts.catalog.features(card.model_id, [photo_id])[0]
    if collection is not None and collection.photo_count <= READ_THROUGH_UP_TO:
        slots, file_ids = parts.catalog.vectors_of_files(card.model_id, collection.collection_id)
        vectors = parts.catalog.vectors(card.model_id)
        held = slots < len(vectors)  # the file may have been cut short
        rows, _ = nearest(vectors, asked, count + 1, slots[held])
        file_ids = file_ids[held][rows]
    else:
        file_ids = _among_all(parts, card.model_id, asked, count + 1, collection, kept)
    photos = [photo for photo in parts.catalog.photos(file_ids) if photo.photo_id != photo_id]
    ids = [photo.photo_id for photo in photos]
    cosines = units_of(parts.catalog.features(card.model_id, ids)) @ units_of(asked[None])[0]
    labels = parts.catalog.labels(ids)
    found = []
    for row in np.argsort(-cosines, kind="stable")[:count].tolist():
        photo, said = photos[row], parts.catalog.prediction(ids[row], card.model_id)
        if said is not None:
            label = labels.get(photo.photo_id)
            found.append(
                SimilarPhoto(
                    photo.file_id, photo.photo_id, photo.path, label, said.label, float(cosines[row])
                )
            )
    return found


# ---- among a hundred thousand and more -------------------------------------


def _among_all(
    parts: wiring.Parts,
    model_id: str,
    asked: FloatArray,
    count: int,
    collection: Collection | None,
    kept: Indices | None,
) -> NDArray[np.int64]:
    """Return files of the photos that are nearest to a vector, of all that the model has seen."""
    vectors = parts.catalog.vectors(model_id)
    index = None if kept is None else kept.of(parts, model_id, vectors)
    keys = parts.catalog.photos_of_vectors(model_id, len(vectors)) if index is None else index.keys
    where = None if collection is None else collection.collection_id
    wanted = _WIDER * count
    while True:
        rows = nearest(vectors, asked, wanted)[0] if index is None else index.index.nearest(asked, wanted)
        rows = rows[rows < len(keys)]  # the index may have grown meanwhile
        file_ids = parts.catalog.file_of_each(keys[rows], where)
        if len(file_ids) >= _WIDER * count // 2 or wanted >= len(keys):
            return file_ids
        wanted *= 16  # most of the nearest lie in other collections


@dataclass(frozen=True, slots=True)
class _Indexed:
    index: VectorIndex
    keys: NDArray[np.int64]  # of the photos, by vector


class Indices:
    """The index of the model that was last asked for, made in the background while the features are read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._whose: tuple[str, str] | None = None
        self._indexed: _Indexed | None = None
        self._maker: threading.Thread | None = None

    def of(self, parts: wiring.Parts, model_id: str, vectors: Vectors) -> _Indexed | None:
        """Return the index of a model's vectors; None while there is none, and where none is needed.

        While photos are being tagged it may lack those of the last seconds.
        """
        if len(vectors) <= READ_THROUGH_UP_TO or not has_index():
            return None
        with self._lock:
            whose = (parts.catalog.identity(), model_id)
            if whose != self._whose:
                self._whose, self._indexed = whose, None
            outdated = self._indexed is None or len(self._indexed.keys) != len(vectors)
            if outdated and (self._maker is None or not self._maker.is_alive()):
                self._maker = threading.Thread(
                    target=self._make, args=(parts, whose, vectors, self._indexed), name="index", daemon=True
                )
                self._maker.start()
            return self._indexed

    def _make(
        self, parts: wiring.Parts, whose: tuple[str, str], vectors: Vectors, before: _Indexed | None
    ) -> None:
        if before is None:
            index = VectorIndex(vectors)
        else:
            index = before.index
            index.take_in(vectors)
        made = _Indexed(index, parts.catalog.photos_of_vectors(whose[1], len(vectors)))
        with self._lock:
            if self._whose == whose:
                self._indexed = made

    def wait(self) -> None:
        """Return when what is being made is there."""
        if self._maker is not None:
            self._maker.join()


_kept = Indices()
