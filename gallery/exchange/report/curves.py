"""The report's charts, each with its numbers as a table under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.svg import Axis, Series, chart, legend
from gallery.exchange.report.words import as_table, exact, few_note, figure, interval, share, table
from gallery.settings import FEW_PHOTOS
from gallery.words import class_title, percent, photo_count

if TYPE_CHECKING:
    from gallery.evaluation.calibration import ReliabilityBin
    from gallery.evaluation.ranking import ClassCurves

CURVE_POINTS = 200
"""More are not seen in a chart of 312 units, and each costs ten bytes."""

LISTED_THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
COVERAGE_THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WANTED = 0.95


def confidence_section(contents: ReportContents) -> Markup:
    """Return whether confidence can be believed: reliability before and after scaling, and coverage."""
    evaluation = contents.evaluation
    diagnosis = evaluation.diagnosis
    before = [
        _reliability(
            "As predicted",
            f"Calibration error {evaluation.report.calibration_error:.3f}",
            diagnosis.bins,
        )
    ]
    scaled = diagnosis.calibration
    if scaled is not None and diagnosis.bins_after is not None:
        low, high = float(scaled.temperatures.min()), float(scaled.temperatures.max())
        said = f"Calibration error {scaled.ece_after:.3f}, temperatures {low:.2f} to {high:.2f}"
        before.append(_reliability("After temperature scaling (cross-validated)", said, diagnosis.bins_after))
    return tag(
        "section",
        tag("h2", "Calibration", id="confidence"),
        tag(
            "p",
            "Each dot is a group of photos of about the same confidence. On the dotted line accuracy equals "
            "confidence; below it the model is overconfident. Bars are 95 % confidence intervals.",
        ),
        tag("div", before, class_="charts"),
        legend(
            [
                Series(f"{FEW_PHOTOS} photos or more", (), (), line=0),
                Series(f"fewer than {FEW_PHOTOS} photos", (), (), line=1),
                Series("well calibrated", (), (), quiet=True),
            ]
        ),
        _coverage(contents),
    )


def curves_section(contents: ReportContents) -> Markup:
    """Return the precision-recall and the ROC curve of every class that has photos."""
    with_photos = [one for one in contents.evaluation.diagnosis.curves if one.positives]
    return tag(
        "section",
        tag("h2", "Precision-recall and ROC curves", id="curves"),
        tag(
            "p",
            "Each curve moves a threshold on the class's probability from 1 to 0. Left: precision (share of "
            "the photos above the threshold that are of the class) against recall (share of the class's "
            "photos above it). Right: recall against the false positive rate. The dotted lines are what "
            "guessing gives.",
        ),
        [_class_curves(one) for one in with_photos],
    )


def _class_curves(curves: ClassCurves) -> Markup:
    title = class_title(curves.class_name)
    thin = curves.thinned(CURVE_POINTS)
    total = curves.positives + curves.negatives
    base = curves.positives / total
    precision, recall = thin.precision.tolist(), thin.recall.tolist()
    average, auc = curves.average_precision, curves.auc
    drawn = [
        chart(
            f"Precision-recall curve of {title}: average precision {average or 0:.3f}",
            Axis("Recall (share of the class's photos)"),
            Axis("Precision (share)"),
            [
                Series("guessing", [0, 1], [base, base], quiet=True),
                Series(title, [0.0, *recall], [precision[0], *precision], kind="steps"),
            ],
        )
    ]
    if auc is not None:
        drawn.append(
            chart(
                f"ROC curve of {title}: area {auc:.3f}",
                Axis("False positive rate"),
                Axis("Recall (share)"),
                [
                    Series("guessing", [0, 1], [0, 1], quiet=True),
                    Series(title, [0.0, *thin.false_positive_rate.tolist()], [0.0, *recall]),
                ],
            )
        )
    return tag(
        "div",
        tag("h3", title),
        tag(
            "p",
            f"{photo_count(curves.positives)} of {total:,}",
            few_note(curves.positives),
            joined([". Average precision ", figure(average)]) if average is not None else None,
            joined([", ROC area ", figure(auc)]) if auc is not None else None,
        ),
        tag("div", drawn, class_="charts"),
        as_table(f"The curves of {title} as a table", _curve_table(curves, title)),
    )


def _curve_table(curves: ClassCurves, title: str) -> Markup:
    rows = []
    for threshold in LISTED_THRESHOLDS:
        passed = int(np.count_nonzero(curves.thresholds >= threshold))
        if passed:
            k = passed - 1
            found, wrong = int(curves.true_positives[k]), int(curves.false_positives[k])
            rows.append(
                (
                    exact(threshold, f"{threshold:.1f}"),
                    found + wrong,
                    found,
                    share(float(curves.precision[k])),
                    share(float(curves.recall[k])),
                    share(float(curves.false_positive_rate[k])),
                )
            )
    return table(
        ("Probability at least", "Photos", "Of the class", "Precision", "Recall", "False positive rate"),
        rows,
        caption=f"Thresholds on the probability of {title}",
    )


def _reliability(title: str, said: str, bins: tuple[ReliabilityBin, ...]) -> Markup:
    there = [one for one in bins if one.confidence is not None and one.accuracy is not None]
    series = [Series("well calibrated", [0, 1], [0, 1], quiet=True)]
    for line, few in ((1, True), (0, False)):
        chosen = [one for one in there if (one.n < FEW_PHOTOS) == few]
        series.append(
            Series(
                title,
                [one.confidence or 0.0 for one in chosen],
                [one.accuracy or 0.0 for one in chosen],
                kind="dots",
                intervals=[one.interval for one in chosen],
                line=line,
            )
        )
    rows = [
        (
            f"{percent(one.low)} to {percent(one.high)}",
            joined([exact(one.n, f"{one.n:,}"), " ", few_note(one.n)]),
            share(one.confidence or 0.0),
            share(one.accuracy or 0.0),
            interval(one.interval),
        )
        for one in there
    ]
    return tag(
        "div",
        tag("h3", title),
        tag("p", said),
        chart(
            f"Reliability diagram. {title}. {said}",
            Axis("Confidence (mean of the group)"),
            Axis("Accuracy of the group"),
            series,
        ),
        as_table(
            "The diagram as a table",
            table(
                ("Confidence", "Photos (n)", "Mean confidence", "Accuracy", "95 % CI"),
                rows,
                caption=f"Groups by confidence. {title}",
            ),
        ),
    )


def _coverage(contents: ReportContents) -> Markup:
    curve, point = contents.evaluation.diagnosis.coverage, contents.evaluation.diagnosis.at_95
    kept = np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS * 2).round().astype(np.int64))
    lowest = float(curve.accuracy[kept].min())
    begin = min(0.9, np.floor(lowest * 10) / 10)
    ticks = tuple(float(round(tick, 3)) for tick in np.linspace(begin, 1.0, 5))
    series = [
        Series("95 % accuracy", [0, 1], [WANTED, WANTED], quiet=True),
        Series("accuracy", curve.coverage[kept].tolist(), curve.accuracy[kept].tolist()),
    ]
    said = "No confidence threshold reaches 95 % accuracy on these photos."
    if point is not None:
        series.append(
            Series("threshold", [point.coverage], [point.accuracy], kind="dots", intervals=[point.interval],
                   line=2)
        )  # fmt: skip
        said = (
            f"For 95 % accuracy, set the confidence threshold to {percent(point.threshold)}: {point.kept:,} "
            f"of {photo_count(point.n)} are above it, {point.left_out:,} ({percent(point.share_left_out)}) "
            "below. Chosen on these photos, so slightly optimistic."
        )
    rows = [
        (
            percent(threshold),
            joined([exact(at.kept, f"{at.kept:,}"), " ", few_note(at.kept)]),
            share(at.coverage),
            share(at.accuracy),
            interval(at.interval),
        )
        for threshold in COVERAGE_THRESHOLDS
        if (at := curve.at_threshold(threshold)) is not None
    ]
    return tag(
        "div",
        tag("h3", "Accuracy above a confidence threshold"),
        tag("p", said),
        chart(
            f"Accuracy against coverage. {said}",
            Axis("Share of photos above the threshold"),
            Axis("Accuracy of those above", begin, 1.0, ticks),
            series,
        ),
        as_table(
            "The curve as a table",
            table(
                ("Confidence at least", "Photos", "Share of all", "Accuracy", "95 % CI"),
                rows,
                caption="What a threshold on the confidence keeps",
            ),
        ),
    )
