"""The tab where labels are judged: what is probably wrong, the evidence, and what the verdicts change."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping

import streamlit as st

from gallery.errors import GalleryError
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import ALL_PHOTOS, Cell, EvaluationReport
from gallery.evaluation.suspects import Suspect
from gallery.evaluation.verdicts import SEMANTICS, JudgedReport
from gallery.services import export
from gallery.types import GivenVerdict, PhotoId
from gallery.ui.components import accuracies, confusion_table, messages, photo_grid, verdict_panel
from gallery.ui.components.choice import one_of
from gallery.ui.evaluate import matrix
from gallery.ui.evaluate.matrix import CELL, REVEAL_AT, WHICH_LABELS
from gallery.words import class_title, percent, photo_count, probability

TAB = matrix.LABELS_TAB
SUSPECTS, ERRORS = "suspects", "errors"
_CHOSEN = "evaluate_judged_chosen"
_ONE_ROW = 4  # photos with both heatmaps that fit side by side
_LISTED = 6  # changed cells that are named; the matrices show the rest

_Verdicts = Mapping[tuple[PhotoId, str], GivenVerdict]


def show(evaluation: Evaluation) -> None:
    """Show the tab: which labels, the review panel, the scores before and after."""
    try:
        found = evaluation.diagnosis.contradicted  # computed once for an evaluation
    except GalleryError as exc:  # stored features that are lost: the sentence says how to get them again
        messages.show_error(exc)
        return
    st.markdown(_out_of_sample(evaluation))
    _judge(evaluation, found)


def reason(suspect: Suspect, evaluation: Evaluation) -> str:
    """Return in words what speaks against a label, or for it."""
    report = evaluation.report
    label, said = (class_title(report.class_names[k]) for k in (suspect.label, suspect.suggested))
    model = f"The model predicts {said} with {probability(suspect.suggested_probability)} confidence"
    usual = f"photos labelled {said} have {probability(suspect.usual_probability)} on average"
    nearest = Counter(report.y_true[suspect.neighbours].tolist()).most_common()
    if not nearest:
        words = f"{model}; {usual}. There are no similar photos to compare with."
    else:
        votes = ", ".join(f"{count} {class_title(report.class_names[k])}" for k, count in nearest)
        words = f"{model}; {usual}. Of the {len(suspect.neighbours)} nearest photos: {votes}."
        if suspect.probably_wrong:
            words += f" Both contradict the label {label}."
        elif suspect.neighbours_of_label > suspect.neighbours_of_suggested:
            words += f" The nearest photos support the label {label}: probably an error of the model."
        else:
            words += " This is no strong evidence against the label."
    if suspect.row in evaluation.overlap.trained_on:
        words += " The model was trained on this photo, so its answer is not independent of the label."
    return words


@st.fragment
def _judge(evaluation: Evaluation, found: tuple[Suspect, ...]) -> None:
    """A fragment: a verdict draws the panel and the two matrices again, not the page."""
    chosen, scope = _which(evaluation, found)
    given = evaluation.verdicts()
    if chosen:
        verdict_panel.show(
            chosen,
            [reason(one, evaluation) for one in chosen],
            evaluation,
            given,
            scope=scope,
            reveal=st.session_state.get(REVEAL_AT, 0),
        )
    else:
        st.success(
            "No label is probably wrong: where the model contradicts a label, its confidence is lower than "
            "usual, or the nearest photos support the label."
            if scope == SUSPECTS
            else "Label and prediction agree on all of these photos.",
            icon=":material/check_circle:",
        )
    try:
        after = evaluation.judged(given)
    except GalleryError as exc:  # of every photo it was said that nobody can tell
        messages.show_error(exc)
        return
    _before_and_after(evaluation, after, given)


def _which(evaluation: Evaluation, found: tuple[Suspect, ...]) -> tuple[list[Suspect], str]:
    """Let the user choose labels to review; return them, the strongest evidence first, and what they are."""
    suspects = [one for one in found if one.probably_wrong]
    cell = matrix.chosen(evaluation).cell
    rows = frozenset(() if cell is None else evaluation.report.wrong_in(cell).tolist())
    of_cell = [one for one in found if one.row in rows]
    titles = {
        SUSPECTS: f"Probably wrong ({len(suspects):,})",
        ERRORS: f"All {len(found):,} contradicted",
    }
    if cell is not None and of_cell and cell != ALL_PHOTOS:
        titles[CELL] = f"{cell.title(evaluation.report.class_names)} ({len(of_cell):,})"
    chosen = one_of(
        "Which labels to review", titles, key=WHICH_LABELS, default=SUSPECTS if suspects else ERRORS
    )
    if chosen == CELL:
        return of_cell, repr(cell)
    return (suspects, SUSPECTS) if chosen == SUSPECTS else (list(found), ERRORS)


def _out_of_sample(evaluation: Evaluation) -> str:
    """Return what the ranking rests on, and whether the model had seen these labels before."""
    basis = (
        "Photos whose label the model and the nearest photos both contradict, the strongest evidence first. "
        "You decide; the folder is never changed. "
    )
    if count := len(evaluation.overlap.trained_on):
        return basis + (
            f"**The model was trained on {count:,} of these {evaluation.report.n:,} photos** and their "
            "labels, so wrong labels among them may not be found."
        )
    if evaluation.overlap.training_known:
        return basis + "The model was trained on none of these photos."
    return basis + (
        "The training photos of this model are not known; wrong labels among them may not be found."
    )


def _before_and_after(evaluation: Evaluation, judged: JudgedReport, given: _Verdicts) -> None:
    """Show the numbers, and the matrices once there is a verdict; their cells open their photos."""
    st.markdown("##### Before and after the verdicts")
    _accuracies(judged)
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


def _accuracies(judged: JudgedReport) -> None:
    before, after, changes = st.columns(3, border=True)
    for column, title, report in (
        (before, "Accuracy with the labels as they are", judged.before),
        (after, "Accuracy after the verdicts", judged.after),
    ):
        with column:
            accuracies.show(title, report.accuracy, report.accuracy_interval, report.n)
    with changes.container(gap=None):
        st.metric("Verdicts", f"{len(judged.judgements):,}")
        st.caption(changes_text(judged))


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


def _download(evaluation: Evaluation, judged: JudgedReport, given: _Verdicts) -> None:
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
