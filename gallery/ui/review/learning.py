"""Learn: what the labels would change, as photos, before it is kept; and the way back to any version."""

from __future__ import annotations

import uuid

import numpy as np
import streamlit as st

from gallery.services import models, review
from gallery.services.candidates import LearnPreview
from gallery.services.learn import why_not
from gallery.types import Collection, ModelCard
from gallery.ui.components import messages, photo_grid
from gallery.ui.components.plain_text import escaped
from gallery.ui.review import queue
from gallery.words import class_title, counted, percent

_ASKED, _OPEN = "review:learn", "review:open"
_PATIENCE_S = 600.0
_MOST_PAIRS = 12
"""Pairs of classes whose photos can be seen; the rest is counted."""


def show(collection: Collection, card: ModelCard) -> None:
    """Show what can be learnt, what was, and the versions."""
    st.subheader("Learn from the labels", anchor=False)
    messages.show_said()
    reason = why_not(card)
    if reason is not None:
        st.info(escaped(reason), icon=":material/info:")
        return
    st.caption(
        "The last layers of the model are fitted to all labels that people gave, in seconds. You see what "
        "would change before you keep it; labels never change."
    )
    if st.button("Learn", type="primary", icon=":material/school:", key="learn"):
        st.session_state[_ASKED] = uuid.uuid4().hex  # the work of all sessions is kept in one place
        st.session_state[_OPEN] = True
    if st.session_state.get(_OPEN):
        with messages.boundary():
            task = review.learning(collection.collection_id, st.session_state[_ASKED])
            with st.spinner("Learning ..."):
                task.wait(_PATIENCE_S)
            if task.problem:
                st.warning(escaped(task.problem), icon=":material/warning:")
            elif not task.live:
                _preview(collection, card, task.result)
    _versions(card)


def _preview(collection: Collection, card: ModelCard, found: LearnPreview) -> None:
    labels, before, fixed, broken, changed = st.columns(5)
    labels.metric("Labels learnt from", f"{sum(found.labels.values()):,}")
    if found.held_back_before is None or found.held_back_after is None:
        before.metric("Right on held-back labels", "not known")
    else:
        gained = found.held_back_after - found.held_back_before
        before.metric(
            "Right on held-back labels", percent(found.held_back_after), f"{100 * gained:+.1f} points"
        )
    fixed.metric("Fixed", f"{len(found.fixed):,}")
    broken.metric("Broken", f"{len(found.broken):,}")
    changed.metric("Tags that would change", f"{found.changed_count:,}")
    if found.better is None:
        st.info("No label could be held back, so nothing says whether this is better.")
    elif not found.better:
        st.warning("On the held-back labels this is not better than the active model.")
    for sentence in found.notes:
        st.caption(escaped(sentence))
    with st.container(horizontal=True):
        st.button(
            "Keep",
            type="primary",
            icon=":material/check:",
            key="learn_keep",
            on_click=messages.attempt,
            args=(_keep, found),
        )
        st.button(
            "Discard",
            icon=":material/delete:",
            key="learn_discard",
            on_click=messages.attempt,
            args=(_discard, found),
        )
    pairs = [
        (f"{class_title(one.was)} to {class_title(one.becomes)}", one.files)
        for one in found.changed[:_MOST_PAIRS]
    ]
    lists = [("Fixed", found.fixed), ("Broken", found.broken), *pairs]
    shown = {f"{title} ({len(files):,})": files for title, files in lists if len(files)}
    if shown:
        title = st.selectbox("Photos that would change", list(shown), key="learn_list")
        photo_grid.show(
            np.array(shown[title], np.int64),
            collection_id=collection.collection_id,
            model_id=card.model_id,
            class_names=card.class_names,
            key="learn_grid",
            height=360,
            select=False,
            correct=False,
            scope=f"{found.id} {title}",
        )


def _versions(card: ModelCard) -> None:
    cards = review.versions()
    if len(cards) < 2:
        return
    with st.expander(f"Versions ({len(cards)})"):
        for one in cards:
            with st.container(horizontal=True, vertical_alignment="center"):
                learnt = one.trained_on.get("labels") if one.backbone else None
                about = f", learnt from {counted(learnt, 'label')}" if isinstance(learnt, int) else ""
                st.markdown(f"{escaped(one.model_id)}{about}", width="stretch")
                if one.model_id == card.model_id:
                    st.badge("Active", icon=":material/check_circle:", color="green")
                else:
                    st.button(
                        "Go to this version",
                        key=f"version_{one.model_id}",
                        on_click=messages.attempt,
                        args=(_go_to, one.model_id),
                    )


def _keep(found: LearnPreview) -> None:
    st.session_state[_OPEN] = False
    kept = review.keep(found)
    queue.forget()
    photos = counted(kept.photos, "photo")
    messages.say_done(f"{kept.model_id} tags from now on; {photos} named in {kept.seconds:.1f} s.")


def _discard(found: LearnPreview) -> None:
    st.session_state[_OPEN] = False
    review.discard(found)


def _go_to(model_id: str) -> None:
    models.activate(model_id)
    queue.forget()
    messages.say_done(f"{model_id} tags from now on.")
