"""``evaluate`` and ``compare`` with real files and a real catalog; two fake networks look at colours."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery import cli
from gallery.models import TRAINING_PHOTOS_FILE, VALIDATION_PHOTOS_FILE, ModelStore
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import BatchPrediction, ModelCard

NAMES = ("dog", "cat")
RED, GREEN = (200, 10, 10), (10, 200, 10)

Run = Callable[..., tuple[int, Any, str]]


class ColourClassifier:
    """Takes red for dogs and green for cats; the one called "turned" knows only dogs, and has cats first."""

    input_px = 32
    precision = "float32"

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self.class_names = NAMES if model_id == "colours" else NAMES[::-1]

    def classify(self, images: np.ndarray) -> BatchPrediction:
        mean = images.reshape(len(images), -1, 3).mean(axis=1) + 1
        probabilities = mean[:, :2] / mean[:, :2].sum(axis=1, keepdims=True)
        if self.model_id == "turned":
            probabilities = np.tile([0.2, 0.8], (len(images), 1))
        cams = np.zeros((len(images), 2, 2, 2), np.float32)
        return BatchPrediction(probabilities.astype(np.float32), mean.astype(np.float32), cams)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve red dogs, twelve green cats, and a red photo among the cats: a wrong label."""
    folder = tmp_path / "photos"
    for name, colour, count in (("cane", RED, 12), ("gatto", GREEN, 12)):
        (folder / name).mkdir(parents=True)
        for n in range(count):
            Image.new("RGB", (40 + n, 40), colour).save(folder / name / f"{n:02}.png")
    Image.new("RGB", (80, 40), (210, 10, 10)).save(folder / "gatto" / "really-a-dog.png")
    return folder


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: ColourClassifier(model_id))
    settings = Settings.from_environment(tmp_path / "home")
    store = ModelStore(settings.shipped_models, settings.own_models)
    card = ModelCard(
        model_id="colours", name="Colours", architecture="vgg16-gap", class_names=NAMES, input_px=32,
        preprocessing="caffe", resize="squash", target_layer="block5_conv3", temperature=1.0,
        weights_file="", weights_sha256="", parameter_count=0, created_at="2024-01-01T00:00:00Z",
    )  # fmt: skip
    weights = {"fc1/kernel": np.ones((2, 2), np.float32)}
    store.save(card, weights)
    store.save(dataclasses.replace(card, model_id="turned", class_names=NAMES[::-1]), weights)
    return store


@pytest.fixture
def run(tmp_path: Path, models: ModelStore, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_json(*words: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = cli.main([*map(str, words), "--home", str(tmp_path / "home"), "--json"])
        printed = capsys.readouterr()
        assert printed.out.count("\n") == 1, printed.out
        return code, json.loads(printed.out), printed.err

    return run_json


def test_evaluate_gives_the_numbers_behind_the_score(photos: Path, run: Run) -> None:
    code, said, _ = run("evaluate", photos, "--model", "colours")
    assert code == 0
    assert said["accuracy"] == 24 / 25
    assert said["balanced_accuracy"] == pytest.approx((1 + 12 / 13) / 2)
    assert said["top_2"] == 1.0
    sure = 201 / 212  # red's share of red and green, plus 1 each; that of the wrong label is 211 / 222
    assert said["ece_before"] == pytest.approx(abs(24 - 24 * sure - 211 / 222) / 25, abs=1e-6)
    assert 0 <= said["ece_after"] <= 1
    assert (said["coverage_at_95"], said["threshold_at_95"]) == (1.0, pytest.approx(sure, abs=1e-6))


def test_evaluate_names_the_label_that_is_wrong_with_the_evidence(photos: Path, run: Run) -> None:
    (suspect,) = run("evaluate", photos, "--model", "colours")[1]["suspects"]
    assert suspect["path"] == str(photos / "gatto" / "really-a-dog.png")
    assert (suspect["label"], suspect["suggested"]) == ("cat", "dog")
    assert (suspect["neighbours"], suspect["neighbours_of_suggested"]) == (10, 10)
    assert suspect["suggested_probability"] == pytest.approx(211 / 222, abs=1e-6)


def test_evaluate_as_text_says_the_threshold_and_the_suspect(
    photos: Path, models: ModelStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(photos), "--model", "colours", "--home", str(tmp_path / "home")]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert "Balanced accuracy 96.2 %" in out
    assert "0 of 25 photos" in out
    assert "really-a-dog.png: labelled cat, probably dog (95 %, 10 of 10 neighbours)" in out


def test_evaluate_says_first_that_photos_were_trained_on_or_are_copies(
    photos: Path, run: Run, models: ModelStore
) -> None:
    seen = hashlib.sha256((photos / "cane" / "00.png").read_bytes()).hexdigest()
    (models.entry("colours").folder / TRAINING_PHOTOS_FILE).write_text(seen + "\n")
    (photos / "gatto" / "copy.png").write_bytes((photos / "cane" / "01.png").read_bytes())
    code, said, err = run("evaluate", photos, "--model", "colours")
    assert (code, said["n"]) == (0, 26)
    assert "trained on 1 of these 26 photos" in err
    assert "One photo lies in folders of different classes" in err


def test_evaluate_of_a_single_photo_has_no_error_after(tmp_path: Path, run: Run) -> None:
    (tmp_path / "one" / "dog").mkdir(parents=True)
    Image.new("RGB", (40, 40), GREEN).save(tmp_path / "one" / "dog" / "1.png")
    said = run("evaluate", tmp_path / "one", "--model", "colours")[1]
    assert (said["accuracy"], said["ece_after"]) == (0.0, None)
    assert (said["coverage_at_95"], said["threshold_at_95"], said["suspects"]) == (0.0, None, [])


def test_compare_gives_the_promised_keys_by_hand_whatever_the_order_of_the_classes(
    photos: Path, run: Run
) -> None:
    code, said, _ = run("compare", "colours", "turned", photos)
    assert code == 0
    assert {key: said[key] for key in list(said)[:6]} == {
        "accuracy_a": 24 / 25, "accuracy_b": 12 / 25,
        "both_right": 12, "only_a": 12, "only_b": 0, "both_wrong": 1,
    }  # fmt: skip
    assert list(said)[6] == "p_value"
    assert said["p_value"] == pytest.approx(2 / 2**12, abs=1e-15)
    assert (said["model_a"], said["model_b"], said["n"]) == ("colours", "turned", 25)
    assert said["agreement"] == [[13, 0], [12, 0]]


def test_compare_takes_labels_from_a_table(photos: Path, run: Run) -> None:
    table = photos / "labels.csv"
    table.write_text(
        "path,class,split\ncane/00.png,dog,test\ngatto/00.png,cat,test\ngatto/01.png,cat,train\n"
    )
    code, said, _ = run("compare", "turned", "colours", photos, "--labels", table, "--split", "test")
    assert (code, said["n"], said["only_b"], said["p_value"]) == (0, 2, 1, 1.0)


def test_labels_may_be_listed_through_a_link_to_the_folder(photos: Path, run: Run, tmp_path: Path) -> None:
    try:
        (tmp_path / "linked").symlink_to(photos, target_is_directory=True)
    except OSError:
        pytest.skip("this user may not make links here")
    table = tmp_path / "labels.csv"
    listed = (tmp_path / "linked" / "cane" / "00.png", tmp_path / "linked" / "gatto" / "00.png")
    table.write_text(f"path,class\n{listed[0]},dog\n{listed[1]},cat\n")
    for folder in (tmp_path / "linked", photos):
        code, said, _ = run("evaluate", folder, "--model", "colours", "--labels", table)
        assert (code, said["n"], said["accuracy"]) == (0, 2, 1.0)


def test_compare_as_text_gives_the_verdict_and_says_whose_training_overlaps(
    photos: Path, models: ModelStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = hashlib.sha256((photos / "cane" / "00.png").read_bytes()).hexdigest()
    (models.entry("turned").folder / TRAINING_PHOTOS_FILE).write_text(seen + "\n")
    chosen = [hashlib.sha256((photos / "gatto" / f"0{n}.png").read_bytes()).hexdigest() for n in range(3)]
    (models.entry("colours").folder / VALIDATION_PHOTOS_FILE).write_text("\n".join(chosen))
    assert cli.main(["compare", "colours", "turned", str(photos), "--home", str(tmp_path / "home")]) == 0
    printed = capsys.readouterr()
    assert "25 photos named by both models" in printed.out
    assert "the difference is more than chance" in printed.out
    assert "turned was trained on 1 of these 25 photos" in printed.err
    assert "3 of these 25 photos were used as validation data for colours" in printed.err


def test_compare_with_an_unknown_model_is_a_sentence(photos: Path, run: Run) -> None:
    code, said, err = run("compare", "colours", "none", photos)
    assert code == 2
    assert "There is no model called 'none'" in said["error"]
    assert "Traceback" not in err


def test_compare_that_is_stopped_says_so(photos: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(ColourClassifier):
        def classify(self, images: np.ndarray) -> BatchPrediction:
            signal.raise_signal(signal.SIGINT)
            return super().classify(images)

    for n in range(40):
        Image.new("RGB", (90 + n, 40), RED).save(photos / "cane" / f"more-{n}.png")
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: Interrupted(model_id))
    code, said, _ = run("compare", "colours", "turned", photos)
    assert (code, said) == (130, {"error": "stopped before the end"})


def test_compare_takes_home_and_json_but_no_single_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.build_parser().parse_args(["compare", "--help"])
    said = capsys.readouterr().out
    assert "--home DIR" in said
    assert "--json" in said
    assert "--model" not in said
