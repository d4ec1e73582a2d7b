"""What Evaluate shows: four numbers, the matrix beside the photos of its chosen cell, and the tabs below.

The address holds what is chosen (``true`` and ``said``, or ``show``), and every
number that counts photos is a button that opens them.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gallery.evaluation.report import EvaluationReport
from gallery.ui import confusion_view, photo_grid, theme
from gallery.ui.charts import Cell
from gallery.ui.evaluated_folder import EvaluatedFolder, Rows

RIGHT, WRONG, TRAINED_ON = "recognised", "wrong", "trained_on"
_SHOWN = {
    RIGHT: "photos that the model recognised, least certain first",
    WRONG: "photos that the model got wrong, most certain first",
    TRAINED_ON: "photos that the model was trained on",
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


def choose_list(listed: str) -> None:
    """Put a list into the address."""
    _forget()
    st.query_params["show"] = listed


def _forget() -> None:
    for name in ("true", "said", "show"):
        if name in st.query_params:
            del st.query_params[name]


def show(folder: EvaluatedFolder) -> None:
    """Show the evaluation: numbers, matrix, the photos behind them."""
    numbers(folder)
    trained_on_warning(folder)
    _matrix_and_photos(folder)


@st.fragment
def _matrix_and_photos(folder: EvaluatedFolder) -> None:
    """A fragment: a click on a cell runs this part of the page alone."""
    now = chosen(folder)
    with st.container(horizontal=True, gap="medium", key="evaluate_split"):
        with st.container(key="evaluate_matrix"):
            confusion_view.show(
                folder.report.confusion_matrix,
                folder.report.class_names,
                chosen=now.cell,
                key="evaluate_confusion",
                on_choose=lambda cell: choose_cell(cell, folder.report.class_names),
            )
        with st.container(key="evaluate_photos"):
            behind(folder, now)


def numbers(folder: EvaluatedFolder) -> None:
    """Show the four numbers, each with its interval or its meaning, each count a button."""
    report = folder.report
    wrong = len(report.incorrect())
    low, high = report.accuracy_interval
    accuracy, macro_f1, loss, photos = st.columns(4, border=True)
    with accuracy.container(gap=None):
        st.metric("Accuracy", f"{100 * report.accuracy:.1f} %")
        st.caption(f"95 % interval {100 * low:.1f} to {100 * high:.1f} %")
        with st.container(horizontal=True, gap="small"):
            _door(f"{report.n - wrong:,} right", RIGHT)
            _door(f"{wrong:,} wrong", WRONG)
    with macro_f1.container(gap=None):
        st.metric("Macro F1", f"{report.macro_f1:.3f}")
        st.caption(
            "Mean over the classes of precision and recall in one: rare classes count as much as common ones."
            + _absent_classes(report)
        )
    with loss.container(gap=None):
        st.metric("Loss", f"{report.loss:.3f}")
        st.caption(
            "Cross-entropy: 0 is certain and right every time; guessing among ten classes gives 2.303."
        )
    with photos.container(gap=None):
        st.metric("Photos", f"{report.n:,}")
        st.caption("labelled by their folder and tagged")
        with st.container(horizontal=True, gap="small"):
            _door("See all", "all")
            if folder.skipped:
                st.button(
                    f"{len(folder.skipped):,} skipped",
                    type="tertiary",
                    key="evaluate_door_skipped",
                    on_click=_skipped_dialog,
                    args=(folder,),
                )


def _absent_classes(report: EvaluationReport) -> str:
    """Return what lowers the macro F1 for no fault of the photos: classes that are said and are not there."""
    matrix = report.confusion_matrix
    count = int(((matrix.sum(axis=1) == 0) & (matrix.sum(axis=0) > 0)).sum())
    if not count:
        return ""
    if count == 1:
        return " One class without photos here was predicted and counts as 0."
    return f" {count} classes without photos here were predicted and count as 0."


def _door(label: str, listed: str) -> None:
    st.button(
        label,
        type="tertiary",
        icon=":material/photo_library:",
        key=f"evaluate_door_{listed}",
        on_click=choose_list,
        args=(listed,),
        help="Shows these photos beside the matrix.",
    )


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


def trained_on_warning(folder: EvaluatedFolder) -> None:
    """Warn when the model has seen these photos before: its score on them says little."""
    count = len(folder.trained_on)
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_trained_on"):
        st.warning(
            f"**{count:,} of these {folder.report.n:,} photos were used to train the model.** It has seen "
            "them with their labels, so the numbers above are better than they would be on new photos.",
            icon="⚠️",
        )
        _door(f"See the {count:,}", TRAINED_ON)


def behind(folder: EvaluatedFolder, now: Chosen) -> None:
    """Show the photos that are chosen, each with the heatmaps of its true and its predicted class."""
    rows = now.rows(folder)
    st.markdown(f"**{now.sentence(folder.report.class_names)}: {photo_count(len(rows))}**")
    if not len(rows):
        st.info("No photo is in this cell. Choose another one in the matrix.", icon="🔎")
        return
    if now.cell is not None and now.cell.true is not None and now.cell.said not in (None, now.cell.true):
        true, said = (folder.report.class_names[k] for k in (now.cell.true, now.cell.said) if k is not None)
        st.caption(
            f"Worst first. Left: what speaks for {theme.plain_name(true)}; right: for "
            f"{theme.plain_name(said)}, on one scale."
        )
    grid(folder, rows, key="evaluate_grid", height=520, scope=repr(now))


@st.fragment
def grid(folder: EvaluatedFolder, rows: Rows, *, key: str, height: int, scope: str = "") -> None:
    """Show photos of the report in the photo grid, with their true class."""
    photo_grid.show(
        folder.file_ids[rows],
        model_id=folder.report.model_id,
        class_names=folder.report.class_names,
        key=key,
        true_index=folder.report.y_true[rows],
        heatmaps="true_and_predicted",
        height=height,
        select=False,
        scope=scope,
    )


def photo_count(count: int) -> str:
    """Return a number of photos in words.

    Example:
        >>> photo_count(1), photo_count(1200)
        ('1 photo', '1,200 photos')
    """
    return f"{count:,} photo{'' if count == 1 else 's'}"
