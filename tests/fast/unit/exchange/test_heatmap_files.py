"""Heatmaps as files: known by a mark, replaced whole, and never put in a photo's place."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery import files
from gallery.errors import ExchangeError
from gallery.exchange.heatmap_files import (
    check_heatmap_place,
    check_map_place,
    write_heatmap,
    write_map,
)
from gallery.photos.heatmap import SOFTWARE, is_marked, marked_png

CAM = np.array([[0.0, 2.5]], np.float32)


def png(colour: tuple[int, int, int], **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), colour).save(buffer, "PNG", **options)
    return buffer.getvalue()


def picture(colour: tuple[int, int, int]) -> bytes:
    return marked_png(np.full((4, 5, 3), colour, np.uint8))


def test_a_heatmap_says_what_it_is_and_shows_the_same(tmp_path: Path) -> None:
    write_heatmap(tmp_path / "why.png", picture((1, 2, 3)), is_marked)
    with Image.open(tmp_path / "why.png") as why:
        why.load()  # which checks the checksums
        assert why.info["Software"] == SOFTWARE
        assert why.getpixel((4, 3)) == (1, 2, 3)


def test_a_heatmap_is_replaced_by_the_next(tmp_path: Path) -> None:
    for colour in ((1, 2, 3), (4, 5, 6)):
        write_heatmap(tmp_path / "why.PNG", picture(colour), is_marked)
    with Image.open(tmp_path / "why.PNG") as why:
        assert why.getpixel((0, 0)) == (4, 5, 6)
    assert [path.name for path in tmp_path.iterdir()] == ["why.PNG"]


@pytest.mark.parametrize(
    "there", [png((7, 7, 7)), png((7, 7, 7), dpi=(72, 72)), b"", b"no picture", SOFTWARE.encode()]
)
def test_what_is_no_heatmap_stays_byte_for_byte(tmp_path: Path, there: bytes) -> None:
    file = tmp_path / "fox.png"
    file.write_bytes(there)
    with pytest.raises(ExchangeError, match=r"never written over.*another name"):
        write_heatmap(file, picture((1, 2, 3)), is_marked)
    assert file.read_bytes() == there
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_no_file_is_not_replaced_either(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ExchangeError, match="never written over"):
        check_heatmap_place(tmp_path / "folder.png", is_marked)
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(ExchangeError, match="no array of NumPy"):
        check_map_place(tmp_path / "folder.npy")


@pytest.mark.parametrize("name", ["t.csv", "why", ".png", "why.png.part"])
def test_a_heatmaps_name_ends_with_png(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExchangeError, match=r"is a PNG\. Give one that ends with \.png"):
        write_heatmap(tmp_path / name, picture((1, 2, 3)), is_marked)
    assert not list(tmp_path.iterdir())


def test_a_raw_map_replaces_an_array_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "map.npy"
    np.save(file, np.arange(3))
    write_map(file, CAM)
    np.testing.assert_array_equal(np.load(file), CAM)
    file.write_bytes(b"a diary")
    with pytest.raises(ExchangeError, match=r"no array of NumPy.*another name"):
        write_map(file, CAM)
    assert file.read_bytes() == b"a diary"
    with pytest.raises(ExchangeError, match=r"ends with \.npy"):
        write_map(tmp_path / "map.png", CAM)
    assert [path.name for path in tmp_path.iterdir()] == ["map.npy"]


def test_a_write_that_fails_leaves_the_older_heatmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "why.png"
    write_heatmap(file, picture((1, 2, 3)), is_marked)
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "fsync", full)
    with pytest.raises(ExchangeError, match=r"cannot be written: No space left"):
        write_heatmap(file, picture((4, 5, 6)), is_marked)
    assert file.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ExchangeError, match="cannot be written"):
        write_heatmap(tmp_path / "no" / "why.png", picture((4, 5, 6)), is_marked)
