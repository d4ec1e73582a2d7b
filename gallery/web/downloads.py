"""The HTTP routes by which a selection is downloaded: made while it is sent, never whole in memory.

POST pick/{token}            [[first, last], ...] -> {"token": of the selected photos}
GET  download/{format}/{token}    the photos in a format; zip is another word for folders

What a format lets one choose stands in the query: separator, below, naming, rating, location, latitude,
longitude, time_zone, title, by_sequence.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gallery.errors import CatalogError
from gallery.services import downloads, formats, photo_lists
from gallery.web.guard import SAFE, TooMuchPostedError, guarded, posted_from_own_page, posted_json
from gallery.words import without_surrogates

_RANGES_LIMIT_BYTES = 4_000_000  # every second one of 400,000 photos


def all_routes(base: str) -> list[BaseRoute]:
    """Return the two routes."""
    return [
        Route(f"{base}/pick/{{token}}", posted_from_own_page(pick), methods=["POST"]),
        Route(f"{base}/download/{{format}}/{{token}}", guarded(selection), methods=["GET"]),
    ]


async def pick(request: Request) -> Response:
    """Answer with the token of a new list: those positions of a list that were selected."""
    try:
        ranges = await posted_json(request, most_bytes=_RANGES_LIMIT_BYTES)
    except TooMuchPostedError:
        raise CatalogError(
            "The selection has too many gaps. Select fewer photos, or a whole shelf."
        ) from None
    picked = await run_in_threadpool(_picked, request.path_params["token"], ranges)
    return JSONResponse({"token": picked.token, "count": len(picked)}, headers=SAFE)


def selection(request: Request) -> Response:
    """Answer with the selected photos, or what is known of them, in a format."""
    chosen, name = _list(request.path_params["token"]), request.path_params["format"]
    made = downloads.download(
        "folders" if name == "zip" else name,
        chosen.file_ids,
        chosen.model_id,
        chosen.class_names,
        formats.options_of(request.query_params),
    )
    headers = {**SAFE, **_attachment(chosen, made.suffix)}
    return StreamingResponse(made.content, media_type=made.media_type, headers=headers)


def _picked(token: str, ranges: object) -> photo_lists.PhotoList:
    whole = _list(token)
    file_ids = whole.picked(ranges)
    if not len(file_ids):
        raise CatalogError("No photo is selected.")
    return photo_lists.register(file_ids, model_id=whole.model_id, class_names=whole.class_names)


def _list(token: str) -> photo_lists.PhotoList:
    found = photo_lists.find(token)
    if found is None:
        raise CatalogError("This selection is not known any more. Select the photos again.")
    return found


def _attachment(chosen: photo_lists.PhotoList, suffix: str) -> dict[str, str]:
    name = quote(without_surrogates(downloads.download_name(chosen.file_ids) + suffix), safe="")
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
