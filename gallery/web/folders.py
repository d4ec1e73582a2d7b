"""The HTTP routes of the folder box: completing a path, the usual places, and how many photos lie there."""

from __future__ import annotations

from starlette.requests import Request

from gallery.services import folders, wiring

_LONGEST = 4096
_COUNTED = 40


def complete(request: Request) -> object:
    """Answer with what a typed path can be completed to."""
    typed = request.query_params.get("path", "")[:_LONGEST]
    return folders.completions(wiring.settings(), typed)


def places(_request: Request) -> object:
    """Answer with where photos usually are."""
    return folders.places(wiring.settings())


def count(request: Request) -> object:
    """Answer with how many photos lie below each folder that is asked for, and whether that is all."""
    asked = [path[:_LONGEST] for path in request.query_params.getlist("path")[:_COUNTED]]
    return folders.photo_counts(wiring.settings(), asked)
