"""Mean heatmaps of chosen photos, and cells whose evidence lies at the border of the frame."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.evidence import BORDER_AREA, FEW_IN_A_CELL, AverageMap, FolderEvidence, Group
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.report import ALL_PHOTOS, Cell
from gallery.services import evaluate
from gallery.ui.components import photo_grid
from gallery.ui.explain.difference import difference_html, place
from gallery.words import class_title, percent, photo_count

PICTURE_PX = 168
"""Side of an average heatmap: 12 pixels for each of 14 places."""

NAMED = 3
"""Cells that stand out are named one by one up to that many."""


def show(
    evaluation: Evaluation, rows: IntVector, cell: Cell | None, *, on_choose: Callable[[Cell], None]
) -> IntVector:
    """Show the average heatmaps of the chosen photos, and return the photos in the order to show them in.

    Args:
        evaluation: whose photos.
        rows: of its report, at least one.
        cell: what they are; None for a list that is no cell.
        on_choose: what the button of a cell that stands out does.
    """
    found = evaluation.evidence
    if found is None:
        return rows
    _outstanding(evaluation, found, cell, on_choose)
    true, predicted = found.averages(rows)
    if not predicted.photos and not true.photos:
        return rows
    of_true, of_predicted = _titles(evaluation, cell)
    pictures = [(predicted, "predicted class", of_predicted)]
    pictures += [(true, "true class", of_true)] * _any_wrong(evaluation, rows)
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key="evaluate_evidence"):
        for average, which, title in pictures:
            whose = f"{which} ({title.lower()})" if title else which
            st.image(
                evaluate.average_picture(average.heat, PICTURE_PX),
                width=PICTURE_PX,
                caption=whose,
                output_format="PNG",
                alt=f"Average heatmap {whose}. {sentence(average)}",
            )
        with st.container(gap=None, width="stretch", key="evaluate_evidence_words"):
            _words(predicted, next((one for one in found.groups if one.cell == cell), None), len(rows))
            border_first = st.toggle(
                "Sort by attention on the outer frame",
                key="evaluate_border_first",
                help="Shows first the photos with most attention on the outer frame.",
            )
    return found.border_first(rows) if border_first else rows


def heatmaps(evaluation: Evaluation, rows: IntVector) -> photo_grid.Heatmaps:
    """Return how a grid shows these photos: where one is wrong, with the difference of both classes."""
    return "difference" if _any_wrong(evaluation, rows) else "true_and_predicted"


def legend(evaluation: Evaluation, rows: IntVector, cell: Cell | None) -> None:
    """Say what the pictures of a wrong photo show; nothing where all are right."""
    if not _any_wrong(evaluation, rows):
        return
    true, predicted = _titles(evaluation, cell)
    true, predicted = true or "the true class", predicted or "the predicted class"
    st.caption(f"Heatmaps of {true} and {predicted} on one scale, and their difference:")
    st.html(difference_html(predicted, true))


def _titles(evaluation: Evaluation, cell: Cell | None) -> tuple[str, str]:
    """Return the titles of a cell's true and predicted class; "" where it has all classes."""
    names, cell = evaluation.report.class_names, cell or ALL_PHOTOS
    true, predicted = ("" if k is None else class_title(names[k]) for k in (cell.true, cell.predicted))
    return true, predicted


def _any_wrong(evaluation: Evaluation, rows: IntVector) -> bool:
    return bool((evaluation.report.y_true[rows] != evaluation.report.y_pred[rows]).any())


def _words(average: AverageMap, group: Group | None, count: int) -> None:
    st.markdown(f"**Mean heatmap** of {photo_count(count)}")
    st.markdown(sentence(average))
    if group is None:
        if count < FEW_IN_A_CELL:
            st.caption(f"Fewer than {FEW_IN_A_CELL} photos: too few to compare.")
    elif group.stands_out:
        st.warning(
            f"**{percent(group.border_share, 0)} on the outer frame, where {percent(group.usual, 0)} is "
            "usual.** Check whether a caption, a frame or a fence goes with this class.",
            icon=":material/image:",
        )
    elif not math.isnan(group.usual):
        st.caption(f"Usual on the outer frame: {percent(group.usual, 0)}.")
    if average.without:
        st.caption(f"{average.without:,} of them have no evidence for the predicted class and are left out.")


def _outstanding(
    evaluation: Evaluation, found: FolderEvidence, chosen: Cell | None, on_choose: Callable[[Cell], None]
) -> None:
    """Name the cells and classes with far more attention on the outer frame; each opens its photos."""
    groups = sorted(
        (one for one in found.outstanding if one.cell != chosen), key=lambda one: one.usual - one.border_share
    )
    if not groups:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="evaluate_outstanding"):
        st.markdown(
            ":material/image: **Attention on the outer frame**, far more than usual:",
            width="content",
        )
        for group in groups[:NAMED]:
            st.button(
                f"{group.cell.title(evaluation.report.class_names)} ({percent(group.border_share, 0)})",
                type="tertiary",
                icon=":material/photo_library:",
                key=f"evaluate_border_{group.cell.true}_{group.cell.predicted}",
                on_click=on_choose,
                args=(group.cell,),
                help=f"{percent(group.border_share, 0)} of the attention in {group.photos:,} photos is on "
                f"the outer frame; {percent(group.usual, 0)} is usual. Shows these photos.",
            )
        if len(groups) > NAMED:
            st.markdown(f"and {len(groups) - NAMED} more", width="content")


def sentence(average: AverageMap) -> str:
    """Return in words where an average map is strongest and how much of it lies at the border.

    Example:
        >>> heat = np.zeros((14, 14))
        >>> heat[6, 7], heat[0, 0] = 0.75, 0.25
        >>> sentence(AverageMap(heat, 4, 0))
        'Strongest in the middle; 25\\xa0% of attention on the outer 49\\xa0% of the frame.'
    """
    if not average.photos:
        return "No photo has evidence for it."
    return (
        f"Strongest in the {place(average.heat.astype(np.float32))}; {percent(average.border_share, 0)} of "
        f"attention on the outer {percent(BORDER_AREA, 0)} of the frame."
    )
