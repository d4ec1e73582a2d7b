"""The evaluation as one HTML file over HTTP.

GET download/report/{model_id}/{collection_id}   ?labels=people  ?trained=count, as in Evaluate's address
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gallery.evaluation.evaluation import LabelSource
from gallery.services import report
from gallery.web.guard import SAFE, NotAnIdError, guarded

PATH = "/download/report"


def all_routes(base: str) -> list[BaseRoute]:
    """Return the route."""
    return [Route(f"{base}{PATH}/{{model_id}}/{{collection_id}}", guarded(report_file), methods=["GET"])]


def report_file(request: Request) -> Response:
    """Answer with the report of a collection; it is made now."""
    number = request.path_params["collection_id"]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotAnIdError
    people = request.query_params.get("labels") == LabelSource.PEOPLE
    labels = LabelSource.PEOPLE if people else LabelSource.FOLDERS
    made, name = report.of_collection(
        int(number),
        request.path_params["model_id"],
        labels,
        with_trained=request.query_params.get("trained") == "count",
    )
    return Response(
        made.html.encode("utf-8"),
        media_type="text/html; charset=utf-8",
        headers={
            **SAFE,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        },
    )
