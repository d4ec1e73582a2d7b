"""What passes between the gallery and a reading process: JSON and raw bytes, never pickles.

A message is two lengths (4 bytes each, big-endian), a JSON object, and the
concatenated blobs whose sizes the object's "blobs" gives.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import IO, Any

HEADER_LIMIT_BYTES = 4 * 1024**2
BLOBS_LIMIT_BYTES = 256 * 1024**2
_LENGTHS = struct.Struct(">II")


class GarbledMessage(Exception):
    """What arrived is no message: the other side is broken."""


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON object and some raw bytes."""

    header: dict[str, Any]
    blobs: tuple[bytes, ...] = field(default=())


def write_message(stream: IO[bytes], header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write one message and flush it. Lone surrogates in file names survive as JSON escapes."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}, ensure_ascii=True).encode("ascii")
    stream.write(b"".join([_LENGTHS.pack(len(text), sum(map(len, blobs))), text, *blobs]))
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """Return the next message, or None when the other side has ended, also within a message.

    Raises:
        GarbledMessage: what arrived is no message, or is larger than any.
    """
    lengths = _read_exactly(stream, _LENGTHS.size)
    if lengths is None:
        return None
    text_length, blobs_length = _LENGTHS.unpack(lengths)
    if text_length > HEADER_LIMIT_BYTES or blobs_length > BLOBS_LIMIT_BYTES:
        raise GarbledMessage(f"{text_length} + {blobs_length} bytes are announced")
    text, raw = _read_exactly(stream, text_length), _read_exactly(stream, blobs_length)
    if text is None or raw is None:
        return None
    try:
        header = json.loads(text)
        sizes = [int(size) for size in header["blobs"]]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise GarbledMessage("no JSON object with blobs") from exc
    if any(size < 0 for size in sizes) or sum(sizes) != blobs_length:
        raise GarbledMessage("the blobs do not add up")
    ends = accumulate(sizes)
    return Message(header, tuple(raw[end - size : end] for size, end in zip(sizes, ends, strict=True)))


def _read_exactly(stream: IO[bytes], count: int) -> bytes | None:
    data = stream.read(count) if count else b""
    return data if len(data) == count else None
