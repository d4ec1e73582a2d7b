"""The matrix beside the photos of its chosen cell, and the buttons that open photos there.

The address holds what is chosen (``true`` and ``said``, or ``show``), and every
number that counts photos is a button that opens them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.report import ALL_PHOTOS, Cell
from gallery.ui.components import confusion_table, photo_grid
from gallery.ui.components.address import go
from gallery.ui.evaluate import evidence
from gallery.words import photo_count

RIGHT, WRONG, TRAINED_ON, COPIES, TOP_2 = "recognised", "wrong", "trained_on", "copies", "top_2"
_LISTS: dict[str, tuple[str, Callable[[Evaluation], IntVector]]] = {
    RIGHT: ("Correctly classified photos, lowest confidence first", lambda of: of.report.correct()),
    WRONG: ("Misclassified photos, highest confidence first", lambda of: of.report.incorrect()),
    TRAINED_ON: ("Photos that the model was trained on", lambda of: of.overlap.trained_on),
    COPIES: ("Photos that are there more than once", lambda of: of.copies()),
    TOP_2: (
        "Photos whose true class is the second choice, highest confidence first",
        lambda of: of.diagnosis.second_choices(),
    ),
}
"""What the numbers on top open: what these photos are, and which."""

OPEN_TAB = "evaluate_tab"
"""Where the session remembers the name of the open tab."""

LABELS_TAB = "Labels"
WHICH_LABELS, CELL = "evaluate_judge_which", "cell"
"""Where the session remembers which labels are judged, and its value for those of the chosen cell."""

REVEAL_AT = "evaluate_judge_reveal"
"""Where the session remembers when the labels were last asked for: they are scrolled to once."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The photos beside the matrix: a cell's, or one of the lists that the numbers on top open."""

    cell: Cell | None
    listed: str | None

    def rows(self, evaluation: Evaluation) -> IntVector:
        if self.listed:
            return _LISTS[self.listed][1](evaluation)
        cell = self.cell or ALL_PHOTOS
        return evaluation.report.cell(cell.true, cell.predicted)

    def sentence(self, class_names: tuple[str, ...]) -> str:
        """Return what these photos are, with a capital first."""
        if self.listed:
            return _LISTS[self.listed][0]
        text = (self.cell or ALL_PHOTOS).sentence(class_names)
        return text[0].upper() + text[1:]


def chosen(evaluation: Evaluation) -> Chosen:
    """Return what the address asks for; without a wish, the error with most photos."""
    listed = st.query_params.get("show")
    if listed in _LISTS:
        return Chosen(None, listed)
    names = evaluation.report.class_names
    if "true" not in st.query_params and "said" not in st.query_params:
        return Chosen(evaluation.report.worst_cell() if listed != "all" else ALL_PHOTOS, None)
    true, said = (st.query_params.get(part) for part in ("true", "said"))
    return Chosen(
        Cell(
            names.index(true) if true in names else None,
            names.index(said) if said in names else None,
        ),
        None,
    )


def choose_cell(cell: Cell, class_names: tuple[str, ...]) -> None:
    """Put a cell into the address."""
    go(
        true=None if cell.true is None else class_names[cell.true],
        said=None if cell.predicted is None else class_names[cell.predicted],
        show="all" if cell == ALL_PHOTOS else None,
    )


def open_button(label: str, listed: str, *, icon: str | None = ":material/photo_library:") -> None:
    """Show a number of photos as a button that opens them beside the matrix."""
    st.button(
        label,
        type="tertiary",
        icon=icon,
        key=f"evaluate_open_{listed}",
        on_click=go,
        kwargs={"true": None, "said": None, "show": listed},
        help="Shows these photos beside the matrix.",
    )


@st.fragment
def show(evaluation: Evaluation) -> None:
    """Show the matrix and the photos that are chosen; a click on a cell runs this part of the page alone."""
    now = chosen(evaluation)
    with st.container(horizontal=True, gap="medium", key="evaluate_split"):
        with st.container(key="evaluate_matrix"):
            confusion_table.show(
                evaluation.report.confusion_matrix,
                evaluation.report.class_names,
                chosen=now.cell,
                key="evaluate_confusion",
                on_choose=lambda cell: choose_cell(cell, evaluation.report.class_names),
            )
        with st.container(key="evaluate_photos"):
            behind(evaluation, now)


def behind(evaluation: Evaluation, now: Chosen) -> None:
    """Show the photos that are chosen, each with the heatmaps of its true and its predicted class."""
    if now.listed == TRAINED_ON and evaluation.left_out is not None:  # not in the report, shown all the same
        evaluation = evaluation.left_out
    rows = now.rows(evaluation)
    st.markdown(f"**{now.sentence(evaluation.report.class_names)}: {photo_count(len(rows))}**")
    if not len(rows):
        st.info("No photo is in this cell. Choose another one in the matrix.", icon=":material/search:")
        return
    names = evaluation.report.class_names
    rows = evidence.show(evaluation, rows, now.cell, on_choose=lambda cell: choose_cell(cell, names))
    _judge_button(evaluation, now.cell)
    scope = f"{now!r} {rows[:1]}"  # the order may change
    grid(evaluation, rows, key="evaluate_grid", height=520, scope=scope, cell=now.cell)


def _judge_button(evaluation: Evaluation, cell: Cell | None) -> None:
    """Offer to review the labels of a cell's errors; nothing where label and prediction agree."""
    if cell is None or cell == ALL_PHOTOS or not len(evaluation.report.wrong_in(cell)):
        return
    pressed = st.button(
        "Review these labels",
        icon=":material/gavel:",
        type="tertiary",
        key="evaluate_judge_cell",
        on_click=_judge,
        help="Opens the review panel below: is the model wrong, or the label?",
    )
    if pressed:
        st.rerun()  # the tabs lie outside the fragment in which the cell was chosen


def _judge() -> None:
    st.session_state[OPEN_TAB] = LABELS_TAB
    st.session_state[WHICH_LABELS] = CELL
    st.session_state[REVEAL_AT] = time.time()


@st.fragment
def grid(
    evaluation: Evaluation,
    rows: IntVector,
    *,
    key: str,
    height: int = 480,
    scope: str = "",
    cell: Cell | None = None,
) -> None:
    """Show photos of the report in the photo grid, with their true class, and say what the heatmaps mean."""
    evidence.legend(evaluation, rows, cell)
    photo_grid.show(
        evaluation.file_ids[rows],
        collection_id=evaluation.collection_id,
        model_id=evaluation.report.model_id,
        class_names=evaluation.report.class_names,
        key=key,
        true_index=evaluation.report.y_true[rows],
        heatmaps=evidence.heatmaps(evaluation, rows),
        height=height,
        select=False,
        scope=scope,
    )
