"""What stands in a confusion matrix: numbers, colours and words of every cell and every sum.

Right answers are shaded green and errors orange, two hues that stay apart for
people with any kind of colour blindness; the number stands in every cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.charts.drawing import INK
from gallery.evaluation.report import Cell
from gallery.ui.components import theme
from gallery.words import percent, photo_count

TOTAL = {False: "#e4e9e7", True: "#2a322f"}  # by dark
FULL_ERROR_SHARE = 0.5
"""Errors on half of a class have the strongest colour: on a scale to 1 the usual few percent would vanish."""


def cell_at(place: object, class_count: int) -> Cell | None:
    """Return the cell at ``[row, column]`` of the matrix with its sums; None for anything else.

    Example:
        >>> cell_at([0, 3], 3)
        Cell(true=0, predicted=None)
        >>> cell_at([0, 4], 3) is None
        True
    """
    if not (isinstance(place, list) and len(place) == 2 and all(type(one) is int for one in place)):
        return None
    if not all(0 <= one <= class_count for one in place):
        return None
    true, said = (one if one < class_count else None for one in place)
    return Cell(true, said)


def place_of(cell: Cell, class_count: int) -> list[int]:
    """Return where a cell is in the matrix with its sums, ``[row, column]``.

    Example:
        >>> place_of(Cell(0, None), 3)
        [0, 3]
    """
    return [class_count if one is None else one for one in (cell.true, cell.predicted)]


def shares_of_true_class(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return each row divided by its sum, (K, K); a class without photos gives zeros.

    Example:
        >>> shares_of_true_class(np.array([[3, 1], [0, 0]])).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    return np.asarray(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))


def with_totals(matrix: NDArray[Any]) -> NDArray[np.int64]:
    """Return the matrix with a column of row sums, a row of column sums and the sum of all, (K + 1, K + 1).

    Example:
        >>> with_totals(np.array([[3, 1], [0, 2]])).tolist()
        [[3, 1, 4], [0, 2, 2], [3, 3, 6]]
    """
    rows = np.concatenate([matrix, matrix.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([rows, rows.sum(axis=0, keepdims=True)], axis=0).astype(np.int64)


def drawn_cells(
    matrix: NDArray[Any], class_names: Sequence[str], *, shares: bool = False, dark: bool = False
) -> list[list[dict[str, str]]]:
    """Return the matrix with its sums as it is drawn, K + 1 rows of K + 1 cells.

    Args:
        matrix: (K, K) counts; row i is the true class, column j the predicted one.
        class_names: K names in the matrix's order.
        shares: write shares of the true class instead of counts; sums stay counts.
        dark: colours for the dark theme.

    Returns:
        Of each cell its ``text`` ("" for none), ``fill`` and ``ink``
        ("#rrggbb"), what its photos are (``what``) and how many (``many``).
    """
    count, share, totals = len(class_names), shares_of_true_class(matrix), with_totals(matrix)

    def drawn(i: int, j: int) -> dict[str, str]:
        n, inside = int(totals[i, j]), i < count and j < count
        fill, text = TOTAL[dark], f"{n:,}"
        if inside:
            scale, full = (theme.RIGHT, 1.0) if i == j else (theme.WRONG, FULL_ERROR_SHARE)
            fill = mix(*scale[dark], min(float(share[i, j]) / full, 1.0))
            text = "" if not n else percent(share[i, j], 0) if shares else text
        cell = Cell(i if i < count else None, j if j < count else None)
        return {
            "text": text,
            "fill": fill,
            "ink": readable_on(fill) if inside else INK[dark],
            "what": cell.title(class_names),
            "many": photo_count(n) + (f" ({percent(share[i, j])} of the class)" if inside else ""),
        }

    return [[drawn(i, j) for j in range(count + 1)] for i in range(count + 1)]


def mix(start: str, end: str, share: float) -> str:
    """Return the colour between two, on a straight line through red, green and blue.

    Example:
        >>> mix("#000000", "#ffffff", 0.5)
        '#808080'
    """
    first, second = (np.array([int(c[k : k + 2], 16) for k in (1, 3, 5)]) for c in (start, end))
    return "#" + "".join(f"{round(float(value)):02x}" for value in first + (second - first) * share + 1e-9)


def readable_on(colour: str) -> str:
    """Return black or white, whichever stands out more on the colour (WCAG relative luminance)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"
