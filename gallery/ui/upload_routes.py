"""The HTTP routes that receive photos: each file streams to disk, none is held in memory.

POST begin          {"name": ...}   -> {"upload": id}
POST {id}/file      ?name=sub/a.jpg, the body is the file
POST {id}/finish    unpacks what came as zip -> {"files": n, "skipped": [...]}
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.errors import GalleryError, PhotoError
from gallery.types import display_path
from gallery.ui import wiring

_WRITE_BYTES = 1 << 20  # the body arrives in small chunks; a thread a megabyte is cheap
_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_folders: dict[str, Path] = {}
_lock = threading.Lock()

Endpoint = Callable[[Request], Awaitable[Response]]


def all_routes(base: str) -> list[BaseRoute]:
    """Return the three routes of an upload."""
    return [
        Route(f"{base}/upload/begin", _from_own_page(begin), methods=["POST"]),
        Route(f"{base}/upload/{{upload}}/file", _from_own_page(receive), methods=["POST"]),
        Route(f"{base}/upload/{{upload}}/finish", _from_own_page(finish), methods=["POST"]),
    ]


def folder_of(upload: str) -> Path:
    """Return the folder of an upload that this process received.

    Raises:
        PhotoError: there is none of this id, as after a restart of the server.
    """
    with _lock:
        folder = _folders.get(upload)
    if folder is None:
        raise PhotoError("This upload is not known any more, the server was restarted. Upload it again.")
    return folder


async def begin(request: Request) -> Response:
    """Make the folder and answer with the id of the upload."""
    name = request.query_params.get("name", "")[:200]
    folder = await run_in_threadpool(wiring.uploads().begin, name)
    upload = secrets.token_hex(16)
    with _lock:
        _folders[upload] = folder
    return JSONResponse({"upload": upload}, headers=_SAFE)


async def receive(request: Request) -> Response:
    """Stream one file to disk."""
    folder = folder_of(request.path_params["upload"])
    name = request.query_params.get("name", "")[:2000]
    file = await run_in_threadpool(wiring.uploads().incoming, folder, name)
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(file.write, bytes(waiting))
        path = await run_in_threadpool(file.finish)
    finally:
        await run_in_threadpool(file.abandon)
    return JSONResponse({"name": display_path(path.relative_to(folder))}, headers=_SAFE)


async def finish(request: Request) -> Response:
    """Unpack the zips of an upload and answer with what is there now."""
    folder = folder_of(request.path_params["upload"])
    return JSONResponse(await run_in_threadpool(_finished, folder), headers=_SAFE)


def _finished(folder: Path) -> dict[str, object]:
    skipped = []
    area = wiring.uploads()
    for zip_path in sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip"):
        try:
            skipped += [
                {"name": display_path(one.path), "reason": one.reason.value, "detail": one.detail}
                for one in area.unpack_zip(zip_path, folder)
            ]
        except PhotoError as error:
            skipped.append({"name": display_path(Path(zip_path.name)), "reason": "zip", "detail": str(error)})
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    return {"files": files, "skipped": skipped}


def _from_own_page(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that only this app's own pages can post to."""

    async def guarded(request: Request) -> Response:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", "").partition("://")[2]
        site = request.headers.get("sec-fetch-site", "same-origin")
        if not host or origin != host or site != "same-origin":
            return _refusal(403, "Photos can be uploaded from this app's own page only.")
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return _refusal(400, "The upload was broken off.")
        except GalleryError as error:
            return _refusal(400, str(error))

    return guarded


def _refusal(status: int, sentence: str) -> Response:
    safe = sentence.encode("utf-8", "replace").decode()
    return JSONResponse({"error": safe}, status, headers=_SAFE)
