"""What a network begins from, and what is said when that cannot be had."""

from __future__ import annotations

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


def test_imagenet_weights_come_from_where_they_are_fetched() -> None:
    from gallery.network.architectures import ARCHITECTURES, build, get_weights
    from gallery.training.starting_weights import fill

    network = build("vgg16-bottleneck", 2, 32)
    ones = {name: np.ones_like(tensor) for name, tensor in get_weights(network).items() if "block" in name}
    start = fill(network, ARCHITECTURES["vgg16-bottleneck"], None, fetch_imagenet=lambda: ones)
    assert (start.source, len(start.layers), start.missing) == ("imagenet", 13, ())
    assert get_weights(network)["block3_conv2/kernel"].mean() == 1


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
        ("text.h5", "HDF5"),
    ],
)
def test_weights_that_cannot_be_had_say_why(weights: str, says: str, tmp_path: Path) -> None:
    from gallery.training.starting_weights import fill

    np.savez(tmp_path / "wrong.npz", **{"conv1/kernel": np.zeros((3, 3, 3, 99)), "conv1/bias": np.zeros(99)})
    for name in ("text.npz", "text.h5"):
        (tmp_path / name).write_text("no weights")
    with pytest.raises(TrainingError, match=says):
        fill(*small(), weights if weights == "imagenet" else str(tmp_path / weights))
