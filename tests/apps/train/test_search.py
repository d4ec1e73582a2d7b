"""A search for a recipe on the Train page: its start, its trials, and its best one."""

from __future__ import annotations

import pytest

from gallery.services import training_runs, wiring
from gallery.training.data_sets import DataSet
from gallery.training.history import write_table
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.search import Trial
from gallery.types import JobKind, JobState
from tests.apps.small_gallery import open_page, texts
from tests.apps.train.owls import button, draft, job_of, training
from tests.stored_splits import read_split


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
    write_table(folder / "trials.csv", Trial, trials())
    wiring.catalog().finish_job(job_of(request, JobKind.SEARCH).job_id, JobState.DONE)
    page = open_page("train", step="search")
    assert not page.exception
    assert "Best so far: trial 2" in texts(page)
    (table,) = [one.value for one in page.dataframe if "trial" in one.value.columns]
    assert table["trial"].tolist() == [2, 1, 3]
    page = button(page, "Use these settings").click().run()
    assert not page.exception
    assert page.query_params["step"] == "recipe"
    recipe = draft(opened).recipe
    assert (recipe.name, recipe.epochs) == ("cnn-small-tuned", recipe_named("cnn-small").epochs)
    assert (recipe.learning_rate, recipe.conv_layers, recipe.dense_units) == (3e-3, 3, 128)
    assert "cnn-small-tuned is trained on" in texts(page).replace("*", "")
    assert "owls" not in texts(open_page("train", step="run"))  # a search is no training
    assert request.model_id == "owls"


def test_a_search_starts_with_its_trials_and_epochs(opened: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[TrainingRequest, int]] = []

    def start(request: TrainingRequest, *, trials: int) -> None:
        remember(request)
        asked.append((request, trials))

    monkeypatch.setattr(training_runs, "start", start)
    page = open_page("train", step="search", set=opened.set_id)
    page.number_input(key="train_trials").set_value(7)
    page.number_input(key="train_trial_epochs").set_value(2)
    page = button(page, "Start tuning").click().run()
    assert not page.exception
    ((request, count),) = asked
    assert (count, request.recipe.epochs, request.folder.name) == (7, 2, f"{request.model_id}-search")
    assert read_split(request.folder / "split.csv") == read_split(opened.split_file)
