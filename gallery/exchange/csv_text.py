"""CSV that a spreadsheet opens as it was meant, and that cannot make it compute anything."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np

from gallery.words import FORMULA_STARTS, without_surrogates

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the system's old code page and garbles the names of files; pandas,
readr, data.table and LibreOffice pass over it."""

Cell = str | int | float | None
Row = TypeVar("Row")


def safe_text(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula.

    Example:
        >>> safe_text("=1+1.jpg"), safe_text("fox.jpg")
        ("'=1+1.jpg", 'fox.jpg')
    """
    shown = without_surrogates(text)
    return "'" + shown if shown.startswith(FORMULA_STARTS) else shown


def shortest(probability: np.floating) -> float:
    """Return the number whose text is the shortest that gives the same float32 again."""
    return float(str(np.float32(probability)))


def csv_lines(
    header: Iterable[str], rows: Iterable[Iterable[Cell]], *, separator: str = ","
) -> Iterator[str]:
    """Yield a CSV file line by line, with the byte order mark before the first.

    Texts are made safe; numbers are written with a point (a comma where cells are separated by
    semicolons), None as an empty cell.
    """
    comma = separator == ";"
    lines: list[str] = []

    class _Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    def written(cell: Cell) -> Cell:
        if isinstance(cell, str):
            return safe_text(cell)
        return str(cell).replace(".", ",") if comma and isinstance(cell, float) else cell

    writer = csv.writer(_Lines(), delimiter=separator)
    writer.writerow([safe_text(name) for name in header])
    yield BYTE_ORDER_MARK + lines.pop()
    for row in rows:
        writer.writerow([written(cell) for cell in row])
        yield lines.pop()


def table_lines(
    columns: Mapping[str, Callable[[Row], Cell]], rows: Iterable[Row], *, separator: str = ","
) -> Iterator[str]:
    """Yield a table as `csv_lines`, which has of each row what its columns give, under their headings."""
    return csv_lines(
        columns, ([value(row) for value in columns.values()] for row in rows), separator=separator
    )
