"""The trust badge of a heatmap: tested on demand, kept, with every number and what it means."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.explanation.records import MapOf
from gallery.explanation.trust import TrustReport
from gallery.services import explain, heatmaps
from gallery.services.explain import Choice
from gallery.services.explained_photo import ExplainedPhoto
from gallery.services.heatmaps import MapPair
from gallery.types import FloatArray
from gallery.ui.components import theme, trust_badge, waiting
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, percent


def show(photo: ExplainedPhoto, choice: Choice, pair: MapPair | None, compared: str) -> None:
    """Show how far a map can be trusted, or the button that finds it out."""
    if pair is None:
        st.caption("A heatmap can be tested when it is computed.")
        return
    predicted = photo.prediction.label
    name = st.segmented_control(
        "The heatmap of",
        [predicted, compared],
        default=predicted,
        required=True,
        format_func=class_title,
        key="explain_trust_class",
    )
    cam = pair.first if name == predicted else pair.second
    index = photo.prediction.class_names.index(name)
    if not heatmaps.has_evidence(cam):
        st.info(
            f"There is no evidence for {class_title(name)}, so there is nothing to test.",
            icon=":material/search:",
        )
        return
    which = choice.map_of(photo, index)
    report = explain.trust_of(which) or _test(photo, choice, cam, which)
    if report is None:
        return
    trust_badge.show(report, class_title(name), choice.method.title, dark=theme.is_dark())
    _averages(choice)


def _test(photo: ExplainedPhoto, choice: Choice, cam: FloatArray, which: MapOf) -> TrustReport | None:
    """Offer the test, or show how far it is; return what it found once it has."""
    key = explain.trust_key(which)
    if waiting.known(key) is None and st.session_state.get("explain_trust_asked") != which:
        st.markdown(
            "The test checks whether the prediction rests on the marked parts: it removes and restores them "
            "step by step, and compares the heatmap with those of randomised (untrained) networks."
        )
        st.button(
            "Test this heatmap",
            type="primary",
            icon=":material/verified_user:",
            key="explain_trust_test",
            on_click=lambda: st.session_state.update(explain_trust_asked=which),
            help=f"About {explain.trust_passes(choice):,} model runs on altered copies of the photo: some "
            "seconds to two minutes. The result is kept.",
        )
        return None
    try:
        task = waiting.known(key) or explain.trust_task(photo, choice, cam, which.class_index)
    except GalleryError as exc:
        st.warning(escaped(str(exc)), icon=":material/warning:")
        return None
    done = waiting.is_done(task, "Testing the heatmap", unit="model runs", key="explain_trust_waiting")
    return task.result if done else None


def _averages(choice: Choice) -> None:
    """Show the means over all heatmaps that were tested with this method."""
    found = explain.trust_averages(choice)
    if found is None:
        st.caption(
            "Average drop and increase need several photos: test some more with this method to see their "
            "means."
        )
        return
    st.caption(
        f"Over the {found.tested} heatmaps tested so far with {choice.method.title} at this layer: average "
        f"drop {percent(found.drop, 0)}, average increase {percent(found.increase, 0)}, mean area of "
        f"deletion {found.deletion:.2f}, of insertion {found.insertion:.2f}; {found.passed} passed."
    )
