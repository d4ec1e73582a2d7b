"""The HTTP routes that receive photos: each file streams to disk, none is held in memory.

POST begin          {"name": ...}   -> {"upload": id}
POST {id}/file      ?name=sub/a.jpg, the body is the file
POST {id}/finish    unpacks what came as zip -> {"files": n, "skipped": [...]}
"""

from __future__ import annotations

import secrets
import shutil
import threading
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gallery.errors import GalleryError, PhotoError
from gallery.services import wiring
from gallery.types import CollectionKind, display_path
from gallery.ui.browse import intake
from gallery.web.guard import SAFE, posted_from_own_page

_WRITE_BYTES = 1 << 20  # the body arrives in small chunks; a thread a megabyte is cheap
_folders: dict[str, Path] = {}
_lock = threading.Lock()


def all_routes(base: str) -> list[BaseRoute]:
    """Return the routes of an upload."""
    return [
        Route(f"{base}/upload/begin", posted_from_own_page(begin), methods=["POST"]),
        Route(f"{base}/upload/{{upload}}/file", posted_from_own_page(receive), methods=["POST"]),
        Route(f"{base}/upload/{{upload}}/finish", posted_from_own_page(finish), methods=["POST"]),
        Route(f"{base}/upload/{{upload}}/discard", posted_from_own_page(discard), methods=["POST"]),
    ]


def folder_of(upload: str) -> Path:
    """Return the folder of an upload that this process received.

    Raises:
        PhotoError: there is none of this id: it is finished, or the server was restarted.
    """
    with _lock:
        folder = _folders.get(upload)
    if folder is None:
        raise PhotoError(
            "This upload is finished, or not known any more since the server was restarted. Begin a new one."
        )
    return folder


def _closed(upload: str) -> Path:
    """Return the folder of an upload to which nothing more is sent, and which nothing sent can remove."""
    folder = folder_of(upload)
    with _lock:
        _folders.pop(upload, None)
    return folder


async def begin(request: Request) -> Response:
    """Make the folder and answer with the id of the upload."""
    name = request.query_params.get("name", "")[:200]
    folder = await run_in_threadpool(wiring.uploads().begin, name)
    upload = secrets.token_hex(16)
    with _lock:
        _folders[upload] = folder
    return JSONResponse({"upload": upload}, headers=SAFE)


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
    return JSONResponse({"name": display_path(path.relative_to(folder))}, headers=SAFE)


async def finish(request: Request) -> Response:
    """Unpack the zips of an upload, open it as a collection, and answer with what is there now."""
    folder = _closed(request.path_params["upload"])
    return JSONResponse(await run_in_threadpool(_finished, folder), headers=SAFE)


async def discard(request: Request) -> Response:
    """Throw away an upload that was cancelled."""
    folder = _closed(request.path_params["upload"])
    await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
    return JSONResponse({}, headers=SAFE)


def _finished(folder: Path) -> dict[str, object]:
    skipped = []
    area = wiring.uploads()
    for zip_path in sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip"):
        try:
            skipped += [
                {"name": display_path(one.path), "detail": f"{one.reason.value}. {one.detail}"}
                for one in area.unpack_zip(zip_path, folder)
            ]
        except PhotoError as error:
            skipped.append({"name": display_path(Path(zip_path.name)), "detail": str(error)})
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    if not files:
        shutil.rmtree(folder, ignore_errors=True)
        return {"files": 0, "skipped": skipped, "collection": None}
    try:
        collection = intake.take_in(folder, CollectionKind.UPLOAD)
    except GalleryError as error:  # the photos are there; Browse says what is missing to tag them
        skipped.append({"name": "Tagging", "detail": str(error)})
        collection = wiring.catalog().add_collection(folder, CollectionKind.UPLOAD)
    return {"files": files, "skipped": skipped, "collection": collection.collection_id}
