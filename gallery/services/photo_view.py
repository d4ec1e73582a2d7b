"""What is shown of one photo: thumbnail, large photo, stored heatmaps, and all that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CatalogError, GalleryError, MapComesError
from gallery.services import later_maps, stacks, wiring
from gallery.services.heatmaps import MapPair
from gallery.settings import LARGE_VIEW_PX, THUMBNAIL_PX, WHOLE_VIEW_PX
from gallery.types import Correction, DetectedBox, FloatArray, Photo, PhotoId, Prediction

PHOTO_ID = re.compile(r"[0-9a-f]{64}")

_ASKED_TOGETHER = 500

_HEATMAP_PX = (224, 224)  # a 14 x 14 map holds no more; the browser stretches it to the photo


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """All that the large view shows of a photo.

    Attributes:
        photo: the photo.
        exists: its file is where it was.
        prediction: of the model that is shown; None when it has not tagged the photo.
        evidence: of each class, whether its stored heatmap has any; empty when none is stored.
        maps_come: none is stored, but who asks for one gets it in a moment.
        labels: what each person says of it, the latest last.
        boxes: what a detector found in it.
        clock_shift: what its date has been shifted by; None where the camera's clock counts as right.
    """

    photo: Photo
    exists: bool
    prediction: Prediction | None
    evidence: dict[str, bool] = field(default_factory=dict)
    maps_come: bool = False
    labels: tuple[Correction, ...] = ()
    clock_shift: str | None = None
    boxes: tuple[DetectedBox, ...] = ()


def photo(file_id: int) -> Photo:
    """Return the photo of a file.

    Raises:
        CatalogError: the file is unknown, or was never read.
    """
    return wiring.catalog().photo(file_id)


def photo_of(photo_id: str) -> Photo:
    """Return the photo of an id that anybody may have written.

    Raises:
        CatalogError: it is no id, or of no photo in the catalog.
    """
    if not PHOTO_ID.fullmatch(photo_id):
        raise CatalogError("The address names no photo: a photo's id has 64 digits from 0 to f.")
    return wiring.catalog().photo_at(photo_id)


def first_read(file_ids: NDArray[np.int64]) -> Photo | None:
    """Return the first photo among files that has been read; while a job runs, the first may still wait."""
    for first in range(0, len(file_ids), _ASKED_TOGETHER):
        if photos := wiring.catalog().photos(file_ids[first : first + _ASKED_TOGETHER]):
            return photos[0]
    return None


def thumbnail(photo_id: PhotoId) -> bytes:
    """Return a photo's thumbnail as JPEG; one that was deleted is made again.

    Raises:
        GalleryError: the photo is unknown, its file is gone, or holds another photo now.
    """
    kept = wiring.thumbnails().get(photo_id)
    return kept or thumbnail_of(wiring.catalog().photo_at(photo_id).path, photo_id)


def thumbnail_of(path: Path, photo_id: PhotoId) -> bytes:
    """Return the thumbnail of a photo that need not be in the catalog, as JPEG; made now if there is none.

    Raises:
        PhotoError: the file is gone, or holds another photo now.
    """
    jpeg = wiring.thumbnails().get(photo_id)
    if jpeg is None:
        jpeg = wiring.decode_pool().large_jpeg(path, THUMBNAIL_PX, photo_id=photo_id)
        wiring.thumbnails().put(photo_id, jpeg)
    return jpeg


def large_photo(photo_id: PhotoId, *, whole: bool = False) -> tuple[bytes, bool]:
    """Return a photo as JPEG, upright and at most 1600 px, and whether it is that.

    When the file is gone it is the thumbnail that was kept.

    Args:
        photo_id: the photo.
        whole: with the pixels of the file, at most 6000 on the longer side.

    Raises:
        GalleryError: the photo is unknown, or there is neither a file nor a thumbnail.
    """
    path = wiring.catalog().photo_at(photo_id).path
    try:
        most_px = WHOLE_VIEW_PX if whole else LARGE_VIEW_PX
        return wiring.decode_pool().large_jpeg(path, most_px, photo_id=photo_id), True
    except GalleryError:
        jpeg = wiring.thumbnails().get(photo_id)
        if jpeg is None:
            raise
        return jpeg, False


def heatmap_png(
    photo_id: PhotoId,
    model_id: str,
    class_name: str,
    *,
    peak: float | None = None,
    beside: str | None = None,
    colour_map: str | None = None,
) -> bytes | None:
    """Return a heatmap as a transparent PNG; None without evidence for the class.

    Args:
        photo_id: the photo.
        model_id: whose map it is.
        class_name: the class.
        peak: what is shown as the hottest; the map's own maximum if left out.
        beside: another class that shares the scale.
        colour_map: one of the known ones.

    Raises:
        MapComesError: it is computed at this moment.
        CatalogError: no such map is stored.
    """
    from gallery.photos import heatmap

    maps = _maps(photo_id, model_id)
    if class_name not in maps:
        raise CatalogError("No heatmap of this class is stored for this photo.")
    cam = maps[class_name]
    if not heatmap.has_evidence(cam):
        return None
    if beside in maps:
        peak = float(max(cam.max(), maps[beside].max()))
    return heatmap.heatmap_png(
        cam, peak=peak, colour_map=colour_map or heatmap.DEFAULT_COLOUR_MAP, size_px=_HEATMAP_PX
    )


def difference_png(photo_id: PhotoId, model_id: str, first: str, second: str) -> bytes | None:
    """Return the difference of two classes' stored maps on one scale as a transparent PNG.

    Orange where more speaks for the first class, purple for the second; None where they are the same.

    Raises:
        MapComesError: they are computed at this moment.
        CatalogError: no such maps are stored.
    """
    from gallery.photos import heatmap

    maps = _maps(photo_id, model_id)
    if first not in maps or second not in maps:
        raise CatalogError("No heatmaps of these classes are stored for this photo.")
    pair = MapPair(maps[first], maps[second])
    if (pair.first == pair.second).all():
        return None
    return heatmap.png(pair.difference_layer(_HEATMAP_PX))


def facts(file_id: int, model_id: str, *, of_sequence: bool = False) -> PhotoFacts:
    """Return all that the large view shows of a photo.

    Args:
        file_id: the photo's.
        model_id: whose prediction.
        of_sequence: the prediction is that of the photo's whole sequence.

    Raises:
        CatalogError: the file is unknown, or was never read.
    """
    from gallery.photos import heatmap

    catalog = wiring.catalog()
    shown = catalog.photo(file_id)
    maps = _stored_maps(shown.photo_id, model_id)
    found = catalog.detections([shown.photo_id]).get(shown.photo_id)
    return PhotoFacts(
        shown,
        exists=shown.path.is_file(),
        prediction=stacks.prediction(file_id, model_id)
        if of_sequence
        else catalog.prediction(shown.photo_id, model_id),
        clock_shift=catalog.clock_of(file_id)[1],
        boxes=() if found is None else found.boxes,
        evidence={name: heatmap.has_evidence(cam) for name, cam in maps.items()},
        maps_come=not maps and later_maps.awaited(shown.photo_id, model_id),
        labels=tuple(catalog.opinions(shown.photo_id)),
    )


def _maps(photo_id: PhotoId, model_id: str) -> dict[str, FloatArray]:
    """Return the stored maps; those of a learnt head are computed when they are first asked for.

    Raises:
        MapComesError: they are computed at this moment.
    """
    maps = _stored_maps(photo_id, model_id)
    if not maps and later_maps.awaited(photo_id, model_id):
        later_maps.compute(photo_id, model_id)
        raise MapComesError("The heatmap is being computed. Ask again in a second.")
    return maps


def _stored_maps(photo_id: PhotoId, model_id: str) -> dict[str, FloatArray]:
    """Return the class activation maps that are stored, (h, w) by class; empty when none are."""
    catalog = wiring.catalog()
    prediction, cams = catalog.prediction(photo_id, model_id), catalog.cams(photo_id, model_id)
    if prediction is None or cams is None:
        return {}
    return dict(zip(prediction.class_names, cams, strict=True))
