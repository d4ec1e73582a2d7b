"""The report's charts: those of the pages, in both themes, drawn by the plotly that lies in the file."""

from __future__ import annotations

from gallery.charts.drawing import Chart
from gallery.charts.evaluation import (
    DRAWN_SLICES,
    coverage_chart,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
    slices_chart,
)
from gallery.evaluation.diagnosis import WANTED_ACCURACY
from gallery.exchange.report.contents import ReportContents


def charts_of(contents: ReportContents, *, dark: bool) -> dict[str, Chart]:
    """Return every chart of the report by the name of its place."""
    evaluation, diagnosis = contents.evaluation, contents.evaluation.diagnosis
    names = evaluation.report.class_names
    charts = {
        "reliability": reliability_chart(diagnosis.bins, dark=dark),
        "coverage": coverage_chart(
            diagnosis.coverage, chosen=diagnosis.at_95, wanted=WANTED_ACCURACY, dark=dark
        ),
    }
    if diagnosis.bins_after is not None:
        charts["scaled"] = reliability_chart(diagnosis.bins_after, dark=dark)
    if slices := evaluation.slices_by():
        charts["slices"] = slices_chart(
            slices[:DRAWN_SLICES], overall=evaluation.report.accuracy, mixed=True, dark=dark
        )
    for k, curves in enumerate(diagnosis.curves):
        if curves.positives:
            charts[f"precision-recall-{k}"] = precision_recall_chart(curves, names, dark=dark)
        if curves.auc is not None:
            charts[f"roc-{k}"] = roc_chart(curves, names, dark=dark)
    return charts


def charts_json(light: dict[str, Chart], dark: dict[str, Chart]) -> str:
    """Return the figures as JSON that may stand in a script element: nothing in it can end the element."""
    made = ",".join(
        f'"{name}":{{"light":{one.figure.to_json()},"dark":{dark[name].figure.to_json()}}}'
        for name, one in light.items()
    )
    return f"{{{made}}}".replace("<", "\\u003c")
