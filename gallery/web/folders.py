"""The HTTP route that completes a path: the sub-folders that begin like what was typed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.services import wiring
from gallery.services.folders import completions
from gallery.web.guard import SAFE, guarded


def all_routes(base: str) -> list[BaseRoute]:
    """Return the route."""
    return [Route(f"{base}/folders", guarded(complete), methods=["GET"])]


def complete(request: Request) -> Response:
    """Answer with what a typed path can be completed to."""
    typed = request.query_params.get("path", "")[:4096]
    return JSONResponse(completions(wiring.settings(), typed), headers=SAFE)
