"""A killed run goes on where its checkpoint was, and writes what the card needs."""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from gallery.training.distillation.losses import TeacherHeads
from research.distillation import training_run
from research.distillation.dataset import UNLABELLED, TrainingPhoto
from research.distillation.phases import PHASES
from research.distillation.student import LOWER, LOWER_FACTOR, UPPER, insert_batch_norm, scale_lower

pytestmark = pytest.mark.network

CHANNELS, TEACHER_CHANNELS = 4, 6


class Killed(Exception):
    """Stands for the machine going down."""


class FakeCache:
    """Maps of noise, of few channels; falls over when told to."""

    lower_scale = np.ones(CHANNELS, np.float32)
    teacher_scale = np.ones(TEACHER_CHANNELS, np.float32)
    batches_left = 10**9

    def batch(self, views, cells, rng):
        self.batches_left -= 1
        if self.batches_left < 0:
            raise Killed
        sides = ((4 * cells, CHANNELS), (cells, TEACHER_CHANNELS))
        lower, teacher = (rng.integers(0, 255, (len(views), s, s, c), np.uint8) for s, c in sides)
        return lower, teacher

    def images(self, views):
        pixels, teacher, _ = self.fresh_images(views, 7, np.random.default_rng(0))
        return pixels, teacher

    def fresh_images(self, numbers, cells, rng, **_):
        shapes = ((32 * cells, 3), (7, TEACHER_CHANNELS))
        images, teacher = (rng.integers(0, 255, (len(numbers), s, s, c), np.uint8) for s, c in shapes)
        return images, teacher, np.zeros(len(numbers), bool)


class FakePrepared:
    """Six photos of two classes, and heads of noise."""

    def __init__(self) -> None:
        parts = ["train", "train", "unlabelled", "unlabelled", "val", "watched"]
        labels = [0, 1, UNLABELLED, UNLABELLED, 1, UNLABELLED]
        self.photos = [TrainingPhoto(Path("x"), f"{i}", "s", labels[i], parts[i]) for i in range(6)]
        self.cache = FakeCache()

    def heads(self, map_variance: float, pooled_variance: float) -> TeacherHeads:
        noise = np.random.default_rng(0).normal(size=(TEACHER_CHANNELS, 20)).astype(np.float32)
        zeros = np.zeros(20, np.float32)
        return TeacherHeads(noise, zeros, noise[:, :10], zeros[:10], map_variance, pooled_variance)

    def animal_shares(self) -> np.ndarray:
        return np.ones(6)


@pytest.fixture
def prepared(tmp_path: Path) -> FakePrepared:
    rng, weights = np.random.default_rng(0), {}
    for name in (*LOWER, *UPPER):
        inputs = 3 if name == LOWER[0] else CHANNELS
        weights[f"{name}/kernel"] = rng.normal(0, 0.3, (3, 3, inputs, CHANNELS)).astype(np.float32)
        weights[f"{name}/bias"] = np.zeros(CHANNELS, np.float32)
    for name, outputs in (("fc1", CHANNELS), ("predictions", 10), ("adapter", TEACHER_CHANNELS)):
        weights[f"{name}/kernel"] = rng.normal(0, 0.3, (CHANNELS, outputs)).astype(np.float32)
        weights[f"{name}/bias"] = np.zeros(outputs, np.float32)
    ones = np.ones(CHANNELS, np.float32)
    normed = insert_batch_norm(scale_lower(weights, LOWER_FACTOR), dict.fromkeys(UPPER, (0 * ones, ones)))
    np.savez(tmp_path / "beginning.npz", map_variance=1.0, pooled_variance=1.0, **normed)
    return FakePrepared()


def arguments(out: Path, *, minutes: float, resume: bool = False) -> argparse.Namespace:
    return argparse.Namespace(out=out, views=2, minutes=minutes, resume=resume)


PHASE = replace(PHASES["upper"], batch_size=4, steps_per_epoch=3)


def test_a_killed_run_resumes_at_its_checkpoint(tmp_path, prepared, monkeypatch):
    monkeypatch.setattr(training_run, "CHECKPOINT_STEPS", 2)
    prepared.cache.batches_left = 9
    with pytest.raises(Killed):
        training_run.train(PHASE, prepared, arguments(tmp_path, minutes=60))
    with np.load(tmp_path / "upper" / "checkpoint.npz") as stored:
        steps, used = int(stored["slot:count"]), float(stored["used_minutes"])
    assert steps > 0
    assert steps % 2 == 0
    prepared.cache.batches_left = 10**9
    training_run.train(PHASE, prepared, arguments(tmp_path, minutes=used, resume=True))  # one step ends it
    with (tmp_path / "upper" / "history.csv").open() as stream:
        last = list(csv.DictReader(stream))[-1]
    assert int(last["photos_seen"]) == (steps + 1) * PHASE.batch_size


def test_the_written_weights_are_float16_without_batch_norm_or_adapter(tmp_path, prepared):
    training_run.train(PHASE, prepared, arguments(tmp_path, minutes=1e-6))
    with np.load(tmp_path / "upper" / "weights.npz", allow_pickle=False) as stored:
        assert {a.dtype for a in stored.values()} == {np.dtype(np.float16)}
        assert set(stored) == {
            f"{n}/{k}" for n in (*LOWER, *UPPER, "fc1", "predictions") for k in ("kernel", "bias")
        }


def test_the_first_phase_leaves_the_lower_blocks_alone(tmp_path, prepared):
    training_run.train(PHASE, prepared, arguments(tmp_path, minutes=1e-6))
    with np.load(tmp_path / "beginning.npz") as before, np.load(tmp_path / "upper" / "averaged.npz") as after:
        moved = {name for name in after if not np.array_equal(before[name], after[name])}
    assert not {name for name in moved if name.split("/")[0] in LOWER}
    assert {f"{name}/kernel" for name in UPPER} <= moved


def test_the_second_phase_goes_on_where_the_first_ended(tmp_path, prepared):
    training_run.train(PHASE, prepared, arguments(tmp_path, minutes=1e-6))
    weights, _ = training_run.begin_phase(PHASES["long"], prepared, tmp_path)
    with np.load(tmp_path / "upper" / "averaged.npz") as before:
        assert set(weights) == set(before)
        assert "block4_conv1/scale" in weights
        assert all(np.array_equal(weights[name], before[name]) for name in before)


def test_the_last_phase_starts_without_batch_norm_and_trains_every_layer(tmp_path, prepared):
    training_run.train(PHASE, prepared, arguments(tmp_path, minutes=1e-6))
    last = replace(PHASES["all"], after="upper", batch_size=2, whole_map_after=2.0, muon_rate=0.3)
    training_run.train(last, prepared, arguments(tmp_path, minutes=1e-6))
    with (
        np.load(tmp_path / "upper" / "weights.npz") as before,
        np.load(tmp_path / "all" / "weights.npz") as after,
    ):
        assert set(before) == set(after)
        layers = [f"{name}/kernel" for name in (*LOWER, *UPPER)]
        assert not [name for name in layers if np.array_equal(before[name], after[name])]
