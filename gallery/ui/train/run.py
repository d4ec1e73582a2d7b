"""Step 3 of Train: the trainings, live; stop, resume, discard; what came of a finished one."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.services import training_runs, wiring
from gallery.training.trainings import TrainingRun
from gallery.types import display_path
from gallery.ui.components import messages, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import charts as train_charts
from gallery.ui.train import result as train_result
from gallery.words import about, duration, percent

_LIVE_S = 1.5
_MESSAGE = "train_run_message"
STATES = {
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
    runs = training_runs.trainings()
    message = st.session_state.pop(_MESSAGE, None)
    if message:
        st.error(escaped(message), icon=":material/error:")
    if not runs:
        _nothing_yet()
        return
    run = train_address.chosen_run(runs)
    assert run is not None
    _picker(runs, run)
    st.fragment(_live, run_every=_LIVE_S if run.live else None)(run.request.folder.name, run.live)
    if run.state == "finished":
        train_result.show(run)


def _nothing_yet() -> None:
    messages.empty(
        ":material/model_training:",
        "Nothing has been trained yet",
        "Choose photos in step 1 and a recipe in step 2; the training is shown here.",
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Choose photos",
            type="primary",
            icon=":material/folder_open:",
            key="train_run_to_data",
            on_click=train_address.go,
            kwargs={"step": train_address.DATA},
        )


def _picker(runs: list[TrainingRun], run: TrainingRun) -> None:
    titles = {one.request.folder.name: title(one) for one in runs}
    st.session_state["train_run"] = run.request.folder.name
    st.selectbox(
        f"Training ({len(runs)} so far)" if len(runs) > 1 else "Training",
        list(titles),
        key="train_run",
        format_func=lambda name: titles.get(name, str(name)),
        on_change=lambda: train_address.go(training=st.session_state["train_run"]),
        width=520,
    )


def title(run: TrainingRun) -> str:
    """Return a training's name and state, as a list shows it."""
    state = "running" if run.live else STATES.get(run.state, run.state).lower()
    if run.candidate is not None:
        state = "finished, not kept yet"
    return f"{run.request.name or run.request.model_id} · {state}"


def _live(name: str, was_live: bool) -> None:
    with messages.boundary():
        run = next((one for one in training_runs.trainings() if one.request.folder.name == name), None)
        if run is None or run.live != was_live:
            st.rerun()
        _state(run)
        if run.history:
            _curves(run)


def _state(run: TrainingRun) -> None:
    with st.container(border=True, key="train_state"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{STATES.get(run.state, run.state)}**", width="content")
            st.caption(_facts(run), width="stretch")
            _buttons(run)
        if run.live:
            st.progress(1.0 if run.state == "measuring" else run.progress.share)
        if run.state == "failed":
            st.error(escaped(run.message), icon=":material/error:")
        if run.state == "interrupted":
            log = display_path(wiring.settings().logs / "training.log")
            st.caption(
                "Its process ended, or the computer was switched off. Resume continues after the last whole "
                f"epoch. If that happens again, {escaped(log)} may say why."
            )


def _facts(run: TrainingRun) -> str:
    """Return how far a training is, in words."""
    now = run.progress
    facts = []
    if run.state == "preparing" and now.total:
        facts.append(f"{now.done:,} / {now.total:,} photos")
    if run.state == "training":
        facts.append(f"epoch {run.epoch} of at most {run.request.recipe.epochs}")
        if now.rate:
            facts.append(f"{now.rate:,.0f} photos/s")
        if now.remaining_s is not None:
            facts.append(f"{about(now.remaining_s)} left at most")
    if run.history:
        best = min(run.history, key=lambda row: row.val_loss)
        facts.append(f"best so far {percent(best.val_accuracy)} in epoch {best.epoch}")
    if not run.live and run.history:
        facts[-1] = facts[-1].replace("best so far", "best")
        facts.append(f"{len(run.history)} epochs in {duration(sum(row.seconds for row in run.history))}")
    if run.state == "finished" and run.message:
        facts.append(run.message)
    return escaped(" · ".join(facts))


def _buttons(run: TrainingRun) -> None:
    if run.live:
        stopping = training_runs.is_stopping(run)
        st.button(
            "Stopping ..." if stopping else "Stop and keep the best",
            icon=":material/stop:",
            key="train_stop",
            disabled=stopping or run.state == "measuring",
            on_click=training_runs.stop,
            args=(run,),
            help="Ends at the next step; the best epoch becomes the model.",
        )
    if run.resumable:
        st.button(
            "Resume",
            type="primary",
            icon=":material/play_arrow:",
            key="train_resume",
            on_click=_resume,
            args=(run,),
        )
    if not run.live:
        kept = "A model that was kept stays." if run.candidate is None else "Its model is not kept."
        offer_discard(
            run,
            f"This removes the training with its curves. {kept}",
            key="train_discard",
            message_key=_MESSAGE,
        )


def _resume(run: TrainingRun) -> None:
    try:
        training_runs.resume(run)
    except GalleryError as exc:
        st.session_state[_MESSAGE] = str(exc)


def offer_discard(run: TrainingRun, consequence: str, *, key: str, message_key: str) -> None:
    """Show the button that removes a training or a search, behind what that means.

    Args:
        run: what would be removed.
        consequence: the sentence that says what is lost.
        key: of the button.
        message_key: where in the session's state a sentence goes if it fails.
    """
    with st.popover("Discard", icon=":material/delete:"):
        st.markdown(consequence)
        st.button("Discard it for good", key=key, on_click=_discard, args=(run, message_key))


def _discard(run: TrainingRun, message_key: str) -> None:
    try:
        training_runs.discard(run)
    except GalleryError as exc:
        st.session_state[message_key] = str(exc)
    else:
        train_address.go(training=None)


def _curves(run: TrainingRun) -> None:
    st.plotly_chart(
        train_charts.curves_figure(run.history, run.request.recipe.epochs, dark=theme.is_dark()),
        theme=None,
        key="train_curves",
        config={"displayModeBar": False},
        alt="Loss and accuracy over the epochs, of training and validation photos. The table below holds the "
        "same numbers.",
    )
    with st.expander("The curves as a table"):
        frame = train_charts.history_frame(run.history)
        formats = {"Epoch": "%d", "Learning rate": "%.2g"}
        formats |= {name: "%.3f" for name in frame.columns if name.endswith("loss")}
        st.dataframe(
            frame,
            hide_index=True,
            column_config={
                name: st.column_config.NumberColumn(format=formats.get(name, "%.1f"))
                for name in frame.columns
            },
            alt="Loss, accuracy, learning rate and seconds of each epoch",
        )
