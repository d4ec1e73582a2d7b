"""``check``: what is wrong with an installation, each with its remedy."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gallery.errors import GalleryError
from gallery.services import check
from tests.fast.unit.cli.colour_place import Place, Run


def test_check_of_a_sound_place_finds_nothing_wrong(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    code, said, _ = run("check")
    wrong = [one for one in said["checks"] if not one["ok"]]
    assert (code, said["ok"], wrong) == (0, True, [])
    details = {one["name"]: one["detail"] for one in said["checks"]}
    assert "4 photos in 1 opened folders" in details["catalog"]
    assert details["model colours"] == "weights match SHA-256, active"
    assert details["network"].startswith("runs in float32")


def test_photos_that_were_there_and_are_gone_are_no_success(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    for path in place.photos.rglob("*.png"):
        path.unlink()
    code, said, _ = run("tag", place.photos)
    assert (code, "4 photos that were in" in said["error"], "disk connected?" in said["error"]) == (
        2,
        True,
        True,
    )
    code, said, _ = run("check")
    wrong = {one["name"]: one["detail"] for one in said["checks"] if not one["ok"]}
    assert (code, list(wrong)) == (1, ["folders"])
    assert "gone: 4 photos that were in" in wrong["folders"]
    assert "Is the disk connected?" in wrong["folders"]


def test_check_names_each_thing_that_is_wrong_with_its_remedy(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.settings.own_models / "colours" / "weights.npz").write_bytes(b"other weights")
    place.settings.catalog_dir.mkdir(parents=True)
    (place.settings.catalog_dir / "catalog.sqlite3").write_bytes(b"no database" * 1000)
    monkeypatch.setattr(check, "FREE_DISK_BYTES", 10**18)
    monkeypatch.setattr(check, "required_versions", lambda: {"numpy": "99.0", "no-such-package": "1"})
    code, said, _ = run("check")
    wrong = {one["name"]: one["detail"] for one in said["checks"] if not one["ok"]}
    assert code == 1
    assert not said["ok"]
    assert {"model colours", "catalog", "disk", "numpy", "no-such-package"} <= set(wrong)
    assert "train or import it again" in wrong["model colours"]
    assert "Move the folder" in wrong["catalog"]
    assert "pip install -r requirements.txt" in wrong["numpy"]


def test_check_without_any_model_says_where_one_belongs(place: Place, run: Run) -> None:
    place.models.remove("colours")
    code, said, _ = run("check")
    assert code == 1
    assert "Restore model_store" in next(one["detail"] for one in said["checks"] if one["name"] == "model")


def test_check_of_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GalleryError, match="Set GALLERY_HOME"):
        check.check_home(tmp_path / "file" / "home")
    assert "GB free" in check.check_disk(tmp_path / "file" / "home")


def test_check_reads_the_versions_that_requirements_ask_for() -> None:
    asked = check.required_versions()
    assert asked["streamlit"].startswith("1.")
    assert "tensorflow" in asked


def test_content_finds_a_photo_that_changed_under_an_unchanged_size_and_date(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    code, said, _ = run("check", "--content")
    details = {one["name"]: one["detail"] for one in said["checks"]}
    assert (code, details["content"]) == (0, "4 photos hold what was read of them")

    changed = place.photos / "cats" / "1.png"
    before, data = changed.stat(), bytearray(changed.read_bytes())
    data[-1] ^= 1  # within the last chunk's checksum: the picture stays, the bytes do not
    changed.write_bytes(data)
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    code, said, _ = run("check", "--content")
    (finding,) = [one for one in said["checks"] if one["name"] == "content"]
    assert (code, finding["ok"]) == (1, False)
    assert finding["detail"].startswith(f"1 of 4 photos changed under an unchanged size and date: {changed}.")

    with place.catalog() as catalog:
        assert catalog.pending_files(1, "colours") == [changed]
    run("tag", place.photos)
    assert run("check", "--content")[0] == 0


def test_damaged_features_are_found_by_their_checksum_and_made_anew(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    code, said, _ = run("check", "--content")
    details = {one["name"]: one["detail"] for one in said["checks"]}
    assert (code, details["features and maps"]) == (0, "4 match their checksums")

    (vectors,) = (place.settings.catalog_dir / "vectors").iterdir()
    data = bytearray(vectors.read_bytes())
    data[0] ^= 1
    vectors.write_bytes(data)
    code, said, _ = run("check", "--content")
    (finding,) = [one for one in said["checks"] if one["name"] == "features and maps"]
    assert (code, finding["ok"]) == (1, False)
    assert finding["detail"].startswith("damaged: those of 1 of 4 photos by colours. Tag again")

    _, said, _ = run("tag", place.photos)
    assert said["tagged"] == 1
    assert run("check", "--content")[0] == 0


def test_thumbnails_of_no_photo_are_named_and_removed_when_asked(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    kept = sorted(place.settings.thumbnails.rglob("*.jpg"))
    orphan = place.settings.thumbnails / "ab" / ("ab" + "0" * 62 + ".jpg")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"jpeg")
    yesterday = time.time() - 86_400
    os.utime(orphan, (yesterday, yesterday))
    upload = place.settings.uploads / "2026-01-01 trip"
    upload.mkdir(parents=True)
    _, said, _ = run("check")
    (detail,) = [one["detail"] for one in said["checks"] if one["name"] == "leftovers"]
    assert detail.startswith("1 thumbnail of unknown photos: check --repair removes them; 1 upload in no")
    assert orphan.exists()
    run("check", "--repair")
    assert sorted(place.settings.thumbnails.rglob("*.jpg")) == kept
    assert upload.is_dir(), "what may hold photos is never removed"
