"""Data augmentation: its limits beside eight variants of a photo."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from gallery.services import train as train_service
from gallery.training.data_sets import DataSet, Draft
from gallery.training.preparing import Prepared
from gallery.ui.train.settings import change, show_refusal
from gallery.words import class_title

_VARIANTS = 8
_LIMITS = {
    "rotation_deg": ("Rotation up to (degrees)", 0, 90, 1),
    "translation": ("Shift up to (% of the side)", 0, 50, 100),
    "shear_deg": ("Shear up to (degrees)", 0, 45, 1),
    "zoom": ("Zoom up to (%)", 0, 60, 100),
}
"""Label, least, most, and how many units of the slider are 1 of the recipe."""


def show(chosen: DataSet, prepared: Prepared, draft: Draft) -> None:
    """Show the sliders and what they do to a photo."""
    st.markdown("**Data augmentation**")
    if draft.recipe.trainable == "top":
        st.caption(
            "This recipe computes the convolutions' output of each photo once and uses it in every epoch, so "
            "photos are not augmented."
        )
        return
    _limits(chosen, prepared)


@st.fragment
def _limits(chosen: DataSet, prepared: Prepared) -> None:
    """A fragment: a slider draws the eight variants anew and nothing else."""
    limits = train_service.draft_of(chosen).recipe.augmentation
    left, right = st.columns([2, 3], gap="medium")
    with left:
        for name, (label, least, most, units) in _LIMITS.items():
            key = f"train_augment_{name}"
            st.session_state[key] = min(most, round(getattr(limits, name) * units))
            st.slider(label, least, most, key=key, on_change=_changed, args=(chosen,))
        st.session_state["train_augment_flip"] = limits.flip
        show_refusal("augmentation")
        st.toggle("Random horizontal flip", key="train_augment_flip", on_change=_changed, args=(chosen,))
    with right:
        number = st.session_state.get("train_preview", 0)
        label, shown = train_service.variants(prepared, number, limits, _VARIANTS)
        words = ["original", *(f"variant {place}" for place in range(1, len(shown)))]
        with st.container(key="train_variants"):
            st.image(shown, words, width=148, alt=[f"{class_title(label)}, {word}" for word in words])
        if st.button("Another photo", icon=":material/shuffle:", type="tertiary", key="train_another_photo"):
            st.session_state["train_preview"] = number + 1
            st.rerun(scope="fragment")
    st.caption(
        "Only training photos are augmented, differently in every epoch; validation photos stay unchanged."
    )


def _changed(chosen: DataSet) -> None:
    values = {
        name: st.session_state[f"train_augment_{name}"] / units for name, (*_, units) in _LIMITS.items()
    }
    before = train_service.draft_of(chosen).recipe.augmentation
    flip = bool(st.session_state["train_augment_flip"])
    change(chosen, {"augmentation": replace(before, **values, flip=flip)})
