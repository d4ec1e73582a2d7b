"""On top of Evaluate: what should be known before any score, then the scores with their intervals.

Numbers of few photos are marked, and every count of photos opens them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.evaluation.report import EvaluationReport
from gallery.settings import FEW_PHOTOS
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import matrix
from gallery.words import NO_BREAK, interval, percent, photo_count

LEAVE_OUT, COUNT = "Leave them out", "Count them too"


def choose_photos(whole: Evaluation) -> Evaluation:
    """Say what the photos' hashes show, and return what is to be evaluated.

    The photos that the model was trained on are left out, unless the address
    (``trained=count``) or the choice shown here says otherwise.
    """
    if whole.labels is LabelSource.PEOPLE:
        _people(whole)
    _copies(whole)
    if chosen_by := len(whole.overlap.chosen_by):
        st.warning(
            f"**By {chosen_by:,} of these {whole.report.n:,} photos the model's best epoch and temperature "
            "were chosen.** It was not trained on them, yet scores on them are a little better than on new "
            "photos.",
            icon=":material/warning:",
        )
    count = len(whole.overlap.trained_on)
    if not count:
        return whole
    if count == whole.report.n:
        _warn_all(whole)
        return whole
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_trained_on"):
        st.warning(
            f"**{count:,} of these {whole.report.n:,} photos were used to train the model**, so scores on "
            "them are optimistic.",
            icon=":material/warning:",
        )
        with st.container(width="content", gap=None):
            st.session_state["evaluate_trained"] = COUNT if _counted() else LEAVE_OUT
            st.segmented_control(
                "Photos the model was trained on",
                [LEAVE_OUT, COUNT],
                key="evaluate_trained",
                label_visibility="collapsed",
                required=True,
                on_change=_trained_chosen,
            )
            matrix.open_button(f"See the {count:,}", matrix.TRAINED_ON)
    return whole if _counted() else whole.unseen


def _counted() -> bool:
    return st.query_params.get("trained") == "count"


def _trained_chosen() -> None:
    if st.session_state["evaluate_trained"] == COUNT:
        st.query_params["trained"] = "count"
    elif "trained" in st.query_params:
        del st.query_params["trained"]


def _warn_all(whole: Evaluation) -> None:
    st.warning(
        f"**The model was trained on all of these {photo_count(whole.report.n)}**, so the scores below are "
        "optimistic. Evaluate a folder of other photos.",
        icon=":material/warning:",
    )


def _people(whole: Evaluation) -> None:
    sentences = " ".join(escaped(problem) for problem in whole.problems[:1])
    st.info(
        f"**Evaluated on {photo_count(whole.report.n)} with manual labels.** People tend to label photos "
        "where they expect errors, so this is a biased sample: the accuracy on all photos may be higher or "
        f"lower. {sentences}",
        icon=":material/person_check:",
    )


def _copies(whole: Evaluation) -> None:
    overlap = whole.overlap
    extra = overlap.extra_copies
    if not extra:
        return
    clash = len(overlap.contradicting)
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_copies"):
        st.warning(
            (
                "**1 photo is a copy of another** (the same picture) and counts twice."
                if extra == 1
                else f"**{extra:,} photos are copies of others** (the same picture), each counted once more."
            )
            + (
                f" {clash:,} of them {'lies' if clash == 1 else 'lie'} in folders of different classes: one "
                "of the labels must be wrong."
                if clash
                else ""
            ),
            icon=":material/warning:",
        )
        matrix.open_button("See the copies", matrix.COPIES)


def show(evaluation: Evaluation) -> None:
    """Show the scores and what they rest on."""
    report, diagnosis = evaluation.report, evaluation.diagnosis
    with st.container(horizontal=True, key="evaluate_numbers"):
        with _box("accuracy", report.n):
            st.metric(
                "Accuracy", percent(report.accuracy), help="Share of photos that are classified correctly."
            )
            _interval(interval(report.accuracy_interval))
            wrong = len(report.incorrect())
            with st.container(horizontal=True, gap="small"):
                matrix.open_button(f"{report.n - wrong:,} correct", matrix.RIGHT, icon=None)
                matrix.open_button(f"{wrong:,} wrong", matrix.WRONG, icon=None)
        with _box("balanced", report.n):
            st.metric(
                "Balanced accuracy",
                percent(diagnosis.balanced_accuracy),
                help="Mean of the classes' recall: each class counts the same, however many photos it has.",
            )
            _interval(interval(diagnosis.balanced_accuracy_interval))
        with _box("macro_f1", report.n):
            st.metric(
                "Macro F1",
                f"{report.macro_f1:.3f}",
                help="Mean of the classes' F1, the harmonic mean of precision and recall; 1 is best.",
            )
            _shares(report.macro_f1_interval)
            if absent := _absent_classes(report):
                st.caption(absent)
        with _box("weighted_f1", report.n):
            st.metric(
                "Weighted F1",
                f"{report.weighted_f1:.3f}",
                help="Mean of the classes' F1, each weighted by its number of photos; 1 is best.",
            )
            _shares(report.weighted_f1_interval)
        with _box("top_2", report.n):
            st.metric(
                "Top-2 accuracy",
                percent(diagnosis.top_2),
                help="Share of photos whose true class is the first or second choice of the model.",
            )
            _interval(interval(diagnosis.top_2_interval))
            second = len(diagnosis.second_choices())
            matrix.open_button(f"{second:,} second choices", matrix.TOP_2, icon=None)
        with _box("loss", report.n):
            st.metric(
                "Log loss",
                f"{report.loss:.3f}",
                help="Mean cross-entropy, lower is better: 0 is certain and correct; guessing among "
                f"{len(report.class_names)} classes gives {math.log(len(report.class_names)):.3f}.",
            )
            _shares(report.loss_interval)
        with _box("photos", report.n):
            _photos(evaluation)


@contextmanager
def _box(name: str, n: int) -> Iterator[None]:
    """A number's box; what rests on few photos looks like it, by `frame.css`, and says so."""
    few = n < FEW_PHOTOS
    with st.container(border=True, gap=None, key=f"evaluate_number_{name}{'_few' if few else ''}"):
        yield
        if few and name != "photos":
            st.caption(f"{_only(n)}: a rough guess.".capitalize())


def _only(n: int) -> str:
    return f"only {photo_count(n)}"


def _photos(evaluation: Evaluation) -> None:
    report = evaluation.report
    st.metric("Photos", f"{report.n:,}")
    st.caption("new to the model" if evaluation.left_out else "labelled and tagged")
    with st.container(horizontal=True, gap="small"):
        matrix.open_button("See all", "all", icon=None)
        if evaluation.skipped:
            st.button(
                f"{len(evaluation.skipped):,} skipped",
                type="tertiary",
                key="evaluate_door_skipped",
                on_click=_skipped_dialog,
                args=(evaluation,),
            )


def _shares(bounds: tuple[float, float] | None) -> None:
    """Show an interval of a score that is no share, or why there is none."""
    if bounds is None:
        st.caption(f"no CI: fewer than {FEW_PHOTOS} photos of a class, or no errors")
    else:
        _interval(f"{bounds[0]:.3f} to {bounds[1]:.3f}")


def _interval(words: str) -> None:
    st.caption(f"95{NO_BREAK}% CI {words}")


def _absent_classes(report: EvaluationReport) -> str:
    """Return what lowers the macro F1 for no fault of the photos: classes that are predicted and not "
    "present."""
    count = report.absent_but_predicted
    if not count:
        return ""
    if count == 1:
        return "A class without photos here was predicted and counts as 0."
    return f"{count} classes without photos here were predicted and count as 0."


@st.dialog("Files that could not be read", width="large")
def _skipped_dialog(evaluation: Evaluation) -> None:
    skipped_table(evaluation)


def skipped_table(evaluation: Evaluation) -> None:
    """List the files that could not be read, each with its reason."""
    st.dataframe(
        [
            {"File": evaluation.relative(file.path), "Reason": str(file.reason), "What to do": file.detail}
            for file in evaluation.skipped
        ],
        hide_index=True,
        row_height=74,  # from twice the usual height on, long sentences wrap
        column_config={
            "File": st.column_config.TextColumn(width="medium"),
            "Reason": st.column_config.TextColumn(width="small"),
            "What to do": st.column_config.TextColumn(width="large"),
        },
        alt="Files that could not be read, with the reasons",
    )
