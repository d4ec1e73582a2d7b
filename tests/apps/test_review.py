"""Review: what waits and how far people have come; learning is seen before it is kept, and can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.services import wiring
from tests.fast.unit.learnt_place import BASE, LearntPlace

PAGE = Path(__file__).resolve().parents[2] / "pages" / "review.py"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LearntPlace:
    made = LearntPlace(tmp_path)
    monkeypatch.setenv("GALLERY_HOME", str(made.settings.home))
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(made.settings.shipped_models))
    return made


def opened() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert not page.exception
    return page


def test_a_collection_without_tags_says_what_to_do(place: LearntPlace) -> None:
    assert "No photo is tagged yet" in [one.value for one in opened().subheader]


def test_a_reloaded_page_learns_from_the_labels_of_now(place: LearntPlace) -> None:
    for labelled in (4, 6):
        with wiring.composed(place.settings) as parts:
            cats = place.tag(parts.catalog, "new cat", 8)
            parts.catalog.correct(cats[:labelled], "cat", person="Ada", model_id=BASE)
        page = opened()
        page.button(key="learn").click().run()
        assert {one.label: one.value for one in page.metric}["Labels learnt from"] == str(labelled)


def test_learning_is_seen_kept_and_gone_back_from(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 20), place.tag(parts.catalog, "dog", 20)
        parts.catalog.correct(cats[:8], "cat", person="Ada", model_id=BASE)
        parts.catalog.correct(dogs[:8], "dog", person="Ada", model_id=BASE)
    page = opened()
    assert "**16 of 40 photos reviewed**; 8 corrected" in [one.value for one in page.markdown]
    page.button(key="learn").click().run()
    found = {one.label: one.value for one in page.metric}
    assert (found["Fixed"], found["Broken"], found["Tags that would change"]) == ("8", "0", "12")
    page.button(key="learn_keep").click().run()
    assert "tags from now on; 40 photos" in page.success[0].value
    assert "**16 of 40 photos reviewed**; 0 corrected" in [one.value for one in page.markdown]
    page.button(key=f"version_{BASE}").click().run()
    assert "**16 of 40 photos reviewed**; 8 corrected" in [one.value for one in page.markdown]
    assert not page.exception
