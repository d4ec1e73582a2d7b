"""The HTTP routes of the folder box: completing a path, the usual places, and how many photos lie there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.services import folders, wiring
from gallery.web.guard import SAFE, guarded

_LONGEST = 4096
_COUNTED = 40


def all_routes(base: str) -> list[BaseRoute]:
    """Return the routes."""
    return [
        Route(f"{base}/folders", guarded(complete), methods=["GET"]),
        Route(f"{base}/folders/places", guarded(places), methods=["GET"]),
        Route(f"{base}/folders/counts", guarded(count), methods=["GET"]),
    ]


def complete(request: Request) -> Response:
    """Answer with what a typed path can be completed to."""
    typed = request.query_params.get("path", "")[:_LONGEST]
    return JSONResponse(folders.completions(wiring.settings(), typed), headers=SAFE)


def places(request: Request) -> Response:  # noqa: ARG001
    """Answer with where photos usually are."""
    return JSONResponse(folders.places(wiring.settings()), headers=SAFE)


def count(request: Request) -> Response:
    """Answer with how many photos lie below each folder that is asked for, and whether that is all."""
    asked = [path[:_LONGEST] for path in request.query_params.getlist("path")[:_COUNTED]]
    return JSONResponse(folders.photo_counts(wiring.settings(), asked), headers=SAFE)
