"""The scores and the matrix before and after people's verdicts, side by side; both are always shown."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import streamlit as st

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.evaluation.verdicts import SEMANTICS, JudgedReport
from gallery.services import export
from gallery.types import GivenVerdict, PhotoId
from gallery.ui.components import confusion_table, photo_grid
from gallery.words import interval, percent, photo_count

_CHOSEN = "evaluate_judged_chosen"
_ONE_ROW = 4  # photos with both heatmaps that fit side by side
_LISTED = 6  # changed cells that are named; the matrices show the rest


def show(
    evaluation: Evaluation, judged: JudgedReport, given: Mapping[tuple[PhotoId, str], GivenVerdict]
) -> None:
    """Show the numbers, and the matrices once there is a verdict; their cells open their photos.

    Args:
        evaluation: before.
        judged: before and after.
        given: the verdicts that stand on these photos, for the download.
    """
    st.markdown("##### Before and after the verdicts")
    _numbers(judged)
    st.caption(SEMANTICS)
    if not judged.judgements:
        return
    if judged.caution:
        st.caption(f":material/trending_up: {judged.caution}")
    before, after = st.columns(2, gap="medium")
    with before:
        _matrix(evaluation, "before", "With the labels as they are", judged.before)
    with after:
        _matrix(evaluation, "after", "After the verdicts", judged.after)
    st.markdown(cells_text(judged))
    _photos(evaluation, judged)
    _download(evaluation, judged, given)


def _numbers(judged: JudgedReport) -> None:
    before, after, changes = st.columns(3, border=True)
    with before.container(gap=None):
        _accuracy("Accuracy with the labels as they are", judged.before)
    with after.container(gap=None):
        _accuracy("Accuracy after the verdicts", judged.after)
    with changes.container(gap=None):
        st.metric("Verdicts", f"{len(judged.judgements):,}")
        st.caption(changes_text(judged))


def _accuracy(title: str, report: EvaluationReport) -> None:
    low, high = report.accuracy_interval
    st.metric(title, percent(report.accuracy))
    st.caption(f"95 % CI {interval((low, high))}, n = {report.n:,}")


def changes_text(judged: JudgedReport) -> str:
    """Return in words what the verdicts were and what they moved.

    Example:
        "2 label wrong, 1 cannot tell. 2 photos moved to another class, 1 left out."
    """
    if not judged.judgements:
        return "None yet: both numbers are the same."
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in judged.counts.items() if count)
    moved, out = len(judged.moved), len(judged.left_out)
    return f"{said}. {photo_count(moved)} moved to another class, {out:,} left out."


def cells_text(judged: JudgedReport) -> str:
    """Return in words which cells changed, the most changed first.

    Example:
        "Changed cells: true Dog, predicted Cat: 2 → 1; true Cat, correct: 1 → 2"
    """
    changed = judged.changed_cells()
    if not changed:
        return "No cell has changed."
    shown = [
        f"{cell.sentence(judged.before.class_names)}: {before:,} → {after:,}"
        for cell, before, after in changed[:_LISTED]
    ]
    more = f"; and {len(changed) - _LISTED:,} more" if len(changed) > _LISTED else ""
    return f"Changed cells: {'; '.join(shown)}{more}"


def _chosen(evaluation: Evaluation) -> tuple[str, Cell] | None:
    """Return the part and the cell that were clicked, if it was in the matrices of this folder and model."""
    of, chosen = st.session_state.get(_CHOSEN, (None, None))
    return chosen if of == evaluation.identity else None


def _matrix(evaluation: Evaluation, part: str, title: str, report: EvaluationReport) -> None:
    now = _chosen(evaluation)

    def choose(cell: Cell) -> None:
        st.session_state[_CHOSEN] = (evaluation.identity, (part, cell))

    st.markdown(f"**{title}** ({percent(report.accuracy)} of {report.n:,})")
    confusion_table.show(
        report.confusion_matrix,
        report.class_names,
        chosen=now[1] if now is not None and now[0] == part else None,
        key=f"evaluate_judged_{part}",
        on_choose=choose,
    )


def _photos(evaluation: Evaluation, judged: JudgedReport) -> None:
    """Show the photos of the cell that was clicked; before any click, those that were moved."""
    report = evaluation.report
    chosen = _chosen(evaluation)
    if chosen is None:
        rows, title = judged.moved, "Moved to another class by a verdict"
        truth = judged.true_after(rows)
    else:
        part, cell = chosen
        rows, truth = judged.cell(cell, after=part == "after")
        sentence = cell.sentence(report.class_names)
        title = f"{'After the verdicts' if part == 'after' else 'With the labels as they are'}: {sentence}"
    st.markdown(f"**{title}: {photo_count(len(rows))}**")
    if not len(rows):
        st.caption("Click a number in a matrix to see its photos.")
        return
    photo_grid.show(
        evaluation.file_ids[rows],
        collection_id=evaluation.collection_id,
        model_id=report.model_id,
        class_names=report.class_names,
        key="evaluate_judged_grid",
        true_index=truth,
        heatmaps="true_and_predicted",
        height=420 if len(rows) > _ONE_ROW else 250,
        select=False,
        correct=False,
        scope=repr(chosen),
    )


def _download(
    evaluation: Evaluation, judged: JudgedReport, given: Mapping[tuple[PhotoId, str], GivenVerdict]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Verdicts (CSV)",
            functools.partial(export.verdicts_csv, evaluation, judged, given),
            file_name=f"{evaluation.root.name or 'photos'}_verdicts.csv",
            mime="text/csv",
            icon=":material/download:",
            key="evaluate_download_verdicts",
            on_click="ignore",
        )
        st.markdown(
            "one row per verdict: label, verdict, class after the verdict, who and when", width="content"
        )
