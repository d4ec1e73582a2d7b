"""Train's recipe: its values and their limits, and the start of a training from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gallery.errors import JobError
from gallery.services import training_runs, wiring
from gallery.training.data_sets import DataSet
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest
from gallery.types import CollectionKind
from tests.apps.small_gallery import MODEL_ID, SmallGallery, model_card, texts
from tests.apps.train.owls import button, draft, labels, recipe_page
from tests.stored_splits import read_split


def test_a_recipe_is_chosen_changed_and_found_again_after_a_reload(opened: DataSet) -> None:
    page = recipe_page(opened)
    shown = texts(page)
    assert "14,978,370 parameters" in shown  # vgg16-gap: 14,714,688 + 262,656 + 513 * 2
    assert "(estimate, from measurements on two cores)" in shown
    page = page.button(key="train_choose_cnn-small").click().run()
    page = page.number_input(key="train_value_epochs").set_value(3).run()
    page = page.select_slider(key="train_value_learning_rate").set_value(0.002).run()
    page = page.selectbox(key="train_value_balance").set_value("class weights").run()
    page = page.slider(key="train_augment_rotation_deg").set_value(30).run()
    page = page.slider(key="train_augment_translation").set_value(25).run()
    assert not page.exception
    recipe = draft(opened).recipe
    assert (recipe.name, recipe.epochs, recipe.learning_rate) == ("cnn-small", 3, 0.002)
    assert (recipe.balance, recipe.augmentation.rotation_deg) == ("class weights", 30)
    assert recipe.augmentation.translation == 0.25
    again = recipe_page(opened)
    assert again.number_input(key="train_value_epochs").value == 3
    assert "cnn-small is trained on 21 photos" in texts(again).replace("*", "")  # 24 less 1 of 8 and 2 of 16
    button(again, "Reset to the recipe's values").click().run()
    assert draft(opened).recipe == recipe_named("cnn-small")


def test_the_variants_of_a_photo_are_shown_with_words(opened: DataSet) -> None:
    page = recipe_page(opened).button(key="train_choose_cnn-small").click().run()
    variants = [one.proto.imgs[0] for one in page.get("image")]
    assert [one.caption for one in variants] == ["original", *(f"variant {number}" for number in range(1, 9))]
    assert variants[8].alt.endswith(", variant 8")
    page = recipe_page(opened).button(key="train_choose_vgg16-bottleneck").click().run()
    assert "so photos are not augmented" in texts(page)


def test_values_out_of_their_limits_are_refused_with_a_sentence(opened: DataSet) -> None:
    page = recipe_page(opened).number_input(key="train_value_epochs").set_value(0).run()
    assert "epochs must be 1 to 10000, got 0" in texts(page)
    assert page.number_input(key="train_value_epochs").value == 15
    page = page.number_input(key="train_value_dropout").set_value(1.5).run()
    assert "dropout must be 0 to 0.95" in texts(page)


def test_a_training_starts_as_asked_on_the_split_that_was_shown(
    opened: DataSet, started: list[TrainingRequest]
) -> None:
    page = recipe_page(opened).button(key="train_choose_cnn-small").click().run()
    page = page.text_input(key=f"train_name_{opened.set_id}").input("Three Owls").run()
    page = button(page, "Start the training").click().run()
    assert not page.exception
    (request,) = started
    assert (request.model_id, request.name) == ("three-owls", "Three Owls")
    assert (request.recipe.name, request.weights) == ("cnn-small", "none")
    assert (request.data, request.plan) == (opened.source, opened.plan)
    assert read_split(request.folder / "split.csv") == read_split(opened.split_file)
    assert page.query_params["step"] == "run"
    assert page.query_params["training"] == "three-owls"


def test_a_new_model_needs_a_name_that_no_other_model_has(
    gallery: SmallGallery, opened: DataSet, started: list[TrainingRequest]
) -> None:
    gallery.add_model(model_card("forest", name="Füchse im Wald"), own=True)
    page = recipe_page(opened)
    page = page.text_input(key=f"train_name_{opened.set_id}").input("füchse im wald").run()
    page = button(page, "Start the training").click().run()
    assert "called füchse im wald already" in texts(page)
    assert not started


def test_the_recipe_for_few_photos_is_recommended_and_others_say_how_many_they_need(opened: DataSet) -> None:
    shown = texts(recipe_page(opened))
    assert "Fits few photos: only the dense layers are trained" in shown
    assert "Needs 1,000 photos or more" in shown
    assert "Needs 5,000 photos or more" in shown


def test_weights_that_are_not_there_and_a_process_that_cannot_start_are_said(
    opened: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise JobError("The training process could not be started (no memory). Free some.")

    monkeypatch.setattr(training_runs, "start", fail)
    page = recipe_page(opened).selectbox(key="train_weights").set_value("path").run()
    page = button(page, "Start the training").click().run()
    assert "There are no weights at 'an empty path'" in texts(page)
    page = page.text_input(key="train_weights_path").input("/no/such.npz").run()
    page = button(page, "Start the training").click().run()
    assert "There are no weights at '/no/such.npz'" in texts(page)
    page = page.selectbox(key="train_weights").set_value("none").run()
    assert "Its convolutions would stay random" in texts(page)
    page = button(page, "Start the training").click().run()
    assert "could not be started (no memory)" in texts(page)
    assert not any(wiring.settings().trainings.glob("*/request.json"))


def test_a_start_that_knows_the_photos_held_back_is_warned_of(gallery: SmallGallery, opened: DataSet) -> None:
    ids = list(read_split(opened.split_file))
    gallery.add_model(model_card("knows-all"), own=True, training_photos=ids)
    wiring.models().activate("knows-all")
    shown = texts(recipe_page(opened))
    assert "were trained on 3 of the 3 photos held back" in shown


def test_a_tagging_job_at_the_same_time_is_said(
    gallery: SmallGallery, opened: DataSet, started: Callable[..., Any]
) -> None:
    collection = wiring.catalog().add_collection(gallery.photos, CollectionKind.FOLDER)
    wiring.catalog().queue_job(collection.collection_id, MODEL_ID)
    assert "Photos are being tagged at the moment" in texts(recipe_page(opened))


def test_what_was_shown_is_there_again_after_another_page(opened: DataSet) -> None:
    page = recipe_page(opened)
    page.switch_page("pages/models.py").run()
    page.query_params.clear()
    page.switch_page("pages/train.py").run()
    assert not page.exception
    assert page.query_params["set"] == opened.set_id
    assert page.query_params["step"] == "recipe"
    assert "Start the training" in labels(page)
