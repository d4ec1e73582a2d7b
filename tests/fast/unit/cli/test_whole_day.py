"""After a day of commands that read a folder of photos, these are as they were: bytes, dates, rights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.fast.unit.cli.colour_place import RED, Place, Run

pytestmark = pytest.mark.slow


def as_it_lies(root: Path) -> dict[str, tuple[object, ...]]:
    """Return what a file system tells of a folder and of all below it, and the files' bytes."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [root, *root.rglob("*")]:
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        name = path.relative_to(root).as_posix()
        found[name] = (status.st_ino, status.st_mode, status.st_mtime_ns, status.st_size, content)
    return found


def test_no_command_touches_a_photo(place: Place, run: Run, tmp_path: Path) -> None:
    place.labelled()
    exif = Image.Exif()
    exif[0x0132] = "2024:05:01 06:12:09"
    Image.new("RGB", (50, 40), RED).save(place.photos / "cats" / "dated.jpg", exif=exif)
    (place.photos / "cats" / "broken.jpg").write_bytes(b"no photo")
    (place.photos / "cats" / "notes.txt").write_text("not ours")
    before = as_it_lies(place.photos)

    out = tmp_path / "out"
    out.mkdir()
    labels = out / "labels.csv"
    labels.write_text("path,label\nCane/1.png,cat\ncats/1.png,human\n")
    results = out / "boxes.json"
    animal = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]}
    results.write_text(
        json.dumps(
            {
                "info": {"format_version": "1.3"},
                "detection_categories": {"1": "animal"},
                "images": [{"file": "Cane/1.png", "detections": [animal]}],
            }
        )
    )
    collection = ("--collection", place.photos)
    one = place.photos / "Cane" / "1.png"
    for words in (
        ("tag", place.photos),
        ("take", labels, *collection),
        ("evaluate", place.photos),
        ("evaluate", place.photos, "--by-sequence"),
        ("report", place.photos, "--out", out / "report.html"),
        ("predict", place.photos, "--out", out / "predicted.csv"),
        ("boxes", place.photos, "--results", results, "--out", out / "boxed.json"),
        ("clock", place.photos, "--add", "+1 h"),
        ("similar", one, *collection),
        *(
            ("export", *collection, "--format", name, "--out", out / name)
            for name in ("csv", "megadetector", "timelapse", "xmp", "folders")
        ),
        ("export", *collection, "--format", "folders", "--links", "--out", out / "links"),
        ("export", *collection, "--format", "camtrap-dp", "--out", out / "dp", "--latitude", "46",
         "--longitude", "11", "--time-zone", "+02:00"),
        ("backup", "--out", out / "backup.sqlite3"),
        ("restore", out / "backup.sqlite3"),
        ("tag", place.photos),
        ("check", "--content", "--repair"),
    ):  # fmt: skip
        code, said, _ = run(*words)
        assert code == 0, (words, said)

    assert as_it_lies(place.photos) == before
