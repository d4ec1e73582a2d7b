"""The HTTP routes by which a selection or a report is downloaded: a selection is made while it is sent.

POST pick/{token}                 [[first, last], ...] -> {"token": of the selected photos}
GET  download/{format}/{token}    the photos in a format; zip is another word for folders
GET  download/report/{model_id}/{collection_id}    the evaluation as one HTML file

What a format lets one choose stands in the query: separator, below, naming, rating, location, latitude,
longitude, time_zone, title, by_sequence; of a report ?labels=people and ?trained=count, as in Evaluate's
address.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gallery.errors import CatalogError
from gallery.evaluation.evaluation import LabelSource
from gallery.services import export, formats, photo_lists, report
from gallery.web.guard import SAFE, model_id, number, posted_json
from gallery.words import without_surrogates

_RANGES_LIMIT_BYTES = 4_000_000  # every second one of 400,000 photos


async def pick(request: Request) -> object:
    """Answer with the token of a new list: those positions of a list that were selected."""
    ranges = await posted_json(
        request,
        most_bytes=_RANGES_LIMIT_BYTES,
        too_much="The selection has too many gaps. Select fewer photos, or a whole shelf.",
    )
    picked = await run_in_threadpool(_picked, request.path_params["token"], ranges)
    return {"token": picked.token, "count": len(picked)}


def selection(request: Request) -> Response:
    """Answer with the selected photos, or what is known of them, in a format."""
    chosen, name = _list(request.path_params["token"]), request.path_params["format"]
    made = export.download(
        "folders" if name == "zip" else name,
        chosen.file_ids,
        chosen.model_id,
        chosen.class_names,
        formats.options_of(request.query_params),
    )
    headers = _attachment(export.download_name(chosen.file_ids) + made.suffix)
    return StreamingResponse(made.content, media_type=made.media_type, headers=headers)


def report_file(request: Request) -> Response:
    """Answer with the report of a collection; it is made now."""
    people = request.query_params.get("labels") == LabelSource.PEOPLE
    made, name = report.of_collection(
        number(request, "collection_id"),
        model_id(request),
        LabelSource.PEOPLE if people else LabelSource.FOLDERS,
        with_trained=request.query_params.get("trained") == "count",
    )
    return Response(
        made.html.encode("utf-8"), media_type="text/html; charset=utf-8", headers=_attachment(name)
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


def _attachment(name: str) -> dict[str, str]:
    quoted = quote(without_surrogates(name), safe="")
    return {**SAFE, "Content-Disposition": f"attachment; filename*=UTF-8''{quoted}"}
