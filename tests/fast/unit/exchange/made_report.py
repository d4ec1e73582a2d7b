"""An evaluation of sixty made photos, whose numbers can be counted by hand, and a parser of the report."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.comparison import EvaluationPair
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.overlap import SeenPhotos
from gallery.evaluation.report import EvaluationReport
from gallery.exchange.report.contents import ReportContents
from gallery.types import GivenVerdict, ModelCard, PhotoId, PhotoMetadata
from tests.fast.unit.evaluation.fakes import FakeStored, made_evaluation

NAMES = ("dog", "cat", "guinea_pig")
ROOT = Path("/data/holiday")

MATRIX = np.array([[24, 5, 1], [2, 22, 0], [0, 3, 3]])
"""What the made photos give: 30 dogs, 24 cats, 6 guinea pigs, 49 of 60 right."""


def card(**changes: object) -> ModelCard:
    fields: dict[str, object] = {
        "model_id": "made-vgg16", "name": "Made model", "architecture": "vgg16-gap", "class_names": NAMES,
        "input_px": 224, "preprocessing": "caffe", "resize": "squash", "target_layer": "block5_conv3",
        "temperature": 0.8, "weights_file": "weights.npz", "weights_sha256": "ab" * 32,
        "parameter_count": 14_982_474, "created_at": "2026-01-02T03:04:05Z",
        "description": "Made for a test.", "trained_on": {"photos": 1234, "phases": [{"minutes": 51}]},
        "tested_on": {"accuracy": 0.8}, "limits": ("Drawings confuse it.",),
        "library_versions": {"numpy": "2.4"},
    }  # fmt: skip
    return ModelCard(**(fields | changes))  # type: ignore[arg-type]


def photo_id(row: int) -> PhotoId:
    return hashlib.sha256(str(row).encode()).hexdigest()


def evaluation(names: Sequence[str] | None = None, model_id: str = "made-vgg16") -> Evaluation:
    """Photos cell by cell of the matrix, each a little surer than the one before."""
    y_true, y_pred = [], []
    for true, row in enumerate(MATRIX.tolist()):
        for said, count in enumerate(row):
            y_true += [true] * count
            y_pred += [said] * count
    n = len(y_true)
    sure = 0.5 + 0.49 * np.arange(1, n + 1) / n
    probabilities = np.zeros((n, 3))
    for step, share in ((0, sure), (1, 0.7 * (1 - sure)), (2, 0.3 * (1 - sure))):
        probabilities[np.arange(n), (np.array(y_pred) + step) % 3] = share
    paths = [ROOT / (names[r] if names else f"{NAMES[t]}/{r:02}.jpg") for r, t in enumerate(y_true)]
    report = EvaluationReport.from_predictions(
        np.array(y_true), probabilities.astype(np.float32), NAMES, model_id
    )
    ids = [photo_id(row) for row in range(n)]
    stored = FakeStored(
        rows={one: row for row, one in enumerate(ids)},
        feature=np.eye(3)[report.y_pred] + np.linspace(0, 0.1, n)[:, None],
        about={one: PhotoMetadata(640 + row, 480, 9, "JPEG") for row, one in enumerate(ids)},
    )
    return made_evaluation(
        report, file_ids=range(1, n + 1), photo_ids=ids, paths=paths, root=ROOT, stored=stored
    )


def contents(
    *,
    names: Sequence[str] | None = None,
    trained: Sequence[PhotoId] = ("f" * 64,),
    verdicts: dict[tuple[PhotoId, str], GivenVerdict] | None = None,
    other: Evaluation | None = None,
    evaluated: Evaluation | None = None,
    maps: NDArray[np.float32] | None = None,
    **changes: object,
) -> ReportContents:
    evaluated = evaluated or evaluation(names)
    stored = dataclasses.replace(evaluated.stored, maps=maps)
    evaluated = dataclasses.replace(evaluated, stored=stored, seen=SeenPhotos(frozenset(trained)))
    fields: dict[str, object] = {
        "evaluation": evaluated, "card": card(), "folder": "holiday", "made_at": "21 November 2026, 15:00",
        "names": [path.relative_to(ROOT).as_posix() for path in evaluated.paths],
        "label_table_sha256": "cd" * 32,
        "judged": evaluated.judged(verdicts) if verdicts else None,
        "pair": EvaluationPair.of(evaluated, other) if other else None,
    }  # fmt: skip
    return ReportContents(**(fields | changes))  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Picture:
    jpeg: bytes
    width_px: int
    height_px: int


class FakePictures:
    """Thumbnails whose bytes grow with their size; nothing speaks for the class of index 2."""

    def __init__(self, missing: Sequence[int] = ()) -> None:
        self.missing = missing

    def thumbnail(self, row: int, max_px: int, quality: int) -> Picture | None:
        if row in self.missing:
            return None
        return Picture(bytes([row % 256]) * (max_px * quality // 2), max_px, max_px // 2)

    def heatmaps(self, row: int, classes: Sequence[int]) -> list[bytes | None] | None:
        return [None if index == 2 else f"heat {row} {index}".encode() for index in classes]

    def average_map(self, heat: NDArray[np.floating]) -> bytes:
        return b"average"

    def heat_colours(self) -> list[str]:
        return ["#000000", "#ffffff"]


class ParsedPage(HTMLParser):
    """What a test asks of a page: its elements, its links, its tables."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.values: dict[str, list[list[float]]] = {}
        self.text = ""
        self.style = ""
        self.scripts: list[str] = []
        self._open: list[str] = []
        self._caption = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)
        if tag == "script":
            self.scripts.append("")
        if tag == "table":
            self._caption = ""
        if tag == "tr" and self._caption:
            self.tables[self._caption].append([])
            self.values[self._caption].append([])
        if tag in ("td", "th") and self._caption:
            self.tables[self._caption][-1].append("")
        if tag == "data" and self._caption:
            self.values[self._caption][-1].append(float(found["value"] or "nan"))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag == "caption":
            self.tables.setdefault(self._caption, [])
            self.values.setdefault(self._caption, [])
        if tag == "table":
            self._caption = ""

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
            return
        if "script" in self._open:
            self.scripts[-1] += data
            return
        self.text += data.replace("\N{NO-BREAK SPACE}", " ")
        if "caption" in self._open:
            self._caption += data
        elif ("td" in self._open or "th" in self._open) and self._caption:
            self.tables[self._caption][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [a["id"] or "" for _, a in self.elements if "id" in a]

    def numbers(self, caption: str, head: str) -> list[float]:
        """The exact values in the row of a table that begins so."""
        for row, values in zip(self.tables[caption], self.values[caption], strict=True):
            if row and row[0].startswith(head):
                return values
        raise AssertionError(f"no row {head!r} in {caption!r}: {[row[:1] for row in self.tables[caption]]}")
