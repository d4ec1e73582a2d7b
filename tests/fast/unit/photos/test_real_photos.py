"""The room against the team's photos: hostile ones, turned ones, ordinary ones."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gallery.photos.decode import decode_photo, squash
from gallery.photos.pool import DecodePool
from gallery.photos.scan import scan_folder
from gallery.types import DecodedPhoto, SkippedFile, SkipReason
from tests.fast.unit.photos import made_photos as made

pytestmark = pytest.mark.real_photos

NOT_OURS = {".sgi", ".j2k", ".jp2", ".fli", ".gpl", ".p7", ".msp", ".spider", ".icns", ".ico"} | {
    *(".psd", ".dds", ".blp", ".eps", ".tga", ".bin")
}
READABLE = {
    # Faults in what does not matter to the picture, as Pillow's own tests say of them.
    "badbitssize.bmp", "baddens1.bmp", "baddens2.bmp", "badfilesize.bmp", "badplanes.bmp", "badrle.bmp",
    "pal8badindex.bmp", "broken_exif_dpi.jpg", "hopper_bad_exif.jpg", "invalid-exif.jpg",
    "invalid-exif-without-x-resolution.jpg", "photoshop-200dpi-broken.jpg", "sugarshack_bad_mpo_header.jpg",
    "truncated_app14.jpg", "truncated_exif_dpi.jpg", "syntax_num_frames_invalid.png",
    "truncated_jpeg.jpg",  # less than a quarter of its picture is missing: read, with a note
    "decompression_bomb_extents.gif",
}  # fmt: skip
UNCERTAIN = {"broken_data_stream.png", "truncated_end_chunk.png", "timeout-6646305047838720"}


def test_each_hostile_file_gives_a_picture_or_its_reason_and_no_worker_is_lost(real_data: Path) -> None:
    paths = sorted((real_data / "hostile" / "pillow").iterdir())
    assert len(paths) == 83
    with DecodePool(workers=2, input_px=32, thumbnail_px=48) as pool:
        list(pool.decode(paths[:4]))
        before = made.worker_pids(pool)
        results = {result.path.name: result for result in pool.decode(paths)}
        assert set(before) <= set(made.worker_pids(pool))
    assert set(results) == {path.name for path in paths}
    for name, result in results.items():
        if name in UNCERTAIN or (name.startswith("crash-") and name.endswith(".tif")):
            assert isinstance(result, DecodedPhoto) or result.reason is SkipReason.DAMAGED, name
        elif name in READABLE:
            assert isinstance(result, DecodedPhoto), name
        else:
            assert isinstance(result, SkippedFile), name
            assert result.detail
            expected = {SkipReason.DAMAGED}
            if Path(name).suffix in NOT_OURS:
                expected = {SkipReason.NOT_A_PHOTO}
            elif name in ("badwidth.bmp", "decompression_bomb.gif"):
                expected = {SkipReason.TOO_LARGE}
            assert result.reason in expected, name


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_all_orientations_give_one_upright_picture(real_data: Path, shape: str) -> None:
    folder = real_data / "orientation"
    width, height = (1800, 1200) if shape == "Landscape" else (1200, 1800)
    expected = squash(made.upright(folder / f"{shape}_1.jpg"), 224).astype(int)
    for orientation in range(9):
        path = folder / f"{shape}_{orientation}.jpg"
        assert made.upright(path).shape == (height, width, 3)
        photo = decode_photo(path, input_px=224, thumbnail_px=320)
        assert (photo.metadata.width_px, photo.metadata.height_px) == (width, height)
        # The files are encoded one by one and bear their number as text; a wrong turn differs by 37 to 83.
        assert np.abs(photo.model_input - expected).mean() < 3, orientation


@pytest.mark.slow
def test_the_popular_animals_are_all_read(real_data: Path) -> None:
    entries = list(scan_folder(real_data / "photos" / "popular-animals"))
    assert len(entries) == 551
    start = time.perf_counter()
    with DecodePool(workers=2, input_px=224) as pool:
        results = list(pool.decode(entry.path for entry in entries))
    print(f"\n{len(results) / (time.perf_counter() - start):.0f} photos/s, the start of two workers included")
    assert Counter(type(result) for result in results) == {DecodedPhoto: 551}
    for result in results[:20]:
        assert isinstance(result, DecodedPhoto)
        assert result.metadata.file_sha256 == hashlib.sha256(result.path.read_bytes()).hexdigest()
        expected = squash(made.upright(result.path), 224)
        np.testing.assert_array_equal(result.model_input, expected)
