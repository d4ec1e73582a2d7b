"""Real small trainings: they learn, stop, resume, and survive a kill with the same result."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gallery.errors import TrainingError
from gallery.jobs.progress import Stopped
from gallery.training.augmentation import Augmentation
from gallery.training.checkpoint import load_state
from gallery.training.history import TrainingProgress, read_history
from gallery.training.recipes import Recipe, recipe_named

pytestmark = pytest.mark.network

RECIPE = recipe_named("cnn-small").changed(
    input_px=32, conv_layers=2, filters=8, dense_units=16, batch=16, epochs=5, learning_rate=5e-3,
    augmentation=Augmentation(translation=0.1),
)  # fmt: skip


def tinted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures, reddish (0) and bluish (1)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    noise = rng.integers(0, 160, (count, 8, 8, 3)).repeat(4, 1).repeat(4, 2)
    tint = np.where(labels[:, None] == 0, [90, 0, 0], [0, 0, 90])
    return (noise + tint[:, None, None]).astype(np.uint8), labels


def run(folder: Path, recipe: Recipe = RECIPE, *, pause_s: float = 0.0, stop_after: float = math.inf):  # type: ignore[no-untyped-def]
    """Train on 48 pictures, validate on 16; used by the child process too."""
    import keras

    from gallery.network.architectures import NetworkOptions, build
    from gallery.training.fit import FitData, fit

    images, labels = tinted(64, 0)

    def inputs(rows: np.ndarray) -> np.ndarray:
        time.sleep(pause_s)
        return images[rows]

    keras.utils.set_random_seed(recipe.seed)
    options = NetworkOptions(
        dropout=recipe.dropout,
        conv_layers=recipe.conv_layers,
        filters=recipe.filters,
        dense_units=recipe.dense_units,
    )
    network = build("cnn-small", 2, 32, options=options)
    folder.mkdir(parents=True, exist_ok=True)
    data = FitData(inputs, labels, np.arange(48), np.arange(48, 64), 2, "unit")

    def tell(now: TrainingProgress) -> None:
        (folder / "told.json").write_text(json.dumps([now.epoch, now.done, now.total, now.remaining_s]))
        if now.done > stop_after:
            raise Stopped

    result = fit(network, data, recipe, folder=folder, on_progress=tell)
    return network, data, result


def losses(result: object) -> list[tuple[float, float]]:
    return [(row.loss, row.val_loss) for row in result.history]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, *run(folder)


def test_it_learns_and_tells_of_every_epoch(undisturbed) -> None:  # type: ignore[no-untyped-def]
    from gallery.training.fit import predict

    folder, network, data, result = undisturbed
    assert result.best.val_accuracy >= 0.9
    assert result.history[-1].loss < result.history[0].loss
    assert tuple(read_history(folder / "history.csv")) == result.history
    assert result.ended == "finished"
    said = predict(network, data, data.validation).argmax(1)
    assert (said == data.labels[data.validation]).mean() == result.best.val_accuracy
    assert json.loads((folder / "told.json").read_text()) == [5, 240, 240, 0.0]  # 5 times 48 photos


def test_the_same_seed_gives_the_same_training_and_another_does_not(undisturbed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    short = RECIPE.changed(epochs=2)
    assert losses(run(tmp_path / "a", short)[2]) == losses(undisturbed[3])[:2]
    assert losses(run(tmp_path / "b", short.changed(seed=1))[2]) != losses(undisturbed[3])[:2]


def test_a_training_killed_in_an_epoch_resumes_to_the_same_best_weights(undisturbed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from gallery.network.architectures import get_weights

    folder = tmp_path / "killed"
    code = (
        "import importlib.util, sys, pathlib\n"
        f"spec = importlib.util.spec_from_file_location('trainings', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['trainings'] = module\n"
        "spec.loader.exec_module(module)\n"
        f"module.run(pathlib.Path({str(folder)!r}), pause_s=0.3)\n"
    )
    root = Path(__file__).resolve().parents[3]
    child = subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(2400):
            with contextlib.suppress(OSError, ValueError):
                epoch, done, *_ = json.loads((folder / "told.json").read_text())
                if epoch == 3 and done >= 2 * 48 + 2 * 16:
                    break
            assert child.poll() is None, child.stderr.read() if child.stderr else ""
            time.sleep(0.05)
    finally:
        child.kill()
        child.communicate()
    assert len(read_history(folder / "history.csv")) == 2
    network, _, result = run(folder)
    assert losses(result) == losses(undisturbed[3])
    resumed, whole = get_weights(network), get_weights(undisturbed[1])
    for name, tensor in whole.items():
        np.testing.assert_array_equal(resumed[name], tensor)
    assert len(list(folder.glob("best-*.npz"))) == 1


def test_a_stopped_training_keeps_its_best_epoch_and_can_go_on(undisturbed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run(tmp_path, RECIPE.changed(epochs=2))
    _, _, stopped = run(tmp_path, stop_after=-1)
    assert (stopped.ended, len(stopped.history)) == ("stopped", 2)
    assert losses(run(tmp_path)[2]) == losses(undisturbed[3])


def test_a_stop_in_the_first_epoch_keeps_what_was_learnt_and_before_it_there_is_nothing(
    tmp_path: Path,
) -> None:
    with pytest.raises(TrainingError, match="nothing to keep"):
        run(tmp_path, stop_after=-1)
    _, _, result = run(tmp_path, stop_after=0)
    assert (result.ended, result.best.epoch, np.isfinite(result.best.val_loss)) == ("stopped", 1, True)


def test_it_ends_with_the_weights_of_its_best_epoch_not_its_last(tmp_path: Path) -> None:
    import keras

    from gallery.evaluation.calibration import cross_entropy
    from gallery.network.architectures import NetworkOptions, build, get_weights
    from gallery.training.checkpoint import arrays_of, best_file
    from gallery.training.fit import FitData, fit, predict

    images, labels = tinted(64, 0)
    labels[48:] = 1 - labels[48:]  # the more it learns, the worse it is judged
    keras.utils.set_random_seed(0)
    network = build("cnn-small", 2, 32, options=NetworkOptions(conv_layers=2, filters=8, dense_units=16))
    data = FitData(lambda rows: images[rows], labels, np.arange(48), np.arange(48, 64), 2, "unit")
    result = fit(network, data, RECIPE.changed(epochs=4), folder=tmp_path)
    assert result.best.epoch < len(result.history)
    assert result.best.val_loss == min(row.val_loss for row in result.history)
    judged = cross_entropy(predict(network, data, data.validation), labels[data.validation])
    assert judged == pytest.approx(result.best.val_loss, rel=1e-6)
    weights, best, state = (
        get_weights(network),
        arrays_of(best_file(tmp_path, result.best.epoch)),
        load_state(tmp_path),
    )
    assert state is not None
    for name, tensor in weights.items():
        np.testing.assert_array_equal(tensor, best[name])
    assert any(not np.array_equal(tensor, state.weights[name]) for name, tensor in weights.items())


def test_the_training_figures_are_means_over_all_photos_of_the_epoch(tmp_path: Path) -> None:
    from gallery.evaluation.calibration import cross_entropy
    from gallery.training.fit import predict

    still = RECIPE.changed(learning_rate=1e-8, dropout=0, augmentation=Augmentation(), batch=20, epochs=1)
    network, data, result = run(tmp_path, still)  # 48 photos: batches of 20, 20 and 8
    logits = predict(network, data, data.train)
    assert result.best.loss == pytest.approx(cross_entropy(logits, data.labels[data.train]), rel=1e-3)
    assert result.best.accuracy == pytest.approx((logits.argmax(1) == data.labels[data.train]).mean())


def test_frozen_layers_do_not_move_and_others_do(tmp_path: Path) -> None:
    import keras

    from gallery.network.architectures import NetworkOptions, build, get_weights
    from gallery.training.fit import FitData, fit

    images, labels = tinted(16, 0)
    keras.utils.set_random_seed(0)
    network = build("cnn-small", 2, 32, options=NetworkOptions(conv_layers=2, filters=8, dense_units=8))
    network.get_layer("conv1").trainable = False
    before = get_weights(network)
    data = FitData(lambda rows: images[rows], labels, np.arange(12), np.arange(12, 16), 2, "unit")
    fit(network, data, RECIPE.changed(epochs=1, balance="class weights"), folder=tmp_path)
    after = get_weights(network)
    moved = {name for name, tensor in after.items() if not np.array_equal(tensor, before[name])}
    assert "conv1/kernel" not in moved
    assert {"conv2/kernel", "fc1/kernel", "predictions/bias"} <= moved


def test_a_loss_that_is_no_number_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    from gallery.network.architectures import NetworkOptions, build
    from gallery.training.fit import FitData, fit

    images, labels = tinted(8, 0)
    network = build("cnn-small", 2, 32, options=NetworkOptions(conv_layers=1, filters=4, dense_units=4))
    overflowing = FitData(lambda rows: images[rows] * 1e36, labels, np.arange(4), np.arange(4, 8), 2, None)
    with (
        np.errstate(all="ignore"),
        pytest.raises(TrainingError, match="Lower the learning rate"),
    ):
        fit(network, overflowing, RECIPE.changed(epochs=1), folder=tmp_path)


def test_the_folder_of_another_networks_training_is_refused(tmp_path: Path) -> None:
    run(tmp_path, RECIPE.changed(epochs=1))
    with pytest.raises(TrainingError, match="another network"):
        run(tmp_path, RECIPE.changed(dense_units=8))
