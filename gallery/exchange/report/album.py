"""Which photos the file holds, and how each is shown: with the heatmaps of its label and its prediction.

A photo is embedded once. Where it is shown again, under its heatmaps or in
another section, an SVG ``use`` refers to it, so that costs no more bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gallery.evaluation.evidence import BORDER
from gallery.exchange.report.contents import Pictures, ReportContents, Thumbnail
from gallery.exchange.report.markup import Markup, tag
from gallery.words import class_title, percent, photo_count

HEAT_OPACITY = 0.65
"""Of the hottest place: the animal beneath is still to be recognised."""


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
        self._cells = {cell: self._of_cell(*cell) for cell in self._occurring_cells()}
        self._thumbnails: dict[int, Thumbnail] = {}
        for row in chosen_rows(contents, level):
            thumbnail = pictures.thumbnail(row, level.thumbnail_px, level.quality)
            if thumbnail is not None:
                self._thumbnails[row] = thumbnail

    def __len__(self) -> int:
        return len(self._thumbnails)

    def __contains__(self, row: int) -> bool:
        return row in self._thumbnails

    @property
    def cells(self) -> dict[tuple[int, int], list[int]]:
        """The rows behind each cell that has photos, worst first."""
        return self._cells

    def shown(self, rows: Iterable[int]) -> list[int]:
        """Return those of the rows that are embedded."""
        return [row for row in rows if row in self._thumbnails]

    def heat_colours(self) -> list[str]:
        return list(self._pictures.heat_colours())

    def figure(self, row: int) -> Markup:
        """Return an embedded photo with its heatmaps and its facts; it stands in the page once."""
        thumbnail = self._thumbnails[row]
        true, said = int(self._report.y_true[row]), int(self._report.y_pred[row])
        classes = [true] if true == said else [true, said]
        heatmaps = self._pictures.heatmaps(row, classes)
        shown = [_picture(_original(row, thumbnail), thumbnail, f"The photo {self.name(row)}", "Photo")]
        for index, heat in zip(classes, heatmaps or [None] * len(classes), strict=True):
            title = class_title(self._report.class_names[index])
            if heatmaps is None:
                shown.append(_without(f"No heatmap of {title} is stored"))
            elif heat is None:
                shown.append(_without(f"No evidence for {title} in the photo"))
            else:
                label = f"Heatmap of {title} in {self.name(row)}"
                shown.append(
                    _picture([_again(row), _heat(heat, thumbnail)], thumbnail, label, f"Heatmap of {title}")
                )
        return tag(
            "figure",
            tag("div", shown, class_="pictures"),
            tag("figcaption", tag("bdi", self.name(row)), tag("span", self.answer(row))),
            id=f"photo-{row}",
            class_="photo" if true != said else "photo right",
        )

    def small(self, row: int, note: str = "") -> Markup | None:
        """Return a small picture that leads to the photo; None when it is not embedded."""
        thumbnail = self._thumbnails.get(row)
        if thumbnail is None:
            return None
        label = f"{self.name(row)}: {note or self.answer(row)}"
        return tag("a", _svg(_again(row), thumbnail, label), href=f"#photo-{row}", class_="small")

    def strip(self, rows: Iterable[int]) -> Markup:
        """Return small pictures of embedded rows, as many as the level lists at most."""
        there = self.shown(rows)[: self.level.listed]
        return tag("div", [self.small(row) for row in there], class_="strip")

    def mean_heatmaps(self, true: int, said: int) -> Markup | None:
        """Return the mean heatmaps of a cell's photos; None without heatmaps, or for one photo."""
        evidence, rows = self._contents.evaluation.evidence, self._cells[true, said]
        if evidence is None or len(rows) < 2:
            return None
        names = [class_title(self._report.class_names[k]) for k in (true, said)]
        averages = list(zip(names, evidence.averages(np.array(rows)), strict=True))
        drawn = []
        for name, average in averages if true != said else averages[1:]:
            if average.photos:
                caption = f"Heatmap of {name}, mean of {photo_count(average.photos)}"
                drawn.append(
                    tag(
                        "div",
                        _square(self._pictures.average_map(average.heat), caption),
                        tag("span", caption),
                    )
                )
        return tag("div", drawn, class_="looks") if drawn else None

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

    def _occurring_cells(self) -> Iterator[tuple[int, int]]:
        return occurring_cells(self._contents)

    def _of_cell(self, true: int, said: int) -> list[int]:
        return [int(row) for row in self._report.cell(true, said).tolist()]


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


def data_uri(content: bytes, media_type: str) -> Markup:
    """Return bytes as an address that holds them itself."""
    return Markup(f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")


def _picture(content: object, thumbnail: Thumbnail, label: str, caption: str) -> Markup:
    return tag("div", _svg(content, thumbnail, label), tag("span", caption), class_="picture")


def _without(sentence: str) -> Markup:
    return tag("div", tag("p", sentence), class_="picture none")


def _svg(content: object, thumbnail: Thumbnail, label: str) -> Markup:
    return tag(
        "svg",
        content,
        viewBox=f"0 0 {thumbnail.width_px} {thumbnail.height_px}",
        role="img",
        aria_label=label,
    )


def _original(row: int, thumbnail: Thumbnail) -> Markup:
    return tag(
        "image",
        id=f"t{row}",
        href=data_uri(thumbnail.jpeg, "image/jpeg"),
        width=thumbnail.width_px,
        height=thumbnail.height_px,
    )


def _square(png: bytes, label: str) -> Markup:
    """Return an average map; the dotted line marks off the border of the picture."""
    edge = 100 * BORDER
    return tag(
        "svg",
        tag("image", href=data_uri(png, "image/png"), width=100, height=100),
        tag("rect", x=edge, y=edge, width=100 - 2 * edge, height=100 - 2 * edge, class_="inside"),
        viewBox="0 0 100 100",
        role="img",
        aria_label=label,
    )


def _again(row: int) -> Markup:
    return tag("use", href=f"#t{row}")


def _heat(png: bytes, thumbnail: Thumbnail) -> Markup:
    return tag(
        "image",
        href=data_uri(png, "image/png"),
        width=thumbnail.width_px,
        height=thumbnail.height_px,
        preserveAspectRatio="none",
        opacity=HEAT_OPACITY,
    )
