"""The numbers on top of Evaluate: each with its interval, those of few photos marked, every count a door."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from gallery.evaluation.report import EvaluationReport
from gallery.settings import FEW_PHOTOS
from gallery.ui.evaluate import view as evaluate_view
from gallery.ui.evaluate.folder import EvaluatedFolder
from gallery.words import NO_BREAK, interval, percent, photo_count

FEW_SIGN = "⚠"


def show(folder: EvaluatedFolder) -> None:
    """Show the scores and what they rest on."""
    report, diagnosis = folder.report, folder.diagnosis
    with st.container(horizontal=True, key="evaluate_numbers"):
        with _box("accuracy", report.n):
            st.metric("Accuracy", percent(report.accuracy))
            _interval(interval(report.accuracy_interval))
            wrong = len(report.incorrect())
            with st.container(horizontal=True, gap="small"):
                evaluate_view.door(f"{report.n - wrong:,} right", evaluate_view.RIGHT, icon=None)
                evaluate_view.door(f"{wrong:,} wrong", evaluate_view.WRONG, icon=None)
        with _box("balanced", report.n):
            st.metric(
                "Balanced accuracy",
                percent(diagnosis.balanced_accuracy),
                help="The mean of the classes' recall: each class counts the same.",
            )
            _interval(interval(diagnosis.balanced_accuracy_interval))
        with _box("macro_f1", report.n):
            st.metric(
                "Macro F1",
                f"{report.macro_f1:.3f}",
                help="Precision and recall in one; each class counts the same.",
            )
            _shares(report.macro_f1_interval)
            if absent := _absent_classes(report):
                st.caption(absent)
        with _box("weighted_f1", report.n):
            st.metric(
                "Weighted F1",
                f"{report.weighted_f1:.3f}",
                help="Precision and recall in one; each class counts by its number of photos.",
            )
            _shares(report.weighted_f1_interval)
        with _box("top_2", report.n):
            st.metric(
                "Top 2",
                percent(diagnosis.top_2),
                help="The true class is the first or the second choice of the model.",
            )
            _interval(interval(diagnosis.top_2_interval))
            second = len(diagnosis.second_choices())
            evaluate_view.door(f"{second:,} second choices", evaluate_view.TOP_2, icon=None)
        with _box("loss", report.n):
            st.metric(
                "Log loss",
                f"{report.loss:.3f}",
                help="Cross-entropy: 0 is certain and right every time; guessing among "
                f"{len(report.class_names)} classes gives {math.log(len(report.class_names)):.3f}.",
            )
            _shares(report.loss_interval)
        with _box("photos", report.n):
            _photos(folder)


@contextmanager
def _box(name: str, n: int) -> Iterator[None]:
    """A number's box; what rests on few photos looks like it, by `frame.css`, and says so."""
    few = n < FEW_PHOTOS
    with st.container(border=True, gap=None, key=f"evaluate_number_{name}{'_few' if few else ''}"):
        yield
        if few and name != "photos":
            st.caption(f"{FEW_SIGN} {_only(n)}: a rough guess.")


def _only(n: int) -> str:
    return f"only {photo_count(n)}"


def _photos(folder: EvaluatedFolder) -> None:
    report = folder.report
    st.metric("Photos", f"{report.n:,}")
    st.caption("new to the model" if folder.left_out else "labelled and tagged")
    with st.container(horizontal=True, gap="small"):
        evaluate_view.door("See all", "all", icon=None)
        if folder.skipped:
            st.button(
                f"{len(folder.skipped):,} skipped",
                type="tertiary",
                key="evaluate_door_skipped",
                on_click=_skipped_dialog,
                args=(folder,),
            )


def _shares(bounds: tuple[float, float] | None) -> None:
    """Show an interval of a score that is no share, or why there is none."""
    if bounds is None:
        st.caption(f"no interval: fewer than {FEW_PHOTOS} photos of a class, or no error to draw")
    else:
        _interval(f"{bounds[0]:.3f} to {bounds[1]:.3f}")


def _interval(words: str) -> None:
    st.caption(f"95{NO_BREAK}% interval {words}")


def _absent_classes(report: EvaluationReport) -> str:
    """Return what lowers the macro F1 for no fault of the photos: classes that are said and are not there."""
    matrix = report.confusion_matrix
    count = int(((matrix.sum(axis=1) == 0) & (matrix.sum(axis=0) > 0)).sum())
    if not count:
        return ""
    if count == 1:
        return "One class without photos here was predicted and counts as 0."
    return f"{count} classes without photos here were predicted and count as 0."


@st.dialog("Files that could not be read", width="large")
def _skipped_dialog(folder: EvaluatedFolder) -> None:
    skipped_table(folder)


def skipped_table(folder: EvaluatedFolder) -> None:
    """List the files that could not be read, each with its reason."""
    st.dataframe(
        [
            {"File": folder.shown(file.path), "Reason": str(file.reason), "What to do": file.detail}
            for file in folder.skipped
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
