"""``boxes``: small animals on large scenes, whole against box by box."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.exchange.megadetector_json import read_megadetector
from gallery.photos.crops import square_crop
from tests.fast.unit.cli.colour_place import BLUE, GREEN, RED, Place, Run


@pytest.fixture
def scenes(place: Place, tmp_path: Path) -> Path:
    """Meadows, which the fake network takes for cats, with red dogs and a blue horse; returns the results."""
    images = []
    for name, animals in (("a/1.png", [RED]), ("a/2.png", [RED, RED, BLUE]), ("b/1.png", [])):
        meadow = np.full((300, 400, 3), GREEN, np.uint8)
        boxes = []
        for n, colour in enumerate(animals):
            meadow[100:140, 40 + 120 * n : 80 + 120 * n] = colour
            bbox = [(40 + 120 * n) / 400, 100 / 300, 40 / 400, 40 / 300]
            boxes.append({"category": "1", "conf": 0.9 - n / 10, "bbox": bbox})
        (place.photos / name).parent.mkdir(exist_ok=True)
        Image.fromarray(meadow).save(place.photos / name)
        images.append({"file": name, "detections": boxes})
    person = {"category": "2", "conf": 0.8, "bbox": [0, 0, 1, 1]}
    doubtful = {"category": "1", "conf": 0.1, "bbox": [0, 0, 1, 1], "classifications": [["0", 0.9]]}
    images.append({"file": "gone/1.png", "detections": [person, doubtful]})
    old = {"label": "fox"}  # another classifier's, as the class of the doubtful box
    images.append({"file": "b/torn.png", "detections": None, "failure": "unreadable", "smart_gallery": old})
    kinds = {"1": "animal", "2": "person", "3": "vehicle"}
    results = tmp_path / "md.json"
    info = {"format_version": "1.4", "detector": "md_v5a"}
    about = {
        "info": info,
        "detection_categories": kinds,
        "classification_category_descriptions": {"0": "fox"},
    }
    results.write_text(json.dumps({**about, "images": images}))
    return results


def test_a_photos_label_comes_from_its_boxes_and_not_from_the_meadow(
    place: Place, run: Run, scenes: Path, tmp_path: Path
) -> None:
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(1, "colours")
        assert set(table.probabilities.argmax(axis=1).tolist()) == {1}  # as a whole each is a cat
    out = tmp_path / "classified.json"
    code, said, err = run("boxes", place.photos, "--results", scenes, "--out", out)
    assert code == 0, err
    assert (said["photos"], said["boxes"], said["missing"]) == (5, 4, [])
    assert said["labels"] == {"dog": 2, "blank": 1, "human": 1}
    assert {one.place: (one.label, one.source) for one in read_megadetector(out)} == {
        "a/1.png": ("dog", "model"), "a/2.png": ("dog", "model"), "b/1.png": ("blank", "model"),
        "gone/1.png": ("human", "model"),
    }  # fmt: skip
    data = json.loads(out.read_text())
    assert data["info"] == {"format_version": "1.6", "detector": "md_v5a", "classifier": "colours"}
    second = data["images"][1]
    assert second["smart_gallery"]["boxes"] == 3
    assert [box["classifications"][0][0] for box in second["detections"]] == ["0", "0", "2"]
    assert "classification_category_descriptions" not in data
    assert [box.get("classifications") for box in data["images"][3]["detections"]] == [None, None]
    assert data["images"][4] == {"file": "b/torn.png", "detections": None, "failure": "unreadable"}


def test_results_of_another_folder_are_refused(place: Place, run: Run, scenes: Path, tmp_path: Path) -> None:
    code, said, _ = run("boxes", place.photos / "a", "--results", scenes, "--out", tmp_path / "x.json")
    assert code == 2
    assert "Give the folder that the detector was run on" in said["error"]
    assert not (tmp_path / "x.json").exists()
    (tmp_path / "no.json").write_text("{}")
    code, said, _ = run(
        "boxes", place.photos, "--results", tmp_path / "no.json", "--out", tmp_path / "x.json"
    )
    assert "no results file of MegaDetector" in said["error"]


def test_a_crop_is_a_square_with_a_margin_inside_the_picture() -> None:
    picture = np.arange(60 * 100, dtype=np.uint8).reshape(60, 100, 1).repeat(3, 2)
    assert np.array_equal(square_crop(picture, (0.4, 0.5, 0.1, 0.1), margin=0.0), picture[28:38, 40:50])
    assert square_crop(picture, (0.4, 0.4, 0.2, 0.1), margin=0.1).shape == (24, 24, 3)
    corner = square_crop(picture, (0.95, 0.9, 0.05, 0.1), margin=0.5)
    assert np.array_equal(corner, picture[-corner.shape[0] :, -corner.shape[1] :])
    assert square_crop(picture, (0.0, 0.0, 1.0, 1.0)).shape == (60, 100, 3)
