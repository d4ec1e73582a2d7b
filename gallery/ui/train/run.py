"""Step 3 of Train: the trainings, live; stop, resume, discard; what came of a finished one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gallery.services import training_runs, wiring
from gallery.training.trainings import TrainingRun
from gallery.types import display_path
from gallery.ui.components import clickable_chart, messages, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import charts as train_charts
from gallery.ui.train import data as train_data
from gallery.ui.train import result as train_result
from gallery.words import about, duration, percent

_LIVE_S = 1.5
_STATES = {
    "starting": "Starting: the libraries are being loaded",
    "preparing": "Preparing the photos",
    "training": "Training",
    "measuring": "Measuring the accuracy",
    "finished": "Finished",
    "interrupted": "Interrupted",
    "failed": "Failed",
}


def show() -> None:
    """Show the chosen training, and let another one be chosen."""
    run = follow(training_runs.trainings, "Training", _training)
    if run is None:
        train_data.photos_first(
            ":material/model_training:",
            "Nothing has been trained yet",
            "Choose photos in step 1 and a recipe in step 2; the training is shown here.",
        )
    elif run.state == "finished":
        train_result.show(run)


def follow(
    find: Callable[[], list[TrainingRun]], noun: str, draw: Callable[[TrainingRun], None]
) -> TrainingRun | None:
    """Let one of some trainings be chosen, show it, and follow it while it is at work.

    Args:
        find: finds the trainings, the latest first.
        noun: what they are, on the box of all of them.
        draw: shows one.

    Returns:
        The chosen one; None where there are none.
    """
    runs = find()
    run = train_address.chosen_run(runs)
    if run is None:
        return None
    titles = {one.request.folder.name: _title(one) for one in runs}
    st.session_state["train_run"] = run.request.folder.name
    st.selectbox(
        f"{noun} ({len(runs)} so far)" if len(runs) > 1 else noun,
        list(titles),
        key="train_run",
        format_func=lambda name: titles.get(name, str(name)),
        on_change=lambda: train_address.go(training=st.session_state["train_run"]),
        width=520,
    )
    st.fragment(_live, run_every=_LIVE_S if run.live else None)(find, run, draw)
    return run


def _title(run: TrainingRun) -> str:
    state = "running" if run.live else _STATES[run.state].lower()
    if run.candidate is not None:
        state = "finished, not kept yet"
    return f"{run.request.name or run.request.model_id} · {state}"


def _live(
    find: Callable[[], list[TrainingRun]], before: TrainingRun, draw: Callable[[TrainingRun], None]
) -> None:
    with messages.boundary():
        run = next((one for one in find() if one.request.folder == before.request.folder), None)
        if run is None or run.live != before.live:
            st.rerun()
        messages.show_said()
        draw(run)


def _training(run: TrainingRun) -> None:
    kept = "A model that was kept stays." if run.candidate is None else "Its model is not kept."
    show_state(
        run,
        _facts(run),
        stop="Stop and keep the best",
        stop_help="Ends at the next step; the best epoch becomes the model.",
        resume="Resume" if run.resumable else "",
        discard=f"This removes the training with its curves. {kept}",
    )
    if run.history:
        clickable_chart.show(
            train_charts.curves_chart(run.history, run.request.recipe.epochs, dark=theme.is_dark()),
            key="train_curves",
        )
        with st.expander("The curves as a table"):
            train_charts.history_table(run.history)


def show_state(
    run: TrainingRun,
    facts: str,
    *,
    stop: str,
    stop_help: str,
    discard: str,
    resume: str = "",
    more_trials: int = 0,
    at_work: str = "Training",
) -> None:
    """Show what a training or a search does and how far it is, with the buttons that change that.

    Args:
        run: the training.
        facts: how far it is, in words.
        stop: on the button that ends it, while it runs.
        stop_help: what that does.
        discard: the sentence that says what is lost with it.
        resume: on the button that takes it up; "" for none.
        more_trials: to add to a search then.
        at_work: what it does while it trains.
    """
    with st.container(border=True, key="train_state"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{at_work if run.state == 'training' else _STATES[run.state]}**", width="content")
            st.caption(escaped(facts), width="stretch")
            if run.live:
                stopping = training_runs.is_stopping(run)
                st.button(
                    "Stopping ..." if stopping else stop,
                    icon=":material/stop:",
                    key="train_stop",
                    disabled=stopping or run.state == "measuring",
                    on_click=training_runs.stop,
                    args=(run,),
                    help=stop_help,
                )
            elif resume:
                st.button(
                    resume,
                    type="primary" if run.resumable else "secondary",
                    icon=":material/play_arrow:",
                    key="train_resume",
                    on_click=messages.attempt,
                    args=(lambda: training_runs.resume(run, more_trials=more_trials),),
                )
            if not run.live:
                with st.popover("Discard", icon=":material/delete:"):
                    st.markdown(discard)
                    st.button(
                        "Discard it for good", key="train_discard", on_click=messages.attempt,
                        args=(_discard, run),
                    )  # fmt: skip
        if run.live:
            st.progress(1.0 if run.state == "measuring" else run.progress.share)
        if run.state == "failed":
            st.error(escaped(run.message), icon=":material/error:")
        if run.state == "interrupted":
            log = display_path(wiring.settings().logs / "training.log")
            st.caption(
                "Its process ended, or the computer was switched off. Resume continues after the last whole "
                f"epoch or trial. If that happens again, {escaped(log)} may say why."
            )


def _discard(run: TrainingRun) -> None:
    training_runs.discard(run)
    train_address.go(training=None)


def preparing(run: TrainingRun) -> list[str]:
    """Return how far the reading of the photos is, in words; nothing at any other time."""
    now = run.progress
    return [f"{now.done:,} / {now.total:,} photos"] if run.state == "preparing" and now.total else []


def _facts(run: TrainingRun) -> str:
    """Return how far a training is, in words."""
    now, facts = run.progress, preparing(run)
    if run.state == "training":
        facts.append(f"epoch {run.epoch} of at most {run.request.recipe.epochs}")
        if now.rate:
            facts.append(f"{now.rate:,.0f} photos/s")
        if now.remaining_s is not None:
            facts.append(f"{about(now.remaining_s)} left at most")
    if run.history:
        best = min(run.history, key=lambda row: row.val_loss)
        so_far = "best so far" if run.live else "best"
        facts.append(f"{so_far} {percent(best.val_accuracy)} in epoch {best.epoch}")
        if not run.live:
            facts.append(f"{len(run.history)} epochs in {duration(sum(row.seconds for row in run.history))}")
    if run.state == "finished" and run.message:
        facts.append(run.message)
    return " · ".join(facts)
