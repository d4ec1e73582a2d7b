"""An evaluation as tables: the classification report, the confusion matrix, every photo with its answer."""

from __future__ import annotations

from collections.abc import Iterator

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import EvaluationReport
from gallery.exchange.csv_text import csv_lines, safe_text


def report_csv(report: EvaluationReport) -> str:
    """Return the classification report as CSV: a row a class, then the averages."""
    return report.to_frame().rename(index=safe_text).to_csv(index_label="class", lineterminator="\n")


def matrix_csv(report: EvaluationReport) -> str:
    """Return the confusion matrix as CSV: rows are true classes, columns predicted ones."""
    rows = zip(report.class_names, report.confusion_matrix.tolist(), strict=True)
    header = ["true \\ predicted", *report.class_names]
    return "".join(csv_lines(header, ([name, *counts] for name, counts in rows)))


def photos_csv(evaluation: Evaluation) -> str:
    """Return one line a photo as CSV: file, true and predicted class, confidence, all probabilities."""
    report = evaluation.report
    names = report.class_names
    header = ["file", "true", "predicted", "correct", "confidence", *(f"probability_{n}" for n in names)]

    def rows() -> Iterator[list[str | int]]:
        for row, path in enumerate(evaluation.paths):
            true, predicted = int(report.y_true[row]), int(report.y_pred[row])
            shares = [f"{value:.6f}" for value in report.probabilities[row].tolist()]
            file = evaluation.relative(path)
            yield [file, names[true], names[predicted], int(true == predicted), shares[predicted], *shares]

    return "".join(csv_lines(header, rows()))
