"""The table of verdicts: a line for each label that a person has judged, and what to call the photo now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.exchange.csv_text import Cell, csv_lines, write_whole
from gallery.types import GivenVerdict, PhotoId, Verdict

COLUMNS = (
    "path",  # absolute; empty where the photo's place is not known any more
    "label",  # the class that was judged; nothing is ever written into its folder
    "verdict",
    "other_label",  # with "label wrong" the right class, with "both animals in it" the second one
    "label_after",  # what to call the photo now; empty where nobody can tell or it is no class
    "model_label",  # what the person was shown
    "model_id",
    "person",
    "made_at",
    "picture_sha256",
)


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

    def cells(self) -> list[Cell]:
        """Return the row's values in the order of `COLUMNS`."""
        given = self.given
        return [
            None if self.path is None else str(self.path),
            given.label,
            str(given.verdict),
            given.other,
            self.label_after,
            given.shown_label,
            given.shown_model_id,
            given.person,
            given.made_at,
            given.photo_id,
        ]


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
    return csv_lines(COLUMNS, (row.cells() for row in rows))


def write_verdicts_csv(file: Path, rows: Iterable[VerdictRow]) -> None:
    """Write the table to a file, whole or not at all.

    Raises:
        ExchangeError: the place cannot be written.
    """
    write_whole(file, verdicts_csv(rows))
