"""The tab where labels are judged: what is probably wrong, the evidence, and what the verdicts change."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from gallery.errors import GalleryError
from gallery.evaluation.suspects import Suspect
from gallery.evaluation.verdicts import judged, judgements_of
from gallery.services import wiring
from gallery.ui.components import messages, theme, verdict_panel
from gallery.ui.evaluate import judged as evaluate_judged
from gallery.ui.evaluate import verdict_door
from gallery.ui.evaluate import view as evaluate_view
from gallery.ui.evaluate.folder import EvaluatedFolder
from gallery.ui.evaluate.verdict_door import CELL, ERRORS, SUSPECTS
from gallery.words import probability

TAB = verdict_door.TAB


def show(folder: EvaluatedFolder) -> None:
    """Show the tab: which labels, the desk, the scores before and after."""
    try:
        found = folder.diagnosis.contradicted  # computed once for an evaluation
    except GalleryError as exc:  # stored features that are lost: the sentence says how to get them again
        messages.show_error(exc)
        return
    st.markdown(_out_of_sample(folder))
    _judge(folder, found)


def reason(suspect: Suspect, folder: EvaluatedFolder) -> str:
    """Return in words what speaks against a label, or for it."""
    report = folder.report
    label, said = (theme.plain_name(report.class_names[k]) for k in (suspect.label, suspect.suggested))
    model = f"The model is {probability(suspect.suggested_probability)} sure of {said}"
    usual = f"photos labelled {said} get {probability(suspect.usual_probability)} on average"
    nearest = Counter(report.y_true[suspect.neighbours].tolist()).most_common()
    if not nearest:
        words = f"{model}; {usual}. It has no neighbours to compare it with."
    else:
        votes = ", ".join(f"{count} {theme.plain_name(report.class_names[k])}" for k, count in nearest)
        words = f"{model}; {usual}. Of the {len(suspect.neighbours)} nearest photos: {votes}."
        if suspect.probably_wrong:
            words += f" Both speak against the label {label}."
        elif suspect.neighbours_of_label > suspect.neighbours_of_suggested:
            words += f" The neighbours speak for the label {label}: rather an error of the model."
        else:
            words += " Together that is no strong evidence against the label."
    if suspect.row in folder.trained_on:
        words += " The model was trained on this photo, so its answer is not independent of the label."
    return words


@st.fragment
def _judge(folder: EvaluatedFolder, found: tuple[Suspect, ...]) -> None:
    """A fragment: a verdict draws the desk and the two matrices again, not the page."""
    chosen, scope = _which(folder, found)
    given = wiring.catalog().standing_verdicts(folder.photo_ids)
    if chosen:
        verdict_panel.show(
            _cases(folder, chosen),
            given,
            model_id=folder.report.model_id,
            class_names=folder.report.class_names,
            key="evaluate_desk",
            scope=scope,
            reveal=st.session_state.get(verdict_door.REVEAL_KEY, 0),
        )
    else:
        st.success(
            "No label looks wrong: wherever the model contradicts a label, it is less sure than usual, or "
            "the nearest photos side with the label."
            if scope == SUSPECTS
            else "Label and model agree on every one of these photos.",
            icon="✅",
        )
    try:
        after = judged(folder.report, judgements_of(folder.report, folder.photo_ids, given))
    except GalleryError as exc:  # of every photo it was said that nobody can tell
        messages.show_error(exc)
        return
    evaluate_judged.show(folder, after, given)


def _which(folder: EvaluatedFolder, found: tuple[Suspect, ...]) -> tuple[list[Suspect], str]:
    """Let the user choose labels to look at; return them, the strongest evidence first, and what they are."""
    suspects = [one for one in found if one.probably_wrong]
    cell = evaluate_view.chosen(folder).cell
    rows = frozenset(verdict_door.errors_of(folder, cell).tolist() if cell is not None else [])
    of_cell = [one for one in found if one.row in rows]
    titles = {
        SUSPECTS: f"Probably wrong ({len(suspects):,})",
        ERRORS: f"All {len(found):,} contradicted",
    }
    if cell is not None and of_cell and (cell.true is not None or cell.said is not None):
        sentence = cell.sentence(folder.report.class_names)
        titles[CELL] = f"{sentence[0].upper()}{sentence[1:]} ({len(of_cell):,})"
    if st.session_state.get(verdict_door.WHICH_KEY) not in titles:
        st.session_state[verdict_door.WHICH_KEY] = SUSPECTS if suspects else ERRORS
    chosen = st.segmented_control(
        "Which labels to look at",
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        key=verdict_door.WHICH_KEY,
        label_visibility="collapsed",
    )
    if chosen == CELL:
        return of_cell, repr(cell)
    return (suspects, SUSPECTS) if chosen == SUSPECTS else (list(found), ERRORS)


def _cases(folder: EvaluatedFolder, chosen: list[Suspect]) -> list[verdict_panel.Case]:
    """Return what the desk shows; a photo that lies in a folder twice is judged once."""
    cases: dict[tuple[str, int], verdict_panel.Case] = {}
    for one in chosen:
        photo_id = folder.photo_ids[one.row]
        if (photo_id, one.label) in cases:
            continue
        cases[photo_id, one.label] = verdict_panel.Case(
            file_id=int(folder.file_ids[one.row]),
            photo_id=photo_id,
            label=one.label,
            said=one.suggested,
            of_label=one.label_probability,
            sure=one.suggested_probability,
            near=folder.file_ids[one.neighbours],
            near_labels=folder.report.y_true[one.neighbours],
            why=reason(one, folder),
        )
    return list(cases.values())


def _out_of_sample(folder: EvaluatedFolder) -> str:
    """Return what the ranking rests on, and whether the model had seen these labels before."""
    basis = (
        "Photos whose label the model and the nearest photos both contradict, the strongest evidence first. "
        "You decide; the folder is never changed. "
    )
    if count := len(folder.trained_on):
        return basis + (
            f"**The model was trained on {count:,} of these {folder.report.n:,} photos**: it has learnt "
            "their labels, also wrong ones, so wrong labels among them can hide."
        )
    if folder.overlap.training_known:
        return basis + "The model was trained on none of these photos: it knows none of these labels."
    return basis + (
        "This model does not tell which photos it was trained on; if these are among them, wrong labels hide."
    )
