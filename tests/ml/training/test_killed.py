"""Every kind of training, killed with SIGKILL in its own process, ends as one that nobody disturbed."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.services import training_runs, wiring
from gallery.services.training_parts import training_parts
from gallery.settings import Settings
from gallery.training.augmentation import Augmentation
from gallery.training.history import read_history
from gallery.training.recipes import Distillation, Recipe, recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.run import train
from gallery.types import JobKind, JobState
from tests.counts import FULL, count
from tests.photo_fixtures import tinted_classes

pytestmark = [pytest.mark.network, pytest.mark.timeout(1500 if FULL else 400)]

REPOSITORY = Path(__file__).resolve().parents[3]

SMALL = recipe_named("cnn-small").changed(
    input_px=32, conv_layers=2, filters=8, dense_units=16, batch=4, epochs=12, patience=12,
    loss="categorical_crossentropy", augmentation=Augmentation(flip=True),
)  # fmt: skip

KINDS = {
    "all layers": SMALL,
    "a top on saved outputs": recipe_named("vgg16-bottleneck").changed(
        input_px=32, dense_units=16, batch=1, epochs=30, patience=30
    ),
    "with a teacher": SMALL.changed(distillation=Distillation(), epochs=8),
}


ALMOST = 0.7
"""Of its epochs, after which a training is not left to go on before it is killed."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("GALLERY_PRECISION", "float32")
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    return Settings.from_environment(tmp_path / "home")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty-four tinted pictures of two classes, and a file that is torn."""
    tinted_classes(tmp_path / "photos", "red", "blue", 24)
    (tmp_path / "photos" / "red" / "torn.png").write_bytes(b"\x89PNG and nothing more")
    return tmp_path / "photos"


def asked(settings: Settings, photos: Path, recipe: Recipe, name: str, teacher: Path) -> TrainingRequest:
    return TrainingRequest(
        photos, recipe, "none", name, settings.trainings / name, settings.training_cache,
        teacher=str(teacher) if recipe.distillation else None,
    )  # fmt: skip


def killed_after(epochs: int, request: TrainingRequest, settings: Settings, later_s: float = 0.0) -> int:
    """Run a training in a child process, kill it after so many epochs, and return how many it told of."""
    remember(request)
    with wiring.composed(settings) as parts:
        job = parts.catalog.queue_job(None, request.folder.name, kind=JobKind.TRAINING)
    words = [sys.executable, "-m", "gallery", "train-job", "--home", str(settings.home)]
    child = subprocess.Popen(
        [*words, "--training", request.model_id], cwd=REPOSITORY, env=dict(os.environ),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while len(read_history(request.folder / "history.csv")) < epochs:
            if child.poll() is not None:
                pytest.fail(f"it ended by itself: {child.communicate()[1]}")
            time.sleep(0.002)
        last, most = time.monotonic() + later_s, ALMOST * request.recipe.epochs
        while time.monotonic() < last and len(read_history(request.folder / "history.csv")) < most:
            time.sleep(0.002)
    finally:
        child.kill()
        child.wait()
        assert child.stderr is not None
        child.stderr.close()
        with wiring.composed(settings) as parts:  # as it is once its silence is noticed
            parts.catalog.finish_job(job.job_id, JobState.FAILED)
    return len(read_history(request.folder / "history.csv"))


def figures(result: Any) -> list[tuple[float, ...]]:
    return [(row.epoch, row.loss, row.accuracy, row.val_loss, row.learning_rate) for row in result.history]


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_killed_by_the_system_loses_an_epoch_at_most(
    kind: str, settings: Settings, photos: Path, teacher_file: Path
) -> None:
    kills = count(40) if kind == "all layers" else 1
    recipe = KINDS[kind].changed(epochs=KINDS[kind].epochs + 4 * (kills - 1))
    request = asked(settings, photos, recipe, "killed", teacher_file)
    done = killed_after(3, request, settings)
    moment = random.Random(4)
    for _ in range(kills - 1):  # while it starts, or after one more epoch or two
        later_s = moment.choice([moment.uniform(0, 8), moment.uniform(0, 0.1)])
        done = killed_after(done + (later_s < 0.1) * moment.randint(1, 2), request, settings, later_s)
        if done >= ALMOST * recipe.epochs:
            break
    assert done < recipe.epochs, "it was over before it could be killed"
    resumed_at: list[int] = []

    def seen(now: Any) -> None:
        if now.stage == "training":
            resumed_at.append(now.epoch)

    resumed = training_runs.train_now(settings, request, on_progress=seen)
    assert resumed_at[0] in (done + 1, done + 2)  # the state is written before the table that was read here
    assert [file.path.name for file in resumed.inspection.skipped] == ["torn.png"]

    calm = dataclasses.replace(request, model_id="calm", folder=settings.trainings / "calm")
    undisturbed = train(calm, training_parts(settings))
    assert figures(resumed) == figures(undisturbed)
    assert resumed.best.epoch == undisturbed.best.epoch
    files = [result.model_folder / "weights.npz" for result in (resumed, undisturbed)]
    with np.load(files[0]) as one, np.load(files[1]) as other:
        assert all(np.array_equal(one[name], other[name]) for name in other.files)
