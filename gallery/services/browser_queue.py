"""What a browser says by key: sent in a queue again and again until it is kept, and kept exactly once.

A component numbers what a person says and sends all that is not acknowledged
yet, in its order. Each entry is kept under a token, the component's own name
and the entry's number, that lies in the catalog beside what was said: also a
server that was restarted keeps it once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gallery.errors import CatalogUnavailableError, GalleryError

REPEATED_AFTER_S = 4.0
"""How long a toast stays: rapid keys shall not pile up one sentence; a browser sends again every 5 s."""

_CLIENT = re.compile(r"[0-9a-z]{1,40}")

Keep = Callable[[dict[str, Any], str], None]
"""Keeps an entry of the client of that name; passes over what does not have an entry's form."""


@dataclass(slots=True)
class Client:
    """One component in one browser tab.

    Attributes:
        name: "" before anything came.
        upto: number of the last entry that is kept, or can never be.
        waits_since: when the person was told that an entry waits, in seconds of a clock.
    """

    name: str = ""
    upto: int = 0
    waits_since: float | None = None

    def receipts(self) -> dict[str, Any]:
        """Return up to which entry the component need not send again."""
        return {"client": self.name, "upto": self.upto}


@dataclass(frozen=True, slots=True)
class NotKept:
    """Why an entry is not kept, as a sentence for the person.

    Attributes:
        waits: it is sent again, and nothing is lost.
    """

    sentence: str
    waits: bool


def receive(queue: object, known: Client | None, keep: Keep, *, what: str) -> tuple[Client, list[NotKept]]:
    """Keep the entries of a queue that are not kept yet, in their order.

    What cannot be kept just now waits in the browser, and so do all that follow it.

    Args:
        queue: ``{client, entries: [{sequence, ...}, ...]}`` as a browser sent it; whatever does not have
            that form is passed over.
        known: the client that sent the last queue of this component.
        keep: keeps one entry.
        what: an entry's name at the beginning of a sentence, "The label".

    Returns:
        The client, and what it must be told.
    """
    client = known or Client()
    name = str(queue.get("client", "")) if isinstance(queue, dict) else ""
    if (
        not isinstance(queue, dict)
        or not isinstance(queue.get("entries"), list)
        or not _CLIENT.fullmatch(name)
    ):
        return client, []
    if client.name != name:
        client = Client(name)
    problems = []
    for entry in queue["entries"]:
        sequence = entry.get("sequence") if isinstance(entry, dict) else None
        if type(sequence) is not int or sequence <= client.upto:
            continue
        try:
            keep(entry, name)
        except CatalogUnavailableError as error:
            now = time.monotonic()
            if client.waits_since is None or now - client.waits_since >= REPEATED_AFTER_S:
                client.waits_since = now
                sentence = f"{what} waits and is sent again every few seconds: leave this page open. {error}"
                problems.append(NotKept(sentence, waits=True))
            break  # not acknowledged, so the browser sends it again, and all that came after it
        except GalleryError as error:
            # sent again it would fail again; the person is told, and the photo shows what stands
            problems.append(NotKept(f"{what} was not kept. {error}", waits=False))
        client.upto = sequence
    return client, problems
