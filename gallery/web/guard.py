"""Who may ask the HTTP routes, and how they refuse: this app's own pages, with a sentence for the others."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from gallery.errors import CatalogError, GalleryError, MapComesError
from gallery.services.photo_view import PHOTO_ID

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer carries; one that is named by its content may be kept for ever instead."""

_NUMBER = re.compile(r"[0-9]{1,18}")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Endpoint = Callable[[Request], object]
AsyncEndpoint = Callable[[Request], Awaitable[object]]
"""What answers a request: with a response, or with what is sent as JSON."""


class TooMuchPostedError(Exception):
    """What was posted is longer than anything that a page has to send; says so in a sentence."""


def guarded(endpoint: Endpoint) -> Callable[[Request], Response]:
    """Return an endpoint that other sites' pages cannot read from."""

    @functools.wraps(endpoint)
    def checked(request: Request) -> Response:
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in {"same-origin", "none"} or not names_this_app(request.headers.get("host", "")):
            return refusal(403, "Photos are shown to this app's own pages only.")
        try:
            return _answer(endpoint(request))
        except MapComesError as error:
            return refusal(202, str(error))
        except GalleryError as error:
            return refusal(404, str(error))

    return checked


def posted_from_own_page(endpoint: AsyncEndpoint) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint to which other sites' pages cannot post."""

    @functools.wraps(endpoint)
    async def checked(request: Request) -> Response:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", "").partition("://")[2]
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin != host or site != "same-origin" or not names_this_app(host):
            return refusal(403, "Only this app's own page may send this.")
        try:
            return _answer(await endpoint(request))
        except ClientDisconnect:
            return refusal(400, "The upload was broken off.")
        except TooMuchPostedError as error:
            return refusal(413, str(error))
        except GalleryError as error:
            return refusal(400, str(error))

    return checked


def _answer(found: object) -> Response:
    return found if isinstance(found, Response) else JSONResponse(found, headers=SAFE)


async def posted_json(request: Request, *, most_bytes: int, too_much: str) -> object:
    """Return the JSON that was posted; None where it is none.

    Raises:
        TooMuchPostedError: it is longer than allowed, which is said in these words; the rest is not read.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise TooMuchPostedError(too_much)
    try:
        return json.loads(bytes(body))
    except ValueError:
        return None


def number(request: Request, name: str) -> int:
    """Return a number of the address.

    Raises:
        CatalogError: it is none that SQLite holds as an integer.
    """
    return int(_matched(_NUMBER, request.path_params[name]))


def photo_id(request: Request) -> str:
    """Return the photo that the address names; raises `CatalogError`."""
    return _matched(PHOTO_ID, request.path_params["photo_id"])


def model_id(request: Request) -> str:
    """Return the model that the address names; raises `CatalogError`."""
    return _matched(_MODEL_ID, request.path_params["model_id"])


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise CatalogError("There is nothing of this name.")
    return text


def names_this_app(host: str) -> bool:
    """Return whether a Host header bears one of the names in ``server.allowedHosts``; empty allows all.

    A stranger's page whose name was made to point to this machine (DNS rebinding)
    is of the same origin as its requests: only the name tells it apart.
    Streamlit itself holds the list against its websocket alone.
    """
    allowed = [name.strip().lower() for name in st.get_option("server.allowedHosts")]
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name or not allowed:
        return bool(name)
    return any(one in ("*", name) or (one[:2] == "*." and name.endswith(one[1:])) for one in allowed)


def refusal(status: int, sentence: str) -> Response:
    """Return an error as JSON with one sentence."""
    readable = sentence.encode("utf-8", "replace").decode()
    return JSONResponse({"error": readable}, status, headers=SAFE)
