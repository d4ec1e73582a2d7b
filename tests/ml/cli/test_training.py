"""train, tune and predict as people run them, on small drawn pictures."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gallery import cli
from gallery.cli.train import training_request
from gallery.services import training_runs, wiring
from gallery.settings import Settings
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest
from tests.photo_fixtures import tinted_classes

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_json(*words: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = cli.main([*map(str, words), "--home", str(home), "--json"])
        printed = capsys.readouterr()
        assert printed.out.count("\n") == 1, printed.out
        return code, json.loads(printed.out), printed.err

    return run_json


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Reddish dogs and bluish cats, in folders with Italian names, and one torn file."""
    tinted_classes(tmp_path / "pets", "cane", "gatti", 24, block_px=5)
    (tmp_path / "pets" / "cane" / "torn.png").write_bytes(b"\x89PNG and nothing more")
    return tmp_path / "pets"


def test_a_folder_is_trained_on_and_the_new_model_predicts(
    run: Run, home: Path, labelled: Path, tmp_path: Path
) -> None:
    code, said, err = run("train", "--data", labelled, "--recipe", "cnn-small", "--epochs", 2, "--batch", 8)
    assert (code, said["model_id"], said["epochs"]) == (0, "cnn-small-pets", 2), err
    assert said["photos"] == {"train": 20, "validation": 4}
    assert [Path(file["path"]).name for file in said["skipped"]] == ["torn.png"]
    assert (home / "models" / "cnn-small-pets" / "history.csv").read_text().count("\n") == 3
    assert "epoch 2/2" in err

    out = tmp_path / "submission.csv"
    words = ("--model", "cnn-small-pets", "--columns", "id,label,dog", "--ids", "path")
    code, said, err = run("predict", labelled, "--out", out, *words)
    assert (code, said["photos"], said["model_id"]) == (0, 24, "cnn-small-pets"), err
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["id"] for row in rows[:3]] == ["cane/1.png", "cane/3.png", "cane/5.png"]
    assert all((float(row["dog"]) > 0.5) == (row["label"] == "dog") for row in rows)


def test_a_models_card_repeats_its_training(run: Run, labelled: Path) -> None:
    words = ("--batch", 8, "--validation", 0.3, "--epochs", 1, "--seed", 5, "--balance", "class weights")
    code, first, err = run("train", "--data", labelled, "--recipe", "cnn-small", *words)
    assert code == 0, err
    card = Path(first["folder"]) / "card.json"
    code, again, err = run("train", "--data", labelled, "--recipe", card, "--out", "again")
    assert code == 0, err
    for figure in ("photos", "epochs", "validation_loss", "accuracy", "temperature"):
        assert again[figure] == first[figure]
    code, said, _ = run("train", "--data", labelled, "--recipe", labelled / "card.json")
    assert code == 2
    assert "does not say how its model was trained" in said["error"]


def test_a_zip_in_the_child_process_of_the_app(
    home: Path, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for path in labelled.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    settings = Settings.from_environment(home)
    recipe = recipe_named("cnn-small").changed(epochs=1, input_px=48, conv_layers=2, filters=4, dense_units=8)
    request = TrainingRequest(
        tmp_path / "pets.zip", recipe, None, "zipped", settings.trainings / "zipped", settings.training_cache
    )
    monkeypatch.setenv("GALLERY_HOME", str(home))
    process = training_runs.start(request)
    assert process.wait(240) == 0, (settings.logs / "training.log").read_text()
    run = training_runs.run_of(request)
    assert run.state == "finished"
    assert not (settings.own_models / "zipped").exists()  # until somebody keeps it
    assert run.candidate is not None
    models = wiring.model_store(settings)
    assert models.adopt(run.candidate) == settings.own_models / "zipped"
    assert models.verify("zipped") is None
    assert training_runs.run_of(request).candidate is None


def test_a_search_that_was_killed_goes_on_and_its_best_trial_becomes_a_model(
    run: Run, home: Path, labelled: Path
) -> None:
    pytest.importorskip("keras_tuner")
    words = [
        "tune",
        "--data",
        str(labelled),
        "--trials",
        "2",
        "--epochs",
        "1",
        "--batch",
        "8",
        "--then-train",
    ]
    words += ["--then-train", "--then-epochs", "2", "--out", "best"]
    table = home / "trainings" / "best-search" / "trials.csv"
    child = subprocess.Popen(
        [sys.executable, "-m", "gallery", *words, "--home", str(home)],
        cwd=Path(cli.__file__).parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not table.is_file():
            assert child.poll() is None, child.communicate()[1]
            time.sleep(0.01)
    finally:
        child.kill()
        child.communicate()
    before = table.read_text().splitlines()
    code, said, err = run(*words)
    assert code == 0, err
    trials = table.read_text().splitlines()
    assert (trials[: len(before)], len(trials)) == (before, 3)  # a heading and two trials
    assert (said["recipe"], said["model_id"], said["epochs"]) == ("cnn-small-tuned", "best", 2)
    recipe = json.loads((Path(said["folder"]) / "card.json").read_text())["trained_on"]["recipe"]
    best = min(csv.DictReader(trials), key=lambda row: float(row["val_loss"]))
    assert (recipe["learning_rate"], recipe["conv_layers"]) == (
        pytest.approx(float(best["learning_rate"])), int(best["conv_layers"])
    )  # fmt: skip


def test_a_search_gives_its_table_and_a_recipe(run: Run, home: Path, labelled: Path) -> None:
    pytest.importorskip("keras_tuner")
    code, said, err = run("tune", "--data", labelled, "--trials", 1, "--epochs", 1, "--batch", 8)
    assert (code, said["best_trial"], len(said["trials"])) == (0, 1, 1), err
    assert said["recipe"]["architecture"] == "cnn-small"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--recipe", "resnet"), "no recipe 'resnet'"),
        (("--recipe", "cnn-small", "--validation", 1), "leave some for training"),
        (("--recipe", "cnn-small", "--weights", "imagenet"), "begins from nothing"),
        (("--recipe", "cnn-small", "--teacher", "imagenet"), "learns from labels alone"),
        (("--recipe", "vgg16-distilled", "--teacher", "nowhere.npz"), "no file nowhere.npz"),
        (("--recipe", "cnn-small", "--out", "Owls!"), "cannot be a model's id"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    run: Run, labelled: Path, words: tuple[object, ...], says: str
) -> None:
    code, said, _ = run("train", "--data", labelled, *words)
    assert code == 2
    assert says in said["error"]


def test_a_search_whose_model_could_not_be_saved_is_refused_before_it_begins(
    run: Run, home: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_runs, "is_taken", lambda _settings, model_id: model_id == "owls")
    code, said, _ = run("tune", "--data", labelled, "--trials", 1, "--then-train", "--out", "owls")
    assert code == 2
    assert "There is a model called owls already" in said["error"]
    assert not (home / "trainings").exists()


def test_the_models_id_follows_from_recipe_and_data(home: Path, labelled: Path) -> None:
    arguments = cli.build_parser().parse_args(["train", "--data", str(labelled), "--recipe", "cnn-small"])
    settings = Settings.from_environment(home)
    request = training_request(arguments, settings, recipe_named("cnn-small"))
    assert (request.model_id, request.folder) == ("cnn-small-pets", settings.trainings / "cnn-small-pets")
