"""Explain beyond the stored map: methods, tests of a heatmap, parts greyed out, and what goes wrong."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gallery.errors import ModelError
from gallery.explanation.records import ExplanationRecords
from gallery.services import wiring
from gallery.ui.components import grey_out
from tests.apps.red_network import RedExplainer
from tests.apps.small_gallery import SmallGallery, open_page, texts


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """One photo with red on the left, tagged as a cat."""
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    pixels = np.full((60, 90, 3), (124, 117, 104), np.uint8)
    pixels[20:40, 10:40] = (250, 0, 0)
    made.photos.mkdir()
    Image.fromarray(pixels).save(made.photos / "a.png")
    made.tag({"a.png": {"cat": 0.75, "dog": 0.25}})
    wiring.tasks.cache_clear()
    return made


@pytest.fixture
def explainer(monkeypatch: pytest.MonkeyPatch) -> RedExplainer:
    made = RedExplainer()
    monkeypatch.setattr(wiring, "explainer", lambda model_id: made)
    return made


def settled(page: AppTest) -> AppTest:
    """Run the page until nothing is under way any more, as its fragments do in a browser."""
    for _ in range(10):
        for task in list(wiring.tasks()._tasks.values()):
            assert task.wait(100)
        if not any("_stop" in str(button.key) for button in page.button):
            return page
        page.run()
    raise AssertionError("the page does not show the end of its work")


def test_the_stored_map_needs_no_explainer(gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "explainer", None)
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    assert not page.exception
    assert page.selectbox(key="explain_method").value == "grad-cam"
    assert page.selectbox(key="explain_method").options[0] == "Grad-CAM (stored, instant)"
    assert "Grad-CAM (Selvaraju et al. 2017)" in texts(page)


def test_every_method_and_every_block_is_offered_with_its_source(gallery: SmallGallery) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    names = [option.split(" (")[0] for option in page.selectbox(key="explain_method").options]
    assert names == ["Grad-CAM", "Grad-CAM++", "HiResCAM", "LayerCAM", "Score-CAM", "Eigen-CAM", "Occlusion"]
    layers = page.selectbox(key="explain_layer").options
    assert layers[0] == "Block 5, convolution 3 (the last)"
    assert {name.split(",")[0] for name in layers} == {f"Block {number}" for number in range(1, 6)}
    for source in ("Zeiler, Fergus", "Draelos, Carin", "Muhammad, Yeasin", "Jiang, Zhang", "Chattopadhay"):
        assert source in texts(page)


def test_another_method_gives_its_map_and_is_kept(gallery: SmallGallery, explainer: RedExplainer) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    page.selectbox(key="explain_method").select("layer-cam").run()
    settled(page)
    assert not page.exception
    assert page.query_params["method"] == "layer-cam"
    assert "LayerCAM (Jiang et al. 2021)" in texts(page)
    assert "No evidence for Dog in this photo" in texts(page)  # red speaks for the cat alone
    assert sorted(explainer.asked) == [("layer-cam", "block5_conv3", (k,)) for k in (0, 1)]
    page.selectbox(key="explain_method").select("grad-cam").run()
    page.selectbox(key="explain_method").select("layer-cam").run()
    assert len(explainer.asked) == 2  # going back asks nothing
    assert "LayerCAM (0.1 s here)" in page.selectbox(key="explain_method").options


def test_a_layer_of_an_early_block_is_asked_for(gallery: SmallGallery, explainer: RedExplainer) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    page.selectbox(key="explain_layer").select("block2_conv2").run()
    settled(page)
    assert explainer.asked[0][:2] == ("grad-cam", "block2_conv2")
    assert page.query_params["layer"] == "block2_conv2"


def test_a_method_of_many_passes_gives_all_classes_at_once(
    gallery: SmallGallery, explainer: RedExplainer
) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"), method="occlusion")
    settled(page)
    assert explainer.asked == [("occlusion", None, tuple(range(10)))]
    assert page.selectbox(key="explain_layer").disabled
    page.selectbox(key="explain_compared").select("cow").run()
    assert len(explainer.asked) == 1


def test_slow_work_shows_how_far_it_is_and_can_be_stopped_and_begun_again(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    class Slow(RedExplainer):
        def explain_classes(self, *args: object, **how: object) -> object:  # type: ignore[override]
            how["on_pass"](16, 196)  # type: ignore[operator]
            reached.set()
            go_on.wait(100)
            return super().explain_classes(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "explainer", lambda model_id: Slow())
    page = open_page("explain", photo=gallery.photo_id("a.png"), method="occlusion")
    assert reached.wait(100)
    page.run()
    assert "Occlusion: 16 of 196 model runs" in page.get("progress")[0].proto.text
    page.button(key="explain_maps_waiting_stop").click().run()
    go_on.set()
    for task in list(wiring.tasks()._tasks.values()):
        assert task.wait(100)
    page.run()
    assert "Occlusion was stopped" in texts(page)
    page.button(key="explain_maps_waiting_again").click().run()
    settled(page)
    assert "Maximum" in texts(page)


def test_a_model_that_cannot_be_loaded_is_said_with_its_remedy(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(model_id: str) -> RedExplainer:
        raise ModelError("The weights are damaged: restore the folder.")

    monkeypatch.setattr(wiring, "explainer", fails)
    page = open_page("explain", photo=gallery.photo_id("a.png"), method="eigen-cam")
    settled(page)
    assert not page.exception
    assert "restore the folder" in texts(page)


def test_a_photo_whose_file_is_gone_has_its_stored_map_only(
    gallery: SmallGallery, explainer: RedExplainer
) -> None:
    photo_id = gallery.photo_id("a.png")
    (gallery.photos / "a.png").unlink()
    page = open_page("explain", photo=photo_id, method="layer-cam")
    assert not page.exception
    assert "Only the stored heatmap can be shown" in texts(page)
    assert not explainer.asked


def test_a_heatmap_is_tested_on_demand_and_the_badge_is_kept(
    gallery: SmallGallery, explainer: RedExplainer
) -> None:
    # the network's own map: red, which is all that the answer rests on
    page = open_page("explain", photo=gallery.photo_id("a.png"), method="layer-cam")
    settled(page)
    page.session_state["explain_tab"] = "Test the heatmap"
    page.run()
    assert explainer.photos_seen == 0  # nothing is tested unasked
    page.button(key="explain_trust_test").click().run()
    settled(page)
    page.run()
    assert not page.exception
    assert "**Passes: the prediction rests on the marked parts.**" in texts(page)
    numbers = {metric.label: metric.value for metric in page.metric}
    assert float(numbers["Deletion (area under the curve)"]) < 0.3
    assert float(numbers["Insertion (area under the curve)"]) > 0.7
    assert abs(float(numbers["Randomised-network check"])) < 0.3
    seen = explainer.photos_seen
    assert seen == 332
    again = open_page("explain", photo=gallery.photo_id("a.png"), method="layer-cam")
    again.session_state["explain_tab"] = "Test the heatmap"
    settled(again.run())
    assert "Passes: the prediction rests on the marked parts" in texts(again)
    assert explainer.photos_seen == seen  # kept on the disk
    (report,) = ExplanationRecords(wiring.settings().explanations).tested(
        wiring.models().card("drawn-vgg16").weights_sha256, "layer-cam", "block5_conv3"
    )
    assert report.points_at_evidence


def test_a_map_without_evidence_is_not_tested(gallery: SmallGallery, explainer: RedExplainer) -> None:
    page = open_page("explain", photo=gallery.photo_id("a.png"), **{"class": "cow"})
    page.session_state["explain_tab"] = "Test the heatmap"
    page.run()
    page.segmented_control(key="explain_trust_class").set_value("cow").run()
    assert "no evidence for Cow, so there is nothing to test" in texts(page)


def test_greying_out_the_red_turns_the_cat_into_a_dog(
    gallery: SmallGallery, explainer: RedExplainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grey_out, "show", lambda *args, **how: ((0.1, 0.3, 0.5, 0.7),))
    page = open_page("explain", photo=gallery.photo_id("a.png"))
    page.session_state["explain_tab"] = "Grey out a part"
    page.run()
    settled(page)
    page.run()
    assert not page.exception
    # red 250 on 11.1 % of the photo: 60 * 0.109 = 6.5 for the cat against 2 for the dog and 8 times 0
    assert "The answer turns from **Cat** (97." in texts(page)
    # without red: e^2 / (e^2 + 9)
    assert "to **Dog** (45.1 %)" in texts(page)


def test_what_a_browser_sends_as_rectangles_is_checked() -> None:
    good = [0.1, 0.2, 0.5, 1.0]
    sent = [good, [0.5, 0.0, 0.4, 1.0], [0, 0, float("nan"), 1], "abcd", [True, 0, 1, 1], [0, 0, 2, 1], None]
    assert grey_out.regions_of(sent) == (tuple(good),)
    assert grey_out.regions_of("no list") == ()
    assert len(grey_out.regions_of([good] * 20)) == grey_out.MOST_RECTANGLES
