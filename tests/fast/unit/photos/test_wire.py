"""Messages between the gallery and its reading processes."""

from __future__ import annotations

import io
import json
import struct

import pytest

from gallery.photos.wire import GarbledMessage, Message, read_message, write_message


def sent(*args: object) -> io.BytesIO:
    stream = io.BytesIO()
    write_message(stream, *args)  # type: ignore[arg-type]
    stream.seek(0)
    return stream


def raw(header: bytes, blobs: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack(">II", len(header), len(blobs)) + header + blobs)


def test_what_is_written_is_read() -> None:
    stream = sent({"path": "caf\udce9", "n": 3}, [b"", b"ab", b"c"])
    assert read_message(stream) == Message(
        {"path": "caf\udce9", "n": 3, "blobs": [0, 2, 1]}, (b"", b"ab", b"c")
    )
    assert read_message(stream) is None


def test_a_message_that_breaks_off_is_an_end() -> None:
    whole = sent({"a": 1}, [b"12345"]).getvalue()
    for length in range(len(whole)):
        assert read_message(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(b"\xff" * 100),
        io.BytesIO(b"Traceback (most recent call last):"),
        raw(b"not json"),
        raw(b"[]"),
        raw(b"{}"),
        raw(json.dumps({"blobs": [3]}).encode(), b"12"),
        raw(json.dumps({"blobs": [3, -1]}).encode(), b"12"),
        raw(json.dumps({"blobs": "x"}).encode()),
        raw(json.dumps({"blobs": [None]}).encode()),
        raw(b"[" * 1_000_000),
    ],
)
def test_what_is_no_message_is_said_to_be_garbled(stream: io.BytesIO) -> None:
    with pytest.raises(GarbledMessage):
        read_message(stream)


def test_a_message_of_very_many_empty_blobs_keeps_nobody_busy() -> None:
    message = read_message(raw(b'{"blobs": [' + b"0," * 300_000 + b"0]}"))
    assert message is not None
    assert len(message.blobs) == 300_001
