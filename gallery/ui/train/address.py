"""What the Train page shows, in its address: step, data set, training. A reload finds it again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gallery.services import training_runs, training_sets
from gallery.training.data_sets import DataSet
from gallery.training.trainings import TrainingRun
from gallery.ui.components.address import go as go
from gallery.ui.components.choice import one_of

DATA, RECIPE, RUN, SEARCH = "data", "recipe", "run", "search"
TITLES = {DATA: "1 · Data", RECIPE: "2 · Recipe", RUN: "3 · Run", SEARCH: "Tune settings"}
_SEEN = "train_address"
_NAMES = ("step", "set", "training")


def restore() -> None:
    """Give an address without words what was shown before: in this browser, else a training that needs eyes.

    That is one that runs, else one that is finished and neither kept nor discarded.
    """
    if any(name in st.query_params for name in _NAMES):
        return
    known: dict[str, str] = st.session_state.get(_SEEN, {})
    if not known:
        runs = training_runs.trainings()
        waiting = [run for run in runs if run.live] + [run for run in runs if run.candidate is not None]
        known = {"step": RUN, "training": waiting[0].request.model_id} if waiting else {}
    for name, value in known.items():
        st.query_params[name] = value


def remember() -> None:
    """Keep what is shown for when this browser comes back from another page."""
    st.session_state[_SEEN] = {name: st.query_params[name] for name in _NAMES if name in st.query_params}


def step() -> str:
    """Return the step that is shown."""
    named = st.query_params.get("step", DATA)
    return named if named in TITLES else DATA


def chosen_set() -> DataSet | None:
    """Return the data set that the address names; None while none is chosen."""
    return training_sets.known_set(st.query_params.get("set", ""))


def chosen_run(runs: Sequence[TrainingRun]) -> TrainingRun | None:
    """Return the training that the address names; else one that runs, else the latest."""
    named = st.query_params.get("training")
    by_name = {run.request.folder.name: run for run in runs}
    live = next((run for run in runs if run.live), None)
    return by_name.get(named or "") or live or (runs[0] if runs else None)


def show_steps() -> str:
    """Show the steps and return the one that is open."""
    st.session_state["train_step"] = step()
    one_of("Step", TITLES, key="train_step", on_change=lambda: go(step=st.session_state["train_step"]))
    return step()
