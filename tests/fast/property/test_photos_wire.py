"""What one side of the wire writes, the other reads."""

from __future__ import annotations

import contextlib
import io

from hypothesis import given
from hypothesis import strategies as st

from gallery.photos.wire import GarbledMessage, read_message, write_message

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)  # lone surrogates as well


@given(
    messages=st.lists(
        st.tuples(
            st.dictionaries(
                ANY_TEXT.filter(lambda key: key != "blobs"), ANY_TEXT | st.integers(), max_size=4
            ),
            st.lists(st.binary(max_size=50), max_size=3),
        ),
        max_size=4,
    )
)
def test_written_is_read(messages: list[tuple[dict[str, str | int], list[bytes]]]) -> None:
    stream = io.BytesIO()
    for header, blobs in messages:
        write_message(stream, header, blobs)
    stream.seek(0)
    for header, blobs in messages:
        message = read_message(stream)
        assert message is not None
        assert {key: value for key, value in message.header.items() if key != "blobs"} == header
        assert list(message.blobs) == blobs
    assert read_message(stream) is None


@given(noise=st.binary(max_size=200))
def test_noise_is_an_end_or_garbled(noise: bytes) -> None:
    with contextlib.suppress(GarbledMessage):
        read_message(io.BytesIO(noise))
