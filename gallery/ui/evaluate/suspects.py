"""The tab where labels are judged: what is probably wrong, the evidence, and what the verdicts change."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from gallery.errors import GalleryError
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import ALL_PHOTOS
from gallery.evaluation.suspects import Suspect
from gallery.ui.components import messages, verdict_panel
from gallery.ui.evaluate import matrix, verdicts
from gallery.ui.evaluate.matrix import CELL, REVEAL_AT, WHICH_LABELS
from gallery.words import class_title, probability

TAB = matrix.LABELS_TAB
SUSPECTS, ERRORS = "suspects", "errors"


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
            _cases(evaluation, chosen),
            given,
            model_id=evaluation.report.model_id,
            class_names=evaluation.report.class_names,
            key="evaluate_desk",
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
    verdicts.show(evaluation, after, given)


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
    if st.session_state.get(WHICH_LABELS) not in titles:
        st.session_state[WHICH_LABELS] = SUSPECTS if suspects else ERRORS
    chosen = st.segmented_control(
        "Which labels to review",
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        key=WHICH_LABELS,
        label_visibility="collapsed",
    )
    if chosen == CELL:
        return of_cell, repr(cell)
    return (suspects, SUSPECTS) if chosen == SUSPECTS else (list(found), ERRORS)


def _cases(evaluation: Evaluation, chosen: list[Suspect]) -> list[verdict_panel.Case]:
    """Return what the panel shows; a photo that lies in a folder twice is judged once."""
    cases: dict[tuple[str, int], verdict_panel.Case] = {}
    for one in chosen:
        photo_id = evaluation.photo_ids[one.row]
        if (photo_id, one.label) in cases:
            continue
        cases[photo_id, one.label] = verdict_panel.Case(
            file_id=int(evaluation.file_ids[one.row]),
            photo_id=photo_id,
            label=one.label,
            said=one.suggested,
            of_label=one.label_probability,
            sure=one.suggested_probability,
            near=evaluation.file_ids[one.neighbours],
            near_labels=evaluation.report.y_true[one.neighbours],
            why=reason(one, evaluation),
        )
    return list(cases.values())


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
