"""The card of a tagging job: how far it is, how fast, how long still; cancel, resume, what went wrong."""

from __future__ import annotations

import streamlit as st

from gallery.errors import ModelError
from gallery.jobs.progress import Progress
from gallery.services import collections, models, wiring
from gallery.services import tagging as tagging_service
from gallery.types import Job, JobState
from gallery.ui.components import dialogs, messages
from gallery.ui.components.plain_text import escaped
from gallery.words import about

_LOOK_S, _IDLE_S = 1.0, 4.0


def is_live(collection_id: int | None) -> bool:
    """Return whether a collection is being tagged, or waits to be."""
    job = None if collection_id is None else tagging_service.latest_job(collection_id)
    return job is not None and job.live


def show(collection_id: int | None) -> None:
    """Show the job of a collection and any other that runs; it follows them by itself."""
    live = is_live(collection_id) or tagging_service.live_job() is not None
    st.fragment(_card, run_every=_LOOK_S if live else _IDLE_S)(collection_id, live)


def time_left(job: Job) -> str:
    """Return the remaining time in words, "" while nobody knows."""
    left = Progress.of(job).remaining_s
    return f"{about(left)} left" if left else ""


def _card(collection_id: int | None, was_live: bool) -> None:
    with messages.boundary():
        job = None if collection_id is None else tagging_service.latest_job(collection_id)
        running = tagging_service.live_job()
        if (running is not None or is_live(collection_id)) != was_live and not dialogs.any_open():
            st.rerun()
        if running is not None and running.collection_id != collection_id:
            share = f"{running.done:,} / {running.total:,}" if running.total else "starting"
            name = escaped(collections.name_of(running.collection_id))
            st.caption(f":material/hourglass_top: Tagging {name}: {share}")
        if job is not None:
            _own(job)
        elif collection_id is not None:  # tagged by a command
            _tag_again(collection_id)


def _own(job: Job) -> None:
    with st.container(border=True, key="job_card"):
        if job.live:
            _progress(job)
            st.button(
                "Cancelling ..." if job.cancel_requested else "Cancel",
                key="job_cancel",
                width="stretch",
                disabled=job.cancel_requested,
                on_click=tagging_service.cancel_job,
                args=(job.job_id,),
                help="Stops after the current photos; tagged photos are kept.",
            )
        elif job.state is JobState.DONE:
            _done(job)
        else:
            _stopped(job)


def _progress(job: Job) -> None:
    stage = job.stage or "queued"
    st.markdown(f"**{escaped(stage.capitalize())}**")
    st.progress(Progress.of(job).share)
    done = f"{job.done:,} / {job.total:,} photos" if job.total else f"{job.done:,} photos"
    rate = f"{job.photos_per_second:.0f} photos/s" if job.photos_per_second else ""
    st.caption(" · ".join(fact for fact in (done, rate, time_left(job)) if fact))


def _done(job: Job) -> None:
    active = wiring.active_model()
    if active is not None and active.model_id != job.model_id:
        if not collections.all_tagged(job.collection_id, active.model_id):
            st.caption(
                ":material/neurology: Tagged with a different model. Earlier results and your labels are "
                "kept."
            )
            _tag_again(job.collection_id, "Tag with the active model", ":material/sell:")
            return
        facts = ["tagged with the active model"]  # and after it, to compare, by another
    else:
        facts = [f"{job.tagged:,} newly tagged" if job.tagged else "nothing new"]
        facts += [f"{job.unchanged:,} unchanged"] * bool(job.unchanged)
    facts += [f"{job.skipped:,} unreadable"] * bool(job.skipped)
    st.caption(f":material/check_circle: Up to date: {', '.join(facts)}.")
    if job.message:
        st.caption(escaped(job.message))
    _tag_again(job.collection_id)


def _tag_again(collection_id: int, label: str = "Find new photos", icon: str = ":material/refresh:") -> None:
    if st.button(label, key="job_again", width="stretch", icon=icon):
        _start(collection_id)


def _stopped(job: Job) -> None:
    if job.state is JobState.FAILED:
        st.error(escaped(job.message or "Tagging failed."))
    else:
        st.markdown(f"**Tagging was {job.state}.**")  # cancelled or interrupted
    if job.total:
        st.caption(f"{job.done:,} of {job.total:,} photos are done and kept.")
    name = _other_model(job)
    if name is not None:
        st.caption(f"It used {escaped(name)}, which is not the active model.")
    if st.button("Resume", key="job_resume", type="primary", width="stretch", icon=":material/play_arrow:"):
        _start(job.collection_id, None if name is None else job.model_id)


def _other_model(job: Job) -> str | None:
    """Return the name of the model that tagged, if it is there and not the active one."""
    active = wiring.active_model()
    if active is not None and active.model_id == job.model_id:
        return None
    try:
        return models.name_of(job.model_id)
    except ModelError:
        return None  # removed meanwhile: the active one goes on


def _start(collection_id: int, model_id: str | None = None) -> None:
    tagging_service.start_job(collection_id, model_id)
    st.rerun()
