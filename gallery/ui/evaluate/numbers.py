"""On top of Evaluate: what should be known before any score, then the four scores that decide.

Numbers of few photos are marked, and every count of photos opens them.
"""

from __future__ import annotations

import math
import re

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.evaluation.report import EvaluationReport
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import table
from gallery.ui.components.address import go
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import matrix
from gallery.words import NO_BREAK, interval, percent, photo_count

LEAVE_OUT, COUNT = "Leave them out", "Count them too"
TRAINED = "trained"
"""Part of the address that says whether photos the model was trained on count."""


def choose_photos(whole: Evaluation) -> Evaluation:
    """Say what should be known before any score, and return what is to be evaluated."""
    if whole.labels is LabelSource.PEOPLE:
        st.info(
            f"**Evaluated on {photo_count(whole.report.n)} with manual labels.** People tend to label photos "
            "where they expect errors, so this is a biased sample: the accuracy on all photos may be higher "
            "or lower.",
            icon=":material/person_check:",
        )
    _problems(whole)
    return without_training(whole, "the model", TRAINED)


def without_training(whole: Evaluation, name: str, part: str) -> Evaluation:
    """Return the evaluation without photos that the model was trained on, unless they are to count.

    Args:
        whole: of all photos.
        name: the model's, in a sentence.
        part: of the address, which keeps the choice as ``count``.
    """
    count, n = len(whole.overlap.trained_on), whole.report.n
    if not count:
        return whole
    if count == n:
        st.warning(
            f"**All of these {photo_count(n)} were used to train {escaped(name)}**, so its scores here are "
            "optimistic. Evaluate a folder of other photos.",
            icon=":material/warning:",
        )
        return whole
    key = f"evaluate_{part}"
    counted = st.query_params.get(part) == "count"
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_on"):
        st.warning(
            f"**{count:,} of these {n:,} photos were used to train {escaped(name)}**: with them, its scores "
            "are optimistic.",
            icon=":material/warning:",
        )
        with st.container(width="content", gap=None):
            st.session_state[key] = COUNT if counted else LEAVE_OUT
            one_of(
                f"Photos that {name} was trained on",
                (LEAVE_OUT, COUNT),
                key=key,
                on_change=lambda: go(**{part: "count" if st.session_state[key] == COUNT else None}),
            )
            if part == TRAINED:
                matrix.open_button(f"See the {count:,}", matrix.TRAINED_ON)
    return whole if counted else whole.unseen


def _problems(whole: Evaluation) -> None:
    """Show in one banner what is odd about the photos, with buttons to those that are meant."""
    overlap = whole.overlap
    found = [
        escaped(one)
        for one in (*overlap.validation_sentences(), *overlap.copies_sentences(), *whole.problems)
    ]
    if not found and not whole.skipped:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_problems"):
        st.warning(
            found[0] if len(found) == 1 else "\n".join(f"- {one}" for one in found), icon=":material/warning:"
        )
        with st.container(width="content", gap=None):
            if overlap.extra_copies:
                matrix.open_button("See the copies", matrix.COPIES)
            if whole.skipped:
                st.button(
                    f"See the {len(whole.skipped):,} unreadable",
                    type="tertiary",
                    icon=":material/broken_image:",
                    key="evaluate_open_skipped",
                    on_click=_skipped_dialog,
                    args=(whole,),
                )


def show(evaluation: Evaluation) -> None:
    """Show the scores and what they rest on."""
    report, diagnosis = evaluation.report, evaluation.diagnosis
    wrong, classes = len(report.incorrect()), len(report.class_names)
    with st.container(horizontal=True, key="evaluate_numbers"):
        with _score(
            evaluation,
            "Accuracy",
            percent(report.accuracy),
            _interval(interval(report.accuracy_interval)),
            "Share of photos that are classified correctly.",
        ).container(horizontal=True, gap="small"):
            matrix.open_button(photo_count(report.n), "all", icon=None)
            matrix.open_button(f"{report.n - wrong:,} correct", matrix.RIGHT, icon=None)
            matrix.open_button(f"{wrong:,} wrong", matrix.WRONG, icon=None)
        _score(
            evaluation,
            "Balanced accuracy",
            percent(diagnosis.balanced_accuracy),
            _interval(interval(diagnosis.balanced_accuracy_interval)),
            "Mean of the classes' recall: each class counts the same, however many photos it has.",
        )
        macro_f1 = _score(
            evaluation,
            "Macro F1",
            f"{report.macro_f1:.3f}",
            _of_score(report.macro_f1_interval),
            "Mean of the classes' F1, the harmonic mean of precision and recall; 1 is best.",
        )
        if absent := _absent_classes(report):
            macro_f1.caption(absent)
        _score(
            evaluation,
            "Log loss",
            f"{report.loss:.3f}",
            _of_score(report.loss_interval),
            "Mean cross-entropy, lower is better: 0 is certain and correct; guessing among "
            f"{classes} classes gives {math.log(classes):.3f}.",
        )


def show_more(evaluation: Evaluation) -> None:
    """Show the scores that the classification report has beside the four on top."""
    report, diagnosis = evaluation.report, evaluation.diagnosis
    with st.container(horizontal=True, key="evaluate_more_numbers"):
        _score(
            evaluation,
            "Weighted F1",
            f"{report.weighted_f1:.3f}",
            _of_score(report.weighted_f1_interval),
            "Mean of the classes' F1, each weighted by its number of photos; 1 is best.",
        )
        with _score(
            evaluation,
            "Top-2 accuracy",
            percent(diagnosis.top_2),
            _interval(interval(diagnosis.top_2_interval)),
            "Share of photos whose true class is the first or second choice of the model.",
        ):
            matrix.open_button(f"{len(diagnosis.second_choices()):,} second choices", matrix.TOP_2, icon=None)


def _score(evaluation: Evaluation, title: str, value: str, bounds: str, help: str) -> DeltaGenerator:
    """Show a score in a box; what rests on few photos looks like it, by `frame.css`, and says so."""
    n = evaluation.report.n
    few = n < FEW_PHOTOS
    name = re.sub(r"\W+", "_", title.lower())
    box = st.container(border=True, gap=None, key=f"evaluate_number_{name}{'_few' * few}")
    box.metric(title, value, help=help)
    box.caption(bounds)
    if few:
        box.caption(f"Only {photo_count(n)}: a rough guess.")
    return box


def _of_score(bounds: tuple[float, float] | None) -> str:
    """Return the interval of a score that is no share in words, or why there is none."""
    if bounds is None:
        return f"no CI: fewer than {FEW_PHOTOS} photos of a class, or no errors"
    return _interval(f"{bounds[0]:.3f} to {bounds[1]:.3f}")


def _interval(words: str) -> str:
    return f"95{NO_BREAK}% CI {words}"


def _absent_classes(report: EvaluationReport) -> str:
    """Return what lowers the macro F1 though no photo is wrong for it: classes predicted and not present."""
    count = report.absent_but_predicted
    if not count:
        return ""
    if count == 1:
        return "A class without photos here was predicted and counts as 0."
    return f"{count} classes without photos here were predicted and count as 0."


@st.dialog("Files that could not be read", width="large")
def _skipped_dialog(evaluation: Evaluation) -> None:
    """List the files that could not be read, each with its reason."""
    st.caption("They are not counted in any number.")
    table.skipped(evaluation.skipped, evaluation.root)
