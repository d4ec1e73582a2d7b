"""Page and report file show the same numbers: every score, table, cell and point of a chart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.file import html_report
from gallery.services import evaluate, wiring
from gallery.words import class_title
from tests.apps.small_gallery import MODEL_ID, SmallGallery, matrices, open_page, written
from tests.fast.unit.exchange.made_report import FakePictures, ParsedPage

SAID = {
    **{f"dog/{k:02}.png": {"dog": 0.99 - k / 50, "cat": 0.01 + k / 50} for k in range(30)},
    **{f"cat/{k:02}.png": {"cat": 0.6 + k / 60, "dog": 0.4 - k / 60} for k in range(22)},
    **{f"cow/{k:02}.png": {"dog": 0.5, "cow": 0.3 + k / 50, "cat": 0.2 - k / 50} for k in range(4)},
}
"""Three classes, one of few photos; dogs with a number above 24 are taken for cats, all cows for dogs."""

UNFOLDED = (
    "evaluate_bins_open",
    "evaluate_coverage_table_open",
    "evaluate_slices_table_open",
    "evaluate_curves_table_open",
)
PARTS = (
    ("Report", ""),
    ("Confidence", "Calibration and threshold"),
    ("Confidence", "Precision, recall and ROC"),
    ("By site, time, quality", ""),
)
"""Tabs and their parts that show numbers of the report."""

TABLES = (
    ("Reliability diagram", "Groups by confidence. As predicted", ["Photos", "Mean confidence", "Accuracy"]),
    (
        "What a confidence threshold keeps",
        "What a threshold on the confidence keeps",
        ["Photos", "Share of all", "Accuracy"],
    ),
    ("Accuracy by group", "Accuracy by group", ["Photos", "Accuracy"]),
)
"""How the alternative text of a table begins, the caption of the same one in the report, columns of both."""


class Shown:
    """What Evaluate shows in all its tabs: metrics by label, tables by alternative text, charts by theirs."""

    def __init__(self, page: AppTest) -> None:
        self.metrics: dict[str, str] = {}
        self.tables: dict[str, pd.DataFrame] = {}
        self.charts: dict[str, Any] = {}
        for tab, part in PARTS:
            page.session_state["evaluate_tab"] = tab
            if part:
                page.session_state["evaluate_confidence_part"] = part
            for key in UNFOLDED:
                page.session_state[key] = True
            page.run()
            assert not page.exception
            self.metrics |= {one.label: one.value.replace("\N{NO-BREAK SPACE}", " ") for one in page.metric}
            self.tables |= {one.proto.alt: one.value for one in page.dataframe}
            drawn = [one.proto for one in page.get("plotly_chart") if one.proto.alt]  # one without is hidden
            self.charts |= {one.alt: json.loads(one.spec) for one in drawn}

    def table(self, begins: str) -> pd.DataFrame:
        (found,) = [table for alt, table in self.tables.items() if alt.startswith(begins)]
        return found


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    gallery.add_model()
    for number, path in enumerate(SAID):
        gallery.draw(path, (4 * number, 255 - number, len(Path(path).parent.name) * number))
    return gallery


def test_page_and_report_agree_in_every_number(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID)
    evaluation = evaluate.find(collection.collection_id, MODEL_ID, LabelSource.FOLDERS)
    contents = ReportContents(
        evaluation=evaluation,
        card=wiring.models().card(MODEL_ID),
        folder=evaluation.folder_name,
        names=[evaluation.relative(path) for path in evaluation.paths],
        made_at="now",
    )
    report = ParsedPage(html_report(contents, FakePictures()).html)
    page = open_page("evaluate", collection=str(collection.collection_id))
    shown = Shown(page)
    compare_scores(shown, report, evaluation)
    compare_matrix(page, report, evaluation)
    compare_classes(shown, report, evaluation)
    for on_the_page, in_the_report, columns in TABLES:
        values = shown.table(on_the_page)[columns].to_numpy().tolist()
        assert len(values) > 2
        assert [row[: len(columns)] for row in report.values[in_the_report][1:]] == values, in_the_report
    compare_charts(shown, report)


def compare_scores(shown: Shown, report: ParsedPage, evaluation: Evaluation) -> None:
    rows = report.tables[f"Scores on {evaluation.report.n} photos"][1:]
    other_names = {"After temperature scaling": "ECE after temperature scaling"}
    compared = []
    for label, value in shown.metrics.items():
        for name, in_report, *_ in rows:
            if name.startswith(other_names.get(label, label)):
                assert in_report.replace("\N{NO-BREAK SPACE}", " ") == value, label
                compared.append(label)
    assert len(compared) == len(rows) == 8, shown.metrics


def compare_matrix(page: AppTest, report: ParsedPage, evaluation: Evaluation) -> None:
    cells = next(rows for caption, rows in report.tables.items() if caption.startswith("Confusion matrix"))
    (matrix,) = matrices(page)
    for row, in_report in zip(written(matrix), cells[1:], strict=True):
        numbers = [text or "0" for text in row][: len(evaluation.report.class_names)]
        assert in_report[1 : 1 + len(numbers)] == numbers


def compare_classes(shown: Shown, report: ParsedPage, evaluation: Evaluation) -> None:
    scores = shown.table("Classification report").set_index("Class")
    areas = shown.table("Average precision").set_index("Class")
    there = [
        name
        for name, n in zip(evaluation.report.class_names, evaluation.report.scores.support, strict=True)
        if n
    ]
    assert len(there) == 3
    for title in map(class_title, there):
        n, recall, low, high, precision, f1, average, auc = report.numbers("Classification report", title)
        row = scores.loc[title]
        assert (row["Photos"], row["Recall"], row["Precision"], row["F1"]) == (n, recall, precision, f1)
        assert row["95 % CI of recall"].startswith(f"{low:.2f} to {high:.2f}")
        assert (areas.loc[title, "Average precision"], areas.loc[title, "AUC"]) == (average, auc)
    for title in ("Macro average", "Weighted average"):
        n, recall, precision, f1 = report.numbers("Classification report", title)
        assert scores.loc[title, ["Photos", "Recall", "Precision", "F1"]].tolist() == [
            n,
            recall,
            precision,
            f1,
        ]


def compare_charts(shown: Shown, report: ParsedPage) -> None:
    charts = json.loads(report.scripts[0])
    by_alt = {
        attributes["aria-label"]: charts[(attributes["id"] or "").removeprefix("chart-")]["light"]["data"]
        for attributes in reversed(report.all("div"))  # of both reliability diagrams the first
        if attributes.get("class") == "chart"
    }
    assert len(shown.charts) == 5, list(shown.charts)
    for alt, chart in shown.charts.items():
        for on_page, in_report in zip(chart["data"], by_alt[alt], strict=False):  # then what is chosen
            for name in ("x", "y", "customdata", "text"):
                assert on_page.get(name) == in_report.get(name), (alt, name)
            for name in ("error_x", "error_y"):
                for side in ("array", "arrayminus"):
                    assert on_page.get(name, {}).get(side) == in_report.get(name, {}).get(side), (alt, name)
