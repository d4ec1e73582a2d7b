"""``report`` with real files, a real catalog and a network that looks at colours."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery import cli
from gallery.models import TRAINING_PHOTOS_FILE, VALIDATION_PHOTOS_FILE, ModelStore
from gallery.photos.digest import picture_digest
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import BatchPrediction, ModelCard
from tests.fast.unit.exchange.made_report import ParsedPage

NAMES = ("dog", "cat")
RED, GREEN = (200, 10, 10), (10, 200, 10)

Run = Callable[..., tuple[int, Any, str]]


class ColourClassifier:
    """Takes red for dogs and green for cats; "dogs-only" knows only dogs. Looks at the middle for cats."""

    class_names = NAMES
    input_px = 32
    precision = "float32"

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        if model_id == "dogs-and-bees":
            self.class_names = ("dog", "bee")

    def classify(self, images: np.ndarray) -> BatchPrediction:
        mean = images.reshape(len(images), -1, 3).mean(axis=1) + 1
        shares = mean[:, :2] / mean[:, :2].sum(axis=1, keepdims=True)
        if self.model_id == "dogs-only":
            shares = np.tile([0.8, 0.2], (len(images), 1))
        cams = np.zeros((len(images), 2, 4, 4), np.float32)
        cams[:, 1, 1:3, 1:3] = 1
        return BatchPrediction(shares.astype(np.float32), mean.astype(np.float32), cams)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three red dogs, three green cats, and a red photo among the cats, whose name would like to run."""
    folder = tmp_path / "my <photos>"
    for name, colour in (("cane", RED), ("gatto", GREEN)):
        (folder / name).mkdir(parents=True)
        for n in range(3):
            Image.new("RGB", (40 + n, 30), colour).save(folder / name / f"{n}.png")
    Image.new("RGB", (80, 40), (210, 10, 10)).save(folder / "gatto" / "<img src=x onerror=alert(1)>.png")
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: ColourClassifier(model_id))
    settings = Settings.from_environment(tmp_path / "home")
    for model_id in ("colours", "dogs-only"):
        card = ModelCard(
            model_id=model_id, name=model_id, architecture="vgg16-gap", class_names=NAMES, input_px=32,
            preprocessing="caffe", resize="squash", target_layer="block5_conv3", temperature=1.0,
            weights_file="", weights_sha256="", parameter_count=0, created_at="2024-01-01T00:00:00Z",
            limits=("Knows two colours.",),
        )  # fmt: skip
        store = ModelStore(settings.shipped_models, settings.own_models)
        store.save(card, {"fc1/kernel": np.ones((2, 2), np.float32)})

    def run_json(*words: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = cli.main([*map(str, words), "--home", str(tmp_path / "home"), "--json"])
        printed = capsys.readouterr()
        assert printed.out.count("\n") == 1, printed.out
        return code, json.loads(printed.out), printed.err

    return run_json


def test_a_report_has_the_numbers_the_photos_and_the_hashes(photos: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "report.html"
    code, said, _ = run("report", photos, "--model", "colours", "--out", out)
    assert code == 0
    assert (said["photos"], said["photos_shown"], said["accuracy"]) == (7, 7, 6 / 7)
    assert said["size_bytes"] == out.stat().st_size
    html = out.read_text("utf-8")
    page = ParsedPage(html)
    assert page.numbers("Scores on 7 photos", "Accuracy")[0] == 6 / 7
    assert [script.get("id") for script in page.all("script")] == ["charts", None, None]  # all are ours
    assert not [script for script in page.all("script") if script.get("src")]  # whole in one file
    assert not page.all("img")
    assert "gatto/<img src=x onerror=alert(1)>.png" in page.text
    assert str(tmp_path) not in html
    (link,) = [a["href"] or "" for a in page.all("a") if a.get("download") == "photos.csv"]
    table = base64.b64decode(link.partition(";base64,")[2]).decode()
    for photo in photos.rglob("*.png"):
        assert str(picture_digest(photo.read_bytes())) in table
    assert str(tmp_path) not in table
    assert "Knows two colours." in page.text


def test_the_embedded_pictures_are_real_and_carry_no_metadata(photos: Path, tmp_path: Path, run: Run) -> None:
    run("report", photos, "--model", "colours", "--out", tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text("utf-8")
    found = re.findall(r'href="data:image/(jpeg|png);base64,([^"]+)"', html)
    opened = []
    for kind, content in found:
        path = tmp_path / f"embedded.{kind}"
        path.write_bytes(base64.b64decode(content))
        with Image.open(path) as image:
            image.load()
            assert not image.getexif()
            opened.append((kind, image.size))
    assert [size for kind, size in opened if kind == "jpeg"].count((80, 40)) == 1
    assert ("png", (28, 28)) in opened
    assert "No evidence for Dog in the photo" in html


def test_another_model_is_compared_when_it_is_named(photos: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "r.html"
    code, said, _ = run("report", photos, "--model", "colours", "--compare", "dogs-only", "--out", out)
    assert (code, said["compared_with"]) == (0, "dogs-only")
    page = ParsedPage(out.read_text("utf-8"))
    assert page.numbers("Accuracy on the 7 photos that both have classified", "dogs-only")[0] == 3 / 7
    assert "Only colours: 3" in page.text
    code, said, _ = run("report", photos, "--model", "colours", "--compare", "colours", "--out", out)
    assert (code, "itself" in said["error"]) == (2, True)


def test_a_second_model_of_other_classes_is_compared_on_those_it_knows(
    photos: Path, tmp_path: Path, run: Run
) -> None:
    settings = Settings.from_environment(tmp_path / "home")
    store = ModelStore(settings.shipped_models, settings.own_models)
    card = replace(store.card("dogs-only"), model_id="dogs-and-bees", class_names=("dog", "bee"))
    store.save(card, {"fc1/kernel": np.ones((2, 2), np.float32)})
    out = tmp_path / "report.html"
    words = ("report", photos, "--model", "colours", "--compare", "dogs-and-bees", "--out", out)
    assert run(*words)[0] == 0
    code, said, _ = run("compare", "colours", "dogs-and-bees", photos)
    assert (code, said["both_right"] + said["only_a"] + said["only_b"] + said["both_wrong"]) == (0, 3)
    strangers = replace(card, model_id="bees-and-flies", class_names=("bee", "fly"))
    store.save(strangers, {"fc1/kernel": np.ones((2, 2), np.float32)})
    code, said, _ = run("compare", "colours", "bees-and-flies", photos)
    assert code != 0
    assert "knows none of the classes of these photos" in said["error"]


def test_what_the_second_model_has_seen_is_told_where_it_is_compared(
    photos: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "r.html"
    words = ("report", photos, "--model", "colours", "--compare", "dogs-only", "--out", out)
    run(*words)
    assert "training photos of dogs-only are not known" in comparison(out)
    known = [hashlib.sha256((photos / "cane" / f"{n}.png").read_bytes()).hexdigest() for n in range(3)]
    folder = tmp_path / "home" / "models" / "dogs-only"
    (folder / TRAINING_PHOTOS_FILE).write_text("\n".join([*known[:2], "f" * 64]))
    (folder / VALIDATION_PHOTOS_FILE).write_text(known[2])
    run(*words)
    said = comparison(out)
    assert "does not tell" not in said
    assert "dogs-only was trained on 2 of these 7 photos" in said
    assert "1 of these 7 photos were used as validation data for dogs-only" in said
    assert said.index("trained on") < said.index("Accuracy on the 7 photos")
    assert "The model was trained on" not in ParsedPage(out.read_text("utf-8")).text


def comparison(report: Path) -> str:
    """What the section with two models says."""
    section = report.read_text("utf-8").partition('<h2 id="comparison">')[2].partition("</section>")[0]
    return ParsedPage(section).text


def test_labels_may_come_from_a_table_whose_hash_is_told(photos: Path, tmp_path: Path, run: Run) -> None:
    table = photos / "labels.csv"
    table.write_text("path,class,split\ncane/0.png,dog,test\ngatto/1.png,dog,test\ncane/2.png,dog,train\n")
    out = tmp_path / "r.html"
    code, said, _ = run(
        "report", photos, "--model", "colours", "--labels", table, "--split", "test", "--out", out
    )
    assert (code, said["photos"], said["accuracy"]) == (0, 2, 0.5)
    text = ParsedPage(out.read_text("utf-8")).text
    assert hashlib.sha256(table.read_bytes()).hexdigest() in text
    assert 'the table labels.csv, split "test"' in text


@pytest.mark.parametrize("name", ["cane/0.png", "report.jpg", "report", "no/such/folder/report.html"])
def test_a_place_that_cannot_be_meant_is_refused_before_anything_is_tagged(
    photos: Path, run: Run, name: str
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    code, said, notes = run("report", photos, "--model", "colours", "--out", photos / name)
    assert code == 2
    assert ".html" in said["error"] or "no folder" in said["error"]
    assert "tagging" not in notes
    assert before == {path: path.read_bytes() for path in photos.rglob("*.png")}


def test_the_folders_path_is_in_it_only_when_asked_for(photos: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "r.html"
    run("report", photos, "--model", "colours", "--full-path", "--out", out)
    assert str(photos) in ParsedPage(out.read_text("utf-8")).text


def test_a_deleted_or_damaged_thumbnail_is_made_again_from_the_photo(
    photos: Path, tmp_path: Path, run: Run
) -> None:
    run("report", photos, "--model", "colours", "--out", tmp_path / "r.html")
    kept = sorted((tmp_path / "home" / "thumbnails").rglob("*.jpg"))
    kept[0].unlink()
    kept[1].write_bytes(b"damaged")
    _, said, _ = run("report", photos, "--model", "colours", "--out", tmp_path / "r.html")
    assert said["photos_shown"] == 7
