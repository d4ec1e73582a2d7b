"""Which photos the file holds, and what is shown of each: its picture, the heatmaps of label and prediction.

A photo is embedded once. Where it is shown again, under its heatmaps or in
another section, an SVG ``use`` refers to it, so that costs no more bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.exchange.report.contents import Pictures, ReportContents, Thumbnail
from gallery.words import class_title, percent, photo_count

ERRORS_OF_A_SLICE = 5


@dataclass(frozen=True, slots=True)
class Level:
    """How much of the photos goes into the file.

    Attributes:
        per_cell: photos of each cell of the matrix, worst first.
        listed: photos that each of the other lists shows at most.
        thumbnail_px: the longer side of each.
        quality: of their JPEGs, of 100.
    """

    per_cell: int
    listed: int
    thumbnail_px: int
    quality: int


LEVELS = (
    Level(40, 40, 256, 75),
    Level(30, 30, 256, 70),
    Level(24, 24, 224, 68),
    Level(20, 20, 200, 65),
    Level(16, 20, 180, 62),
    Level(12, 16, 160, 60),
    Level(8, 12, 144, 55),
    Level(5, 8, 128, 50),
    Level(3, 4, 112, 45),
    Level(1, 1, 96, 40),
    Level(0, 0, 96, 40),
)
"""From rich to poor; the first whose file stays within the limit is taken."""


class Album:
    """The photos that are embedded.

    Args:
        contents: what is written down.
        pictures: of the photos.
        level: how many, and how large.
    """

    def __init__(self, contents: ReportContents, pictures: Pictures, level: Level) -> None:
        self._contents = contents
        self._report = contents.evaluation.report
        self._pictures = pictures
        self.level = level
        self._cells = {
            cell: list[int](self._report.cell(*cell).tolist()) for cell in occurring_cells(contents)
        }
        self._thumbnails: dict[int, Thumbnail] = {}
        for row in chosen_rows(contents, level):
            thumbnail = pictures.thumbnail(row, level.thumbnail_px, level.quality)
            if thumbnail is not None:
                self._thumbnails[row] = thumbnail

    def __len__(self) -> int:
        return len(self._thumbnails)

    def __contains__(self, row: int) -> bool:
        return row in self._thumbnails

    def cells_by_label(self) -> list[tuple[int, list[tuple[int, list[int]]]]]:
        """Return the cells that have photos, label by label: (true, [(predicted, rows, worst first)])."""
        made: dict[int, list[tuple[int, list[int]]]] = {}
        for (true, said), rows in self._cells.items():
            made.setdefault(true, []).append((said, rows))
        return list(made.items())

    def cells_by_prediction(self) -> list[tuple[int, list[tuple[int, list[int]]]]]:
        """Return the same by each predicted class: (predicted, [(true, rows)]), most photos first."""
        made: dict[int, list[tuple[int, list[int]]]] = {k: [] for k in range(len(self._report.class_names))}
        for (true, said), rows in self._cells.items():
            made[said].append((true, rows))
        for said, cells in made.items():
            cells.sort(key=lambda cell: (cell[0] == said, -len(cell[1])))
        return list(made.items())

    def shown(self, rows: Iterable[int]) -> list[int]:
        """Return those of the rows that are embedded."""
        return [row for row in rows if row in self._thumbnails]

    def listed(self, rows: Iterable[int]) -> list[int]:
        """Return embedded rows, as many as the level lists at most."""
        return self.shown(rows)[: self.level.listed]

    def worst_errors(self, rows: NDArray[np.integer]) -> list[int]:
        """Return the embedded errors of highest confidence among some rows."""
        report = self._report
        wrong = rows[report.y_true[rows] != report.y_pred[rows]]
        worst = wrong[np.argsort(-report.confidence[wrong], kind="stable")].tolist()
        return self.shown(worst)[:ERRORS_OF_A_SLICE]

    def thumbnail(self, row: int) -> Thumbnail:
        return self._thumbnails[row]

    def heat_colours(self) -> list[str]:
        return list(self._pictures.heat_colours())

    def is_right(self, row: int) -> bool:
        return bool(self._report.y_true[row] == self._report.y_pred[row])

    def heatmaps(self, row: int) -> list[tuple[str, bytes | None, bool]]:
        """Return the heatmaps of a photo's label and prediction.

        Returns:
            of each: the class's title; the picture, None where nothing speaks for the class; whether maps
            are stored at all.
        """
        classes = list(dict.fromkeys((int(self._report.y_true[row]), int(self._report.y_pred[row]))))
        found = self._pictures.heatmaps(row, classes)
        titles = [class_title(self._report.class_names[k]) for k in classes]
        return [
            (title, heat, found is not None)
            for title, heat in zip(titles, found or [None] * len(classes), strict=True)
        ]

    def mean_heatmaps(self, true: int, said: int) -> list[tuple[bytes, str]]:
        """Return the mean heatmaps of a cell's photos, each in words; none for a single photo."""
        evidence, rows = self._contents.evaluation.evidence, self._cells[true, said]
        if evidence is None or len(rows) < 2:
            return []
        names = [class_title(self._report.class_names[k]) for k in (true, said)]
        averages = list(zip(names, evidence.averages(np.array(rows)), strict=True))
        return [
            (self._pictures.average_map(one.heat), f"Heatmap of {name}, mean of {photo_count(one.photos)}")
            for name, one in (averages if true != said else averages[1:])
            if one.photos
        ]

    def name(self, row: int) -> str:
        return self._contents.names[row]

    def answer(self, row: int) -> str:
        """Return in a sentence what the photo is labelled and what is predicted.

        Both with the probability that the model gives them.
        """
        names = self._report.class_names
        true, said = int(self._report.y_true[row]), int(self._report.y_pred[row])
        of = self._report.probabilities[row]
        if true == said:
            return f"labelled and predicted {class_title(names[true])} ({percent(float(of[true]))})"
        return (
            f"labelled {class_title(names[true])} ({percent(float(of[true]))}), predicted "
            f"{class_title(names[said])} ({percent(float(of[said]))})"
        )


def occurring_cells(contents: ReportContents) -> Iterator[tuple[int, int]]:
    """Yield the cells of the matrix that have photos: row by row, errors of most photos first."""
    matrix = contents.evaluation.report.confusion_matrix
    for true in range(len(matrix)):
        row = matrix[true].tolist()
        for said in sorted(range(len(row)), key=lambda k: (k == true, -row[k], k)):
            if row[said]:
                yield true, said


def chosen_rows(contents: ReportContents, level: Level) -> list[int]:
    """Return the rows that are embedded: the worst of each cell, and what other sections refer to."""
    evaluation = contents.evaluation
    report = evaluation.report
    found: dict[int, None] = {}

    def add(rows: Iterable[int], most: int) -> None:
        for _, row in zip(range(most), rows, strict=False):
            found[int(row)] = None

    for true, said in occurring_cells(contents):
        add(report.cell(true, said).tolist(), level.per_cell)
    add((suspect.row for suspect in evaluation.diagnosis.suspects), level.listed)
    for rows in evaluation.overlap.contradicting[: level.listed]:
        add(rows.tolist(), level.listed)
    if contents.judged is not None:
        add(sorted(contents.judged.judgements), level.listed)
    if (pair := contents.pair) is not None:
        for a_right, b_right in ((True, False), (False, True)):
            add(pair.rows[pair.comparison.rows(a_right, b_right)].tolist(), level.listed)
    return list(found)
