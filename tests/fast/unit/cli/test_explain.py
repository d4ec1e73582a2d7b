"""``explain``: where the heat lies, and places that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.errors import ModelError
from gallery.services import wiring
from tests.fast.unit.cli.colour_place import GREEN, RED, Place, Run, text


def test_explain_lays_the_heat_where_the_network_looked(place: Place, run: Run, tmp_path: Path) -> None:
    photo = place.photo("1.png", RED, side=64)
    out = tmp_path / "why.png"
    code, said, _ = run("explain", photo, "--class", "cane", "--out", out)
    assert code == 0
    assert (said["class"], said["predicted"], said["evidence"]) == ("dog", "dog", True)
    assert sum(said["probabilities"].values()) == pytest.approx(1)
    picture = np.asarray(Image.open(out)).astype(int)
    change = np.abs(picture - np.array(RED)).sum(axis=2)
    assert change[:8, :8].mean() > 100
    assert change[-8:, -8:].max() <= 6  # what JPEG costs


def test_explain_of_a_class_without_evidence_says_so(
    place: Place, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    photo = place.photo("1.png", RED)
    _, out, _ = text(place, capsys, "explain", photo, "--class", "horse", "--out", tmp_path / "why.png")
    assert "There is no evidence for horse" in out


def test_explain_of_a_tagged_photo_needs_no_network(
    place: Place, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = place.photo("1.png", RED)
    _, before, _ = run("explain", photo, "--out", tmp_path / "before.png")
    run("tag", place.photos)

    def refuse(models: object, model_id: str) -> None:
        raise ModelError("not needed")

    monkeypatch.setattr(wiring, "load_classifier", refuse)
    code, after, _ = run("explain", photo, "--out", tmp_path / "after.png")
    assert code == 0
    assert {**before, "out": ""} == {**after, "out": ""}
    assert (tmp_path / "before.png").read_bytes() == (tmp_path / "after.png").read_bytes()


def test_explain_names_an_unreadable_photo_an_unknown_class_and_a_place_it_cannot_write(
    place: Place, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "why.png"
    code, said, _ = run("explain", place.photos / "none.jpg", "--out", out)
    assert code == 2
    assert "none.jpg cannot be explained" in said["error"]
    photo = place.photo("1.png", RED)
    assert "Did you mean horse?" in run("explain", photo, "--class", "hors", "--out", out)[1]["error"]
    assert "cannot be written" in run("explain", photo, "--out", tmp_path / "no" / "x.png")[1]["error"]


@pytest.mark.parametrize("name", ["1.png", "../photos/1.png", "link.png", "other.JPG", "new.jpeg"])
def test_no_output_replaces_a_photo(place: Place, run: Run, name: str) -> None:
    photo = place.photo("1.png", RED)
    other = place.photo("other.jpg", GREEN).rename(place.photos / "other.JPG")
    (place.photos / "link.png").symlink_to(photo)
    before = {path: path.read_bytes() for path in (photo, other)}
    code, said, _ = run("explain", photo, "--out", place.photos / name)
    assert (code, "never written over" in said["error"]) == (2, True)
    code, said, _ = run("export", "--out", place.photos / name)
    assert (code, "never written over" in said["error"]) == (2, True)
    assert before == {path: path.read_bytes() for path in before}


def test_explain_replaces_its_own_heatmap_and_no_other_picture(
    place: Place, run: Run, tmp_path: Path
) -> None:
    photo, other = place.photo("1.png", RED), place.photo("other.png", GREEN)
    before = other.read_bytes()
    code, said, _ = run("explain", photo, "--out", other)
    assert (code, "never written over" in said["error"]) == (2, True)
    assert other.read_bytes() == before
    out = tmp_path / "why.png"
    assert run("explain", photo, "--class", "cane", "--out", out)[0] == 0
    first = out.read_bytes()
    assert run("explain", photo, "--class", "horse", "--out", out)[0] == 0
    assert out.read_bytes() != first
    assert run("explain", out, "--out", tmp_path / "of-why.png")[0] == 0
    code, said, _ = run("explain", out, "--out", out)
    assert (code, "is the photo itself" in said["error"]) == (2, True)
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


@pytest.mark.parametrize("name", ["t.csv", "model.npz", "why", "why.png.txt"])
def test_a_heatmap_goes_to_no_name_that_is_not_a_pictures(
    place: Place, run: Run, tmp_path: Path, name: str
) -> None:
    code, said, _ = run("explain", place.photo("1.png", RED), "--out", tmp_path / name)
    assert (code, "Give one that ends with .png" in said["error"]) == (2, True)
    assert not (tmp_path / name).exists()
