"""Opening a folder in Evaluate: empty, a good one, each wrong one, and addresses that lead nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.errors import JobError
from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.types import CollectionKind
from gallery.ui.components import folder_box
from tests.apps.evaluate.five_photos import SAID
from tests.apps.small_gallery import SmallGallery, open_page, texts


def give_path(monkeypatch: pytest.MonkeyPatch, path: object) -> AppTest:
    """Open the page and give it a path, once, as the folder box does."""
    given = [str(path)]
    monkeypatch.setattr(folder_box, "show", lambda **_: given.pop() if given else None)
    return open_page("evaluate")


def test_without_a_model_the_page_leads_to_models(empty: SmallGallery) -> None:
    page = open_page("evaluate")
    assert not page.exception
    assert "There is no usable model yet" in texts(page)


def test_at_first_the_page_says_what_a_labelled_folder_looks_like(empty: SmallGallery) -> None:
    empty.add_model()
    page = open_page("evaluate")
    assert not page.exception
    assert "one sub-folder per class" in texts(page)
    assert "dog/" in page.code[0].value


def test_a_folder_is_opened_tagged_and_evaluated(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "collection" in page.query_params
    shown = {metric.label: metric.value for metric in page.metric}
    # macro F1: dog 1/2, cat 2/3, no other occurs; loss: -(ln .9 + ln .2 + ln .4 + ln .7) / 5
    # balanced: (1/3 + 1) / 2; weighted F1: (3 * 1/2 + 2 * 2/3) / 5; all five are among the first two
    assert shown == {
        "Accuracy": "60.0\u00a0%", "Balanced accuracy": "66.7\u00a0%", "Macro F1": "0.583",
        "Weighted F1": "0.567", "Top-2 accuracy": "100.0\u00a0%", "Log loss": "0.598",
    }  # fmt: skip
    assert "95 % CI 23.1 to 88.2 %" in texts(page)  # Wilson, 3 of 5
    assert "Only 5 photos: a rough guess" in texts(page)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/no/such/folder", "There is no folder /no/such/folder"),
        (__file__, "is a file, not a folder"),
        ("~nobody-of-this-name/x", "There is no folder"),
    ],
)
def test_a_path_that_is_no_folder_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    page = give_path(monkeypatch, path)
    assert not page.exception
    assert sentence in texts(page)
    assert wiring.catalog().collections() == []


def test_an_unknown_sub_folder_is_named_before_anything_is_tagged(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.draw("hors/1.png", (1, 2, 3))
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "hors" in texts(page)
    assert "(did you mean horse" in texts(page)
    assert wiring.catalog().collections() == []


def test_photos_without_class_folders_get_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos / "cane")
    assert not page.exception
    assert "nothing says what they show" in texts(page)


def test_a_folder_without_photos_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    page = give_path(monkeypatch, tmp_path / "nothing")
    assert not page.exception
    assert "There are no photos in" in texts(page)


def test_a_job_that_cannot_start_is_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(collection_id: int) -> None:
        raise JobError("The tagging process cannot be started. Try again.")

    monkeypatch.setattr(tagging_service, "start_job", refuse)
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "cannot be started" in texts(page)


def test_a_collection_without_predictions_offers_to_tag(gallery: SmallGallery) -> None:
    collection = wiring.catalog().add_collection(gallery.photos, CollectionKind.FOLDER)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    page.button(key="evaluate_tag").click().run()
    assert not page.exception
    assert page.metric[0].value == "60.0\u00a0%"


@pytest.mark.parametrize("value", ["999", "x", "", "-1", "²"])
def test_an_address_of_no_collection_starts_over(gallery: SmallGallery, value: str) -> None:
    page = open_page("evaluate", collection=value)
    assert not page.exception
    assert "one sub-folder per class" in texts(page)


def test_a_folder_that_vanished_is_still_evaluated_from_the_catalog(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID)
    shutil.rmtree(gallery.photos)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    assert page.metric[0].value == "60.0\u00a0%"


def test_a_folder_outside_the_allowed_ones_is_refused(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GALLERY_ROOTS", str(tmp_path / "allowed"))
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "may not be opened on this server" in texts(page)
