"""Search: the best form of the small network is looked for; its best trial becomes the recipe of step 2."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from gallery.errors import GalleryError, TrainingError
from gallery.services import wiring
from gallery.training.data_sets import DataSet, free_id, open_set, write_draft
from gallery.training.recipes import Recipe, recipe_named
from gallery.training.request import TrainingRequest
from gallery.training.search import SearchResult, read_result
from gallery.training.trainings import (
    SEARCH_SUFFIX,
    TrainingRun,
    request_stop,
    start_search_process,
)
from gallery.ui.components import charts, messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import charts as train_charts
from gallery.ui.train import data as train_data
from gallery.ui.train import run as train_run
from gallery.ui.train.draft import draft_from
from gallery.ui.train.recipe import hand_over_split, no_photos
from gallery.words import percent

_LIVE_S = 2.0
_MESSAGE = "train_search_message"
_TRIALS, _EPOCHS = 12, 5


def show() -> None:
    """Show the searches so far and offer a new one."""
    message = st.session_state.pop(_MESSAGE, None)
    if message:
        st.error(escaped(message), icon=":material/error:")
    runs = train_address.all_searches()
    if runs:
        run = _picked(runs)
        st.fragment(_live, run_every=_LIVE_S if run.live else None)(run.request.folder.name, run.live)
    chosen = train_address.chosen_set()
    if chosen is not None:
        with st.expander("Start a new search", expanded=not runs):
            _new(chosen)
    elif not runs:
        no_photos()


def _new(chosen: DataSet) -> None:
    st.markdown(
        f"Small networks (`cnn-small`) are tried out on **{escaped(chosen.name)}**, each for a few epochs: "
        "learning "
        "rate, dropout, number and size of the convolutions, dense units. What the trials so far tell "
        "decides what is "
        "tried next (Bayesian optimisation). The best trial becomes a recipe with one click."
    )
    if train_data.looked(chosen) is None:
        return
    with st.form("train_search_form", border=False):
        first, second = st.columns(2, width=420)
        trials = first.number_input("Trials", 1, 200, _TRIALS, key="train_trials")
        epochs = second.number_input("Epochs a trial", 1, 100, _EPOCHS, key="train_trial_epochs")
        if st.form_submit_button("Start the search", type="primary", icon=":material/search:"):
            _start(chosen, int(trials), int(epochs))


def _start(chosen: DataSet, trials: int, epochs: int) -> None:
    trainings = wiring.settings().trainings

    def taken(model_id: str) -> bool:
        places = (trainings / model_id, trainings / f"{model_id}{SEARCH_SUFFIX}")
        return wiring.models().taken(model_id) or any(place.exists() for place in places)

    model_id = free_id("cnn-small", chosen.name, taken)
    request = TrainingRequest(
        data=chosen.source,
        recipe=recipe_named("cnn-small").changed(epochs=epochs),
        weights="none",
        model_id=model_id,
        folder=trainings / f"{model_id}{SEARCH_SUFFIX}",
        cache=wiring.settings().training_cache,
        plan=chosen.plan,
    )
    try:
        hand_over_split(chosen, request.folder)
        _run(request, trials)
    except (GalleryError, OSError) as exc:
        messages.show_error(exc)
        return
    train_address.go(training=request.folder.name)
    st.rerun()


def _run(request: TrainingRequest, trials: int) -> None:
    """Start or take up a search; how many trials it has is kept beside it."""
    request.folder.mkdir(parents=True, exist_ok=True)
    (request.folder / "trials.txt").write_text(str(trials), encoding="ascii")
    start_search_process(request, wiring.settings().home, trials=trials)


def _trials_of(folder: Path) -> int:
    try:
        return int((folder / "trials.txt").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _TRIALS


def _picked(runs: list[TrainingRun]) -> TrainingRun:
    run = train_address.chosen_run(runs)
    assert run is not None
    titles = {one.request.folder.name: train_run.title(one) for one in runs}
    st.session_state["train_search"] = run.request.folder.name
    st.selectbox(
        f"Search ({len(runs)} so far)" if len(runs) > 1 else "Search",
        list(titles),
        key="train_search",
        format_func=lambda name: titles.get(name, str(name)),
        on_change=lambda: train_address.go(training=st.session_state["train_search"]),
        width=520,
    )
    return run


def _live(name: str, was_live: bool) -> None:
    with messages.boundary():
        run = next((one for one in train_address.all_searches() if one.request.folder.name == name), None)
        if run is None or run.live != was_live:
            st.rerun()
        _state(run)
        try:
            result = read_result(run.request, then_epochs=recipe_named("cnn-small").epochs)
        except TrainingError:
            st.caption("The table fills when the first trial is done.")
            return
        _result(run, result)


def _state(run: TrainingRun) -> None:
    now = run.progress
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train_search_state"):
        st.markdown(
            f"**{'Trying out' if run.state == 'training' else train_run.STATES.get(run.state, run.state)}**"
        )
        words = now.message if now is not None and run.live else ""
        if run.state == "preparing" and now is not None and now.steps:
            words = f"{now.step:,} / {now.steps:,} photos"
        st.caption(escaped(words), width="stretch")
        if run.live:
            st.button(
                "Stop here", icon=":material/stop:", key="train_search_stop",
                on_click=request_stop, args=(run.request.folder,), help="Keeps the trials that are done.",
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
            run, "This removes the search with its table.", key="train_search_discard", message_key=_MESSAGE
        )
    if run.state == "failed" and now is not None:
        st.error(escaped(now.message), icon=":material/error:")


def _resume(run: TrainingRun, more: int) -> None:
    try:
        _run(run.request, _trials_of(run.request.folder) + more)
    except (GalleryError, OSError) as exc:
        st.session_state[_MESSAGE] = str(exc)


def _result(run: TrainingRun, result: SearchResult) -> None:
    trials, best = result.trials, result.best
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Best so far: trial {best.trial}**, {percent(best.val_accuracy or 0)} of the photos to "
            "judge by, "
            f"loss {best.val_loss:.3f}"
        )
        if st.button(
            "Make it the recipe",
            type="primary",
            icon=":material/arrow_back:",
            key="train_take_best",
            help="Fills step 2 with these values and the recipe's usual number of epochs.",
        ):
            _take(run, result.recipe)
            st.rerun()  # the whole page: a callback would run this part of it alone
    st.plotly_chart(
        train_charts.search_figure(trials, dark=charts.is_dark()),
        theme=None,
        key="train_parcoords",
        config={"displayModeBar": False},
        alt="Parallel coordinates: a line a trial through its values, its loss and its accuracy. The table "
        "below "
        "holds the same numbers.",
    )
    st.caption(
        "A line a trial; the warmer its colour, the more photos it names rightly. Drag along an axis to "
        "filter."
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
        alt="The trials with their values, the best one first",
    )


def _take(run: TrainingRun, recipe: Recipe) -> None:
    """Fill step 2 with the best trial, on the photos that it was found with."""
    try:
        known = {one.source: one for one in train_address.known_sets()}
        chosen = known.get(run.request.data) or open_set(run.request.data, wiring.settings().training_sets)
        write_draft(chosen, replace(draft_from(recipe), weights="none"))
    except (GalleryError, OSError) as exc:
        st.session_state[_MESSAGE] = str(exc)
        return
    train_address.go(step=train_address.RECIPE, set=chosen.set_id)
