"""Labels from a table, for an evaluation; `test_reader` has those for a training."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gallery.datasets.table import read_label_table
from gallery.errors import DatasetError

NAMES = ("dog", "cat")
TABLE = "path,class,split\na/1.jpg,cane,test\na/../b/2.jpg,Cats,test\na/3.jpg,dog,train\n"


def test_a_table_gives_labels_by_absolute_path(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("\ufeff" + TABLE, "utf-8")
    folder = tmp_path.resolve()
    assert read_label_table(file, NAMES, split="test").by_path == {
        folder / "a" / "1.jpg": 0,
        folder / "b" / "2.jpg": 1,
    }
    assert len(read_label_table(file, NAMES).by_path) == 3


def test_paths_through_a_linked_folder_name_the_photos_where_they_lie(tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    (real / "cane").mkdir(parents=True)
    (real / "cane" / "1.jpg").write_bytes(b"")
    link(tmp_path / "linked", real)
    link(real / "cane" / "2.jpg", real / "cane" / "1.jpg")
    file = tmp_path / "labels.csv"
    linked = tmp_path / "linked" / "cane"
    file.write_text(
        f"path,class\n{linked / '1.jpg'},dog\n{linked / '2.jpg'},dog\nlinked/cane/../cane/3.jpg,cat\n"
    )
    assert read_label_table(file, NAMES).by_path == {
        real / "cane" / "1.jpg": 0,
        real / "cane" / "2.jpg": 0,  # a photo that is a link is found under its own name
        real / "cane" / "3.jpg": 1,  # listed, but not there
    }
    file.write_text(f"path,class\n{linked / '1.jpg'},dog\n{real / 'cane' / '1.jpg'},cat\n")
    with pytest.raises(DatasetError, match="two classes, dog and cat"):
        read_label_table(file, NAMES)


def test_folders_that_cannot_be_followed_are_taken_as_they_are_written(tmp_path: Path) -> None:
    link(tmp_path / "loop", tmp_path / "loop")
    file = tmp_path / "labels.csv"
    file.write_text("path,class\nloop/a/../1.jpg,dog\nb\0/2.jpg,cat\n")
    assert sorted(path.name for path in read_label_table(file, NAMES).by_path) == ["1.jpg", "2.jpg"]


def link(place: Path, target: Path) -> None:
    try:
        place.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this user may not make links here")


@pytest.mark.parametrize(
    ("text", "split", "sentence"),
    [
        (TABLE, "val", r"no rows of the split val. It has: test \(2\), train \(1\)"),
        ("path,class\na.jpg,dog\n", "test", "no column split"),
        ("path,kind\na.jpg,dog\n", None, "no column class; its columns are path, kind"),
        ("foto,class\na.jpg,dog\n", None, "no column path"),
        ("path,class\na.jpg,dgo\n", None, r'class "dgo" .* \(did you mean dog\?\)'),
        ("path,class\na.jpg,dog\nb/../a.jpg,cat\n", None, "a.jpg two classes, dog and cat"),
        ("path,class\na.jpg,dog\na.jpg,Cane\n", None, None),
        # what a training reads: other headings and cases, semicolons, tabs, parts of another name
        ("File_Name;Species;Part\na.jpg;dog;validation_set\n", "val", None),
        ("photo\tcategory\na.jpg\tdog\n", None, None),
        ("path,class\n", None, "has no rows"),
        ("", None, "has no rows"),
        ("path,class\na\x00.jpg,dog\n", None, None),
        ("path,class\na.jpg,dog\n,cat\nb.jpg,\n", None, None),  # rows without a path or a class
    ],
)
def test_a_table_that_is_not_one_is_named(
    tmp_path: Path, text: str, split: str | None, sentence: str | None
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text, "utf-8")
    if sentence is None:
        assert len(read_label_table(file, NAMES, split=split).by_path) == 1
    else:
        with pytest.raises(DatasetError, match=sentence):
            read_label_table(file, NAMES, split=split)


def test_rows_of_no_class_or_without_a_label_are_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,class\na.jpg,dog\nb.jpg,Gatto\nc.jpg,blank\nd.jpg,fox\ne.jpg,fox\nf.jpg,\n")
    found = read_label_table(file, NAMES)
    assert len(found.by_path) == 2
    assert found.problems == (
        'Rows left out, because the model has no such class: "fox" (2), "blank" (1).',
        'Read as: "Gatto" as cat.',
        "1 row lacks a path or a class: left out.",
    )


def test_a_table_that_is_missing_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_label_table(tmp_path / "none.csv", NAMES)
    (tmp_path / "b.csv").write_bytes(b"path,class\n\xff\xfe,dog\n")
    with pytest.raises(DatasetError, match="save it as “CSV UTF-8”"):
        read_label_table(tmp_path / "b.csv", NAMES)


def test_timelapses_table_names_photos_by_file_and_relative_path(tmp_path: Path) -> None:
    for station in ("CamA", "North/CamB"):
        (tmp_path / station).mkdir(parents=True)
        (tmp_path / station / "IMG_1.JPG").write_bytes(b"")
    file = tmp_path / "TimelapseData.csv"
    file.write_text(
        "File,RelativePath,DateTime,DeleteFlag,Species,Count\n"
        "IMG_1.JPG,CamA,2024-05-01 06:12:09,false,dog,1\n"
        "IMG_1.JPG,North\\CamB,2024-05-01 06:12:09,false,cat,1\n"
    )
    root = tmp_path.resolve()
    assert read_label_table(file, NAMES).by_path == {
        root / "CamA" / "IMG_1.JPG": 0,
        root / "North" / "CamB" / "IMG_1.JPG": 1,
    }


def test_backslashes_are_those_of_windows_unless_a_photo_is_called_so(tmp_path: Path) -> None:
    for name in ("dog/1.jpg", "dog\\2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    file = tmp_path / "labels.csv"
    file.write_text("path;class\r\ndog\\1.jpg;dog\r\ndog\\2.jpg;cat\r\n", newline="")
    found = read_label_table(file, NAMES).by_path
    assert sorted(path.relative_to(tmp_path.resolve()).as_posix() for path in found) == [
        "dog/1.jpg", "dog/2.jpg" if (tmp_path / "dog" / "2.jpg").exists() else "dog\\2.jpg",
    ]  # fmt: skip


def test_a_column_of_sha256_names_photos_wherever_they_lie(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/2.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
    digests = [hashlib.sha256(name.encode()).hexdigest() for name in ("a/1.jpg", "b/2.jpg", "gone")]
    file = tmp_path / "labels.csv"
    rows = zip(digests, ("dog", "cat", "dog"), strict=True)
    file.write_text("sha256,class\n" + "".join(f"{digest.upper()},{name}\n" for digest, name in rows))
    root = tmp_path.resolve()
    found = read_label_table(file, NAMES).by_path
    assert {path: found[path] for path in found if path.is_file()} == {
        root / "a" / "1.jpg": 0,
        root / "b" / "2.jpg": 1,
    }
    assert len(found) == 3
