"""How work in the background looks on a page: how far it is, how long it takes, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from gallery.jobs.task import State, Task
from gallery.services import wiring
from gallery.ui.components.plain_text import escaped
from gallery.words import about

LOOK_AGAIN_S = 0.5


def known(key: Hashable) -> Task[Any] | None:
    """Return work that need not be begun; what failed or was stopped waits until somebody asks again."""
    task = wiring.tasks().known(key)
    if task is not None and st.session_state.get("waiting_again") == id(task):
        del st.session_state["waiting_again"]
        return None
    return task


def is_done(
    task: Task[Any],
    what: str,
    *,
    unit: str,
    key: str,
    patience_s: float = 0.3,
    again: Callable[[], None] | None = None,
) -> bool:
    """Return whether work is done; else show its progress, or why it ended and a button to begin again.

    The page runs again when the work is over.

    Args:
        task: the work.
        what: its name as people know it; a stage of it has its own.
        unit: of its steps, "model runs".
        key: the button's.
        patience_s: the page waits that long for quick work before it shows that it is waiting.
        again: forgets the work, so that it begins anew; what is asked for by `known` needs none.
    """
    if task.wait(patience_s) and task.state is State.DONE:
        return True
    if task.live:
        _progress(task, what, unit, key)
        return False
    if task.state is State.FAILED:
        st.error(escaped(task.problem), icon=":material/warning:")
    else:
        st.info(f"{what} was stopped.", icon=":material/stop_circle:")
    st.button(
        "Start again",
        key=f"{key}_again",
        icon=":material/refresh:",
        on_click=again or (lambda: st.session_state.update(waiting_again=id(task))),
    )
    return False


@st.fragment(run_every=LOOK_AGAIN_S)
def _progress(task: Task[Any], what: str, unit: str, key: str) -> None:
    """A fragment that looks again by itself, also when nobody touches the page."""
    wiring.tasks().touch(task)
    if not task.live:
        st.rerun()
    st.progress(task.progress.share, text=sentence(task, what, unit))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Stop", key=f"{key}_stop", icon=":material/stop:", on_click=task.stop)
        st.caption("You may leave this page; the result is kept for a while.", width="content")


def sentence(task: Task[Any], what: str, unit: str) -> str:
    """Return how far the work is, in words."""
    if task.state is State.WAITING:
        return f"{what}: queued ..."
    now = task.progress
    what = now.stage.capitalize() or what
    if not now.total:
        return f"{what} ..."
    rate = f", {now.rate:,.0f} {unit}/s" if now.rate and now.rate >= 1 else ""
    left = f", {about(now.remaining_s)} left" if now.remaining_s else ""
    return f"{what}: {now.done:,} of {now.total:,} {unit}{rate}{left}"
