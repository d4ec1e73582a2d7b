"""The Models page: empty, one model, two models, a damaged one, choosing one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gallery.services import wiring
from tests.apps.small_gallery import MODEL_ID, SmallGallery, matrices, model_card, open_page, texts, written


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    return SmallGallery.make(tmp_path, monkeypatch)


def test_without_a_model_the_page_says_what_to_do(gallery: SmallGallery) -> None:
    page = open_page("models")
    assert not page.exception
    assert "There is no model yet" in texts(page)
    assert "model_store" in texts(page)


def test_a_card_shows_scores_classes_limits_and_hash(gallery: SmallGallery) -> None:
    gallery.add_model()
    page = open_page("models")
    assert not page.exception
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown == {
        "Test accuracy": "80.0\u00a0%", "Classes": "10", "Parameters": "0.0 M", "Training photos": "1,234"
    }  # fmt: skip
    text = texts(page)
    assert "100 test photos (95 % CI 71.1 to 86.7 %)" in text
    assert "Drawings confuse it." in text
    card = json.loads((gallery.store / MODEL_ID / "card.json").read_text())
    assert card["weights_sha256"] in text
    assert "softmax(logits / temperature)" in text
    assert not page.error


def test_a_card_of_a_stranger_cannot_smuggle_a_picture_in(gallery: SmallGallery) -> None:
    gallery.add_model(model_card(description="![x](http://evil.example/a.png)", limits=["<img src=x>"]))
    page = open_page("models")
    markdown = "\n".join(element.value for element in page.markdown)
    assert "![x](" not in markdown
    assert "\\<img" in markdown
    assert "<img src=x" not in markdown.replace("\\<img", "")


def test_damaged_weights_are_named_with_the_remedy_and_cannot_be_used(gallery: SmallGallery) -> None:
    gallery.add_model(model_card("aaa-good"))
    gallery.add_model(model_card("bad-one"))
    weights = gallery.store / "bad-one" / "weights.npz"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 255
    weights.write_bytes(bytes(data))
    page = open_page("models")
    assert not page.exception
    assert "are not those of its card" in page.error[0].value.replace("\\", "")
    assert page.button(key="use_bad-one").disabled


def test_a_card_that_cannot_be_read_is_listed_with_its_problem(gallery: SmallGallery) -> None:
    gallery.add_model()
    (gallery.store / "broken").mkdir()
    (gallery.store / "broken" / "card.json").write_text("{")
    page = open_page("models")
    assert not page.exception
    assert len(page.error) == 1
    assert "broken" in page.error[0].value


def test_when_no_model_can_be_used_the_page_says_so(gallery: SmallGallery) -> None:
    (gallery.store / "broken").mkdir()
    (gallery.store / "broken" / "card.json").write_text("{")
    page = open_page("models")
    assert not page.exception
    assert "None of these models can be used" in page.warning[0].value


def test_another_model_becomes_active_and_offers_to_tag_the_open_collection(gallery: SmallGallery) -> None:
    gallery.add_model(model_card(MODEL_ID))
    gallery.add_model(model_card("second"), own=True)
    gallery.draw("a.png", (200, 0, 0))
    gallery.tag({"a.png": {"cat": 1.0}})
    page = open_page("models")
    assert not any(button.key == "models_tag" for button in page.button)
    page.button(key="use_second").click().run()
    assert not page.exception
    assert "has 1 photo that Model second has not tagged" in texts(page)
    assert page.button(key="models_tag").label == "Tag them now"
    assert any(button.key == f"use_{MODEL_ID}" for button in page.button)
    assert not any(button.key == "use_second" for button in page.button)


def test_checking_the_weights_says_that_they_are_right(gallery: SmallGallery) -> None:
    gallery.add_model()
    page = open_page("models")
    page.button(key=f"verify_{MODEL_ID}").click().run()
    assert "match its card" in page.success[0].value.replace("\\", "")


def test_an_own_model_can_be_removed_and_a_shipped_one_cannot(gallery: SmallGallery) -> None:
    gallery.add_model()
    gallery.add_model(model_card("mine"), own=True)
    page = open_page("models")
    assert [b.key for b in page.button if b.key and b.key.startswith("remove_")] == ["remove_mine"]
    page.button(key="remove_mine").click().run()
    assert not (gallery.folder / "home" / "models" / "mine").exists()
    assert "was removed" in page.success[0].value


def test_an_own_model_is_renamed_and_a_change_of_model_says_what_there_is_to_tag(
    gallery: SmallGallery,
) -> None:
    gallery.add_model()
    gallery.add_model(model_card("mine"), own=True)
    gallery.draw("a.png", (200, 0, 0))
    gallery.tag({"a.png": {"cat": 1.0}})
    page = open_page("models")
    assert "1 photo to tag; until then they are shown as not tagged yet" in texts(page)
    page.text_input(key="name_mine").input("Three UX").run()
    page.button(key="rename_mine").click().run()
    assert not page.exception
    assert "Three UX" in texts(page)
    assert wiring.models().card("mine").name == "Three UX"


def test_the_matrix_of_the_test_photos_is_shown(gallery: SmallGallery) -> None:
    gallery.add_model(evaluation={"confusion_matrix": np.eye(10, dtype=int).tolist()})
    page = open_page("models")
    assert not matrices(page), "it is drawn when it is unfolded"
    page.session_state[f"model_errs_{MODEL_ID}"] = True
    page.run()
    assert not page.exception
    (matrix,) = matrices(page)
    assert matrix["clickable"] is False
    assert [written(matrix)[0][k] for k in (0, 1, 10)] == ["1", "", "1"]


@pytest.mark.parametrize("matrix", [[[1, 2]], "x", [[1, -1], [0, 1]], None, [[1e30, 0], [0, 1]]])
def test_a_matrix_that_makes_no_sense_is_left_out(gallery: SmallGallery, matrix: object) -> None:
    gallery.add_model(evaluation={"confusion_matrix": matrix})
    page = open_page("models")
    assert not page.exception
    assert not [one for one in page.expander if one.label.startswith("Confusion matrix")]
