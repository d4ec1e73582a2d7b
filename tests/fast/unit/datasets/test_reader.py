"""Where labels come from: folders, ready parts, zips, tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.datasets.folder import read_folder
from gallery.datasets.labelled import LabelledPhotos, Part
from gallery.datasets.reader import read_data
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.services import wiring
from gallery.settings import CLASS_NAMES
from gallery.types import FileEntry


def scan(root: Path) -> Iterator[FileEntry]:
    """A scan for these tests: every .jpg."""
    for path in sorted(root.rglob("*.jpg")):
        yield FileEntry(path, path.stat().st_size, path.stat().st_mtime_ns)


def lay_out(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def summary(data: LabelledPhotos) -> list[tuple[str, str, str | None]]:
    return [(photo.path.name, photo.label, photo.part) for photo in data.photos]


def test_each_sub_folder_is_a_class(tmp_path: Path) -> None:
    data = read_folder(lay_out(tmp_path, "owl/1.jpg", "fox/2.jpg", "fox/deep/3.jpg"), scan=scan)
    assert data.class_names == ("fox", "owl")
    assert summary(data) == [("2.jpg", "fox", None), ("3.jpg", "fox", None), ("1.jpg", "owl", None)]
    assert data.labels.tolist() == [0, 0, 1]
    assert data.counts == {"fox": 2, "owl": 1}
    assert data.relative(1) == "fox/deep/3.jpg"


def test_the_shipped_models_classes_keep_its_order_in_any_language(tmp_path: Path) -> None:
    data = read_folder(lay_out(tmp_path, "cane/1.jpg", "dog/2.jpg", "gatto/3.jpg"), scan=scan)
    assert data.class_names == ("dog", "cat")
    assert data.counts == {"dog": 2, "cat": 1}
    assert data.problems[0] == 'Counted together: "cane" and "dog" as dog. Read as: "gatto" as cat.'


def test_classes_that_differ_by_a_number_stay_apart(tmp_path: Path) -> None:
    names = ("14_spot_ladybird", "2_spot_ladybird", "7_spot_ladybird")
    data = read_folder(lay_out(tmp_path, *(f"{n}/{i}.jpg" for n in names for i in "ab")), scan=scan)
    assert data.class_names == names
    assert data.problems == ()


def test_two_names_of_one_animal_are_one_class_and_grades_are_two(tmp_path: Path) -> None:
    hens = lay_out(tmp_path / "a", *(f"{n}/{i}.jpg" for n in ("hen", "chicken", "sheep") for i in "ab"))
    data = read_folder(hens, scan=scan)
    assert data.counts == {"chicken": 4, "sheep": 2}
    assert data.problems == ('Counted together: "chicken" and "hen" as chicken.',)
    grades = lay_out(tmp_path / "b", *(f"{n}/{i}.jpg" for n in ("1_dog", "2_dog", "cat") for i in "ab"))
    data = read_folder(grades, scan=scan)
    assert data.counts == {"1_dog": 2, "2_dog": 2, "cat": 2}
    assert "which without a number would be dog" in data.problems[0]


def test_photos_of_a_station_are_one_group(tmp_path: Path) -> None:
    names = [f"{site}/{name}/{i}.jpg" for site in ("SiteA", "SiteB") for name in ("cat", "dog") for i in "ab"]
    data = read_folder(lay_out(tmp_path, *names), scan=scan)
    assert data.counts == {"dog": 4, "cat": 4}
    assert [photo.group for photo in data.photos] == ["SiteA"] * 4 + ["SiteB"] * 4


ANIMALS10 = {
    "cane": "dog", "gatto": "cat", "cavallo": "horse", "ragno": "spider", "farfalla": "butterfly",
    "gallina": "chicken", "pecora": "sheep", "mucca": "cow", "scoiattolo": "squirrel", "elefante": "elephant",
}  # fmt: skip
"""The data set's folders, as its archive names them."""


def test_all_of_animals10_is_read_as_its_archive_lays_it_out(tmp_path: Path) -> None:
    names = [f"raw-img/{folder}/OIP--2Gm2{folder}HaGl.jpeg" for folder in ANIMALS10]
    lay_out(tmp_path, *names, "translate.py")

    def photos(root: Path) -> Iterator[FileEntry]:
        return (entry for entry in wiring.scan(root) if isinstance(entry, FileEntry))

    data = read_folder(tmp_path / "raw-img", scan=photos)
    assert data.class_names == CLASS_NAMES
    assert {photo.path.parent.name: photo.label for photo in data.photos} == ANIMALS10


def test_ready_parts_are_kept_also_inside_one_outer_folder(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        "pets/Train/cat/1.jpg",
        "pets/Train/dog/2.jpg",
        "pets/valid/cat/3.jpg",
        "pets/test/dog/4.jpg",
    )
    data = read_folder(tmp_path, scan=scan)
    assert sorted(summary(data)) == [
        ("1.jpg", "cat", Part.TRAIN),
        ("2.jpg", "dog", Part.TRAIN),
        ("3.jpg", "cat", Part.VALIDATION),
        ("4.jpg", "dog", Part.TEST),
    ]


def test_a_class_called_test_among_others_is_a_class(tmp_path: Path) -> None:
    data = read_folder(lay_out(tmp_path, "test/1.jpg", "fox/2.jpg"), scan=scan)
    assert data.class_names == ("fox", "test")


def test_photos_in_no_class_and_empty_folders_are_named(tmp_path: Path) -> None:
    lay_out(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "loose.jpg")
    (tmp_path / "cow").mkdir()
    assert read_folder(tmp_path, scan=scan).problems == (
        "1 photo lies outside the class folders: left out. Move such photos into the folder of their class.",
        'The folder "cow" holds no photos.',
        "The class 'dog' has a single photo.",
    )


def test_a_class_of_one_photo_is_left_out_and_named_where_two_others_remain(tmp_path: Path) -> None:
    data = read_folder(
        lay_out(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/4.jpg", "magpie/5.jpg"), scan=scan
    )
    assert data.class_names == ("dog", "cat")
    assert len(data) == 4
    assert data.problems == (
        "The class 'magpie' has a single photo, 5.jpg: left out. A class needs two or more.",
    )


def test_a_class_that_only_the_test_folder_has_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path, "train/cat/1.jpg", "train/cat/2.jpg", "test/dog/3.jpg", "test/dog/4.jpg")
    assert "The class 'dog' has no photo to train on." in read_folder(tmp_path, scan=scan).problems


@pytest.mark.parametrize("names", [(), ("cat/1.jpg",), ("1.jpg", "2.jpg")])
def test_fewer_than_two_classes_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(DatasetError, match="two classes or more"):
        read_folder(lay_out(tmp_path, *names), scan=scan)


def test_a_zip_is_unpacked_and_read_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pets.ZIP").write_bytes(b"")
    unpacked = lay_out(tmp_path / "unpacked", "pets/cat/1.jpg", "pets/dog/2.jpg")
    data = read_data(tmp_path / "pets.ZIP", scan=scan, unzip=lambda _: unpacked)
    assert data.class_names == ("dog", "cat")


def test_anything_else_is_refused_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="sub-folder for each class"):
        read_data(tmp_path / "nothing", scan=scan, unzip=lambda p: p)


def test_a_table_gives_path_label_group_and_part(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.jpg", "b/c.jpg")
    (tmp_path / "t.csv").write_text("Path,Class,source,split\na.jpg,cat,web1,train\nb/c.jpg,dog,web2,test\n")
    data = read_table(tmp_path / "t.csv")
    assert summary(data) == [("a.jpg", "cat", Part.TRAIN), ("c.jpg", "dog", Part.TEST)]
    assert [photo.group for photo in data.photos] == ["web1", "web2"]


def test_a_part_that_is_none_is_refused_with_those_there_are(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    rows = "a.jpg,cat,Train\nb.jpg,dog,holdout\nc.jpg,dog,eval\nd.jpg,cat,eval\n"
    (tmp_path / "t.csv").write_text("path,label,Split\n" + rows)
    with pytest.raises(DatasetError, match="'eval', 'holdout' in its column Split") as raised:
        read_table(tmp_path / "t.csv")
    for known in ("train", "validation", "test"):
        assert known in str(raised.value)
    (tmp_path / "t.csv").write_text("path,label,split\na.jpg,cat, \nb.jpg,dog,TEST\n")
    assert [photo.part for photo in read_table(tmp_path / "t.csv").photos] == [None, Part.TEST]


def test_a_table_from_a_european_spreadsheet_is_understood(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "t.csv").write_text("﻿file;label\r\na.jpg;cat\r\nb.jpg;dog\r\n", encoding="utf-8")
    assert read_table(tmp_path / "t.csv").counts == {"dog": 1, "cat": 1}


def test_rows_without_a_file_or_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "t.csv").write_text("path,label\na.jpg,cat\nb.jpg,dog\ngone.jpg,cat\nb.jpg,\na.jpg,dog\n")
    data = read_table(tmp_path / "t.csv")
    assert len(data) == 2
    assert data.problems[:3] == (
        "1 row lacks a path or a class: left out.",
        "1 row names a photo again: left out, its first label counts.",
        "1 of 4 rows of t.csv points to no photo: left out. The first is gone.jpg, which was looked for at "
        f"{tmp_path / 'gone.jpg'}.",
    )
    (tmp_path / "t.csv").write_text("path,label\nx/a.jpg,cat\nx/b.jpg,dog\n")
    with pytest.raises(DatasetError, match=r"2 of 2 rows of t.csv point to no photo.* The first is x/a.jpg"):
        read_table(tmp_path / "t.csv")


def test_a_table_without_the_columns_is_refused_with_those_it_has(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("foto,animale\na.jpg,cat\nb.jpg,dog\n")
    with pytest.raises(DatasetError, match="its columns are foto, animale"):
        read_table(tmp_path / "t.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_class_folders_that_are_links_out_of_the_folder_are_named(tmp_path: Path) -> None:
    lay_out(tmp_path, "disk/dog/1.jpg", "set/cow/1.jpg", "set/#recycle/1.jpg")
    (tmp_path / "set" / "dog").symlink_to("../disk/dog", target_is_directory=True)

    def photos(root: Path) -> Iterator[FileEntry]:
        return (entry for entry in wiring.scan(root) if isinstance(entry, FileEntry))

    with pytest.raises(DatasetError, match='The folder "dog" is a link that leads out of the opened folder'):
        read_folder(tmp_path / "set", scan=photos)
