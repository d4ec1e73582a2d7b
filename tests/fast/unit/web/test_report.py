"""The report over HTTP: what Evaluate shows, as a file to be saved, for this app's own page only."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.services import wiring
from gallery.web import routes
from tests.apps.small_gallery import MODEL_ID, SmallGallery
from tests.fast.unit.exchange.made_report import ParsedPage
from tests.fast.unit.web.asgi_client import OWN, ask

SAID = {
    "dog/1.png": {"dog": 0.9, "cat": 0.1},
    "dog/2.png": {"cat": 0.8, "dog": 0.2},
    "gatto/1.png": {"cat": 0.95, "horse": 0.05},
    "gatto/2.png": {"cat": 0.7, "cow": 0.3},
}


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    made = SmallGallery.make(tmp_path, monkeypatch)
    for shade, path in enumerate(SAID):
        made.draw(path, (40 * shade, 120, 220 - 30 * shade))
    return made


def report(address: str) -> ParsedPage:
    answer = ask(routes.all_routes(), f"/gallery/download/report/{address}")
    assert answer.status == 200
    return ParsedPage(answer.body.decode("utf-8"))


def test_it_is_a_file_to_be_saved_with_the_numbers_of_the_page(gallery: SmallGallery) -> None:
    gallery.add_model()
    collection = gallery.tag(SAID)
    answer = ask(routes.all_routes(), f"/gallery/download/report/{MODEL_ID}/{collection.collection_id}")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''photos_report.html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = ParsedPage(answer.body.decode("utf-8"))
    assert page.numbers("Scores on 4 photos", "Accuracy")[0] == 3 / 4
    assert len(page.all("figure")) == 4


def test_photos_that_the_model_was_trained_on_are_left_out_unless_the_page_counts_them(
    gallery: SmallGallery,
) -> None:
    gallery.add_model(training_photos=[gallery.photo_id("dog/1.png")])
    number = gallery.tag(SAID).collection_id
    left = report(f"{MODEL_ID}/{number}")
    assert left.numbers("Scores on 3 photos", "Accuracy")[0] == 2 / 3
    assert "1 photo that the model was trained on is left out of this report." in left.text
    counted = report(f"{MODEL_ID}/{number}?trained=count")
    assert counted.numbers("Scores on 4 photos", "Accuracy")[0] == 3 / 4
    assert "The model was trained on 1 of these 4 photos" in counted.text


def test_labels_of_people_are_evaluated_when_the_page_shows_them(gallery: SmallGallery) -> None:
    gallery.add_model()
    collection = gallery.tag(SAID)
    wiring.catalog().correct([gallery.photo_id("dog/2.png")], "cat", person="me", model_id=MODEL_ID)
    page = report(f"{MODEL_ID}/{collection.collection_id}?labels=people")
    assert page.numbers("Scores on 1 photo", "Accuracy")[0] == 1.0
    assert "what people said of the photos in the gallery" in page.text


@pytest.mark.parametrize(
    "address", [f"{MODEL_ID}/99", f"{MODEL_ID}/x", "no-model/1", f"{MODEL_ID}/{'9' * 30}"]
)
def test_what_is_not_there_is_refused_with_a_sentence(gallery: SmallGallery, address: str) -> None:
    gallery.add_model()
    gallery.tag(SAID)
    answer = ask(routes.all_routes(), f"/gallery/download/report/{address}")
    assert answer.status == 404
    assert b"error" in answer.body


def test_another_sites_page_gets_nothing(gallery: SmallGallery) -> None:
    gallery.add_model()
    number = gallery.tag(SAID).collection_id
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        answer = ask(
            routes.all_routes(), f"/gallery/download/report/{MODEL_ID}/{number}", headers={**OWN, **headers}
        )
        assert answer.status == 403
