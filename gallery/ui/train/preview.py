"""Data augmentation: its limits beside eight variants of a photo."""

from __future__ import annotations

import base64
import html
from dataclasses import replace

import streamlit as st

from gallery.services import train as train_service
from gallery.training.data_sets import DataSet, Draft
from gallery.training.preparing import Prepared
from gallery.ui.train.settings import change, show_refusal
from gallery.words import class_title, without_surrogates

_VARIANTS = 8
_LIMITS = {
    "rotation_deg": ("Rotation up to (degrees)", 0, 90, 1),
    "translation": ("Shift up to (% of the side)", 0, 50, 100),
    "shear_deg": ("Shear up to (degrees)", 0, 45, 1),
    "zoom": ("Zoom up to (%)", 0, 60, 100),
}
"""Label, least, most, and how many units of the slider are 1 of the recipe."""

_CSS = (
    "<style>.train-variants{display:grid;grid-template-columns:repeat(3,1fr);gap:6px;max-width:460px}"
    ".train-variants figure{margin:0;position:relative}.train-variants "
    "img{width:100%;border-radius:6px;display:block}"
    ".train-variants figcaption{font-size:.8rem;position:absolute;left:0;bottom:0;padding:1px 6px;color:#fff;"
    "background:rgba(0,0,0,.72);border-radius:0 6px 0 6px}</style>"
)


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
        st.html(_variants_html(class_title(label), shown))
        if st.button("Another photo", icon=":material/shuffle:", type="tertiary", key="train_another_photo"):
            st.session_state["train_preview"] = number + 1
            st.rerun(scope="fragment")
    st.caption(
        "Only training photos are augmented, differently in every epoch; validation photos stay unchanged."
    )


def _variants_html(name: str, shown: list[bytes]) -> str:
    """Return a photo and its variants, PNG files, as HTML."""
    words = [f"{name}, original", *(f"{name}, variant {number}" for number in range(1, len(shown)))]
    figures = "".join(
        f'<figure><img src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'alt="{html.escape(without_surrogates(alt))}">'
        f"{'<figcaption>original</figcaption>' if number == 0 else ''}</figure>"
        for number, (png, alt) in enumerate(zip(shown, words, strict=True))
    )
    return f'{_CSS}<div class="train-variants">{figures}</div>'


def _changed(chosen: DataSet) -> None:
    values = {
        name: st.session_state[f"train_augment_{name}"] / units for name, (*_, units) in _LIMITS.items()
    }
    before = train_service.draft_of(chosen).recipe.augmentation
    flip = bool(st.session_state["train_augment_flip"])
    change(chosen, {"augmentation": replace(before, **values, flip=flip)})
