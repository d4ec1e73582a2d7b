"""The HTTP routes by which a browser says what a person set by key, and asks whether others did too.

POST said        {catalog, client, entries} -> {upto, answers, waits, revision}
GET  revision    -> {revision} of the catalog: it changes with whatever a page shows
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.services import collections, labelling
from gallery.web.guard import SAFE, TooMuchPostedError, guarded, posted_from_own_page, posted_json, refusal

_LIMIT_BYTES = 8_000_000
"""A browser keeps 5 MB for a site at most."""


def all_routes(base: str) -> list[BaseRoute]:
    """Return the two routes."""
    return [
        Route(f"{base}/said", posted_from_own_page(said), methods=["POST"]),
        Route(f"{base}/revision", guarded(revision), methods=["GET"]),
    ]


async def said(request: Request) -> Response:
    """Keep what people said, and answer with what need not be sent again."""
    try:
        queue = await posted_json(request, most_bytes=_LIMIT_BYTES)
    except TooMuchPostedError:
        return refusal(413, "That is more than a browser can have kept.")
    if queue is None:
        return refusal(400, "This is no queue of labels.")
    return JSONResponse(await run_in_threadpool(_kept, queue), headers=SAFE)


def revision(_request: Request) -> Response:
    """Answer with the catalog's revision."""
    return JSONResponse({"revision": collections.revision()}, headers=SAFE)


def _kept(queue: object) -> dict[str, object]:
    answer = labelling.receive(queue)
    return {
        "upto": answer.upto,
        "answers": answer.answers,
        "waits": answer.waits,
        "revision": collections.revision(),
    }
