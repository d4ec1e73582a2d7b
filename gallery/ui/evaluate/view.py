"""The matrix beside the photos of its chosen cell, and the doors that open photos there.

The address holds what is chosen (``true`` and ``said``, or ``show``), and every
number that counts photos is a button that opens them.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gallery.ui.components import confusion_table, photo_grid
from gallery.ui.components.confusion_table import Cell
from gallery.ui.evaluate import evidence as evaluate_evidence
from gallery.ui.evaluate import verdict_door
from gallery.ui.evaluate.folder import EvaluatedFolder, Rows
from gallery.words import photo_count

RIGHT, WRONG, TRAINED_ON, COPIES, TOP_2 = "recognised", "wrong", "trained_on", "copies", "top_2"
_SHOWN = {
    RIGHT: "photos that the model recognised, least certain first",
    WRONG: "photos that the model got wrong, most certain first",
    TRAINED_ON: "photos that the model was trained on",
    COPIES: "photos that are there more than once",
    TOP_2: "photos whose class is the model's second choice, most certain first",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The photos beside the matrix: a cell's, or one of the lists that the numbers on top open."""

    cell: Cell | None
    listed: str | None

    def rows(self, folder: EvaluatedFolder) -> Rows:
        report = folder.report
        if self.listed == RIGHT:
            return report.correct()
        if self.listed == WRONG:
            return report.incorrect()
        if self.listed == TRAINED_ON:
            return folder.trained_on
        if self.listed == COPIES:
            return folder.copies
        if self.listed == TOP_2:
            return folder.diagnosis.second_choices()
        cell = self.cell or Cell(None, None)
        return report.cell(cell.true, cell.said)

    def sentence(self, class_names: tuple[str, ...]) -> str:
        """Return what these photos are, with a capital first."""
        text = _SHOWN[self.listed] if self.listed else (self.cell or Cell(None, None)).sentence(class_names)
        return text[0].upper() + text[1:]


def chosen(folder: EvaluatedFolder) -> Chosen:
    """Return what the address asks for; without a wish, the error with most photos."""
    listed = st.query_params.get("show")
    if listed in _SHOWN:
        return Chosen(None, listed)
    names = folder.report.class_names
    if "true" not in st.query_params and "said" not in st.query_params:
        return Chosen(folder.worst_cell() if listed != "all" else Cell(None, None), None)
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
    _forget()
    if cell.true is not None:
        st.query_params["true"] = class_names[cell.true]
    if cell.said is not None:
        st.query_params["said"] = class_names[cell.said]
    if cell.true is None and cell.said is None:
        st.query_params["show"] = "all"


def door(
    label: str, listed: str, *, icon: str | None = ":material/photo_library:", key: str | None = None
) -> None:
    """Show a number of photos as a button that opens them beside the matrix."""
    st.button(
        label,
        type="tertiary",
        icon=icon,
        key=key or f"evaluate_door_{listed}",
        on_click=choose_list,
        args=(listed,),
        help="Shows these photos beside the matrix.",
    )


def choose_list(listed: str) -> None:
    """Put a list into the address."""
    _forget()
    st.query_params["show"] = listed


def _forget() -> None:
    for name in ("true", "said", "show"):
        if name in st.query_params:
            del st.query_params[name]


@st.fragment
def show(folder: EvaluatedFolder) -> None:
    """Show the matrix and the photos that are chosen; a click on a cell runs this part of the page alone."""
    now = chosen(folder)
    with st.container(horizontal=True, gap="medium", key="evaluate_split"):
        with st.container(key="evaluate_matrix"):
            confusion_table.show(
                folder.report.confusion_matrix,
                folder.report.class_names,
                chosen=now.cell,
                key="evaluate_confusion",
                on_choose=lambda cell: choose_cell(cell, folder.report.class_names),
            )
        with st.container(key="evaluate_photos"):
            behind(folder, now)


def behind(folder: EvaluatedFolder, now: Chosen) -> None:
    """Show the photos that are chosen, each with the heatmaps of its true and its predicted class."""
    if now.listed == TRAINED_ON and folder.left_out is not None:  # not in the report, shown all the same
        folder = folder.left_out
    rows = now.rows(folder)
    st.markdown(f"**{now.sentence(folder.report.class_names)}: {photo_count(len(rows))}**")
    if not len(rows):
        st.info("No photo is in this cell. Choose another one in the matrix.", icon="🔎")
        return
    names = folder.report.class_names
    rows = evaluate_evidence.show(folder, rows, now.cell, on_choose=lambda cell: choose_cell(cell, names))
    evaluate_evidence.legend(folder, rows, now.cell)
    verdict_door.show(folder, now.cell)
    grid(folder, rows, key="evaluate_grid", height=520, scope=f"{now!r} {rows[:1]}")  # the order may change


@st.fragment
def grid(folder: EvaluatedFolder, rows: Rows, *, key: str, height: int, scope: str = "") -> None:
    """Show photos of the report in the photo grid, with their true class."""
    photo_grid.show(
        folder.file_ids[rows],
        model_id=folder.report.model_id,
        class_names=folder.report.class_names,
        key=key,
        true_index=folder.report.y_true[rows],
        heatmaps=evaluate_evidence.heatmaps(folder, rows),
        height=height,
        select=False,
        scope=scope,
    )
