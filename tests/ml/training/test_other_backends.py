"""Recipes on Keras' other backends, each in a process of its own; skipped where a backend is not installed.

What runs there: every recipe that learns from labels alone, with its split, checkpoints and card. What does
not: a teacher, whose losses are written in TensorFlow; it says so. TensorFlow must be installed in any case.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.photo_fixtures import tinted_classes

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).resolve().parents[3]

TRAIN = """
import json, sys
from pathlib import Path
from gallery.services import wiring
from gallery.services.training_parts import training_parts
from gallery.errors import TrainingError
from gallery.settings import Settings
from gallery.training.recipes import Distillation, recipe_named
from gallery.training.request import TrainingRequest
from gallery.training.run import train
import keras

home, photos, teacher = map(Path, sys.argv[1:])
settings = Settings.from_environment(home)
small = recipe_named("cnn-small").changed(
    input_px=32, conv_layers=2, filters=8, dense_units=16, epochs=3, batch=8, learning_rate=5e-3
)

def run(name, recipe, **values):
    request = TrainingRequest(
        photos, recipe, "none", name, settings.trainings / name, settings.training_cache, **values
    )
    return train(request, training_parts(settings))

losses = [row.val_loss for row in run("small", small).history]
top = recipe_named("vgg16-bottleneck").changed(input_px=32, dense_units=8, epochs=1)
tops = [row.val_loss for row in run("top", top).history]
whole = small.changed(loss="categorical_crossentropy", distillation=Distillation())
try:
    run("taught", whole, teacher=str(teacher))
    refused = ""
except TrainingError as exc:
    refused = str(exc)
print(json.dumps([keras.backend.backend(), losses, tops, refused]))
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_recipes_train_on_another_backend_and_a_teacher_is_refused(
    backend: str, tmp_path: Path, teacher_file: Path
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    tinted_classes(tmp_path / "photos", "red", "blue", 32)
    words = [str(tmp_path / "home"), str(tmp_path / "photos"), str(teacher_file)]
    found = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    variables = {"KERAS_BACKEND": backend, "GALLERY_PRECISION": "float32", "PYTHONPATH": found}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAIN, *words],
        capture_output=True, text=True, cwd=tmp_path, timeout=580,
        env={**os.environ, **variables},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    used, losses, tops, refused = json.loads(run.stdout.splitlines()[-1])
    assert used == backend
    assert losses[-1] < losses[0]
    assert np.isfinite(tops).all()
    assert "on TensorFlow only" in refused
