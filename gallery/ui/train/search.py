"""Tune settings: trials of the small network; the best one becomes the recipe of step 2."""

from __future__ import annotations

import streamlit as st

from gallery.services import train as train_service
from gallery.services import training_runs, training_sets
from gallery.training.data_sets import DataSet
from gallery.training.recipes import Recipe
from gallery.training.search import SearchResult
from gallery.training.trainings import TrainingRun
from gallery.ui.components import clickable_chart, messages, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import charts as train_charts
from gallery.ui.train import data as train_data
from gallery.ui.train import run as train_run
from gallery.ui.train.recipe import no_photos
from gallery.words import percent

_EPOCHS = 5


def show() -> None:
    """Show the searches so far and offer a new one."""
    run = train_run.follow(training_runs.searches, "Tuning", _search)
    chosen = train_address.chosen_set()
    if chosen is not None:
        with st.expander("Tune settings on these photos", expanded=run is None):
            _new(chosen)
    elif run is None:
        no_photos()


def _new(chosen: DataSet) -> None:
    st.markdown(
        f"Small networks (`cnn-small`) with different settings are trained on **{escaped(chosen.name)}** for "
        "a few epochs each: learning rate, dropout, number and size of the convolutions, dense units. "
        "Bayesian optimisation chooses the next settings from the trials so far. The best can then be used "
        "in step 2."
    )
    if train_data.prepared(chosen) is None:
        return
    with st.form("train_search_form", border=False):
        first, second = st.columns(2, width=420)
        trials = first.number_input("Trials", 1, 200, training_runs.TRIALS, key="train_trials")
        epochs = second.number_input("Epochs per trial", 1, 100, _EPOCHS, key="train_trial_epochs")
        if st.form_submit_button("Start tuning", type="primary", icon=":material/search:"):
            messages.attempt(_start, chosen, int(trials), int(epochs))
            messages.show_said()


def _start(chosen: DataSet, trials: int, epochs: int) -> None:
    train_address.go(training=train_service.start_search(chosen, trials, epochs))
    st.rerun()


def _search(run: TrainingRun) -> None:
    more = run.state == "finished"
    train_run.show_state(
        run,
        run.progress.stage if run.state == "training" else "".join(train_run.preparing(run)),
        stop="Stop here",
        stop_help="Keeps the trials that are done.",
        resume="Six more trials" if more else "Resume",
        more_trials=6 if more else 0,
        discard="This removes the trials with their table.",
        at_work="Running trials",
    )
    result = training_runs.search_result(run)
    if result is None:
        st.caption("The table appears when the first trial is done.")
        return
    _result(run, result)


def _result(run: TrainingRun, result: SearchResult) -> None:
    trials, best = result.trials, result.best
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Best so far: trial {best.trial}**, validation accuracy {percent(best.val_accuracy or 0)}, "
            f"loss {best.val_loss:.3f}"
        )
        if st.button(
            "Use these settings",
            type="primary",
            icon=":material/arrow_back:",
            key="train_take_best",
            help="Fills step 2 with these settings and the recipe's usual number of epochs.",
        ):
            messages.attempt(_take, run, result.recipe)
            messages.show_said()
    clickable_chart.show(train_charts.search_chart(trials, dark=theme.is_dark()), key="train_parcoords")
    st.caption(
        "One line per trial; the warmer its colour, the higher its accuracy. Drag along an axis to filter."
    )
    train_charts.trials_table(trials)


def _take(run: TrainingRun, recipe: Recipe) -> None:
    """Fill step 2 with the best trial, on the photos that it was found with."""
    chosen = training_sets.set_of(run.request.data)
    train_service.choose(chosen, recipe, weights="none")
    train_address.go(step=train_address.RECIPE, set=chosen.set_id)
    st.rerun()  # the whole page: a callback would run this part of it alone
