"""Where the model looks on average: the mean heatmap of chosen photos, and cells that look at the border."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.catalog import Catalog
from gallery.evaluation import evidence
from gallery.evaluation.evidence import AverageMap, Group
from gallery.photos import heatmap
from gallery.services import wiring
from gallery.types import FloatArray, RgbImage
from gallery.ui.components import photo_grid, theme
from gallery.ui.components.confusion_table import Cell
from gallery.ui.evaluate.folder import EvaluatedFolder, Rows
from gallery.ui.explain import difference as explain_difference
from gallery.ui.explain.difference import place
from gallery.words import percent

PICTURE_PX = 168
"""Side of an average heatmap: 12 pixels for each of 14 places."""

DOORS = 3
"""Cells that stand out are named one by one up to that many."""


@dataclass(frozen=True)
class FolderEvidence:
    """The stored maps of an evaluated folder's photos, row by row as in its report.

    Attributes:
        said: (n, h, w) of the predicted class.
        true: (n, h, w) of the true class.
        border: (n,) share of the predicted class's evidence at the border, NaN where there is none.
        groups: cells, true and predicted classes, each against its like.
    """

    said: FloatArray
    true: FloatArray
    border: NDArray[np.float64]
    groups: tuple[Group, ...]

    def group(self, cell: Cell) -> Group | None:
        return next((one for one in self.groups if (one.true, one.said) == (cell.true, cell.said)), None)


def of_folder(folder: EvaluatedFolder, catalog: Catalog) -> FolderEvidence | None:
    """Return the evidence of all photos, read once; None for a model without maps. 5,000 take 0.2 s."""
    report = folder.report
    key = hashlib.blake2b(folder.file_ids.tobytes() + report.y_true.tobytes(), digest_size=16).hexdigest()
    return _read(str(wiring.settings().home), report.model_id, key, catalog.revision(), folder, catalog)


@st.cache_resource(show_spinner=False, max_entries=3)
def _read(
    home: str,  # noqa: ARG001 - this and the next tell folders apart in the cache
    model_id: str,
    key: str,  # noqa: ARG001
    revision: int,  # noqa: ARG001
    _folder: EvaluatedFolder,
    _catalog: Catalog,
) -> FolderEvidence | None:
    report = _folder.report
    wanted = np.stack([report.y_pred, report.y_true], axis=1)
    found = _catalog.class_cams(model_id, _folder.photo_ids, wanted)
    if found is None:
        return None
    cams, _ = found
    border = evidence.border_shares(cams[:, 0])
    groups = evidence.compare_borders(border, report.y_true, report.y_pred, len(report.class_names))
    return FolderEvidence(cams[:, 0], cams[:, 1], border, groups)


def show(
    folder: EvaluatedFolder, rows: Rows, cell: Cell | None, *, on_choose: Callable[[Cell], None]
) -> Rows:
    """Show the average heatmaps of the chosen photos, and return the photos in the order to show them in.

    Args:
        folder: whose photos.
        rows: of its report, at least one.
        cell: what they are; None for a list that is no cell.
        on_choose: what the door to a cell that stands out does.
    """
    found = of_folder(folder, wiring.catalog())
    if found is None:
        return rows
    _outstanding(folder, found, cell, on_choose)
    said, true = evidence.average_map(found.said[rows]), evidence.average_map(found.true[rows])
    if not said.photos and not true.photos:
        return rows
    pictures = [(said, _of_said(folder, cell))] + [(true, _of_true(folder, cell))] * _any_wrong(folder, rows)
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key="evaluate_evidence"):
        for average, whose in pictures:
            st.image(
                picture(average),
                width=PICTURE_PX,
                caption=whose,
                output_format="PNG",
                alt=f"Average heatmap {whose}. {sentence(average)}",
            )
        with st.container(gap=None, width="stretch", key="evaluate_evidence_words"):
            _words(said, None if cell is None else found.group(cell), len(rows))
            border_first = st.toggle(
                "Most at the border first",
                key="evaluate_border_first",
                help="Shows first the photos whose evidence lies at the border of the picture the most.",
            )
    if not border_first:
        return rows
    return rows[np.argsort(-np.nan_to_num(found.border[rows], nan=-1.0), kind="stable")]


def heatmaps(folder: EvaluatedFolder, rows: Rows) -> photo_grid.Heatmaps:
    """Return how a grid shows these photos: where one is wrong, with the difference of both classes."""
    return "difference" if _any_wrong(folder, rows) else "true_and_predicted"


def legend(folder: EvaluatedFolder, rows: Rows, cell: Cell | None) -> None:
    """Say what the pictures of a wrong photo show; nothing where all are right."""
    if not _any_wrong(folder, rows):
        return
    names = folder.report.class_names
    true = "the true class" if cell is None or cell.true is None else theme.plain_name(names[cell.true])
    said = "the predicted class" if cell is None or cell.said is None else theme.plain_name(names[cell.said])
    st.caption(f"Worst first. What speaks for {true}, for {said}, on one scale; why {said} and not {true}:")
    st.html(explain_difference.legend(said, true))


def _any_wrong(folder: EvaluatedFolder, rows: Rows) -> bool:
    return bool((folder.report.y_true[rows] != folder.report.y_pred[rows]).any())


def _words(average: AverageMap, group: Group | None, count: int) -> None:
    st.markdown(f"**Where the model looks** on average of {count:,} photo{'' if count == 1 else 's'}")
    st.markdown(sentence(average))
    if group is None:
        if count < evidence.FEW_IN_A_CELL:
            st.caption(f"Fewer than {evidence.FEW_IN_A_CELL} photos: too few to compare.")
    elif group.stands_out:
        st.warning(
            f"**{percent(group.border_share, 0)} at the border, where {percent(group.usual, 0)} is usual.** "
            "Look whether a caption, a frame or a fence goes with this class.",
            icon="🖼️",
        )
    elif not math.isnan(group.usual):
        st.caption(f"Usual at the border: {percent(group.usual, 0)}.")
    if average.without:
        st.caption(f"{average.without:,} of them have no evidence for the predicted class and are left out.")


def _outstanding(
    folder: EvaluatedFolder, found: FolderEvidence, chosen: Cell | None, on_choose: Callable[[Cell], None]
) -> None:
    """Name the cells and classes that look at the border far more than the others, as doors."""
    chosen_place = None if chosen is None else (chosen.true, chosen.said)
    groups = [one for one in found.groups if one.stands_out and (one.true, one.said) != chosen_place]
    groups.sort(key=lambda one: one.usual - one.border_share)
    if not groups:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="evaluate_outstanding"):
        st.markdown("🖼️ **Evidence at the border of the picture**, far more than elsewhere:", width="content")
        for group in groups[:DOORS]:
            cell = Cell(group.true, group.said)
            words = cell.sentence(folder.report.class_names)
            st.button(
                f"{words[0].upper()}{words[1:]} ({percent(group.border_share, 0)})",
                type="tertiary",
                icon=":material/photo_library:",
                key=f"evaluate_border_{group.true}_{group.said}",
                on_click=on_choose,
                args=(cell,),
                help=f"{percent(group.border_share, 0)} of the evidence of {group.photos:,} photos lies at "
                f"the border; {percent(group.usual, 0)} is usual. Shows these photos.",
            )
        if len(groups) > DOORS:
            st.markdown(f"and {len(groups) - DOORS} more", width="content")


def _of_said(folder: EvaluatedFolder, cell: Cell | None) -> str:
    if cell is None or cell.said is None:
        return "for what it says"
    return f"for {theme.plain_name(folder.report.class_names[cell.said])}, which it says"


def _of_true(folder: EvaluatedFolder, cell: Cell | None) -> str:
    if cell is None or cell.true is None:
        return "for what it is"
    return f"for {theme.plain_name(folder.report.class_names[cell.true])}, which it is"


def sentence(average: AverageMap) -> str:
    """Return in words where an average map is strongest and how much of it lies at the border.

    Example:
        >>> heat = np.zeros((14, 14))
        >>> heat[6, 7], heat[0, 0] = 0.75, 0.25
        >>> sentence(AverageMap(heat, 4, 0))
        'Strongest in the middle; 25\\xa0% of the evidence at the border (49\\xa0% of the picture).'
    """
    if not average.photos:
        return "No photo has evidence for it."
    return (
        f"Strongest in the {place(average.heat.astype(np.float32))}; {percent(average.border_share, 0)} of "
        f"the evidence at the border ({percent(evidence.border_area(), 0)} of the picture)."
    )


def picture(average: AverageMap) -> RgbImage:
    """Return an average map in colours, hottest where it is strongest, with the border's inner edge drawn."""
    drawn = heatmap.cells(average.heat, size_px=(PICTURE_PX, PICTURE_PX)).copy()
    edge = round(PICTURE_PX * evidence.BORDER)
    last = PICTURE_PX - edge - 1
    dashes = np.arange(edge, last + 1)
    dashes = dashes[dashes // 4 % 2 == 0]
    for side in (edge, last):
        drawn[side, dashes] = drawn[dashes, side] = (200, 200, 200)
    return drawn
