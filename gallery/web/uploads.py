"""The HTTP routes that receive photos: each file streams to disk, none is held in memory.

POST begin          ?name=...&files=n                  -> {"upload": id}
POST {id}/file      ?name=sub/a.jpg, the body is the file
POST {id}/missing   [[name, size], ...]                -> [positions of those that have not arrived]
POST {id}/finish    [[name, reason], ...] not sent     -> {"files": n, "left_out": [...], "collection": id}
POST {id}/discard
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gallery.services import uploads
from gallery.types import display_path

_WRITE_BYTES = 1 << 20  # the body arrives in small chunks; a thread a megabyte is cheap


async def begin(request: Request) -> object:
    """Make the folder and answer with the id of the upload."""
    name, files = request.query_params.get("name", "")[:200], request.query_params.get("files", "")
    expected = int(files[:9]) if files.isascii() and files.isdigit() else 0
    return {"upload": await run_in_threadpool(uploads.begin, name, expected)}


async def receive(request: Request) -> object:
    """Stream one file to disk."""
    upload, name = request.path_params["upload"], request.query_params.get("name", "")[:2000]
    opened = uploads.receiving(upload, name)
    folder, file = await run_in_threadpool(opened.__enter__)
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
        opened.__exit__(None, None, None)
    return {"name": display_path(path.relative_to(folder))}


async def missing(request: Request) -> object:
    """Answer which files of an upload have not arrived: after a connection that broke, or to resume one."""
    listed = await request.json()
    files = [(str(name)[:2000], int(size)) for name, size in listed]
    return await run_in_threadpool(uploads.missing, request.path_params["upload"], files)


async def finish(request: Request) -> object:
    """Unpack the zips of an upload, open it as a collection, and answer with what is there now."""
    left_out = uploads.left_out_by_browser(await request.body())
    done = await run_in_threadpool(uploads.finish, request.path_params["upload"], left_out)
    return {
        "files": done.files,
        "left_out": done.left_out,
        "collection": done.collection and done.collection.collection_id,
    }


async def discard(request: Request) -> object:
    """Throw away an upload that was cancelled."""
    await run_in_threadpool(uploads.discard, request.path_params["upload"])
    return {}
