"""What a browser says by key: kept there until this server has it on its disk, and kept here exactly once.

A component numbers what a person says and sends all that is not acknowledged
yet, in its order. Each entry is kept under a token, the component's own name
and the entry's number, that lies in the catalog beside what was said: sent
again, also to a server that was restarted, it counts once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gallery.errors import GalleryError, LabelRefusedError

_CLIENT = re.compile(r"[0-9a-z]{1,40}")

Keep = Callable[[dict[str, Any], str], dict[str, Any]]
"""Keeps an entry of the client of that name and returns what the browser is told of it; passes over what
does not have an entry's form."""


@dataclass(slots=True)
class Answer:
    """What a browser is told of the entries it sent.

    Attributes:
        upto: number of the last entry that is kept, or can never be; 0 before there is one.
        answers: what is told of single entries, by their number.
        waits: why the next entry cannot be kept just now; it is sent again, and nothing is lost.
    """

    upto: int = 0
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    waits: str | None = None


def receive(client: object, entries: object, keep: Keep) -> Answer:
    """Keep the entries of a queue, in their order.

    What cannot be kept just now waits in the browser, and so do all that follow it.

    Args:
        client: the queue's own name.
        entries: ``[{"sequence": number, ...}, ...]`` as a browser sent it; whatever does not have that form
            is passed over.
        keep: keeps one entry.
    """
    answer = Answer()
    if not isinstance(client, str) or not _CLIENT.fullmatch(client) or not isinstance(entries, list):
        return answer
    for entry in entries:
        sequence = entry.get("sequence") if isinstance(entry, dict) else None
        if type(sequence) is not int or sequence <= answer.upto:
            continue
        try:
            told = keep(entry, client)
        except LabelRefusedError as error:
            told = {"problem": str(error)}
        except GalleryError as error:  # the browser forgets nothing that may be kept later
            answer.waits = str(error)
            break
        if told:
            answer.answers[sequence] = told
        answer.upto = sequence
    return answer
