"""The Explain page: empty, a deep link, another class, back and forth, an upload, and what goes wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from gallery.services import wiring
from gallery.types import BatchPrediction
from tests.apps.small_gallery import (
    FakeClassifier,
    SmallGallery,
    fill_the_disk,
    model_card,
    open_page,
    texts,
)

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    return SmallGallery.make(tmp_path, monkeypatch)


@pytest.fixture
def gallery(empty: SmallGallery) -> SmallGallery:
    """Three photos: a sure cat with a little dog, a dog with no other evidence, one not tagged yet."""
    empty.add_model()
    for name, colour in (("a.png", RED), ("b.png", GREEN), ("c.png", BLUE)):
        empty.draw(name, colour)
    empty.tag({"a.png": {"cat": 0.75, "dog": 0.25}, "b.png": {"dog": 1.0}})
    return empty


def alternatives(page: AppTest) -> list[str]:
    """What screen readers hear of each picture."""
    return [image.proto.imgs[0].alt for image in page.get("image")]


def test_without_a_model_the_page_leads_to_models(empty: SmallGallery) -> None:
    page = open_page("explain")
    assert not page.exception
    assert "There is no usable model yet" in texts(page)


def test_without_a_collection_one_photo_can_still_be_dropped(empty: SmallGallery) -> None:
    empty.add_model()
    page = open_page("explain")
    assert not page.exception
    assert "No collection has been opened yet" in texts(page)
    assert len(page.get("file_uploader")) == 1


def test_a_deep_link_explains_its_photo_without_a_network(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "classifier", None)  # calling it would fail
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    assert not page.exception
    text = texts(page)
    assert "Predicted: **Cat**, 75.0 %" in text
    assert "Compared: **Dog**, 25.0 %" in text
    assert "Maximum: 100 % of the shared scale" in text
    assert "Maximum: 33 % of the shared scale" in text  # 0.25 of the cat's 0.75


def test_a_class_without_evidence_is_said_as_such(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"), **{"class": "cow"})
    assert not page.exception
    assert "No evidence for Cow in this photo" in texts(page)
    assert any("heatmap of Cow. No evidence for Cow" in alt for alt in alternatives(page))


def test_choosing_another_class_explains_it_and_keeps_the_address(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    page.selectbox(key="explain_compared").select("spider").run()
    assert not page.exception
    assert "Compared: **Spider**" in texts(page)
    assert page.query_params["class"] == "spider"


def test_every_picture_has_an_alternative_text(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    alts = alternatives(page)
    assert len(alts) == 6  # two heatmaps, the photo, two raw maps, their difference
    assert all(alts)
    assert "Raw 14 x 14 map of Cat" in alts


def test_next_and_previous_go_round_the_shelf(gallery: SmallGallery) -> None:
    page = open_page("explain")
    assert "1 of 3" in texts(page)
    page.button(key="explain_step_1").click().run()
    assert page.query_params["photo"] == gallery.photo_id("b.png")
    assert "2 of 3" in texts(page)
    page.button(key="explain_step_-1").click().run()
    page.button(key="explain_step_-1").click().run()
    assert page.query_params["photo"] == gallery.photo_id("c.png")


def test_the_order_and_the_filters_of_browse_go_along(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("b.png"), collection="1", sort="certain")
    assert "1 of 3" in texts(page)
    assert "As in Browse: most certain first." in texts(page)
    page = open_page("explain", photo=gallery.photo_id("b.png"), collection="1", sure="0.9-1")
    assert "1 of 1" in texts(page)
    assert "As in Browse: confidence 90 % to 100 %." in texts(page)


def test_a_shelf_narrows_what_is_stepped_through(gallery: SmallGallery) -> None:
    page = open_page("explain")
    assert page.selectbox(key="explain_shelf").options == ["All (2)", "Dog (1)", "Cat (1)"]
    page.selectbox(key="explain_shelf").select("dog").run()
    assert not page.exception
    assert "1 of 1" in texts(page)
    assert "Predicted: **Dog**, 100.0 %" in texts(page)


def test_a_photo_that_waits_is_explained_on_demand(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "classifier", lambda model_id: FakeClassifier())
    page = open_page("explain", photo=gallery.photo_id("c.png"))
    assert "has not been tagged" in texts(page)
    next(button for button in page.button if button.label == "Explain it now").click().run()
    assert not page.exception
    assert "Predicted: **Cat**, 70.0 %" in texts(page)


def test_a_photo_is_shown_to_a_model_in_the_models_own_size(
    empty: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[tuple[int, ...]] = []

    class Small(FakeClassifier):
        input_px = 128

        def classify(self, images: NDArray[np.uint8]) -> BatchPrediction:
            shapes.append(images.shape)
            return super().classify(images)

    empty.add_model(model_card(input_px=128))
    monkeypatch.setattr(wiring, "classifier", lambda model_id: Small())
    page = open_page("explain")
    page.get("file_uploader")[0].upload("my cat.jpg", jpeg(), "image/jpeg").run()
    assert not page.exception
    assert shapes == [(1, 128, 128, 3)]


def test_a_correction_is_shown_beside_the_prediction(gallery: SmallGallery) -> None:
    photo_id = gallery.photo_id("a.png")
    wiring.catalog().correct([photo_id], "sheep", person="Ada", model_id="drawn-vgg16")
    page = open_page("explain", photo=photo_id)
    assert "Labelled **Sheep** by a person" in texts(page)
    assert "Predicted: **Cat**" in texts(page)


def test_an_uploaded_photo_is_explained(gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "classifier", lambda model_id: FakeClassifier())
    page = open_page("explain")
    page.segmented_control(key="explain_source").set_value("A single file").run()
    page.get("file_uploader")[0].upload("my cat.jpg", jpeg(), "image/jpeg").run()
    assert not page.exception
    assert "Predicted: **Cat**, 70.0 %" in texts(page)
    assert "my cat.jpg" in texts(page)


def test_an_upload_that_is_no_photo_gives_its_reason(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "classifier", lambda model_id: FakeClassifier())
    page = open_page("explain")
    page.segmented_control(key="explain_source").set_value("A single file").run()
    page.get("file_uploader")[0].upload("letter.jpg", b"no photo at all", "image/jpeg").run()
    assert not page.exception
    assert "letter.jpg: not a supported photo" in texts(page)


@pytest.mark.parametrize("photo", ["f" * 64, "nonsense", "../../etc/passwd", "", "![x](http://evil)"])
def test_an_address_of_no_photo_is_a_sentence(gallery: SmallGallery, photo: str) -> None:
    page = open_page("explain", photo=photo)
    assert not page.exception
    assert "Choose another photo below" in page.warning[0].value
    assert "Predicted" in texts(page)


@pytest.mark.parametrize("name", ["collection", "shelf", "class"])
@pytest.mark.parametrize("value", ["", "999", "-1", "²", "<script>"])
def test_an_address_with_nonsense_shows_the_first_photo(gallery: SmallGallery, name: str, value: str) -> None:
    page = open_page("explain", **{name: value})
    assert not page.exception
    assert "Predicted: **Cat**" in texts(page)


def test_a_photo_whose_file_is_gone_is_shown_by_its_thumbnail(gallery: SmallGallery) -> None:
    photo_id = gallery.photo_id("a.png")
    (gallery.photos / "a.png").unlink()
    page = open_page("explain", photo=photo_id)
    assert not page.exception
    assert "Its thumbnail is shown instead" in page.warning[0].value
    assert "Predicted: **Cat**" in texts(page)


def test_a_photo_that_was_replaced_is_not_shown_under_the_old_ones_heatmap(gallery: SmallGallery) -> None:
    photo_id = gallery.photo_id("a.png")
    gallery.draw("a.png", BLUE)
    page = open_page("explain", photo=photo_id)
    assert not page.exception
    assert "Another picture has taken its place" in page.warning[0].value


def jpeg() -> bytes:
    pixels = np.full((40, 40, 3), (10, 90, 160), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def test_the_class_is_set_here_and_compared_with_and_undone_in_its_collection(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    page.button(key="explain_label_sheep").click().run()
    assert not page.exception
    assert "Labelled **Sheep** by a person" in texts(page)
    assert "Compared: **Sheep**" in texts(page)
    (correction,) = wiring.catalog().all_corrections()
    assert (correction.label, correction.shown_label) == ("sheep", "cat")
    page.button(key="explain_label_remove").click().run()
    assert "Labelled" not in texts(page)
    page.button(key="explain_label_undo").click().run()
    assert "Labelled **Sheep** by a person" in texts(page)
    page.button(key="explain_label_undo").click().run()
    page.button(key="explain_label_blank").click().run()
    assert "Labelled **Blank** by a person" in texts(page)
    page.button(key="explain_label_undo").click().run()
    assert "Labelled" not in texts(page)


def test_a_label_that_cannot_be_kept_says_why(gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    fill_the_disk(monkeypatch, 1)
    page.button(key="explain_label_sheep").click().run()
    assert not page.exception
    assert len(page.error) == 1
    assert "Labelled" not in texts(page)
