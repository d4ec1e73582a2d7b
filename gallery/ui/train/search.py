"""Tune settings: trials of the small network; the best one becomes the recipe of step 2."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.services import train as train_service
from gallery.services import training_runs, training_sets
from gallery.training.data_sets import DataSet
from gallery.training.recipes import Recipe
from gallery.training.search import SearchResult
from gallery.training.trainings import TrainingRun
from gallery.ui.components import messages, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import charts as train_charts
from gallery.ui.train import data as train_data
from gallery.ui.train import run as train_run
from gallery.ui.train.recipe import no_photos
from gallery.words import percent

_LIVE_S = 2.0
_MESSAGE = "train_search_message"
_EPOCHS = 5


def show() -> None:
    """Show the searches so far and offer a new one."""
    message = st.session_state.pop(_MESSAGE, None)
    if message:
        st.error(escaped(message), icon=":material/error:")
    runs = training_runs.searches()
    if runs:
        run = _picked(runs)
        st.fragment(_live, run_every=_LIVE_S if run.live else None)(run.request.folder.name, run.live)
    chosen = train_address.chosen_set()
    if chosen is not None:
        with st.expander("Tune settings on these photos", expanded=not runs):
            _new(chosen)
    elif not runs:
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
            _start(chosen, int(trials), int(epochs))


def _start(chosen: DataSet, trials: int, epochs: int) -> None:
    try:
        name = train_service.start_search(chosen, trials, epochs)
    except (GalleryError, OSError) as exc:
        messages.show_error(exc)
        return
    train_address.go(training=name)
    st.rerun()


def _picked(runs: list[TrainingRun]) -> TrainingRun:
    run = train_address.chosen_run(runs)
    assert run is not None
    titles = {one.request.folder.name: train_run.title(one) for one in runs}
    st.session_state["train_search"] = run.request.folder.name
    st.selectbox(
        f"Tuning ({len(runs)} so far)" if len(runs) > 1 else "Tuning",
        list(titles),
        key="train_search",
        format_func=lambda name: titles.get(name, str(name)),
        on_change=lambda: train_address.go(training=st.session_state["train_search"]),
        width=520,
    )
    return run


def _live(name: str, was_live: bool) -> None:
    with messages.boundary():
        run = next((one for one in training_runs.searches() if one.request.folder.name == name), None)
        if run is None or run.live != was_live:
            st.rerun()
        _state(run)
        result = training_runs.search_result(run)
        if result is None:
            st.caption("The table appears when the first trial is done.")
            return
        _result(run, result)


def _state(run: TrainingRun) -> None:
    now = run.progress
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train_search_state"):
        running = run.state == "training"
        st.markdown(f"**{'Running trials' if running else train_run.STATES.get(run.state, run.state)}**")
        words = now.stage if run.state == "training" else ""
        if run.state == "preparing" and now.total:
            words = f"{now.done:,} / {now.total:,} photos"
        st.caption(escaped(words), width="stretch")
        if run.live:
            st.button(
                "Stop here", icon=":material/stop:", key="train_search_stop",
                on_click=training_runs.stop, args=(run,), help="Keeps the trials that are done.",
            )  # fmt: skip
            return
        more = run.state == "finished"
        st.button(
            "Six more trials" if more else "Resume",
            icon=":material/play_arrow:",
            key="train_search_resume",
            on_click=_resume,
            args=(run, 6 if more else 0),
        )
        train_run.offer_discard(
            run, "This removes the trials with their table.", key="train_search_discard", message_key=_MESSAGE
        )
    if run.state == "failed":
        st.error(escaped(run.message), icon=":material/error:")


def _resume(run: TrainingRun, more: int) -> None:
    try:
        training_runs.resume(run, more_trials=more)
    except (GalleryError, OSError) as exc:
        st.session_state[_MESSAGE] = str(exc)


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
            _take(run, result.recipe)
            st.rerun()  # the whole page: a callback would run this part of it alone
    st.plotly_chart(
        train_charts.search_figure(trials, dark=theme.is_dark()),
        theme=None,
        key="train_parcoords",
        config={"displayModeBar": False},
        alt="Parallel coordinates: one line per trial through its settings, its loss and its accuracy. The "
        "table below holds the same numbers.",
    )
    st.caption(
        "One line per trial; the warmer its colour, the higher its accuracy. Drag along an axis to filter."
    )
    st.dataframe(
        train_charts.trials_frame(trials),
        hide_index=True,
        key="train_trials_table",
        column_config={
            "Loss": st.column_config.NumberColumn(format="%.3f"),
            "Accuracy (%)": st.column_config.NumberColumn(format="%.1f"),
            "Learning rate": st.column_config.NumberColumn(format="%.2g"),
            "Dropout": st.column_config.NumberColumn(format="%.1f"),
            "Seconds": st.column_config.NumberColumn(format="%.0f"),
        },
        alt="The trials with their settings, the best one first",
    )


def _take(run: TrainingRun, recipe: Recipe) -> None:
    """Fill step 2 with the best trial, on the photos that it was found with."""
    try:
        chosen = training_sets.set_of(run.request.data)
        train_service.choose(chosen, recipe, weights="none")
    except (GalleryError, OSError) as exc:
        st.session_state[_MESSAGE] = str(exc)
        return
    train_address.go(step=train_address.RECIPE, set=chosen.set_id)
