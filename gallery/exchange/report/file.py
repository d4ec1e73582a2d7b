"""The report as one file: put together, kept below its limit, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import ExchangeError
from gallery.exchange.report.album import LEVELS, Album, Level, chosen_rows
from gallery.exchange.report.contents import Pictures, ReportContents
from gallery.exchange.report.page import Page
from gallery.exchange.report.provenance import photo_table
from gallery.exchange.whole_file import write_whole
from gallery.types import display_path
from gallery.words import photo_count

REPORT_LIMIT_BYTES = 20_000_000
"""Most mail systems take no larger attachment."""

TABLE_SHARE = 0.4
"""Of the limit, for the embedded table of all photos; a larger one is left out, and the file says so."""

SAMPLE = 16
"""Photos that are made at each level to know how large the others will be."""

MARKUP_BYTES = 1_000
"""What stands around the pictures of a photo, about."""

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as it is written.

    Attributes:
        html: the whole file.
        size_bytes: of it.
        photos: in the evaluation.
        photos_shown: of them, those whose pictures are embedded.
        level: how many a cell, and how large.
        limit_bytes: that it had to stay within.
    """

    html: str
    size_bytes: int
    photos: int
    photos_shown: int
    level: Level
    limit_bytes: int

    @property
    def lowered(self) -> bool:
        """Whether number and size of the pictures were lowered to stay within the limit."""
        return self.level != LEVELS[0]


def check_report_place(file: Path) -> None:
    """Refuse a place that cannot be meant; to be asked before the long work.

    Raises:
        ExchangeError: the name does not end with .html, or there is no such folder.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise ExchangeError(
            f"{display_path(file)} is no name for a report; photos and tables are never written over. Give "
            "one that ends with .html."
        )
    if not file.absolute().parent.is_dir():
        raise ExchangeError(
            f"There is no folder {display_path(file.absolute().parent)}. Make it, or give another place."
        )


def write_html_report(file: Path, report: ReportFile) -> None:
    """Write a report to a file, whole or not at all.

    Raises:
        ExchangeError: see `check_report_place`, or the place cannot be written; an
            older file there is left as it was.
    """
    check_report_place(file)
    write_whole(file, [report.html])


def html_report(
    contents: ReportContents,
    pictures: Pictures,
    *,
    limit_bytes: int = REPORT_LIMIT_BYTES,
    on_progress: Callable[[str], None] = lambda _: None,
) -> ReportFile:
    """Return the report, with as many and as large pictures as the limit allows.

    Args:
        contents: what is written down.
        pictures: of the photos.
        limit_bytes: of the whole file.
        on_progress: told in a sentence what is being done.

    Raises:
        ExchangeError: even without a picture it is larger than the limit.
    """
    table: bytes | None = photo_table(contents)
    if table is not None and len(table) * 4 / 3 > TABLE_SHARE * limit_bytes:
        table = None
    page = Page(contents, table)
    bare = len(page.written(Album(contents, pictures, LEVELS[-1])).encode("utf-8"))
    for level in LEVELS:
        rows = chosen_rows(contents, level)
        if bare + len(rows) * _bytes_a_photo(contents, pictures, level, rows) > limit_bytes:
            continue
        on_progress(f"Writing {photo_count(len(rows))} of {level.thumbnail_px} pixels into the report")
        album = Album(contents, pictures, level)
        html = page.written(album)
        size = len(html.encode("utf-8"))
        if size <= limit_bytes:
            return ReportFile(html, size, contents.evaluation.report.n, len(album), level, limit_bytes)
    raise ExchangeError(
        f"The report has {bare:,} bytes without a single picture, more than the {limit_bytes:,} that are "
        "allowed. Evaluate fewer photos at a time."
    )


def _bytes_a_photo(contents: ReportContents, pictures: Pictures, level: Level, rows: list[int]) -> float:
    """Return what a photo of a level costs in the file, measured on some of them."""
    sample = rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]
    if not sample:
        return 0.0
    report = contents.evaluation.report
    total = 0
    for row in sample:
        thumbnail = pictures.thumbnail(row, level.thumbnail_px, level.quality)
        heatmaps = pictures.heatmaps(row, [int(report.y_true[row]), int(report.y_pred[row])])
        total += len(thumbnail.jpeg) if thumbnail is not None else 0
        total += sum(len(png) for png in heatmaps or [] if png is not None)
    return total / len(sample) * 4 / 3 + MARKUP_BYTES
