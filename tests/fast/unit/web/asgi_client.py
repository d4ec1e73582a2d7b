"""Asks routes without a server: one request, one answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.routing import BaseRoute

OWN = {"host": "localhost:8501", "origin": "http://localhost:8501", "sec-fetch-site": "same-origin"}
"""The headers that a browser sends from the app's own page."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    routes: Sequence[BaseRoute],
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    chunk: int = 1 << 16,
) -> Answer:
    """Send one request; the body goes in chunks, as a browser sends it."""
    target, _, query = path.partition("?")
    sent_headers = OWN if headers is None else headers
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(target), "raw_path": target.encode(),
        "query_string": query.encode(), "root_path": "", "server": ("localhost", 8501),
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent_headers.items()],
    }  # fmt: skip
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if pieces:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def run() -> None:
        asyncio.run(Starlette(routes=list(routes))(scope, receive, send))  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as own_thread:  # the browser tests leave a loop running in this one
        own_thread.submit(run).result()
    start = next(message for message in sent if message["type"] == "http.response.start")
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent),
    )
