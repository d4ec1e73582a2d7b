"""The HTTP routes under /gallery/: thumbnails, large photos, heatmaps, pages of a grid, facts of a photo.

Every route takes ids, never a path of the client's. Answers named by a hash of
their content may be kept for ever; none may be read by another site's pages.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.errors import GalleryError
from gallery.photos import heatmap
from gallery.services import photo_lists, wiring
from gallery.settings import LARGE_VIEW_PX, THUMBNAIL_PX
from gallery.types import GridItem, Photo, display_path
from gallery.ui.components.heatmap_view import MapPair
from gallery.ui.train import pictures as train_pictures
from gallery.web import downloads
from gallery.web import folders as folder_routes
from gallery.web import report as evaluate_report
from gallery.web import uploads as upload_routes
from gallery.web.guard import SAFE, NotAnIdError, guarded, refusal

BASE = "/gallery"
THUMBNAILS = f"{BASE}/thumb/"

_PHOTO_ID = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,18}")  # what SQLite holds as an integer
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FOR_EVER = "private, max-age=31536000, immutable"
_NEVER = "no-store"
_HEATMAP_PX = (224, 224)  # a 14 x 14 map holds no more; the browser stretches it to the photo


def all_routes() -> list[BaseRoute]:
    """Return the routes for ``st.App(routes=...)``."""
    pages = {
        "/thumb/{photo_id}": thumb,
        "/photo/{photo_id}": large_photo,
        "/heatmap/{model_id}/{photo_id}/{class_name}": heatmap_png,
        "/difference/{model_id}/{photo_id}/{first}/{second}": difference_png,
        "/grid/{token}/{page}": grid_page,
        "/info/{model_id}/{file_id}": photo_facts,
        "/labelled/{token}/{photo_id}": labelled_photo,
    }
    reading: list[BaseRoute] = [
        Route(BASE + path, guarded(endpoint), methods=["GET"]) for path, endpoint in pages.items()
    ]
    others = (upload_routes, downloads, evaluate_report, folder_routes)
    return reading + [route for module in others for route in module.all_routes(BASE)]


def thumb(request: Request) -> Response:
    """Answer with a photo's thumbnail; one that was deleted is made again."""
    photo_id = _matched(_PHOTO_ID, request.path_params["photo_id"])
    store = wiring.thumbnails()
    jpeg = store.get(photo_id)
    if jpeg is None:
        photo = wiring.catalog().photo_at(photo_id)
        jpeg = wiring.decode_pool().large_jpeg(photo.path, THUMBNAIL_PX, photo_id=photo_id)
        store.put(photo_id, jpeg)
    return _answer(jpeg, "image/jpeg", _FOR_EVER)


def labelled_photo(request: Request) -> Response:
    """Answer with a thumbnail of a data set's photo, which need not be in the catalog."""
    token = _matched(_TOKEN, request.path_params["token"])
    jpeg = train_pictures.thumbnail(token, _matched(_PHOTO_ID, request.path_params["photo_id"]))
    if jpeg is None:
        return refusal(404, "This data set is not known any more; reload the page.")
    return _answer(jpeg, "image/jpeg", _FOR_EVER)


def large_photo(request: Request) -> Response:
    """Answer with the photo itself, upright and at most 1600 px; its thumbnail when the file is gone."""
    photo_id = _matched(_PHOTO_ID, request.path_params["photo_id"])
    photo = wiring.catalog().photo_at(photo_id)
    try:
        return _answer(
            wiring.decode_pool().large_jpeg(photo.path, LARGE_VIEW_PX, photo_id=photo_id),
            "image/jpeg",
            _FOR_EVER,
        )
    except GalleryError:
        jpeg = wiring.thumbnails().get(photo_id)
        if jpeg is None:
            raise
        return _answer(jpeg, "image/jpeg", _NEVER)


def heatmap_png(request: Request) -> Response:
    """Answer with a stored heatmap as a transparent PNG; 204 when nothing speaks for the class.

    Query: ``peak`` is what is shown as the hottest (its own maximum if absent),
    ``with`` another class that shares the scale, ``colour_map`` one of the known maps.
    """
    model_id = _matched(_MODEL_ID, request.path_params["model_id"])
    photo_id = _matched(_PHOTO_ID, request.path_params["photo_id"])
    catalog = wiring.catalog()
    prediction = catalog.prediction(photo_id, model_id)
    cams = catalog.cams(photo_id, model_id)
    class_name = request.path_params["class_name"]
    if prediction is None or cams is None or class_name not in prediction.class_names:
        return refusal(404, "No heatmap of this class is stored for this photo.")
    cam = cams[prediction.class_names.index(class_name)]
    if not heatmap.has_evidence(cam):
        return Response(status_code=204, headers=SAFE)
    try:
        peak = float(request.query_params["peak"]) if "peak" in request.query_params else None
    except ValueError:
        return refusal(400, "The peak is no number.")
    other = request.query_params.get("with")
    if other in prediction.class_names:
        peak = float(max(cam.max(), cams[prediction.class_names.index(other)].max()))
    colour_map = request.query_params.get("colour_map", heatmap.DEFAULT_COLOUR_MAP)
    picture = heatmap.heatmap_png(cam, peak=peak, colour_map=colour_map, size_px=_HEATMAP_PX)
    return _answer(picture, "image/png", "private, max-age=600")


def difference_png(request: Request) -> Response:
    """Answer with the difference of two classes' stored maps on one scale, as a transparent PNG.

    Orange where more speaks for the first class, purple for the second; 204 where they are the same.
    """
    model_id = _matched(_MODEL_ID, request.path_params["model_id"])
    photo_id = _matched(_PHOTO_ID, request.path_params["photo_id"])
    catalog = wiring.catalog()
    prediction, cams = catalog.prediction(photo_id, model_id), catalog.cams(photo_id, model_id)
    names = [request.path_params[part] for part in ("first", "second")]
    if prediction is None or cams is None or not set(names) <= set(prediction.class_names):
        return refusal(404, "No heatmaps of these classes are stored for this photo.")
    first, second = (cams[prediction.class_names.index(name)] for name in names)
    if (first == second).all():
        return Response(status_code=204, headers=SAFE)
    layer = MapPair(first, second).difference_layer(_HEATMAP_PX)
    return _answer(heatmap.png(layer), "image/png", "private, max-age=600")


def grid_page(request: Request) -> Response:
    """Answer with one page of a grid's items, in the list's order."""
    chosen = photo_lists.find(_matched(_TOKEN, request.path_params["token"]))
    if chosen is None:
        return refusal(404, "This list is not known any more; the page makes a new one.")
    first = int(_matched(_NUMBER, request.path_params["page"])) * photo_lists.PAGE_SIZE
    file_ids = chosen.file_ids[first : first + photo_lists.PAGE_SIZE]
    items = wiring.catalog().grid_items(file_ids, chosen.model_id) if len(file_ids) else []
    truths = None if chosen.true_index is None else chosen.true_index[first : first + photo_lists.PAGE_SIZE]
    rows = []
    for offset, item in enumerate(items):
        truth = None
        if truths is not None and 0 <= truths[offset] < len(chosen.class_names):
            truth = chosen.class_names[int(truths[offset])]
        rows.append(_row(item, truth))
    return JSONResponse({"items": rows}, headers=SAFE)


def photo_facts(request: Request) -> Response:
    """Answer with all that the large view shows of a photo."""
    model_id = _matched(_MODEL_ID, request.path_params["model_id"])
    catalog = wiring.catalog()
    photo = catalog.photo(int(_matched(_NUMBER, request.path_params["file_id"])))
    prediction = catalog.prediction(photo.photo_id, model_id)
    facts = _facts(photo)
    if prediction is not None:
        cams = catalog.cams(photo.photo_id, model_id)
        order = (-prediction.probabilities).argsort(kind="stable")
        facts["probabilities"] = [
            [prediction.class_names[index], round(float(prediction.probabilities[index]), 5)]
            for index in order
        ]
        if cams is not None:
            facts["evidence"] = {
                name: heatmap.has_evidence(cam)
                for name, cam in zip(prediction.class_names, cams, strict=True)
            }
    facts["corrections"] = [
        {"label": one.label, "person": one.person, "made_at": one.made_at}
        for one in catalog.corrections(photo.photo_id)
    ]
    return JSONResponse(facts, headers=SAFE)


def _facts(photo: Photo) -> dict[str, Any]:
    about = photo.metadata
    return {
        "file_id": photo.file_id,
        "photo_id": photo.photo_id,
        "name": photo.display_name,
        "path": display_path(photo.path),
        "exists": photo.path.is_file(),
        "width_px": about.width_px,
        "height_px": about.height_px,
        "size_bytes": about.size_bytes,
        "format": about.image_format,
        "taken_at": about.taken_at,
        "camera": about.camera,
        "notes": list(about.notes),
        "probabilities": [],
        "evidence": {},
    }


def _row(item: GridItem, truth: str | None) -> list[Any]:
    """Return an item as the component reads it: positions instead of names make a page a third smaller."""
    confidence = None if item.confidence is None else round(item.confidence, 4)
    return [
        item.file_id,
        item.photo_id,
        item.name,
        item.label,
        item.source,
        confidence,
        item.predicted_label,
        truth,
    ]


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise NotAnIdError
    return text


def _answer(content: bytes, media_type: str, keep: str) -> Response:
    return Response(content, media_type=media_type, headers={**SAFE, "Cache-Control": keep})
