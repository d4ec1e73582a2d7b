"""The trust badge of a heatmap: tested on demand, kept, with every number and what it means."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gallery.errors import GalleryError
from gallery.explanation import trust as trust_measures
from gallery.explanation.perturbation import average_drop, average_increase
from gallery.explanation.randomisation import compared_classes, randomisation_test
from gallery.explanation.records import MapOf
from gallery.explanation.trust import TrustReport, measure_trust
from gallery.jobs.task import Report, State, Task
from gallery.photos import heatmap
from gallery.services import explain, wiring
from gallery.services.heatmaps import MapPair
from gallery.types import FloatArray, ImageBatch, ModelCard
from gallery.ui.components import charts, theme, trust_badge, waiting
from gallery.ui.components.plain_text import escaped
from gallery.ui.explain import methods as explain_methods
from gallery.ui.explain.methods import Choice
from gallery.ui.explain.photo import ExplainedPhoto
from gallery.words import percent

SCRAMBLED, SCRAMBLED_SLOW = 2, 1
"""Networks with scrambled weights; one is enough where each costs hundreds of looks."""

PATIENCE_S = 0.3


def show(photo: ExplainedPhoto, card: ModelCard, choice: Choice, pair: MapPair | None, compared: str) -> None:
    """Show how far a map can be trusted, or the button that finds it out."""
    if pair is None:
        st.caption("A heatmap can be tested as soon as it is there.")
        return
    predicted = photo.prediction.label
    name = st.segmented_control(
        "The heatmap of",
        [predicted, compared],
        default=predicted,
        required=True,
        format_func=theme.label_text,
        key="explain_trust_class",
    )
    cam = pair.first if name == predicted else pair.second
    index = photo.prediction.class_names.index(name)
    if not heatmap.has_evidence(cam):
        st.info(f"There is no evidence for {theme.plain_name(name)}, so there is nothing to test.", icon="🔎")
        return
    which = MapOf(card.weights_sha256, photo.photo_id, choice.method.name, choice.layer, index)
    report = explain_methods.records().trust(which)
    if report is None:
        report = _test(photo, card, choice, cam, which)
    if report is None:
        return
    trust_badge.show(report, theme.plain_name(name), choice.method.title, dark=charts.is_dark())
    _averages(card, choice)


def _test(
    photo: ExplainedPhoto, card: ModelCard, choice: Choice, cam: FloatArray, which: MapOf
) -> TrustReport | None:
    """Offer the test, or show how far it is; return what it found once it has."""
    key = ("trust", which)
    if waiting.known(key) is None and st.session_state.get("explain_trust_asked") != which:
        st.markdown(
            "A heatmap is a claim: *this is what the answer rests on*. The test takes the marked parts away "
            "and hands them back, step by step, and asks whether a network that learnt nothing gives the "
            "same map."
        )
        count = trust_measures.passes() + _scrambled_looks(card, choice)
        st.button(
            "Test this heatmap",
            type="primary",
            icon=":material/verified_user:",
            key="explain_trust_test",
            on_click=lambda: st.session_state.update(explain_trust_asked=which),
            help=f"Shows the network about {count:,} altered copies of the photo: some seconds to a minute. "
            "What it finds is kept.",
        )
        return None
    try:
        task = waiting.known(key) or _begin(photo, card, choice, cam, which)
    except GalleryError as exc:
        st.warning(escaped(str(exc)), icon="⚠️")
        return None
    if task.wait(PATIENCE_S) and task.state is State.DONE:
        return task.result
    waiting.show(task, "Testing the heatmap", unit="looks", key="explain_trust_waiting")
    return None


def _scrambled_looks(card: ModelCard, choice: Choice) -> int:
    each = explain.passes_of(card, choice.method, choice.layer) or 0
    return each * (SCRAMBLED_SLOW if choice.method.is_slow else SCRAMBLED)


def _begin(
    photo: ExplainedPhoto, card: ModelCard, choice: Choice, cam: FloatArray, which: MapOf
) -> Task[TrustReport]:
    image = photo.model_input()
    records = explain_methods.records()
    networks = SCRAMBLED_SLOW if choice.method.is_slow else SCRAMBLED
    total = trust_measures.passes() + _scrambled_looks(card, choice)

    def work(tell: Report) -> TrustReport:
        explainer = wiring.explainer(card.model_id)
        tell(0, total)  # a scrambled network takes seconds to make, and is no look
        done = 0

        def told(count: int) -> None:
            nonlocal done
            done += count
            tell(min(done, total), total)

        def classify(images: ImageBatch) -> FloatArray:
            said = explainer.probabilities(images)
            told(len(images))
            return said

        classes = compared_classes(which.class_index, len(card.class_names))

        def scrambled_maps(seed: int) -> FloatArray:
            seen = 0

            def on_pass(now: int, _: int) -> None:
                nonlocal seen
                told(now - seen)
                seen = now

            network = explainer.scrambled(seed, image)
            found = network.explain_classes(
                image, classes, method=which.method, layer=which.layer, on_pass=on_pass
            )
            told(0 if choice.method.is_slow else 1)
            return found

        side = (card.input_px, card.input_px)
        same = randomisation_test(cam, [scrambled_maps(seed) for seed in range(networks)])
        heat = heatmap.cam_to_heatmap(cam, size_px=side)
        report = measure_trust(image, heat, which.class_index, classify, randomisation=same)
        records.keep_trust(which, report)
        return report

    return wiring.tasks().ask(("trust", which), work, lane="slow")


def _averages(card: ModelCard, choice: Choice) -> None:
    """Say how the method does on all maps that were tested, which one photo cannot tell."""
    reports = list(explain_methods.records().tested(card.weights_sha256, choice.method.name, choice.layer))
    if len(reports) < 2:
        st.caption(
            "Average drop and increase are meant for many photos: test some more with this method, and "
            "their means appear here."
        )
        return
    whole, kept = [report.whole for report in reports], [report.kept for report in reports]
    passed = sum(report.verdict is trust_measures.Trust.PASSES for report in reports)
    deletion = np.mean([report.deletion.area for report in reports])
    insertion = np.mean([report.insertion.area for report in reports])
    drop, increase = average_drop(whole, kept), average_increase(whole, kept)
    st.caption(
        f"Over the {len(reports)} heatmaps tested so far with {choice.method.title} at this layer: average "
        f"drop {percent(drop, 0)}, average increase {percent(increase, 0)}, mean area of deletion "
        f"{deletion:.2f}, of insertion {insertion:.2f}; {passed} passed."
    )
