"""Completing a path while one types."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gallery.services import folders, wiring
from gallery.services.folders import completions, disks, photo_counts, places, typed_path
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


def names(found: dict[str, Any]) -> list[str]:
    return [one["name"] for one in found["names"]]


def test_a_begun_name_is_completed_whatever_its_case(tree: Path) -> None:
    found = completions(anywhere(tree), f"{tree}{os.sep}fi")
    assert names(found) == ["field", "Fiesta"]
    assert found["folder"] == f"{tree}{os.sep}"
    assert not found["opens"]


def test_a_folder_opens_shows_its_sub_folders_and_counts_its_photos(tree: Path) -> None:
    for typed in (f"{tree / 'field'}", f"{tree / 'field'}{os.sep}"):
        found = completions(anywhere(tree), typed)
        assert (found["opens"], found["photos"], names(found)) == (True, 2, ["2024", "2025"])
        assert found["folder"] == f"{tree / 'field'}{os.sep}"


def test_hidden_folders_and_files_are_not_offered(tree: Path) -> None:
    assert names(completions(anywhere(tree), f"{tree}{os.sep}")) == ["field", "Fiesta", "zoo"]


def test_a_relative_or_missing_path_gets_a_sentence(tree: Path) -> None:
    assert completions(anywhere(tree), "photos")["problem"].startswith("Type the whole path")
    assert completions(anywhere(tree), str(tree / "none" / "below"))["problem"].startswith(
        "This folder cannot"
    )


def test_with_roots_nothing_outside_them_is_named(tree: Path) -> None:
    settings = Settings(home=tree, shipped_models=tree, roots=((tree / "field").resolve(),))
    outside = completions(settings, f"{tree}{os.sep}")
    assert names(outside) == [str((tree / "field").resolve())]
    assert not outside["opens"]
    assert names(completions(settings, f"{tree / 'field'}{os.sep}..{os.sep}")) == names(outside)
    assert names(completions(settings, "")) == ["2024", "2025"]
    inside = completions(settings, f"{tree / 'field'}{os.sep}")
    assert (inside["opens"], names(inside)) == (True, ["2024", "2025"])


def test_neither_dots_nor_links_lead_out_of_the_roots(tree: Path) -> None:
    (tree / "zoo" / "secret").mkdir()
    (tree / "field" / "link").symlink_to(tree / "zoo", target_is_directory=True)
    settings = Settings(home=tree, shipped_models=tree, roots=((tree / "field").resolve(),))
    for typed in ("..", "link", "2024/../..", "link/", "link/sec"):
        found = completions(settings, f"{tree / 'field'}{os.sep}{typed}")
        assert not {"zoo", "Fiesta", "secret"} & set(names(found)), typed
        assert not found["opens"]


@pytest.mark.parametrize(
    "typed", ["~nobody-of-this-name/x", "/tmp/a\0b/", "/tmp/\0", "/tmp/\ud800/x", "/\ud800"]
)
def test_what_no_file_system_has_gets_a_sentence(tree: Path, typed: str) -> None:
    for settings in (anywhere(tree), Settings(home=tree, shipped_models=tree, roots=(tree.resolve(),))):
        found = completions(settings, typed)
        assert not found["opens"]
        assert names(found) == [] or names(found) == [str(tree.resolve())]


@pytest.mark.parametrize(
    "pasted",
    [
        "{}",
        " {} \n",
        '"{}"',
        "'{}'",
        "\u201c{}\u201d",
        "\u202a{}",
        "file://{}",
        "file://localhost{}",
        "FILE://{}",
    ],
)
def test_a_pasted_path_leads_to_its_folder(tree: Path, pasted: str) -> None:
    folder = tree / "field" / "Käfer 2024"
    folder.mkdir()
    address = folder.as_uri().removeprefix("file://") if pasted.lower().startswith("file:") else folder
    text = pasted.format(address)
    assert typed_path(text) == folder
    found = completions(anywhere(tree), text)
    assert (found["opens"], found["problem"]) == (True, None)


@pytest.mark.skipif(os.name == "nt", reason="a backslash parts folders there")
def test_a_terminals_backslashes_are_no_part_of_the_path(tree: Path) -> None:
    (tree / "My Disk").mkdir()
    assert typed_path(f"{tree}/My\\ Disk") == tree / "My Disk"
    (tree / "a\\b").mkdir()
    assert typed_path(f"{tree}/a\\b") == tree / "a\\b"


def test_a_tilde_is_the_home_and_a_name_with_quotes_is_found(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME" if os.name != "nt" else "USERPROFILE", str(tree))
    (tree / "dogs'").mkdir()
    assert typed_path("~/zoo") == tree / "zoo"
    assert typed_path(f"{tree / 'zoo'}'") == tree / "zoo"
    assert typed_path(str(tree / "dogs'")) == tree / "dogs'"


STRANGE = [
    "no\u00a0break",
    "\U0001f469\u200d\U0001f33e farm",
    "e\u0301cole",
    "\u202eright to left",
    "100 % #1?",
]


@pytest.mark.parametrize("name", STRANGE)
def test_every_folder_name_is_offered_and_leads_back(tree: Path, name: str) -> None:
    (tree / name).mkdir()
    (offered,) = [
        one
        for one in completions(anywhere(tree), f"{tree}{os.sep}")["names"]
        if one["path"].startswith(str(tree / name))
    ]
    assert typed_path(offered["path"]) == tree / name
    assert completions(anywhere(tree), offered["path"])["opens"]


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids such names")
@pytest.mark.parametrize("name", ["caf\udce9", "two\nlines", "tab\there"])
def test_a_name_that_no_text_box_holds_is_offered_as_an_address(tree: Path, name: str) -> None:
    try:
        (tree / name / "below").mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    offered = [one["path"] for one in completions(anywhere(tree), f"{tree}{os.sep}")["names"]]
    (address,) = [path for path in offered if path.startswith("file:")]
    address.encode("utf-8")
    assert typed_path(address) == tree / name
    found = completions(anywhere(tree), address)
    assert (found["opens"], names(found), found["above"]) == (True, ["below"], f"{tree}{os.sep}")
    assert typed_path(found["names"][0]["path"]) == tree / name / "below"


def test_disks_are_found_where_systems_mount_them_and_empty_mount_points_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "account", lambda: "ada")
    for name in ("media/ada/CARD/DCIM", "media/stick/x", "mnt/empty", "Volumes/Backup/y"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(folders.sys, "platform", "linux")
    found = disks([str(tmp_path / name) for name in ("media", "run/media", "mnt", "Volumes")])
    assert [disk.name for disk in found] == ["CARD", "stick", "Backup"]


def test_places_are_the_home_and_with_roots_only_these(tree: Path) -> None:
    assert places(anywhere(tree))[0] == {"name": "Home", "path": f"{Path.home()}{os.sep}", "kind": "home"}
    root = (tree / "field").resolve()
    settings = Settings(home=tree, shipped_models=tree, roots=(root,))
    assert [one["path"] for one in places(settings)] == [f"{root}{os.sep}"]


def test_photos_below_folders_are_counted_as_far_as_time_allows(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "field" / "2024" / "c.jpg").write_bytes(b"")
    asked = [str(tree / "field"), str(tree / "zoo"), str(tree / "none")]
    assert photo_counts(anywhere(tree), asked) == [(3, True), (0, True), (0, False)]
    inside = Settings(home=tree, shipped_models=tree, roots=((tree / "zoo").resolve(),))
    assert photo_counts(inside, asked)[0] == (0, False)
    monkeypatch.setattr(folders, "COUNTING_S", -1)
    assert photo_counts(anywhere(tree), asked)[0] == (1, False)
