"""The confusion matrix on a page: a table whose every number, sum and name opens its photos.

It is a table of buttons and no chart: the pressed cell is framed at once,
arrow keys walk over it, a screen reader reads it, and a click draws nothing
but the frame anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from gallery.evaluation.report import Cell
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import assets, events, theme
from gallery.ui.components.choice import one_of
from gallery.ui.components.confusion_table.cells import cell_at, drawn_cells, place_of
from gallery.words import class_title

__all__ = ["COUNTS", "SHARES", "show", "show_still"]

COUNTS, SHARES = "Photos", "Shares of the true class"

_component = assets.component(
    "gallery_confusion_table",
    css=["shared/tip.css", "confusion_table/matrix.css"],
    js=["shared/dom.js", "confusion_table/matrix.js"],
)


def show(
    matrix: NDArray[Any],
    class_names: Sequence[str],
    *,
    chosen: Cell | None,
    key: str,
    on_choose: Callable[[Cell], None],
) -> None:
    """Show the matrix; `on_choose` gets the cell that was clicked, before the page runs again.

    Args:
        matrix: (K, K) counts; row i is the true class, column j the predicted one.
        class_names: K names in the matrix's order.
        chosen: the cell that is framed.
        key: the matrix's own.
        on_choose: what a click does; also on the cell that is chosen already.
    """
    numbers = one_of("Numbers in the matrix", (COUNTS, SHARES), key=f"{key}_numbers")

    def clicked() -> None:
        cell = cell_at(events.clicked(st.session_state[key].get("cell"), "place"), len(class_names))
        if cell is not None:
            on_choose(cell)

    _component(
        key=key,
        data=matrix_data(matrix, class_names, shares=numbers == SHARES, dark=theme.is_dark())
        | {"clickable": True, "chosen": None if chosen is None else place_of(chosen, len(class_names))},
        on_cell_change=clicked,
    )
    st.caption(
        "Green: correct. Orange: errors. Click a number to see its photos, a sum or a name for a whole "
        f"class; arrow keys and Enter do the same. * Fewer than {FEW_PHOTOS} photos: a rough guess."
    )


def show_still(matrix: NDArray[Any], class_names: Sequence[str], *, key: str) -> None:
    """Show a matrix whose photos are not in the catalog."""
    data = matrix_data(matrix, class_names, shares=False, dark=theme.is_dark())
    _component(key=key, data=data | {"clickable": False, "chosen": None})


def matrix_data(
    matrix: NDArray[Any], class_names: Sequence[str], *, shares: bool, dark: bool
) -> dict[str, Any]:
    """Return what the browser draws: names, which classes have few photos, and the cells."""
    support = matrix.sum(axis=1)
    heads = [
        {"icon": theme.icon_address(name, class_names), "title": class_title(name)} for name in class_names
    ]
    return {
        "names": [
            *heads,
            {"icon": "", "title": "All"},
        ],
        "few": [bool(0 < n < FEW_PHOTOS) for n in [*support.tolist(), support.sum()]],
        "cells": drawn_cells(matrix, class_names, shares=shares, dark=dark),
    }
