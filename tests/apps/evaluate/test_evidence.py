"""The average heatmaps of a cell, cells whose attention is at the border, and the buttons to their photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from gallery.services import wiring
from gallery.types import BatchPrediction
from gallery.ui.components import photo_grid
from gallery.ui.evaluate.opening import evaluated
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, open_page, texts

RECOGNISED = ("dog", "cat", "horse", "cow")
WRONG = [f"dog/wrong {number}.png" for number in range(6)]  # dogs that are taken for cats


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """Five photos a class with their evidence in the middle, and six dogs called cats for a caption on top.

    The evidence of the last of the six lies half in the middle, half on top; for what it is, a dog, all six
    have theirs in the middle.
    """
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    said = {f"{name}/{number}.png": {name: 0.9, "sheep": 0.1} for name in RECOGNISED for number in range(5)}
    said |= {path: {"cat": 0.9 - 0.01 * n, "sheep": 0.1 + 0.01 * n} for n, path in enumerate(WRONG)}
    for shade, path in enumerate(said):
        made.draw(path, (5 * shade, 9 * shade % 256, 200))
    made.tag(said)
    cams = np.zeros((6, 10, 14, 14), np.float32)
    cams[:, CLASS_NAMES.index("cat"), 0, 7] = 4.0
    cams[5, CLASS_NAMES.index("cat"), 7, 7] = 4.0
    cams[:, CLASS_NAMES.index("dog"), 7, 7] = 1.0
    record(made, WRONG, [said[path]["cat"] for path in WRONG], cams)
    return made


def record(
    gallery: SmallGallery, paths: list[str], cat_shares: list[float], cams: NDArray[np.float32]
) -> None:
    probabilities = np.zeros((len(paths), 10), np.float32)
    probabilities[:, CLASS_NAMES.index("cat")] = cat_shares
    probabilities[:, CLASS_NAMES.index("sheep")] = 1 - np.array(cat_shares)
    batch = BatchPrediction(probabilities, np.ones((len(paths), 512), np.float32), cams)
    ids = [gallery.photo_id(path) for path in paths]
    wiring.catalog().record_predictions(MODEL_ID, CLASS_NAMES, ids, batch)


def open_cell(**query: str) -> AppTest:
    page = open_page("evaluate", collection="1", **query)
    assert not page.exception
    return page


def alternatives(page: AppTest) -> list[str]:
    return [image.proto.imgs[0].alt for image in page.get("image")]


def test_the_cells_average_says_where_the_model_looks_and_is_flagged(gallery: SmallGallery) -> None:
    page = open_cell(true="dog", said="cat")
    text = texts(page)
    assert "**Mean heatmap** of 6 photos" in text
    # five have all of it on top, one half: 5.5 of 6
    assert "Strongest in the upper middle; 92 % of attention on the outer 49 % of the frame" in text
    assert "**92 % on the outer frame, where 0 % is usual.**" in text
    said, true = (alt for alt in alternatives(page) if alt.startswith("Average heatmap"))
    assert "predicted class (cat)" in said
    assert "true class (dog). Strongest in the middle; 0\u00a0% of attention" in true


def test_another_cell_has_a_door_to_the_one_that_stands_out(gallery: SmallGallery) -> None:
    page = open_cell(true="cow", said="cow")
    assert "Usual on the outer frame: 0 %." in texts(page)
    assert len([alt for alt in alternatives(page) if alt.startswith("Average heatmap")]) == 1  # all are right
    dog, cat = CLASS_NAMES.index("dog"), CLASS_NAMES.index("cat")
    button = page.button(key=f"evaluate_border_{dog}_{cat}")
    assert button.label == "True Dog, predicted Cat (92\u00a0%)"
    button.click().run()
    assert (page.query_params["true"], page.query_params["said"]) == ("dog", "cat")
    assert "92 % on the outer frame" in texts(page)


def test_the_photos_with_most_evidence_at_the_border_come_first_when_asked(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[str]] = []

    def grid(file_ids: NDArray[np.int64], **how: object) -> None:
        items = wiring.catalog().grid_items(file_ids, MODEL_ID)
        shown.append([item.name for item in items])
        assert how["heatmaps"] == "difference"

    monkeypatch.setattr(photo_grid, "show", grid)
    page = open_cell(said="cat")
    page.toggle(key="evaluate_border_first").set_value(True).run()
    assert not page.exception
    assert sorted(shown[-1][:5]) == [f"wrong {number}.png" for number in range(5)]
    assert shown[-1][5] == "wrong 5.png"
    assert sorted(shown[-1][6:]) == [f"{number}.png" for number in range(5)]


def test_the_colours_of_the_difference_are_named(gallery: SmallGallery) -> None:
    text = texts(open_cell(true="dog", said="cat"))
    assert "Heatmaps of Dog and Cat on one scale, and their difference:" in text
    assert "supports Cat" in text
    assert "supports" not in texts(open_cell(true="cow", said="cow"))


def test_a_few_photos_are_not_compared(gallery: SmallGallery) -> None:
    record(gallery, WRONG[:2], [0.9, 0.8], np.ones((2, 10, 14, 14), np.float32))
    for path in WRONG[2:]:
        (gallery.photos / path).rename(gallery.photos / path.replace("dog/", "cow/"))
    gallery.tag({})
    page = open_cell(true="dog", said="cat")
    assert "**Mean heatmap** of 2 photos" in texts(page)
    assert "Fewer than 5 photos: too few to compare." in texts(page)


def test_a_model_without_maps_shows_none(gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(wiring.catalog()), "class_cams", lambda *given: None)
    page = open_cell(true="dog", said="cat")
    assert "Mean heatmap" not in texts(page)


def test_the_average_is_that_of_the_photos_own_maps(gallery: SmallGallery) -> None:
    card, catalog = wiring.active_model(), wiring.catalog()
    assert card is not None
    folder = evaluated(catalog.collection(1), card)
    assert folder is not None
    found = folder.evidence
    assert found is not None
    for row, photo_id in enumerate(folder.photo_ids):
        cams = catalog.cams(photo_id, MODEL_ID)
        assert cams is not None
        np.testing.assert_array_equal(found.of_predicted[row], cams[folder.report.y_pred[row]])
        np.testing.assert_array_equal(found.of_true[row], cams[folder.report.y_true[row]])
