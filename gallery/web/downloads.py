"""The HTTP routes by which a selection is downloaded: made while it is sent, never whole in memory.

POST pick/{token}            [[first, last], ...] -> {"token": of the selected photos}
GET  download/zip/{token}    copies of the photos, one folder a label
GET  download/csv/{token}    the table of their predictions
"""

from __future__ import annotations

import datetime
import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gallery.errors import CatalogError
from gallery.services import export, photo_lists
from gallery.web.guard import SAFE, guarded, posted_from_own_page

_RANGES_LIMIT_BYTES = 4_000_000  # every second one of 400,000 photos


def all_routes(base: str) -> list[BaseRoute]:
    """Return the three routes."""
    return [
        Route(f"{base}/pick/{{token}}", posted_from_own_page(pick), methods=["POST"]),
        Route(f"{base}/download/zip/{{token}}", guarded(photo_zip), methods=["GET"]),
        Route(f"{base}/download/csv/{{token}}", guarded(table), methods=["GET"]),
    ]


async def pick(request: Request) -> Response:
    """Answer with the token of a new list: those positions of a list that were selected."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _RANGES_LIMIT_BYTES:
            raise CatalogError("The selection has too many gaps. Select fewer photos, or a whole shelf.")
    try:
        ranges = json.loads(bytes(body))
    except ValueError:
        ranges = []
    picked = await run_in_threadpool(_picked, request.path_params["token"], ranges)
    return JSONResponse({"token": picked.token, "count": len(picked)}, headers=SAFE)


def photo_zip(request: Request) -> Response:
    """Answer with a zip of copies, sorted into a folder for each label."""
    chosen = _list(request.path_params["token"])
    return StreamingResponse(
        export.selection_zip(chosen.file_ids, chosen.model_id),
        media_type="application/zip",
        headers={**SAFE, **_attachment(chosen, "zip")},
    )


def table(request: Request) -> Response:
    """Answer with the predictions and labels as CSV."""
    chosen = _list(request.path_params["token"])
    return StreamingResponse(
        export.selection_csv(chosen.file_ids, chosen.model_id, chosen.class_names),
        media_type="text/csv; charset=utf-8",
        headers={**SAFE, **_attachment(chosen, "csv")},
    )


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
    noun = "photo" if len(chosen) == 1 else "photos"
    day = datetime.date.today().isoformat()
    return {"Content-Disposition": f'attachment; filename="gallery {day} {len(chosen)} {noun}.{suffix}"'}
