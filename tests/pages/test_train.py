"""The Train page: empty states, each wrong data set, recipe, a training's states, its result, a search."""

from __future__ import annotations

import csv
import dataclasses
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gallery.errors import JobError
from gallery.model_files import ModelStore
from gallery.training.data_sets import DataSet, open_set, read_draft, stored_set
from gallery.training.history import Epoch, Progress, write_history, write_progress
from gallery.training.labelled_data import Part
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.run_lock import sole_process
from gallery.training.search import Trial, write_table
from gallery.training.splits import SplitPlan, read_split
from gallery.training.trainings import candidate_folder, training_run
from gallery.types import CollectionKind
from gallery.ui import folder_box, train_address, train_recipe, train_run, wiring
from tests.pages.small_gallery import MODEL_ID, SmallGallery, model_card, open_page, texts

PER_CLASS = 8


def draw(path: Path, number: int) -> Path:
    """Write a picture unlike that of any other number."""
    cells = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells.repeat(12, 0).repeat(12, 1)).save(path)
    return path


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """Eight owls and sixteen of another kind, an empty file, and a model."""
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    gallery.add_model()
    for number in range(PER_CLASS):
        draw(gallery.photos / "barn_owl" / f"{number}.png", number)
        for more in (100, 200):
            draw(gallery.photos / "tawny_owl" / f"{number + more}.png", number + more)
    (gallery.photos / "barn_owl" / "empty.png").touch()
    return gallery


@pytest.fixture
def opened(gallery: SmallGallery) -> DataSet:
    """The owls, opened and looked at."""
    chosen = open_set(gallery.photos, wiring.settings().training_sets)
    looked_at(chosen)
    return chosen


def looked_at(chosen: DataSet) -> None:
    """Wait for the look at a set."""
    look = train_address.looks().begin(chosen, train_address.parts())
    until = time.monotonic() + 60
    while look.live and time.monotonic() < until:
        time.sleep(0.02)
    assert not look.live


def give_path(monkeypatch: pytest.MonkeyPatch, path: object) -> AppTest:
    """Open the page and give it a path, once, as the folder box does."""
    given = [str(path)]
    monkeypatch.setattr(folder_box, "show", lambda **_: given.pop() if given else None)
    page = open_page("train")
    assert not page.exception
    return page


def button(page: AppTest, label: str) -> Any:
    return next(one for one in page.button if one.label == label)


def labels(page: AppTest) -> list[str]:
    return [one.label for one in page.button]


def test_each_step_says_what_comes_first(gallery: SmallGallery) -> None:
    page = open_page("train")
    assert not page.exception
    assert "Which photos shall a new model learn from?" in texts(page)
    for step, sentence in (
        ("recipe", "Choose photos first"),
        ("run", "Nothing has been trained yet"),
        ("search", "Choose photos first"),
        ("no such step", "Which photos shall"),
    ):
        page = open_page("train", step=step)
        assert not page.exception
        assert sentence in texts(page)
    page = open_page("train", set="0123456789ab")
    assert "not known any more" in texts(page)


def test_a_folder_is_opened_looked_at_and_remembered(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos)
    set_id = page.query_params["set"]
    chosen = stored_set(set_id, wiring.settings().training_sets)
    assert chosen is not None
    looked_at(chosen)
    page = open_page("train", set=set_id)
    assert not page.exception
    shown = texts(page)
    assert "24 photos in 2 classes, 8 to 16 each" in shown
    assert "Unequal classes: 2.0 photos of tawny_owl for each one of barn_owl" in shown
    assert "1 file could not be read and is left out." in shown
    assert "<b>8</b>" in shown
    assert "<b>16</b>" in shown
    assert "Next: choose a recipe" in labels(page)
    assert [tab.label for tab in page.tabs] == ["Photos", "Duplicates (0)", "Unreadable (1)", "Small (0)"]
    assert any("photos" in one.label for one in open_page("train").button)  # offered again


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/no/such/folder", "There is no folder /no/such/folder"), (__file__, "is a file, not a folder")],
)
def test_a_path_that_is_no_folder_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    assert sentence in texts(give_path(monkeypatch, path))


def test_a_file_that_is_no_zip_or_table_gets_a_sentence_and_a_zip_is_opened(
    gallery: SmallGallery, tmp_path: Path
) -> None:
    page = open_page("train")
    page = page.segmented_control(key="train_kind").set_value("A zip or a table").run()
    page.text_input(key="train_file").input("/no/such.zip")
    page = button(page, "Open the file").click().run()
    assert "is no zip or CSV file" in texts(page)
    with zipfile.ZipFile(tmp_path / "owls.zip", "w") as archive:
        for path in gallery.photos.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    page.text_input(key="train_file").input(str(tmp_path / "owls.zip"))
    page = button(page, "Open the file").click().run()
    assert not page.exception
    chosen = stored_set(page.query_params["set"], wiring.settings().training_sets)
    assert chosen is not None
    looked_at(chosen)
    assert "24 photos in 2 classes" in texts(open_page("train", set=chosen.set_id))


def test_one_class_alone_and_a_class_of_one_photo_get_a_sentence_with_the_remedy(
    gallery: SmallGallery, tmp_path: Path
) -> None:
    for name, sentence in (
        ("alone", "only the class 'alone'; a training needs two classes"),
        ("few", "The class 'b' would have no validation photo. Add photos"),
    ):
        root = tmp_path / name
        for number in range(4):
            draw(root / ("alone" if name == "alone" else "a") / f"{number}.png", number)
        if name == "few":
            draw(root / "b" / "9.png", 9)
        chosen = open_set(root, wiring.settings().training_sets)
        looked_at(chosen)
        page = open_page("train", set=chosen.set_id)
        assert not page.exception
        assert sentence in texts(page)
        assert "Look again" in labels(page)


def test_what_people_labelled_in_the_gallery_becomes_a_data_set(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take() -> AppTest:
        page = open_page("train")
        page = page.segmented_control(key="train_kind").set_value("Photos labelled in this gallery").run()
        return button(page, "Take these photos").click().run()

    assert "Nobody has labelled a photo in this gallery yet" in texts(take())
    (gallery.photos / "barn_owl" / "empty.png").unlink()
    gallery.tag({})
    for folder, label in (("barn_owl", "cat"), ("tawny_owl", "dog")):
        ids = [gallery.photo_id(f"{folder}/{path.name}") for path in (gallery.photos / folder).iterdir()]
        wiring.catalog().correct(ids, label, person="me", model_id=None)
    page = take()
    assert not page.exception
    chosen = stored_set(page.query_params["set"], wiring.settings().training_sets)
    assert chosen is not None
    looked_at(chosen)
    shown = texts(open_page("train", set=chosen.set_id))
    assert "24 photos in 2 classes, 8 to 16 each" in shown
    assert "🐱 Cat" in shown


def test_another_split_is_drawn_shown_and_kept(opened: DataSet) -> None:
    page = open_page("train", set=opened.set_id)
    page = page.segmented_control(key="train_shares").set_value("70 / 15 / 15").run()
    assert not page.exception
    changed = stored_set(opened.set_id, wiring.settings().training_sets)
    assert changed is not None
    assert changed.plan == SplitPlan(0.15, 0.15)
    looked_at(changed)
    assert "to test" in texts(open_page("train", set=opened.set_id))
    parts = list(read_split(changed.split_file).values())
    assert parts.count(Part.TEST) == 3  # 15 % of 8 and of 16: 1 and 2
    page = open_page("train", set=opened.set_id).toggle(key="train_by_group").set_value(True).run()
    assert stored_set(opened.set_id, wiring.settings().training_sets).plan.by_group  # type: ignore[union-attr]


def recipe_page(chosen: DataSet) -> AppTest:
    page = open_page("train", set=chosen.set_id, step="recipe")
    assert not page.exception
    return page


def draft(chosen: DataSet) -> Any:
    found = read_draft(chosen)
    assert found is not None
    return found


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
    assert "cnn-small learns from 21 photos" in texts(again).replace("*", "")  # 24 less 1 of 8 and 2 of 16
    button(again, "Back to the recipe's usual values").click().run()
    assert draft(opened).recipe == recipe_named("cnn-small")


def test_the_variants_of_a_photo_are_shown_with_words(opened: DataSet) -> None:
    page = recipe_page(opened).button(key="train_choose_cnn-small").click().run()
    variants = next(one.value for one in page.get("html") if "train-variants" in str(one.value))
    assert variants.count("<img") == 9
    assert "variant 8" in variants
    page = recipe_page(opened).button(key="train_choose_vgg16-bottleneck").click().run()
    assert "sees each photo once, as it is" in texts(page)


def test_values_out_of_their_limits_are_refused_with_a_sentence(opened: DataSet) -> None:
    page = recipe_page(opened).number_input(key="train_value_epochs").set_value(0).run()
    assert "epochs must be 1 to 10000, got 0" in texts(page)
    assert page.number_input(key="train_value_epochs").value == 15
    page = page.number_input(key="train_value_dropout").set_value(1.5).run()
    assert "dropout must be 0 to 0.95" in texts(page)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[TrainingRequest]:
    """What was asked to start; no process is."""
    asked: list[TrainingRequest] = []

    def start(request: TrainingRequest, home: Path) -> None:
        remember(request)
        asked.append(request)

    monkeypatch.setattr(train_recipe, "start_training_process", start)
    monkeypatch.setattr(train_run, "start_training_process", start)
    return asked


def test_a_training_starts_as_asked_on_the_split_that_was_shown(
    opened: DataSet, started: list[TrainingRequest]
) -> None:
    page = recipe_page(opened).button(key="train_choose_cnn-small").click().run()
    page = page.text_input(key=f"train_id_{opened.set_id}").input("owls-1").run()
    page = button(page, "Start the training").click().run()
    assert not page.exception
    (request,) = started
    assert (request.model_id, request.recipe.name, request.weights) == ("owls-1", "cnn-small", "none")
    assert (request.data, request.plan) == (opened.source, opened.plan)
    assert read_split(request.folder / "split.csv") == read_split(opened.split_file)
    assert page.query_params["step"] == "run"
    assert page.query_params["training"] == "owls-1"
    page = recipe_page(opened).text_input(key=f"train_id_{opened.set_id}").input("owls-1").run()
    page = button(page, "Start the training").click().run()
    assert "called owls-1 already" in texts(page)
    page = page.text_input(key=f"train_id_{opened.set_id}").input("Not An Id!").run()
    page = button(page, "Start the training").click().run()
    assert "cannot be a model's id" in texts(page)
    assert len(started) == 1


def test_weights_that_are_not_there_and_a_process_that_cannot_start_are_said(
    opened: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JobError("The training process could not be started (no memory). Free some.")

    monkeypatch.setattr(train_recipe, "start_training_process", fail)
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
    assert "was trained on 3 of the 3 photos held back" in shown


def training(name: str = "owls", **changes: Any) -> TrainingRequest:
    """A training of the home whose process is gone."""
    here = wiring.settings()
    request = TrainingRequest(
        data=here.home.parent / "photos",
        recipe=recipe_named("cnn-small").changed(epochs=4, batch=10),
        weights="none",
        model_id=name,
        folder=here.trainings / name,
        cache=here.training_cache,
    )
    request = dataclasses.replace(request, **changes)
    remember(request)
    rows = [Epoch(1, 1.5, 0.5, 1.2, 0.55, 1e-3, 4.0), Epoch(2, 0.9, 0.7, 0.8, 0.75, 1e-3, 4.0)]
    write_history(request.folder / "history.csv", rows)
    return request


def test_a_running_training_tells_how_far_it_is_and_can_be_stopped(gallery: SmallGallery) -> None:
    request = training()
    # 1.5 epochs of 12 x 10 photos in 6 s
    write_progress(request.folder / "progress.json", Progress("training", 3, 4, 6, 12, 6.0))
    with sole_process(request.folder):
        page = open_page("train")  # an address without words leads to what is running
        assert not page.exception
        shown = texts(page)
        assert "epoch 3 of at most 4 · 30 photos/s · about 5 s left at most" in shown
        assert "best so far 75.0 % in epoch 2" in shown
        assert "Discard it for good" not in labels(page)
        button(page, "Stop and keep the best").click().run()
        assert (request.folder / "stop").exists()
        assert "Stopping ..." in labels(open_page("train"))


def test_an_interrupted_and_a_failed_training_can_be_resumed_or_discarded(
    gallery: SmallGallery, started: list[TrainingRequest]
) -> None:
    request = training()
    write_progress(request.folder / "progress.json", Progress("training", 3, 4, 6, 12, 6.0))
    page = open_page("train", step="run")
    assert "Resume goes on after the last whole epoch" in texts(page)
    button(page, "Resume").click().run()
    assert [one.model_id for one in started] == ["owls"]
    write_progress(
        request.folder / "progress.json", Progress("failed", message="The disk is full. Free some.")
    )
    page = open_page("train", step="run", training="owls")
    assert "The disk is full. Free some." in texts(page)
    page = button(page, "Discard it for good").click().run()
    assert not page.exception
    assert not request.folder.exists()
    assert "Nothing has been trained yet" in texts(open_page("train", step="run"))


@pytest.fixture
def finished(gallery: SmallGallery) -> TrainingRequest:
    """A finished training, and what it and the active model said of six photos held back.

    The new model is right on all six, the active one on one of them.
    """
    request = training()
    write_progress(request.folder / "progress.json", Progress("finished", 2, 4))
    card = model_card(
        "owls", class_names=("cat", "dog"), tested_on={"part": "validation", "n": 6, "accuracy": 1.0}
    )
    candidates = ModelStore(request.folder / "none", candidate_folder(request.folder))
    candidates.save(card, {"predictions/kernel": np.ones((2, 2), np.float16)})
    held = {gallery.photo_id(f"barn_owl/{number}.png"): f"barn_owl/{number}.png" for number in range(6)}
    with (request.folder / "split.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("photo_id", "path", "label", "group", "part"))
        for number, (photo_id, path) in enumerate(held.items()):
            rows.writerow((photo_id, path, "cat" if number < 3 else "dog", "g", "validation"))
    truth = {photo_id: "cat" if number < 3 else "dog" for number, photo_id in enumerate(held)}
    said = {photo_id: "cow" if number else "cat" for number, photo_id in enumerate(held)}
    for store, model_id, answers in ((candidates, "owls", truth), (wiring.models(), MODEL_ID, said)):
        name = f"{model_id}-{store.card(model_id).weights_sha256[:8]}"
        (request.folder / f"said-{name}.json").write_text(json.dumps(answers))
    return request


def test_a_new_model_is_compared_kept_and_activated(finished: TrainingRequest) -> None:
    page = open_page("train", step="run", training="owls")
    assert not page.exception
    shown = texts(page)
    assert "owls names 100.0 % of 6 photos to judge by rightly" in shown.replace("*", "")
    numbers = {metric.label.replace("\\", ""): metric.value for metric in page.metric}
    assert numbers["New: owls"] == "100.0 %"
    assert numbers[f"Active: {MODEL_ID}"] == "16.7 %"
    assert (numbers["Only the new one is right"], numbers["Only the active one is right"]) == ("5", "0")
    assert "may be chance" in shown  # five of five: p = 2 / 2^5 = 0.0625
    assert "p = 0.062" in shown
    assert "The best epoch was chosen by these photos" in shown
    pictures = [str(one.value) for one in page.get("html") if "train-photos" in str(one.value)]
    assert pictures[-1].count("<img") == 5
    assert wiring.models().active_id() == MODEL_ID
    page = button(page, "Keep this model").click().run()
    assert not page.exception
    assert "owls" in [entry.model_id for entry in wiring.models().entries()]
    assert training_run(finished).candidate is None
    assert wiring.models().active_id() == MODEL_ID
    page = button(page, "Use it for tagging").click().run()
    assert not page.exception
    assert wiring.models().active_id() == "owls"


def test_a_new_model_that_is_discarded_leaves_nothing_and_its_name_is_free(finished: TrainingRequest) -> None:
    page = open_page("train", step="run", training="owls")
    assert "Its model is not kept" in texts(page)
    page = button(page, "Discard it for good").click().run()
    assert not page.exception
    assert not finished.folder.exists()
    assert not wiring.models().taken("owls")


def test_photos_that_a_model_was_trained_on_are_said(
    gallery: SmallGallery, finished: TrainingRequest
) -> None:
    known = [gallery.photo_id(f"barn_owl/{number}.png") for number in range(4)]
    gallery.add_model(model_card("other"), own=True, training_photos=known)
    wiring.models().activate("other")
    sha = wiring.models().card("other").weights_sha256[:8]
    answers = dict.fromkeys(read_split(finished.folder / "split.csv"), "cat")
    (finished.folder / f"said-other-{sha}.json").write_text(json.dumps(answers))
    request = json.loads((finished.folder / "request.json").read_text())
    request["weights"] = str(wiring.models().entry("other").folder)
    (finished.folder / "request.json").write_text(json.dumps(request))
    shown = texts(open_page("train", step="run", training="owls"))
    assert "The active model was trained on 4 of these 6 photos." in shown
    assert "began from one that was trained on 4 of these 6 photos" in shown


def trials() -> list[Trial]:
    return [
        Trial(1, 1e-3, 0.5, 2, 3, 64, 0.9, 0.6, 5, 20.0),
        Trial(2, 3e-3, 0.2, 3, 5, 128, 0.4, 0.85, 5, 25.0),
        Trial(3, 9e-3, 0.1, 4, 3, 512, None, None, 0, 1.0),
    ]


def test_a_search_shows_its_trials_and_its_best_one_fills_the_recipe(opened: DataSet) -> None:
    here = wiring.settings()
    request = training("owls", data=opened.source, folder=here.trainings / "owls-search")
    folder = here.trainings / "owls-search"
    write_table(folder / "trials.csv", trials())
    write_progress(folder / "progress.json", Progress("finished", 3, 3))
    page = open_page("train", step="search")
    assert not page.exception
    assert "Best so far: trial 2" in texts(page)
    (table,) = [one.value for one in page.dataframe if "Trial" in one.value.columns]
    assert table["Trial"].tolist() == [2, 1, 3]
    page = button(page, "Make it the recipe").click().run()
    assert not page.exception
    assert page.query_params["step"] == "recipe"
    recipe = draft(opened).recipe
    assert (recipe.name, recipe.epochs) == ("cnn-small-tuned", recipe_named("cnn-small").epochs)
    assert (recipe.learning_rate, recipe.conv_layers, recipe.dense_units) == (3e-3, 3, 128)
    assert "cnn-small-tuned learns from" in texts(page).replace("*", "")
    assert "owls" not in texts(open_page("train", step="run"))  # a search is no training
    assert request.model_id == "owls"


def test_a_search_starts_with_its_trials_and_epochs(opened: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[TrainingRequest, int]] = []

    def start(request: TrainingRequest, home: Path, *, trials: int) -> None:
        remember(request)
        asked.append((request, trials))

    monkeypatch.setattr("gallery.ui.train_search.start_search_process", start)
    page = open_page("train", step="search", set=opened.set_id)
    page.number_input(key="train_trials").set_value(7)
    page.number_input(key="train_trial_epochs").set_value(2)
    page = button(page, "Start the search").click().run()
    assert not page.exception
    ((request, count),) = asked
    assert (count, request.recipe.epochs, request.folder.name) == (7, 2, f"{request.model_id}-search")
    assert read_split(request.folder / "split.csv") == read_split(opened.split_file)


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
