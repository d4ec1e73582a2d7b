"""The table of verdicts: a line for each label that a person has judged, and what to call the photo now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.exchange.csv_text import Cell, table_lines
from gallery.types import GivenVerdict, PhotoId, Verdict


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A verdict and a place where its photo lies."""

    given: GivenVerdict
    path: Path | None

    @property
    def label_after(self) -> str | None:
        """The label that the verdict leaves; None where it leaves none."""
        if self.given.verdict is Verdict.LABEL_WRONG:
            return self.given.other
        return None if self.given.verdict is Verdict.CANNOT_TELL else self.given.label


COLUMNS: Mapping[str, Callable[[VerdictRow], Cell]] = {
    "path": lambda row: None if row.path is None else str(row.path),  # empty where it is not known any more
    "label": lambda row: row.given.label,  # that was judged; nothing is ever written into its folder
    "verdict": lambda row: str(row.given.verdict),
    "other_label": lambda row: row.given.other,  # "label wrong": the right class; "both ...": the second one
    "label_after": lambda row: row.label_after,  # empty where nobody can tell or it is no class
    "model_label": lambda row: row.given.shown_label,  # what the person was shown
    "model_id": lambda row: row.given.shown_model_id,
    "person": lambda row: row.given.person,
    "made_at": lambda row: row.given.made_at,
    "picture_sha256": lambda row: row.given.photo_id,
}


def verdict_rows(
    given: Iterable[GivenVerdict], places: Mapping[tuple[PhotoId, str], Path]
) -> list[VerdictRow]:
    """Return the rows of some verdicts, by path; those without a place come last.

    Args:
        given: the verdicts that stand.
        places: where a photo lies that bears the judged label: its copies may bear others.
    """
    rows = [VerdictRow(one, places.get((one.photo_id, one.label))) for one in given]
    return sorted(rows, key=lambda row: (row.path is None, row.path or Path(), row.given.label))


def verdicts_csv(rows: Iterable[VerdictRow]) -> Iterator[str]:
    """Yield the table line by line, UTF-8 text that spreadsheets open as it is meant."""
    return table_lines(COLUMNS, rows)
