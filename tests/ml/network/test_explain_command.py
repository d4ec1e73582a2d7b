"""``explain`` with methods and layers: a small real network, chosen and saved as users' models are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery import cli
from gallery.models import ModelStore
from gallery.network.architectures import NetworkOptions, build, get_weights
from gallery.services import wiring
from gallery.settings import Settings

pytestmark = pytest.mark.network

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def home(tmp_path: Path, make_card: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose only model has two convolutions: conv1 (30 x 30) and conv2 (13 x 13)."""
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    settings = Settings.from_environment(tmp_path / "home")
    card = make_card(
        model_id="small", architecture="cnn-small", preprocessing="unit", target_layer="conv2", input_px=32,
        class_names=("dog", "cat", "horse"),
    )  # fmt: skip
    network = build("cnn-small", 3, 32, options=NetworkOptions(conv_layers=2, filters=4, dense_units=8))
    ModelStore(settings.shipped_models, settings.own_models).save(card, get_weights(network))
    return tmp_path / "home"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def run(home: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_json(*words: object) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        given = ["explain", photo, "--out", tmp_path / "why.png", *words, "--home", home, "--json"]
        code = cli.main([*map(str, given)])
        said = json.loads(capsys.readouterr().out)
        assert isinstance(said, dict)
        return code, said

    return run_json


@pytest.mark.parametrize("name", ["layer-cam", "score-cam", "occlusion"])
def test_a_method_writes_the_overlay_and_the_raw_map(run: Run, tmp_path: Path, name: str) -> None:
    code, said = run("--method", name, "--class", "gatto", "--npy", tmp_path / "map.npy")
    assert code == 0, said
    assert (said["method"], said["class"]) == (name, "cat")
    cam = np.load(tmp_path / "map.npy", allow_pickle=False)
    assert cam.dtype == np.float32
    assert (said["layer"], cam.shape) == ((None, (14, 14)) if name == "occlusion" else ("conv2", (13, 13)))
    assert said["evidence"] is bool(cam.max() > 0)
    with Image.open(tmp_path / "why.png") as why:
        assert why.size == (64, 48)


def test_a_layer_of_the_users_choice_is_explained(run: Run, tmp_path: Path) -> None:
    code, said = run("--layer", "conv1", "--npy", tmp_path / "map.npy")
    assert (code, said["layer"], said["method"]) == (0, "conv1", "grad-cam")
    assert np.load(tmp_path / "map.npy").shape == (30, 30)


def test_the_default_map_is_that_of_tagging(run: Run, tmp_path: Path, home: Path) -> None:
    settings = Settings.from_environment(home)
    classifier = wiring.load_classifier(wiring.model_store(settings), "small")
    _, plain = run()
    _, exact = run("--npy", tmp_path / "map.npy")
    assert plain["probabilities"] == pytest.approx(exact["probabilities"], abs=1e-5)
    with Image.open(tmp_path / "photo.png") as photo:
        given = np.asarray(photo.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC))
    shown = classifier.class_names.index(exact["class"])
    cams = classifier.classify(given[None]).cams
    assert cams is not None
    expected = cams[0, shown]
    np.testing.assert_allclose(np.load(tmp_path / "map.npy"), expected, atol=1e-4 * max(expected.max(), 1e-6))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--method", "magic"], 'There is no method "magic". Methods: grad-cam, grad-cam++, hires-cam'),
        (["--layer", "conv9"], 'small has no layer "conv9" to explain. Layers: conv1, conv2.'),
        (["--method", "occlusion", "--layer", "conv1"], "looks at no layer"),
        (["--npy", "photo.png"], "ends with .npy"),
        (["--class", "hors", "--method", "eigen-cam"], "Did you mean horse?"),
    ],
)
def test_what_there_is_not_gets_a_sentence(run: Run, words: list[str], says: str) -> None:
    code, said = run(*words)
    assert code == 2
    assert says in said["error"]


def test_people_read_whose_method_it_was(
    home: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["explain", photo, "--out", tmp_path / "why.png", "--method", "eigen-cam", "--home", home]
    assert cli.main([*map(str, words)]) == 0
    printed = capsys.readouterr().out
    assert "what stands out to the network, by Eigen-CAM (Muhammad and Yeasin 2020)." in printed
