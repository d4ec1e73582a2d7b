"""The command line as people run it: its own process, the shipped model, real photos."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as sk

from gallery.settings import CLASS_NAMES, LIGHT_MODEL_ID, Settings

pytestmark = [pytest.mark.network, pytest.mark.real_photos, pytest.mark.timeout(300)]

PHOTOS_A_CLASS = 2
CLASS_OF_FOLDER = {
    "Cane": "dog", "gatto": "cat", "cavalli": "horse", "ragno_": "spider", "farfalla": "butterfly",
    "galline": "chicken", "pecora": "sheep", "mucca": "cow", "scoiattolo": "squirrel", "elefante": "elephant",
}  # fmt: skip


class CommandLine:
    def __init__(self, repository: Path, home: Path) -> None:
        self.repository = repository
        self.home = home

    def __call__(self, *words: object) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "gallery", *map(str, words), "--home", str(self.home), "--json"],
            capture_output=True, text=True, cwd=self.repository, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        said = json.loads(done.stdout)
        assert isinstance(said, dict)
        return said


@pytest.fixture(scope="module")
def command_line(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    store = Settings.from_environment().shipped_models
    if not any(store.glob("*/card.json")):
        if os.environ.get("GALLERY_REQUIRE_REAL_PHOTOS"):
            pytest.fail(f"there is no model in {store}")
        pytest.skip(f"there is no model in {store}")
    return CommandLine(repository, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def labelled(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some test photos of every class, in folders with Italian names, and a file that is no photo."""
    folder = tmp_path_factory.mktemp("labelled")
    italian = {name: folder_name for folder_name, name in CLASS_OF_FOLDER.items()}
    copied: dict[str, int] = {}
    with (real_data / "photos.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            number = copied.get(row["class"], 0)
            if row["split"] == "test" and number < PHOTOS_A_CLASS:
                target = folder / italian[row["class"]] / f"{number}.jpg"
                target.parent.mkdir(exist_ok=True)
                shutil.copy(real_data / row["path"], target)
                copied[row["class"]] = number + 1
    (folder / "Cane" / "broken.jpg").write_bytes(b"\xff\xd8\xff and nothing more")
    return folder


def test_from_a_folder_to_figures_that_scikit_learn_gives_too(
    command_line: CommandLine, labelled: Path, tmp_path: Path
) -> None:
    tagged = command_line("tag", labelled)
    n = PHOTOS_A_CLASS * len(CLASS_NAMES)
    assert (tagged["photos"], tagged["tagged"], tagged["unchanged"]) == (n + 1, n, 0)
    assert [Path(file["path"]).name for file in tagged["skipped"]] == ["broken.jpg"]
    assert command_line("tag", labelled)["unchanged"] == n

    said = command_line("evaluate", labelled)
    assert [Path(file["path"]).name for file in said["skipped"]] == ["broken.jpg"]
    assert said["accuracy"] >= 0.6  # a wrong preprocessing or class order ends near 0.1

    command_line("export", "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = said["class_names"]
    probabilities = np.array([[row[f"probability_{name}"] for name in names] for row in rows], np.float32)
    folders = [Path(row["path"]).parent.name for row in rows]
    true = np.array([names.index(CLASS_OF_FOLDER[folder]) for folder in folders])
    predicted = probabilities.argmax(axis=1)
    assert said["n"] == len(rows) == n
    assert said["confusion_matrix"] == sk.confusion_matrix(true, predicted, labels=range(10)).tolist()
    assert said["accuracy"] == pytest.approx(sk.accuracy_score(true, predicted), abs=1e-9)
    assert said["macro_f1"] == pytest.approx(sk.f1_score(true, predicted, average="macro"), abs=1e-9)
    clipped = np.clip(probabilities.astype(np.float64), 2.0**-23, 1 - 2.0**-23)
    of_truth = clipped[np.arange(n), true]
    assert said["loss"] == pytest.approx(float(-np.log(of_truth).mean()), abs=1e-6)  # summed in float32
    report = sk.classification_report(true, predicted, labels=range(10), target_names=names,
                                      output_dict=True, zero_division=0)  # fmt: skip
    for name in names:
        ours = said["per_class"][name]
        theirs = report[name]
        assert [ours["precision"], ours["recall"], ours["f1"], ours["support"]] == pytest.approx(
            [theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"]], abs=1e-9
        )


def test_explain_writes_a_picture_of_the_photos_size(
    command_line: CommandLine, labelled: Path, tmp_path: Path
) -> None:
    photo = labelled / "scoiattolo" / "1.jpg"
    said = command_line("explain", photo, "--class", "scoiattolo", "--out", tmp_path / "why.png")
    assert said["class"] == "squirrel"
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    with Image.open(tmp_path / "why.png") as why, Image.open(photo) as original:
        assert why.size == original.size


def test_check_finds_this_installation_in_order(command_line: CommandLine) -> None:
    said = command_line("check")
    assert said["ok"], [one for one in said["checks"] if not one["ok"]]


def test_benchmark_measures_both_in_one_run(command_line: CommandLine, labelled: Path) -> None:
    words = ("benchmark", labelled, "--photos", 8, "--runs", 1, "--model", LIGHT_MODEL_ID)
    (said,) = command_line(*words)["tables"]
    assert said["photos"] + said["skipped"] == 8
    rates = {name: one["median"] for name, one in said["timings"].items()}
    assert rates.keys() >= {"plain loop", "tagger", "forward pass", "forward pass, no maps", "decoding"}
    assert said["ratio"] == pytest.approx(rates["tagger"] / rates["plain loop"])
    assert said["same_label"] >= 0.5
