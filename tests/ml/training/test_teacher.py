"""Where a teacher comes from: this project's form, keras.applications' file, or a download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest

from gallery.errors import TrainingError

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def keras_resnet() -> Any:
    """keras.applications' ResNet50 with random weights, batch norm that does something, and a small bias."""
    from gallery.network.engine import keras

    keras.utils.set_random_seed(0)
    network = keras.applications.ResNet50(weights=None)
    rng = np.random.default_rng(0)
    for layer in network.layers:
        if layer.name.endswith("_bn"):
            n = layer.get_weights()[0].shape[0]
            layer.set_weights([rng.uniform(0.5, 1, n), rng.normal(0, 0.1, n), rng.normal(0, 0.1, n),
                               rng.uniform(0.8, 1.2, n)])  # fmt: skip
    return network


def write_as_published(network: Any, file: Path) -> None:
    """Write weights in the layout of keras.applications' files: a group a layer, names as attributes."""
    with h5py.File(file, "w") as out:
        layers = [layer for layer in network.layers if layer.weights]
        out.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = out.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, tensor in zip(names, layer.get_weights(), strict=True):
                group[name] = tensor


def test_batch_norm_is_folded_away_and_the_maps_stay_keras_own(keras_resnet: Any) -> None:
    from gallery.network.engine import keras
    from gallery.network.published import resnet50_tensors
    from gallery.training.distillation.teacher import Teacher

    images = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3)).astype(np.uint8)
    last = keras.Model(keras_resnet.input, keras_resnet.get_layer("conv5_block3_out").output)
    pixels = keras.applications.resnet50.preprocess_input(images.astype(np.float32))
    expected = np.asarray(last(pixels))
    teacher = Teacher(resnet50_tensors(keras_resnet))
    found = teacher.maps(images)
    assert found.shape == (1, 7, 7, 2048)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * float(expected.max()))
    kernel, bias = teacher.head
    answers = found.mean((1, 2)) @ kernel + bias
    said = np.asarray(keras_resnet(pixels))
    np.testing.assert_allclose(np.exp(answers) / np.exp(answers).sum(), said, rtol=1e-2)


def test_the_file_that_keras_applications_publishes_is_read(keras_resnet: Any, tmp_path: Path) -> None:
    from gallery.network.architectures import get_weights
    from gallery.network.published import resnet50_tensors
    from gallery.training.distillation.teacher import read_teacher

    file = tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
    write_as_published(keras_resnet, file)
    read, expected = get_weights(read_teacher(str(file)).seeing), resnet50_tensors(keras_resnet)
    assert read.keys() == {name for name in expected if not name.startswith("predictions/")}
    assert all(np.array_equal(read[name], expected[name]) for name in read)


def test_a_file_of_this_projects_form_is_read(teacher_file: Path, teacher_tensors: dict[str, Any]) -> None:
    from gallery.network.architectures import get_weights
    from gallery.training.distillation.teacher import read_teacher

    teacher = read_teacher(str(teacher_file))  # it holds a tensor more, which is left alone
    name = "conv3_block2_1_conv/kernel"
    np.testing.assert_array_equal(get_weights(teacher.seeing)[name], teacher_tensors[name])
    assert teacher.maps(np.zeros((2, 64, 64, 3), np.uint8)).shape == (2, 2, 2, 2048)


def test_what_is_no_teacher_says_so(
    tmp_path: Path, teacher_tensors: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gallery.network.engine import keras
    from gallery.training.distillation.teacher import read_teacher

    half = {name: tensor for name, tensor in teacher_tensors.items() if name != "conv4_block6_2_conv/bias"}
    np.savez(tmp_path / "half.npz", **half)
    for name in ("text.npz", "text.h5"):
        (tmp_path / name).write_text("no weights")
    for name, says in (
        ("half.npz", "lack conv4_block6_2_conv"),
        ("text.npz", "cannot be read as a ResNet50"),
        ("text.h5", "cannot be read as a ResNet50"),
        ("nowhere.npz", "no teacher at"),
    ):
        with pytest.raises(TrainingError, match=says):
            read_teacher(str(tmp_path / name))

    def offline(**_: Any) -> Any:
        raise Exception("no route to host")

    monkeypatch.setattr(keras.applications, "ResNet50", offline)
    with pytest.raises(TrainingError, match="without a connection give --teacher PATH"):
        read_teacher("imagenet")


def test_a_head_of_two_classes_answers_as_scikit_learn_does() -> None:
    from sklearn.linear_model import LogisticRegression

    from gallery.training.distillation.teacher import fit_class_head

    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 5)).astype(np.float32)
    labels = (features[:, 0] + 0.3 * rng.normal(size=60) > 0).astype(int)
    kernel, bias = fit_class_head(features, labels)
    logits = features @ kernel + bias
    found = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scaled = (features - features.mean(0)) / (features.std(0) + 1e-3)
    expected = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300).fit(scaled, labels)
    np.testing.assert_allclose(found, expected.predict_proba(scaled), atol=1e-4)
