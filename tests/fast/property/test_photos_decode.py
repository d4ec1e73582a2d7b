"""Any bytes give a picture or an UnreadablePhoto, and nothing else."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from gallery.photos.decode import UnreadablePhoto, decode_photo
from gallery.types import SkippedFile
from tests.counts import examples
from tests.fast.unit.photos import made_photos as made

SEEDS = [
    made.encoded(made.corners(24, 16), kind, **options)
    for kind, options in [
        ("JPEG", {"exif": made.exif(make="A", taken="2024:05:01 06:12:09", orientation=6)}),
        ("JPEG", {"progressive": True, "icc_profile": made.profile_with_red_and_green_exchanged()}),
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("WEBP", {}),
        ("AVIF", {"speed": 10}),
    ]
] + [made.animated_gif(), made.encoded(np.arange(64, dtype=np.uint16).reshape(8, 8), "TIFF")]
STARTS = [
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0",
    b"MM\0*",
    b"BM",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBP",
]

quick = settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(tempfile.mkdtemp())


def read(folder: Path, data: bytes) -> None:
    path = made.write(folder, "any.jpg", data)
    skipped: SkippedFile | None = None
    try:
        photo = decode_photo(path, input_px=16, thumbnail_px=20)
    except UnreadablePhoto as exc:
        skipped = exc.skipped
    if skipped is not None:
        assert skipped.path == path
        assert skipped.detail
        assert skipped.detail.isprintable()
        return
    assert photo.model_input.shape == (16, 16, 3)
    assert photo.model_input.dtype == np.uint8
    assert min(photo.metadata.width_px, photo.metadata.height_px) >= 1
    with Image.open(io.BytesIO(photo.thumbnail_jpeg)) as thumbnail:
        assert max(thumbnail.size) <= 20
        assert max(thumbnail.size) <= max(photo.metadata.width_px, photo.metadata.height_px)


@quick
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
@example(start=b"", rest=b"")
def test_any_bytes_give_a_picture_or_a_reason(folder: Path, start: bytes, rest: bytes) -> None:
    read(folder, start + rest)


@quick
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=4)), max_size=6),
    length=st.one_of(st.none(), st.integers(0, 5000)),
)
def test_damaged_photos_give_a_picture_or_a_reason(
    folder: Path, seed: bytes, changes: list[tuple[int, bytes]], length: int | None
) -> None:
    data = bytearray(seed)
    for at, new in changes:
        at %= len(data)
        data[at : at + len(new)] = new
    read(folder, bytes(data[:length]))
