"""Completing a path while one types."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.services.folders import completions
from gallery.settings import Settings


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("field/2024", "field/2025", "Fiesta", ".hidden", "zoo"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("field/a.JPG", "field/b.png", "field/notes.txt", "fish.jpg"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def anywhere(tree: Path) -> Settings:
    return Settings(home=tree, shipped_models=tree)


def test_a_begun_name_is_completed_whatever_its_case(tree: Path) -> None:
    found = completions(anywhere(tree), f"{tree}{os.sep}fi")
    assert found["names"] == ["field", "Fiesta"]
    assert found["folder"] == f"{tree}{os.sep}"
    assert not found["opens"]


def test_a_folder_opens_shows_its_sub_folders_and_counts_its_photos(tree: Path) -> None:
    for typed in (f"{tree / 'field'}", f"{tree / 'field'}{os.sep}"):
        found = completions(anywhere(tree), typed)
        assert (found["opens"], found["photos"], found["names"]) == (True, 2, ["2024", "2025"])
        assert found["folder"] == f"{tree / 'field'}{os.sep}"


def test_hidden_folders_and_files_are_not_offered(tree: Path) -> None:
    assert completions(anywhere(tree), f"{tree}{os.sep}")["names"] == ["field", "Fiesta", "zoo"]


def test_a_relative_or_missing_path_gets_a_sentence(tree: Path) -> None:
    assert completions(anywhere(tree), "photos")["problem"].startswith("Type the whole path")
    assert completions(anywhere(tree), str(tree / "none" / "below"))["problem"].startswith(
        "This folder cannot"
    )


def test_with_roots_nothing_outside_them_is_named(tree: Path) -> None:
    settings = Settings(home=tree, shipped_models=tree, roots=((tree / "field").resolve(),))
    outside = completions(settings, f"{tree}{os.sep}")
    assert outside["names"] == [str((tree / "field").resolve())]
    assert not outside["opens"]
    assert completions(settings, f"{tree / 'field'}{os.sep}..{os.sep}")["names"] == outside["names"]
    assert completions(settings, "")["names"] == ["2024", "2025"]
    inside = completions(settings, f"{tree / 'field'}{os.sep}")
    assert (inside["opens"], inside["names"]) == (True, ["2024", "2025"])


def test_neither_dots_nor_links_lead_out_of_the_roots(tree: Path) -> None:
    (tree / "zoo" / "secret").mkdir()
    (tree / "field" / "link").symlink_to(tree / "zoo", target_is_directory=True)
    settings = Settings(home=tree, shipped_models=tree, roots=((tree / "field").resolve(),))
    for typed in ("..", "link", "2024/../..", "link/", "link/sec"):
        found = completions(settings, f"{tree / 'field'}{os.sep}{typed}")
        assert not {"zoo", "Fiesta", "secret"} & set(found["names"]), typed
        assert not found["opens"]


@pytest.mark.parametrize(
    "typed", ["~nobody-of-this-name/x", "/tmp/a\0b/", "/tmp/\0", "/tmp/\ud800/x", "/\ud800"]
)
def test_what_no_file_system_has_gets_a_sentence(tree: Path, typed: str) -> None:
    for settings in (anywhere(tree), Settings(home=tree, shipped_models=tree, roots=(tree.resolve(),))):
        found = completions(settings, typed)
        assert not found["opens"]
        assert found["names"] == [] or found["names"] == [str(tree.resolve())]
