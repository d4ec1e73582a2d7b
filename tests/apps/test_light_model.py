"""The Models page where VGG16 is slow: the light model is offered, with speeds measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.services import models, speed, wiring
from gallery.settings import LIGHT_MODEL_ID
from tests.apps.small_gallery import SmallGallery, model_card, open_page, texts


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    made.add_model(model_card(LIGHT_MODEL_ID, name="Light", architecture="efficientnet-lite2"))
    models.activate(made_active(made))
    return made


def made_active(made: SmallGallery) -> str:
    return next(entry.model_id for entry in wiring.models().entries() if entry.model_id != LIGHT_MODEL_ID)


def test_without_bfloat16_units_the_light_model_is_offered_and_can_be_chosen(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_PRECISION", "float32")
    page = open_page("models")
    assert "no bfloat16 units" in texts(page)
    assert "photos/s" not in texts(page)
    page.button("use_light_model").click().run()
    assert wiring.models().active_id() == LIGHT_MODEL_ID
    assert "no bfloat16 units" not in texts(page)


def test_both_speeds_are_shown_once_they_were_measured(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_PRECISION", "float32")
    monkeypatch.setattr(speed, "_photos_per_second", {LIGHT_MODEL_ID: 41.0, made_active(gallery): 2.5}.get)
    page = open_page("models")
    page.button("measure_speeds").click().run()
    assert "2.5 photos/s, Light 41.0 photos/s" in texts(page)


def test_with_bfloat16_units_nothing_is_offered(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_PRECISION", "bfloat16")
    assert "no bfloat16 units" not in texts(open_page("models"))


def test_speeds_of_another_machine_are_forgotten(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "_photos_per_second", lambda _: 7.0)
    speed.measure(LIGHT_MODEL_ID)
    assert speed.measured() == {LIGHT_MODEL_ID: 7.0}
    monkeypatch.setattr(speed, "_machine", lambda: "another")
    assert speed.measured() == {}
