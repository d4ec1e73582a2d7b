"""A real search with three tiny trials: its table, its memory, and the recipe it gives."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gallery.errors import TrainingError
from gallery.jobs.progress import Stopped
from gallery.training import search as search_module
from gallery.training.augmentation import Augmentation
from gallery.training.history import TrainingProgress
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingParts, TrainingRequest
from gallery.training.search import _finished, deepest, read_result, search

pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]

RECIPE = recipe_named("cnn-small").changed(
    input_px=32, filters=4, batch=16, epochs=2, augmentation=Augmentation(), seed=3
)


@pytest.fixture
def request_(striped: Any, tmp_path: Path) -> TrainingRequest:
    pytest.importorskip("keras_tuner")
    return TrainingRequest(striped.root, RECIPE, None, "tuned", tmp_path / "search", tmp_path / "cache")


def test_trials_are_added_to_those_done_and_the_best_becomes_a_recipe(
    request_: TrainingRequest, parts: TrainingParts, capsys: pytest.CaptureFixture[str]
) -> None:
    first = search(request_, parts, then_epochs=30, trials=2)
    assert [trial.trial for trial in first.trials] == [1, 2]
    told: list[TrainingProgress] = []
    more = search(request_, parts, then_epochs=30, trials=4, on_progress=told.append)
    assert more.trials[:2] == first.trials
    assert len(more.trials) == 4
    assert {now.stage.split()[1] for now in told if now.stage.startswith("trial")} == {"3", "4"}
    best = min(more.trials, key=lambda trial: trial.val_loss or 9)
    assert more.best == best
    assert (more.recipe.learning_rate, more.recipe.conv_layers) == (best.learning_rate, best.conv_layers)
    assert (more.recipe.kernel_px, more.recipe.dense_units) == (best.kernel_px, best.dense_units)
    assert (more.recipe.name, more.recipe.epochs, more.recipe.batch) == ("cnn-small-tuned", 30, 16)
    rows = list(csv.DictReader((request_.folder / "trials.csv").read_text().splitlines()))
    assert [float(row["val_loss"]) for row in rows] == [trial.val_loss for trial in more.trials]
    assert len({row["learning_rate"] for row in rows}) == 4
    assert json.loads(json.dumps(more.to_json()))["best_trial"] == best.trial
    assert capsys.readouterr().out == ""


def test_a_search_that_is_stopped_goes_on_with_the_trial_it_left(
    request_: TrainingRequest, parts: TrainingParts
) -> None:
    def stop_in_second(now: TrainingProgress) -> None:
        if now.stage.startswith("trial 2"):
            raise Stopped

    assert len(search(request_, parts, then_epochs=30, trials=3, on_progress=stop_in_second).trials) == 1
    assert [trial.trial for trial in search(request_, parts, then_epochs=30, trials=3).trials] == [1, 2, 3]


@pytest.mark.parametrize(("trial", "status"), [(1, "RUNNING"), (0, "COMPLETED")])
def test_a_search_that_was_killed_between_two_of_its_files_goes_on(
    request_: TrainingRequest, parts: TrainingParts, monkeypatch: pytest.MonkeyPatch, trial: int, status: str
) -> None:
    """A trial's file says that it runs, or has ended, and the search's own file does not."""
    write = search_module._write_state

    def killed(stateful: Any, file: str | Path) -> None:
        write(stateful, file)
        state = stateful.get_state()
        if (state.get("trial_id"), state.get("status")) == (str(trial), status):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(search_module, "_write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            search(request_, parts, then_epochs=30, trials=2)
    assert [one.trial for one in search(request_, parts, then_epochs=30, trials=2).trials] == [1, 2]
    states = [json.loads(file.read_text()) for file in sorted(request_.folder.rglob("trial.json"))]
    assert [one["status"] for one in states] == ["COMPLETED", "COMPLETED"]


def test_a_search_stopped_before_its_first_trial_says_so_and_nothing_of_the_photos(
    request_: TrainingRequest, parts: TrainingParts
) -> None:
    def stop(now: TrainingProgress) -> None:
        if now.stage.startswith("trial"):
            raise Stopped

    with pytest.raises(TrainingError, match=r"Stopped before a trial was finished\. Start it again to go on"):
        search(request_, parts, then_epochs=30, trials=2, on_progress=stop)


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_every_seed_gives_the_same_proposals_again(
    request_: TrainingRequest, parts: TrainingParts, tmp_path: Path, seed: int
) -> None:
    proposed = []
    for name in ("one", "other"):
        asked = replace(request_, recipe=RECIPE.changed(seed=seed, epochs=1), folder=tmp_path / name)
        proposed.append(search(asked, parts, then_epochs=30, trials=1).best)
    assert proposed[0].learning_rate == proposed[1].learning_rate


def test_the_table_has_a_trial_whose_row_a_kill_prevented(
    request_: TrainingRequest, parts: TrainingParts
) -> None:
    trials = search(request_, parts, then_epochs=30, trials=2).trials
    table = request_.folder / "trials.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:2]))
    assert len(read_result(request_, then_epochs=30).trials) == 1
    assert search(request_, parts, then_epochs=30, trials=2).trials == trials


def test_the_tenth_trial_follows_the_ninth(tmp_path: Path) -> None:
    values = {"learning_rate": 1, "dropout": 0, "conv_layers": 2, "kernel_px": 3, "dense_units": 64}
    trial = SimpleNamespace(status="FAILED", hyperparameters=SimpleNamespace(values=values))
    oracle = SimpleNamespace(trials={f"{number:02}": trial for number in range(101)})
    assert [row.trial for row in _finished(oracle, tmp_path)] == list(range(1, 102))


def test_only_the_small_network_is_tuned_and_no_trials_are_no_result(
    request_: TrainingRequest, parts: TrainingParts, tmp_path: Path
) -> None:
    other = TrainingRequest(
        request_.data, recipe_named("cnn-large"), None, "other", tmp_path / "x", tmp_path / "cache"
    )
    with pytest.raises(TrainingError, match="tunes cnn-small, not cnn-large"):
        search(other, parts, then_epochs=30, trials=1)
    with pytest.raises(TrainingError, match="No trial"):
        read_result(request_, then_epochs=30)


def test_networks_as_deep_as_said_can_be_built_and_none_deeper() -> None:
    from gallery.errors import ModelError
    from gallery.network.architectures import NetworkOptions, build

    for side, kernel in ((32, 3), (32, 5), (150, 5)):
        layers = deepest(side, kernel)
        build("cnn-small", 2, side, options=NetworkOptions(conv_layers=layers, kernel_px=kernel, filters=1))
        deeper = NetworkOptions(conv_layers=layers + 1, kernel_px=kernel, filters=1)
        with pytest.raises(ModelError):
            build("cnn-small", 2, side, options=deeper)
