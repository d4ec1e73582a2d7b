"""A network that learns from a teacher too: through the machinery of every recipe, killed and resumed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.datasets.split import SplitPlan
from gallery.errors import DatasetError, TrainingError
from gallery.models import ModelStore
from gallery.training.augmentation import Augmentation
from gallery.training.history import TrainingProgress, read_history
from gallery.training.preparing import prepare
from gallery.training.recipes import Distillation, Recipe, recipe_named
from gallery.training.request import TrainingParts, TrainingRequest
from gallery.training.run import train

pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]

RECIPE = recipe_named("cnn-small").changed(
    input_px=32, conv_layers=2, filters=8, dense_units=16, batch=8, epochs=3, learning_rate=3e-3,
    augmentation=Augmentation(flip=True), loss="categorical_crossentropy", label_smoothing=0.05,
    balance="oversample", distillation=Distillation(blended=0.25),
)  # fmt: skip


@pytest.fixture
def request_(striped: Any, tmp_path: Path, make_noise: Any, teacher_file: Path) -> TrainingRequest:
    """Forty striped pictures to be told apart, and ten of noise that only the teacher speaks of."""
    for number in range(10):
        path = tmp_path / "more" / f"{number}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, make_noise(number + 50))
    return TrainingRequest(
        striped.root, RECIPE, None, "taught", tmp_path / "training", tmp_path / "cache", SplitPlan(0.25),
        teacher=str(teacher_file), unlabelled=tmp_path / "more",
    )  # fmt: skip


def test_a_taught_network_becomes_a_model_and_its_card_names_the_teacher(
    request_: TrainingRequest, parts: TrainingParts, store: ModelStore
) -> None:
    told: list[TrainingProgress] = []
    result = train(request_, parts, on_progress=told.append)
    card = store.card("taught")
    assert store.verify("taught") is None
    assert (card.trained_on["teacher"], card.trained_on["unlabelled_photos"]) == ("teacher.npz", 10)
    assert 0 <= card.trained_on["teacher_validation_accuracy"] <= 1
    assert card.trained_on["photos"] == 30  # three quarters of forty
    assert Recipe.from_json(json.loads(json.dumps(card.trained_on["recipe"]))) == RECIPE
    assert "--recipe card.json --data pictures --teacher teacher.npz" in card.trained_on["made_by"]
    assert len((result.model_folder / "training_photos.txt").read_text().split()) == 30 + 10
    assert "adapter/kernel" not in store.weights("taught")
    assert tuple(read_history(result.model_folder / "history.csv")) == result.history
    assert all(0 < row.accuracy <= 1 and row.loss > 0 for row in result.history)
    assert result.history[-1].val_loss < result.history[0].val_loss
    # 30 labelled photos, equally many of both classes, and 10 others in each epoch
    assert {now.total for now in told if now.stage == "training"} == {40 * RECIPE.epochs}
    assert not list(request_.folder.glob("*.npz"))


def test_killed_in_its_second_epoch_it_ends_as_an_undisturbed_one(
    request_: TrainingRequest, parts: TrainingParts, tmp_path: Path
) -> None:
    undisturbed = train(dataclasses.replace(request_, folder=tmp_path / "calm", model_id="calm"), parts)

    def killed(now: TrainingProgress) -> None:
        if now.epoch == 2 and now.done >= 40 + 2 * 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(request_, parts, on_progress=killed)
    assert (request_.folder / "lessons.npz").exists()
    resumed = train(request_, parts)
    rows = [(row.loss, row.val_loss, row.accuracy) for row in resumed.history]
    assert rows == [(row.loss, row.val_loss, row.accuracy) for row in undisturbed.history]


def test_the_network_moves_towards_its_teacher(
    request_: TrainingRequest, parts: TrainingParts, teacher_tensors: dict[str, Any]
) -> None:
    import keras

    from gallery.network.architectures import NetworkOptions, build, get_weights, set_weights
    from gallery.training.checkpoint import load_state
    from gallery.training.distillation.lessons import fit_taught
    from gallery.training.distillation.teacher import Teacher
    from gallery.training.fit import FitData

    images = prepare(request_, parts).decoded.images(np.arange(40))
    teacher = Teacher(teacher_tensors)
    keras.utils.set_random_seed(0)
    network = build("cnn-small", 2, 32, options=NetworkOptions(conv_layers=2, filters=8, dense_units=16))
    data = FitData(lambda rows: images[rows], np.arange(40) % 2, np.arange(30), np.arange(30, 40), 2, "unit")
    target = teacher.maps(images).mean((1, 2))

    def missed(adapter: tuple[Any, Any]) -> float:
        """The squared gap to the teacher's pooled maps of the training photos, by their variance."""
        last = keras.Model(network.input, network.get_layer("conv2").output)
        own = np.asarray(last.predict_on_batch(data.given(images[:30])))
        side = own.shape[1] // 2 * 2  # the odd line at the edge is not pooled
        gap = own[:, :side, :side].mean((1, 2)) @ adapter[0] + adapter[1] - target[:30]
        return float((gap**2).mean() / target[:30].var(0).mean())

    alone = Distillation(map=0, pooled=4, labels=0, classes=0, thousand=0, colour=0, blended=0)
    recipe = RECIPE.changed(epochs=12, patience=12, distillation=alone, augmentation=Augmentation())
    request_.folder.mkdir(exist_ok=True)
    beginning = get_weights(network)
    fit_taught(network, data, recipe, teacher=teacher, target_layer="conv2", folder=request_.folder)
    state = load_state(request_.folder)
    assert state is not None
    set_weights(network, {name: state.weights[name] for name in beginning})  # of the last epoch
    after = missed((state.weights["adapter/kernel"], state.weights["adapter/bias"]))
    set_weights(network, beginning)
    with np.load(request_.folder / "lessons.npz") as lessons:
        before = missed((lessons["adapter_kernel"], lessons["adapter_bias"]))
    assert after < 0.9 * before


def test_unlabelled_photos_that_are_measured_by_are_not_learnt_from(
    request_: TrainingRequest, parts: TrainingParts, tmp_path: Path
) -> None:
    first = prepare(request_, parts)
    held = first.split.parts.index("validation")
    shown = first.split.parts.index("train")
    for name, row in (("held", held), ("shown", shown)):
        pixels = first.decoded.images(np.array([row]))[0]
        np.save(tmp_path / "more" / f"same as {name}.npy", pixels)
    lighter = np.clip(first.decoded.images(np.array([held]))[0].astype(int) + 6, 0, 255).astype(np.uint8)
    np.save(tmp_path / "more" / "lighter.npy", lighter)
    unlabelled = prepare(request_, parts).unlabelled
    assert unlabelled is not None
    learnt = {unlabelled.decoded.data.photos[row].path.name for row in unlabelled.rows}
    assert learnt == {f"{number}.npy" for number in range(10)}


def test_a_corrupt_photo_is_named_and_left_out_labelled_or_not(
    request_: TrainingRequest, parts: TrainingParts, pictures: Any, tmp_path: Path
) -> None:
    pictures.spoil("across/torn.npy")
    (tmp_path / "more" / "torn too.npy").write_bytes(b"no picture")
    result = train(dataclasses.replace(request_, recipe=RECIPE.changed(epochs=1)), parts)
    assert [file.path.name for file in result.inspection.skipped] == ["torn.npy", "torn too.npy"]


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"teacher": "nowhere.npz"}, TrainingError, "no file nowhere.npz"),
        ({"unlabelled": Path("nowhere")}, DatasetError, "no folder nowhere"),
        ({"weights": "nowhere.h5"}, TrainingError, "no file nowhere.h5"),
    ],
)
def test_what_is_not_there_is_said_before_the_photos_are_read(
    request_: TrainingRequest,
    parts: TrainingParts,
    pictures: Any,
    values: dict[str, Any],
    error: type[Exception],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        train(dataclasses.replace(request_, **values), parts)
    assert pictures.decoded == 0


def test_a_teacher_makes_sense_for_some_recipes_only(request_: TrainingRequest) -> None:
    with pytest.raises(TrainingError, match="learns from labels alone"):
        dataclasses.replace(request_, recipe=recipe_named("cnn-small"))
    with pytest.raises(TrainingError, match="no use for a teacher"):
        recipe_named("vgg16-bottleneck").changed(distillation=Distillation())
    with pytest.raises(TrainingError, match="oversample, or none"):
        RECIPE.changed(balance="class weights")
    with pytest.raises(TrainingError, match="blended must be 0 to 1"):
        Distillation(blended=1.5)


def test_a_lesson_leaves_labels_to_unblended_photos_only() -> None:
    from gallery.training.distillation.lessons import lesson

    class White:
        """Says of each photo how bright it is."""

        def maps(self, images: np.ndarray) -> np.ndarray:
            return images.mean((1, 2), keepdims=True)

    images = np.full((40, 4, 4, 3), 100, np.uint8)
    images[::2] = 200
    plan, labels, rng = Distillation(blended=0.5, colour=0), np.arange(40) % 2, np.random.default_rng(0)
    shown, answers, left = lesson(White(), plan, images, labels, rng)  # type: ignore[arg-type]
    blended = left < 0
    assert 10 <= blended.sum() <= 30
    np.testing.assert_array_equal(shown[~blended], images[~blended])
    np.testing.assert_array_equal(answers["labels"], np.where(blended, -1, np.arange(40) % 2))
    np.testing.assert_allclose(answers["map"][:, 0, 0], shown.mean((1, 2)))  # it saw what was shown
    mixed = shown[blended].mean((1, 2, 3))
    assert ((mixed >= 100) & (mixed <= 200)).all()
    assert ((mixed > 100) & (mixed < 200)).any()
