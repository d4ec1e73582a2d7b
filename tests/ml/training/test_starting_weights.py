"""What a network begins from, and what is said when that cannot be had."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from gallery.errors import TrainingError

pytestmark = pytest.mark.network


def small(classes: int = 2):  # type: ignore[no-untyped-def]
    from gallery.network.architectures import ARCHITECTURES, NetworkOptions, build

    options = NetworkOptions(conv_layers=2, filters=4, dense_units=4)
    return build("cnn-small", classes, 32, options=options), ARCHITECTURES["cnn-small"]


def test_layers_that_fit_are_taken_but_never_the_outputs(tmp_path: Path) -> None:
    from gallery.network.architectures import get_weights
    from gallery.training.starting_weights import fill

    given = get_weights(small()[0])
    np.savez(tmp_path / "weights.npz", **given)
    network, architecture = small()
    before = get_weights(network)
    start = fill(network, architecture, str(tmp_path))
    after = get_weights(network)
    assert (start.source, set(start.layers), start.missing) == (tmp_path.name, {"conv1", "conv2", "fc1"}, ())
    np.testing.assert_array_equal(after["conv2/kernel"], given["conv2/kernel"])
    np.testing.assert_array_equal(after["predictions/kernel"], before["predictions/kernel"])


def test_convolutions_that_the_file_lacks_are_named(tmp_path: Path) -> None:
    from gallery.network.architectures import get_weights
    from gallery.training.starting_weights import fill

    given = get_weights(small()[0])
    np.savez(tmp_path / "part.npz", **{k: v for k, v in given.items() if k.startswith("conv1")})
    start = fill(*small(), str(tmp_path / "part.npz"))
    assert (start.source, start.layers, start.missing) == ("part.npz", ("conv1",), ("conv2",))


def test_imagenet_weights_come_from_where_they_are_fetched(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from gallery.network.architectures import ARCHITECTURES, build, get_weights
    from gallery.network.published import PUBLISHED
    from gallery.training.starting_weights import fill

    network = build("vgg16-bottleneck", 2, 32)
    published = keras.applications.VGG16(include_top=False, weights=None)

    def fetch(**asked: object) -> keras.Model:
        assert asked == {"include_top": False, "weights": "imagenet"}
        print("Downloading data from ...")  # as keras does
        return published

    monkeypatch.setitem(PUBLISHED, "vgg16", dataclasses.replace(PUBLISHED["vgg16"], build=fetch))
    start = fill(network, ARCHITECTURES["vgg16-bottleneck"], None)
    assert capsys.readouterr().out == ""  # where a command's answer belongs
    assert (start.source, len(start.layers), start.missing) == ("imagenet (keras.applications)", 13, ())
    given = published.get_layer("block3_conv2").get_weights()[0]
    np.testing.assert_array_equal(get_weights(network)["block3_conv2/kernel"], given)


def test_without_a_connection_imagenet_weights_are_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gallery.network.architectures import ARCHITECTURES, build
    from gallery.network.published import PUBLISHED
    from gallery.training.starting_weights import fill

    def offline(**_: object) -> None:
        raise Exception("no route to host")

    monkeypatch.setitem(PUBLISHED, "vgg16", dataclasses.replace(PUBLISHED["vgg16"], build=offline))
    network = build("vgg16-gap", 2, 32)
    with pytest.raises(TrainingError, match=r"no route to host.*without a connection give --weights PATH"):
        fill(network, ARCHITECTURES["vgg16-gap"], "imagenet")


@pytest.fixture
def nothing_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder, without any weights that it fetched before."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def test_without_a_download_imagenet_is_what_came_with_the_app(nothing_downloaded: Path) -> None:
    from gallery.network.architectures import ARCHITECTURES, build, get_weights
    from gallery.training.starting_weights import fill

    kept, network = get_weights(build("vgg16-gap", 10, 32)), build("vgg16-bottleneck", 2, 32)
    asked = []

    def shipped(backbone: str) -> tuple[str, dict[str, np.ndarray]]:
        asked.append(backbone)
        return "probe", kept

    before = get_weights(network)
    start = fill(network, ARCHITECTURES["vgg16-bottleneck"], "imagenet", shipped=shipped)
    filled = get_weights(network)
    assert asked == ["vgg16"]
    assert (start.source, len(start.layers)) == ("imagenet (the convolutions of probe)", 13)
    np.testing.assert_array_equal(filled["block5_conv3/kernel"], kept["block5_conv3/kernel"])
    np.testing.assert_array_equal(filled["fc1/kernel"], before["fc1/kernel"])  # its head is not ImageNet's


def test_kerass_own_download_comes_before_what_is_shipped(nothing_downloaded: Path) -> None:
    from gallery.network.published import PUBLISHED

    file = nothing_downloaded / "models" / PUBLISHED["vgg16"].file
    assert not PUBLISHED["vgg16"].is_downloaded
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    assert PUBLISHED["vgg16"].is_downloaded


def test_the_light_backbone_comes_with_the_app_only(nothing_downloaded: Path) -> None:
    from gallery.network.architectures import ARCHITECTURES, build
    from gallery.training.starting_weights import fill

    network = build("efficientnet-lite2", 2, 32)
    with pytest.raises(TrainingError, match=r"Restore the folder model_store, or give --weights PATH"):
        fill(network, ARCHITECTURES["efficientnet-lite2"], None)


def test_a_file_that_is_no_vgg16_is_refused(tmp_path: Path) -> None:
    from gallery.network.architectures import ARCHITECTURES, build
    from gallery.training.starting_weights import fill

    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(TrainingError, match="HDF5"):
        fill(build("vgg16-gap", 2, 32), ARCHITECTURES["vgg16-gap"], str(tmp_path / "text.h5"))


def test_the_file_that_keras_applications_publishes_fills_all_convolutions(tmp_path: Path) -> None:
    import h5py  # type: ignore[import-untyped]

    from gallery.network.architectures import ARCHITECTURES, build, get_weights
    from gallery.training.starting_weights import fill

    network = build("vgg16-flatten", 2, 32)
    expected = {k: v + 1 for k, v in get_weights(network).items() if k.startswith("block")}
    file = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    layers = list(dict.fromkeys(name.split("/")[0] for name in expected))
    with h5py.File(file, "w") as out:
        out.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            names = [f"{layer}_W_1:0", f"{layer}_b_1:0"]  # as the published file calls them
            group = out.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in names]
            group[names[0]], group[names[1]] = expected[f"{layer}/kernel"], expected[f"{layer}/bias"]
    start = fill(network, ARCHITECTURES["vgg16-flatten"], str(file))
    assert (start.source, len(start.layers), start.missing) == (file.name, 13, ())
    filled = get_weights(network)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(filled[name], tensor)


@pytest.mark.parametrize("filled", [3, 0])
def test_filled_layers_hand_on_values_of_size_one_and_say_the_same(filled: int) -> None:
    import keras

    from gallery.network.architectures import build, get_weights, set_weights
    from gallery.training.starting_weights import Start, settle

    keras.utils.set_random_seed(0)
    network = build("vgg16-gap", 3, 32)
    names = [layer.name for layer in network.layers if layer.weights]
    chain = names[:filled] or names[:-1]
    rng = np.random.default_rng(0)
    weights = get_weights(network)
    for name in names[:filled]:
        weights[f"{name}/kernel"] *= 3
    if filled:  # as in a float16 file whose first blocks are made small and the next one large
        weights["block1_conv1/kernel"] /= 512
        weights[f"{name}/bias"] = rng.normal(0, 20, weights[f"{name}/bias"].shape).astype(np.float32)
    set_weights(network, weights)
    images = rng.normal(0, 60, (4, 32, 32, 3)).astype(np.float32)
    last = keras.Model(network.input, network.get_layer(chain[-1]).output)
    before = np.asarray(last(images))
    size = settle(network, Start("a file", tuple(names[:filled]), (), ()), images)
    assert size == pytest.approx(np.sqrt((before**2).mean()), rel=1e-3)
    np.testing.assert_allclose(np.asarray(last(images)), before / size, rtol=1e-3, atol=1e-4)
    after = get_weights(network)
    for name in set(names) - set(chain):
        np.testing.assert_array_equal(after[f"{name}/kernel"], weights[f"{name}/kernel"])
    kernels = [after[f"{name}/kernel"] for name in chain]
    of_usual = [np.sqrt((k**2).mean() / (2 / np.prod(k.shape[:-1]))) for k in kernels]
    np.testing.assert_allclose(of_usual, of_usual[0], rtol=1e-3)  # every one as large as He's, times the same


def test_a_random_layer_between_filled_ones_leaves_all_as_it_is() -> None:
    from gallery.network.architectures import get_weights
    from gallery.training.starting_weights import Start, settle

    network, _ = small()
    before = get_weights(network)
    assert settle(network, Start("a file", ("conv2",), (), ()), np.ones((1, 32, 32, 3), np.float32)) == 1.0
    for name, tensor in get_weights(network).items():
        np.testing.assert_array_equal(tensor, before[name])


def test_nothing_is_a_beginning_too() -> None:
    from gallery.training.starting_weights import fill

    start = fill(*small(), None)
    assert (start.source, start.layers, start.missing) == ("none", (), ("conv1", "conv2"))


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("imagenet", "begins from nothing"),
        ("nowhere.npz", "no weights at"),
        ("wrong.npz", "No convolution of cnn_small"),
        ("text.npz", "cannot be read as weights"),
        ("text.h5", "no network of this form"),
    ],
)
def test_weights_that_cannot_be_had_say_why(weights: str, says: str, tmp_path: Path) -> None:
    from gallery.training.starting_weights import fill

    np.savez(tmp_path / "wrong.npz", **{"conv1/kernel": np.zeros((3, 3, 3, 99)), "conv1/bias": np.zeros(99)})
    for name in ("text.npz", "text.h5"):
        (tmp_path / name).write_text("no weights")
    with pytest.raises(TrainingError, match=says):
        fill(*small(), weights if weights == "imagenet" else str(tmp_path / weights))
