"""What the Train page shows, in its address: step, data set, training. A reload finds it again."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence

import streamlit as st

from gallery.services import train as train_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.training.data_sets import DataSet, recent_sets, stored_set
from gallery.training.looks import Looks
from gallery.training.request import TrainingParts
from gallery.training.trainings import TrainingRun, searches, trainings

DATA, RECIPE, RUN, SEARCH = "data", "recipe", "run", "search"
TITLES = {DATA: "1 · Data", RECIPE: "2 · Recipe", RUN: "3 · Run", SEARCH: "Search"}
_SEEN = "train_address"
_NAMES = ("step", "set", "training")

_making = threading.Lock()


def parts() -> TrainingParts:
    """Return what a look at data uses of the other rooms."""
    return _parts(wiring.settings())


@functools.lru_cache(maxsize=4)
def _parts(chosen: Settings) -> TrainingParts:
    return train_service.training_parts(chosen)


def looks() -> Looks:
    """Return the looks of this process: all browsers see the same ones."""
    with _making:
        return _looks(wiring.settings())


@functools.lru_cache(maxsize=4)
def _looks(chosen: Settings) -> Looks:
    return Looks(chosen.training_cache)


def all_trainings() -> list[TrainingRun]:
    """Return the trainings of this home, the latest first."""
    return trainings(wiring.settings().trainings, cache=wiring.settings().training_cache)


def all_searches() -> list[TrainingRun]:
    """Return the searches of this home, the latest first."""
    return searches(wiring.settings().trainings, cache=wiring.settings().training_cache)


def restore() -> None:
    """Give an address without words what was shown before: in this browser, else a training that needs eyes.

    That is one that runs, else one that is finished and neither kept nor discarded.
    """
    if any(name in st.query_params for name in _NAMES):
        return
    known: dict[str, str] = st.session_state.get(_SEEN, {})
    if not known:
        runs = all_trainings()
        waiting = [run for run in runs if run.live] + [run for run in runs if run.candidate is not None]
        known = {"step": RUN, "training": waiting[0].request.model_id} if waiting else {}
    for name, value in known.items():
        st.query_params[name] = value


def remember() -> None:
    """Keep what is shown for when this browser comes back from another page."""
    st.session_state[_SEEN] = {name: st.query_params[name] for name in _NAMES if name in st.query_params}


def go(**words: str | None) -> None:
    """Put something else into the address; None takes a word out."""
    for name, value in words.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def step() -> str:
    """Return the step that is shown."""
    named = st.query_params.get("step", DATA)
    return named if named in TITLES else DATA


def chosen_set() -> DataSet | None:
    """Return the data set at hand; None while none is chosen."""
    return stored_set(st.query_params.get("set", ""), wiring.settings().training_sets)


def known_sets() -> list[DataSet]:
    """Return the sets that were opened, the latest first."""
    return recent_sets(wiring.settings().training_sets)


def chosen_run(runs: Sequence[TrainingRun]) -> TrainingRun | None:
    """Return the training that the address names; else one that runs, else the latest."""
    named = st.query_params.get("training")
    by_name = {run.request.folder.name: run for run in runs}
    live = next((run for run in runs if run.live), None)
    return by_name.get(named or "") or live or (runs[0] if runs else None)


def show_steps() -> str:
    """Show the steps and return the one that is open."""
    st.session_state["train_step"] = step()
    st.segmented_control(
        "Step",
        list(TITLES),
        key="train_step",
        format_func=lambda name: TITLES[name],
        required=True,
        label_visibility="collapsed",
        on_change=lambda: go(step=st.session_state["train_step"]),
    )
    return step()
