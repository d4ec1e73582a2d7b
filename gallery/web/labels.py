"""The HTTP routes by which a browser says what a person set by key, and asks whether others did too.

POST said        {catalog, client, entries} -> {upto, answers, waits, revision}
GET  revision    -> {revision} of the catalog: it changes with whatever a page shows
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gallery.services import collections, labelling
from gallery.web.guard import posted_json, refusal

_LIMIT_BYTES = 8_000_000
"""A browser keeps 5 MB for a site at most."""


async def said(request: Request) -> object:
    """Keep what people said, and answer with what need not be sent again."""
    queue = await posted_json(
        request, most_bytes=_LIMIT_BYTES, too_much="That is more than a browser can have kept."
    )
    if queue is None:
        return refusal(400, "This is no queue of labels.")
    return await run_in_threadpool(_kept, queue)


def revision(_request: Request) -> dict[str, int]:
    """Answer with the catalog's revision."""
    return {"revision": collections.revision()}


def _kept(queue: object) -> dict[str, object]:
    return {**asdict(labelling.receive(queue)), "revision": collections.revision()}
