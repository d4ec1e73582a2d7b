"""The sentences that pages show: errors as one sentence, and empty states that say what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from gallery.errors import GalleryError
from gallery.services.log import log_bug
from gallery.ui.components.plain_text import escaped

_SAID = "messages:said"
_BUG = (
    "Something went wrong that should not have: a mistake in the program, not in your photos. "
    "Nothing was lost. Reload the page; if it happens again, send the log file {log} to whoever looks "
    "after this program."
)


def show_error(error: Exception) -> bool:
    """Show one sentence for any error, and log whatever is not a `GalleryError` with its traceback.

    Returns:
        True: Streamlit then shows nothing of its own.
    """
    if isinstance(error, GalleryError):
        st.error(escaped(str(error)), icon=":material/error:")
        return True
    st.error(escaped(_BUG.format(log=log_bug(error))), icon=":material/bug_report:")
    return True


@contextmanager
def boundary() -> Iterator[None]:
    """Turn every error of a page into a sentence; ``st.stop`` and reruns pass through."""
    try:
        yield
    except Exception as error:
        show_error(error)


def attempt(what: Callable[..., object], *args: object, done: str = "") -> None:
    """Do what a button asks for, as its ``on_click``, and keep for `show_said` why it could not be done.

    Args:
        what: may raise a `GalleryError`, or what the disk raises.
        args: of it.
        done: what to say afterwards; "" for nothing.
    """
    try:
        what(*args)
    except (GalleryError, OSError) as exc:
        st.session_state[_SAID] = (False, str(exc))
        return
    if done:
        say_done(done)


def say_done(sentence: str) -> None:
    """Keep for `show_said` what was done."""
    st.session_state[_SAID] = (True, sentence)


def show_said() -> None:
    """Say, once, what came of the last click; at the top of a page, and of a part of it that runs alone."""
    done, sentence = st.session_state.pop(_SAID, (True, ""))
    if sentence and done:
        st.success(escaped(sentence), icon=":material/check_circle:")
    elif sentence:
        st.error(escaped(sentence), icon=":material/error:")


def folder_example(one: str, another: str, third: str) -> None:
    """Show what a folder of labelled photos looks like, with a sub-folder for each of three classes."""
    tree = f"""\
my photos/
├── {one}/
│   ├── IMG_0001.jpg
│   └── IMG_0002.jpg
├── {another}/
│   └── IMG_0417.jpg
└── {third}/
    └── DSC_0099.jpg
"""
    st.code(tree, language=None)


def empty(icon: str, title: str, remedy: str, *, page: str | None = None) -> None:
    """Show an empty state: what is missing, and what to do next.

    Args:
        icon: one of Streamlit's bundled icons, ":material/...:", or a class's (`theme.icon_markdown`).
        title: what is missing.
        remedy: what to do next.
        page: where to do it; its name in the address.
    """
    with st.container(key="empty_state", horizontal_alignment="center"):
        st.container(key="empty_icon").markdown(icon, text_alignment="center")
        st.subheader(escaped(title), anchor=False, text_alignment="center")
        st.markdown(escaped(remedy), text_alignment="center")
        if page is not None:
            st.page_link(
                f"pages/{page}.py", label=f"Open {page.capitalize()}", icon=":material/arrow_forward:"
            )


def no_model() -> None:
    """Say that a page needs a model, and where to get one."""
    empty(
        ":material/neurology:",
        "There is no usable model yet",
        "Predictions, their heatmaps and their scores need a model. The Models page says how to get one.",
        page="models",
    )
