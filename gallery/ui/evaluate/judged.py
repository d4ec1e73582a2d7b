"""The scores and the matrix before and after people's verdicts, side by side; both are always shown."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.verdicts import SEMANTICS, JudgedReport
from gallery.exchange.verdicts_csv import verdict_rows, verdicts_csv
from gallery.types import GivenVerdict, PhotoId
from gallery.ui.components import confusion_table, photo_grid
from gallery.ui.components.confusion_table import Cell
from gallery.ui.evaluate.folder import EvaluatedFolder, Rows
from gallery.words import interval, percent, photo_count

_CHOSEN = "evaluate_judged_chosen"
_ONE_ROW = 4  # photos with both heatmaps that fit side by side
_LISTED = 6  # changed cells that are named; the matrices show the rest


def show(
    folder: EvaluatedFolder, judged: JudgedReport, given: Mapping[tuple[PhotoId, str], GivenVerdict]
) -> None:
    """Show the numbers, and the matrices once there is a verdict; their cells open their photos.

    Args:
        folder: the evaluation before.
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
        _matrix(folder, "before", "As the labels say", judged.before)
    with after:
        _matrix(folder, "after", "After the verdicts", judged.after)
    st.markdown(cells_text(judged))
    _photos(folder, judged)
    _download(folder, judged, given)


def _numbers(judged: JudgedReport) -> None:
    before, after, changes = st.columns(3, border=True)
    with before.container(gap=None):
        _accuracy("Accuracy as the labels say", judged.before)
    with after.container(gap=None):
        _accuracy("Accuracy after the verdicts", judged.after)
    with changes.container(gap=None):
        st.metric("Verdicts", f"{len(judged.judgements):,}")
        st.caption(changes_text(judged))


def _accuracy(title: str, report: EvaluationReport) -> None:
    low, high = report.accuracy_interval
    st.metric(title, percent(report.accuracy))
    st.caption(f"95 % interval {interval((low, high))}, n = {report.n:,}")


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
        "Changed cells: true Dog, model says Cat: 2 → 1; true Cat, recognised: 1 → 2"
    """
    changes, before = judged.changes, judged.before.confusion_matrix
    places = [(int(i), int(j)) for i, j in zip(*changes.nonzero(), strict=True)]
    places.sort(key=lambda place: (-abs(int(changes[place])), place))
    if not places:
        return "No cell has changed."
    shown = [
        f"{Cell(*place).sentence(judged.before.class_names)}: {int(before[place]):,} → "
        f"{int(before[place] + changes[place]):,}"
        for place in places[:_LISTED]
    ]
    more = f"; and {len(places) - _LISTED:,} more" if len(places) > _LISTED else ""
    return f"Changed cells: {'; '.join(shown)}{more}"


def _chosen(folder: EvaluatedFolder) -> tuple[str, Cell] | None:
    """Return the part and the cell that were clicked, if it was in the matrices of this folder and model."""
    of, chosen = st.session_state.get(_CHOSEN, (None, None))
    return chosen if of == folder.identity else None


def _matrix(folder: EvaluatedFolder, part: str, title: str, report: EvaluationReport) -> None:
    now = _chosen(folder)

    def choose(cell: Cell) -> None:
        st.session_state[_CHOSEN] = (folder.identity, (part, cell))

    st.markdown(f"**{title}** ({percent(report.accuracy)} of {report.n:,})")
    confusion_table.show(
        report.confusion_matrix,
        report.class_names,
        chosen=now[1] if now is not None and now[0] == part else None,
        key=f"evaluate_judged_{part}",
        on_choose=choose,
    )


def _photos(folder: EvaluatedFolder, judged: JudgedReport) -> None:
    """Show the photos of the cell that was clicked; before any click, those that were moved."""
    report = judged.after
    chosen = _chosen(folder)
    if chosen is None:
        rows, title = judged.moved, "Moved to another class by a verdict"
        truth = judged.after.y_true[_places(judged, rows)]
    else:
        part, cell = chosen
        report = judged.after if part == "after" else judged.before
        inside = report.cell(cell.true, cell.said)
        rows = judged.rows[inside] if part == "after" else inside
        truth = report.y_true[inside]
        sentence = cell.sentence(report.class_names)
        title = f"{'After the verdicts' if part == 'after' else 'As the labels say'}: {sentence}"
    st.markdown(f"**{title}: {photo_count(len(rows))}**")
    if not len(rows):
        st.caption("Click a number in a matrix to see its photos.")
        return
    photo_grid.show(
        folder.file_ids[rows],
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


def _places(judged: JudgedReport, rows: Rows) -> Rows:
    """Return where rows of before lie in after."""
    return judged.rows.searchsorted(rows)


def _download(
    folder: EvaluatedFolder, judged: JudgedReport, given: Mapping[tuple[PhotoId, str], GivenVerdict]
) -> None:
    names, report = folder.report.class_names, judged.before
    pairs = [(folder.photo_ids[row], names[int(report.y_true[row])]) for row in judged.judgements]

    def table() -> str:
        places = dict(zip(pairs, (folder.paths[row] for row in judged.judgements), strict=True))
        return "".join(verdicts_csv(verdict_rows([given[pair] for pair in dict.fromkeys(pairs)], places)))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Verdicts (CSV)",
            table,
            file_name=f"{folder.root.name or 'photos'}_verdicts.csv",
            mime="text/csv",
            icon=":material/download:",
            key="evaluate_download_verdicts",
            on_click="ignore",
        )
        st.markdown(
            "a row a verdict: label, verdict, what to call the photo now, who and when", width="content"
        )
