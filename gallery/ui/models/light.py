"""On a processor on which VGG16 is slow: says so, and offers the light model, both measured here."""

from __future__ import annotations

import streamlit as st

from gallery.services import models, speed
from gallery.types import ModelCard
from gallery.ui.components import messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.models.view import switch_cost


def offer_light_model(active: ModelCard) -> None:
    """Show the offer where the active model is slow on this processor."""
    light = speed.light_model_for(active)
    if light is None:
        return
    with st.container(border=True, key="light_model"):
        st.markdown(
            "**VGG16 is slow on this processor**, which has no bfloat16 units. "
            f"{escaped(light.name)} is nearly as accurate and many times as fast here."
        )
        speeds = speed.measured()
        if {active.model_id, light.model_id} <= speeds.keys():
            one, other = speeds[active.model_id], speeds[light.model_id]
            st.markdown(
                f"Measured on this machine: {escaped(active.name)} {one:.1f} photos/s, "
                f"{escaped(light.name)} {other:.1f} photos/s."
            )
        with st.container(horizontal=True):
            st.button(
                "Use the light model",
                key="use_light_model",
                on_click=messages.attempt,
                args=(models.activate, light.model_id),
            )
            switch_cost(light)
            st.button(
                "Measure both here",
                key="measure_speeds",
                on_click=messages.attempt,
                args=(_measure, active.model_id, light.model_id),
                help="Takes about half a minute.",
            )


def _measure(*model_ids: str) -> None:
    with st.spinner("Measuring both models ..."):
        speed.measure(*model_ids)
