"""Where things are, and which folders may be opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.errors import GalleryError, PhotoError
from gallery.settings import Settings


@pytest.fixture
def shared(tmp_path: Path) -> Settings:
    """A server on which only `field` may be opened."""
    for name in ("field/2024", "field-secret", "home/uploads/trip"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "field" / "out").symlink_to(tmp_path / "field-secret", target_is_directory=True)
    (tmp_path / "field" / "fox.jpg").touch()
    return Settings(tmp_path / "home", tmp_path, roots=((tmp_path / "field").resolve(),))


@pytest.mark.parametrize("name", ["field", "field/2024", "field/2024/..", "home/uploads/trip"])
def test_roots_all_below_them_and_uploads_may_be_opened(shared: Settings, tmp_path: Path, name: str) -> None:
    assert shared.allow(tmp_path / name) == (tmp_path / name).resolve()


@pytest.mark.parametrize("name", ["field-secret", "field/out", "field/..", "home", "home/uploads", "."])
def test_neighbours_links_and_dots_out_of_the_roots_may_not(
    shared: Settings, tmp_path: Path, name: str
) -> None:
    with pytest.raises(PhotoError, match="may not be opened on this server"):
        shared.allow(tmp_path / name)


def test_without_roots_any_folder_may_be_opened_but_no_file(shared: Settings, tmp_path: Path) -> None:
    alone = Settings(tmp_path / "home", tmp_path)
    assert alone.allow(tmp_path / "field-secret") == (tmp_path / "field-secret").resolve()
    with pytest.raises(PhotoError, match="is a file"):
        alone.allow(tmp_path / "field" / "fox.jpg")


@pytest.mark.parametrize("name", ["none", "a\0b", "x" * 5000, "caf\udce9"])
def test_a_folder_that_cannot_be_gets_a_sentence_that_can_be_shown(shared: Settings, name: str) -> None:
    with pytest.raises(PhotoError, match="There is no folder") as refused:
        shared.allow(shared.home / name)
    str(refused.value).encode("utf-8")


def test_the_environment_says_where_things_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots = os.pathsep.join([str(tmp_path / "a"), " ", str(tmp_path / "b")])
    for name, value in (("HOME", str(tmp_path)), ("ROOTS", roots), ("MODEL_STORE", str(tmp_path / "m"))):
        monkeypatch.setenv(f"GALLERY_{name}", value)
    found = Settings.from_environment()
    assert found.home == tmp_path.resolve()
    assert found.roots == ((tmp_path / "a").resolve(), (tmp_path / "b").resolve())
    assert found.shipped_models == tmp_path / "m"
    assert Settings.from_environment(tmp_path / "given").home == (tmp_path / "given").resolve()


def test_the_limit_of_thumbnails_is_in_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().thumbnails_limit_bytes == 10_000_000_000
    for said, expected in (("2.5", 2_500_000_000), (" 0,1 ", 100_000_000), ("", 10_000_000_000)):
        monkeypatch.setenv("GALLERY_THUMBNAILS_GB", said)
        assert Settings.from_environment().thumbnails_limit_bytes == expected
    for said in ("lots", "0", "-3", "inf", "nan", "1e300"):
        monkeypatch.setenv("GALLERY_THUMBNAILS_GB", said)
        with pytest.raises(GalleryError, match="such as 10"):
            Settings.from_environment()
