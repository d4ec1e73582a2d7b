"""The HTTP routes under /gallery/: thumbnails, photos, heatmaps, pages of a grid, facts of a photo, folders.

Pictures are asked for by ids, never by a path of the client's. Answers named by a hash of
their content may be kept for ever; none may be read by another site's pages.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gallery import class_styles
from gallery.errors import CatalogError
from gallery.services import folders, photo_lists, photo_view, similar, stacks, wiring
from gallery.services.photo_lists import PhotoList
from gallery.types import GridItem, Prediction, display_path
from gallery.web import downloads, labels, uploads
from gallery.web.addresses import BASE, ICON, REPORT
from gallery.web.guard import SAFE, guarded, model_id, number, photo_id, posted_from_own_page, refusal

_FOR_EVER = "private, max-age=31536000, immutable"
_SHORT = "private, max-age=600"
_NEVER = "no-store"
_LONGEST_PATH = 4096
_COUNTED = 40  # folders at once


def all_routes() -> list[BaseRoute]:
    """Return the routes for ``st.App(routes=...)``."""
    asked = {
        ICON + "{name}": class_icon,
        "/thumb/{photo_id}": thumb,
        "/photo/{photo_id}": large_photo,
        "/heatmap/{model_id}/{photo_id}/{class_name}": heatmap_png,
        "/difference/{model_id}/{photo_id}/{first}/{second}": difference_png,
        "/grid/{token}/files": grid_files,
        "/frames/{model_id}/{file_id}": stack_frames,
        "/grid/{token}/{page}": grid_page,
        "/info/{model_id}/{file_id}": photo_facts,
        "/similar/{model_id}/{collection_id}/{file_id}": similar_list,
        "/labelled/{token}/{photo_id}": labelled_photo,
        "/download/{format}/{token}": downloads.selection,
        REPORT + "{model_id}/{collection_id}": downloads.report_file,
        "/folders": folder_completions,
        "/folders/places": folder_places,
        "/folders/counts": folder_counts,
        "/revision": labels.revision,
    }
    posted = {
        "/pick/{token}": downloads.pick,
        "/said": labels.said,
        "/upload/begin": uploads.begin,
        "/upload/{upload}/file": uploads.receive,
        "/upload/{upload}/missing": uploads.missing,
        "/upload/{upload}/finish": uploads.finish,
        "/upload/{upload}/discard": uploads.discard,
    }
    return [
        *(Route(BASE + path, guarded(endpoint), methods=["GET"]) for path, endpoint in asked.items()),
        *(
            Route(BASE + path, posted_from_own_page(endpoint), methods=["POST"])
            for path, endpoint in posted.items()
        ),
    ]


def class_icon(request: Request) -> Response:
    """Answer with the icon of a class on its colour."""
    tile = class_styles.tiles().get(request.path_params["name"])
    if tile is None:
        return refusal(404, "There is no such icon.")
    return _answer(tile.encode("ascii"), "image/svg+xml", _FOR_EVER)


def thumb(request: Request) -> Response:
    """Answer with a photo's thumbnail; one that was deleted is made again."""
    return _answer(photo_view.thumbnail(photo_id(request)), "image/jpeg", _FOR_EVER)


def labelled_photo(request: Request) -> Response:
    """Answer with a thumbnail of a data set's photo, which need not be in the catalog."""
    jpeg = photo_lists.registered_thumbnail(request.path_params["token"], photo_id(request))
    if jpeg is None:
        return refusal(404, "This data set is not known any more; reload the page.")
    return _answer(jpeg, "image/jpeg", _FOR_EVER)


def large_photo(request: Request) -> Response:
    """Answer with the photo itself, upright and at most 1600 px; its thumbnail when the file is gone.

    Query: with ``whole`` it has as many pixels as the file, up to 6000 on the longer side.
    """
    jpeg, large = photo_view.large_photo(photo_id(request), whole="whole" in request.query_params)
    return _answer(jpeg, "image/jpeg", _FOR_EVER if large else _NEVER)


def heatmap_png(request: Request) -> Response:
    """Answer with a stored heatmap as a transparent PNG; 204 without evidence for the class.

    Query: ``peak`` is what is shown as the hottest (its own maximum if absent),
    ``with`` another class that shares the scale, ``colour_map`` one of the known maps.
    """
    asked = request.query_params
    try:
        peak = float(asked["peak"]) if "peak" in asked else None
    except ValueError:
        return refusal(400, "The peak is no number.")
    picture = photo_view.heatmap_png(
        photo_id(request),
        model_id(request),
        request.path_params["class_name"],
        peak=peak,
        beside=asked.get("with"),
        colour_map=asked.get("colour_map"),
    )
    return _picture(picture)


def difference_png(request: Request) -> Response:
    """Answer with the difference of two classes' stored maps on one scale, as a transparent PNG.

    Orange where more speaks for the first class, purple for the second; 204 where they are the same.
    """
    first, second = request.path_params["first"], request.path_params["second"]
    return _picture(photo_view.difference_png(photo_id(request), model_id(request), first, second))


def grid_page(request: Request) -> dict[str, Any]:
    """Answer with one page of a grid's items, in the list's order."""
    return {
        "items": [
            _row(item, truth) for item, truth in photo_lists.page(_list(request), number(request, "page"))
        ]
    }


def grid_files(request: Request) -> object:
    """Answer with the ids of all files of a list: what a bulk change says of them outlives this process.

    Of stacks it is a list for each.
    """
    return photo_lists.all_files(_list(request))


def similar_list(request: Request) -> object:
    """Answer with the list of the photos of a collection that are nearest to one of its photos."""
    file_id, collection_id = number(request, "file_id"), number(request, "collection_id")
    return photo_lists.named(similar.list_like(file_id, model_id(request), collection_id))


def stack_frames(request: Request) -> dict[str, Any]:
    """Answer with the photos of a file's sequence, as a page of a grid has them."""
    frames = stacks.frames(number(request, "file_id"), model_id(request))
    return {"items": [_row(item, None) for item in frames]}


def photo_facts(request: Request) -> dict[str, Any]:
    """Answer with all that the large view shows of a photo.

    Query: with ``stack`` the probabilities are those of its sequence.
    """
    of_sequence = "stack" in request.query_params
    known = photo_view.facts(number(request, "file_id"), model_id(request), of_sequence=of_sequence)
    photo, about = known.photo, known.photo.metadata
    return {
        "file_id": photo.file_id,
        "photo_id": photo.photo_id,
        "name": photo.display_name,
        "path": display_path(photo.path),
        "exists": known.exists,
        "width_px": about.width_px,
        "height_px": about.height_px,
        "size_bytes": about.size_bytes,
        "format": about.image_format,
        "taken_at": about.taken_at,
        "clock_shift": known.clock_shift,
        "boxes": [
            [one.category, one.confidence, one.place, one.label, one.label_confidence] for one in known.boxes
        ],
        "camera": about.camera,
        "notes": list(about.notes),
        "probabilities": [] if known.prediction is None else _shares(known.prediction),
        "evidence": known.evidence,
        "maps_come": known.maps_come,
        "opinions": [
            {"label": one.label, "person": one.person, "made_at": one.made_at} for one in known.labels
        ],
    }


def folder_completions(request: Request) -> object:
    """Answer with what a typed path can be completed to."""
    typed = request.query_params.get("path", "")[:_LONGEST_PATH]
    return folders.completions(wiring.settings(), typed)


def folder_places(_request: Request) -> object:
    """Answer with where photos usually are."""
    return folders.places(wiring.settings())


def folder_counts(request: Request) -> object:
    """Answer with how many photos lie below each folder that is asked for, and whether that is all."""
    asked = [path[:_LONGEST_PATH] for path in request.query_params.getlist("path")[:_COUNTED]]
    return folders.photo_counts(wiring.settings(), asked)


def _shares(prediction: Prediction) -> list[list[Any]]:
    """Return each class with its probability, the surest first."""
    order = (-prediction.probabilities).argsort(kind="stable")
    return [[prediction.class_names[at], round(float(prediction.probabilities[at]), 5)] for at in order]


def _row(item: GridItem, truth: str | None) -> list[Any]:
    """Return an item as the component reads it: positions instead of names make a page a third smaller."""
    confidence = None if item.confidence is None else round(item.confidence, 4)
    return [
        item.file_id,
        item.photo_id,
        item.name,
        item.folder,
        item.label,
        item.source,
        confidence,
        item.predicted_label,
        truth,
        item.labelled_in,
        item.unlike,
        *([list(item.frames), item.dissenting] if item.frames else []),
    ]


def _list(request: Request) -> PhotoList:
    chosen = photo_lists.find(request.path_params["token"])
    if chosen is None:
        raise CatalogError("This list is not known any more; the page makes a new one.")
    return chosen


def _picture(png: bytes | None) -> Response:
    """Answer with a heatmap, or with nothing where there is none to see."""
    return Response(status_code=204, headers=SAFE) if png is None else _answer(png, "image/png", _SHORT)


def _answer(content: bytes, media_type: str, keep: str) -> Response:
    return Response(content, media_type=media_type, headers={**SAFE, "Cache-Control": keep})
