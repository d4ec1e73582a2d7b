"""The report's beginning: what was evaluated, what spoils the numbers, the numbers, what stands out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gallery.exchange.report.album import Album
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.icons import class_icon
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.words import (
    Words,
    exact,
    fact_list,
    few_note,
    figure,
    interval,
    plain_interval,
    share,
    table,
)
from gallery.settings import FEW_PHOTOS
from gallery.words import class_title, percent, photo_count
from gallery.words import interval as plain_bounds

NAMED_COPIES = 20
"""Groups of copies that are named one by one; the table of all photos has the rest."""


BORDERS_NAMED = 3

HEADINGS = (
    "Class", "Photos (n)", "Recall", "95 % CI", "Precision", "F1", "Average precision", "ROC area",
)  # fmt: skip
"""Of the classification report."""


def header(contents: ReportContents) -> Markup:
    """Return the title and what was evaluated."""
    report, card = contents.evaluation.report, contents.card
    there = int((report.scores.support > 0).sum())
    facts: list[tuple[str, object]] = [
        ("Folder", tag("bdi", contents.folder)),
        ("Photos", f"{report.n:,}, labelled with {there} of the model's {len(report.class_names)} classes"),
        ("Labels", f"from {contents.labels_from}"),
        ("Model", f"{card.name} ({card.model_id})"),
        ("Made", contents.made_at),
    ]
    if contents.full_path is not None:
        facts.insert(1, ("Path", tag("bdi", contents.full_path)))
    if contents.other_card is not None:
        facts.append(("Compared with", f"{contents.other_card.name} ({contents.other_card.model_id})"))
    return tag("header", tag("h1", contents.title), fact_list(facts))


def before_the_numbers(contents: ReportContents, album: Album) -> Markup:
    """Return what makes the numbers too good or doubtful; it comes before every score."""
    evaluation = contents.evaluation
    overlap = evaluation.overlap
    parts: list[Markup] = [tag("p", sentence, class_="note") for sentence in overlap.sentences()]
    if not overlap.training_known:
        parts.append(
            tag(
                "p",
                "The training photos of this model are not known. If some of them are among these, its "
                "scores are optimistic.",
                class_="note",
            )
        )
    elif not len(overlap.trained_on) and not contents.left_out:
        parts.append(
            tag(
                "p",
                f"None of these {photo_count(overlap.n)} is among those that the model was trained on. Only "
                "exact copies are found (by SHA-256): a photo that was scaled or saved again counts as "
                "another.",
            )
        )
    if evaluation.unseen is not evaluation:
        unseen = evaluation.unseen.report
        parts.append(
            tag(
                "p",
                f"On the {photo_count(unseen.n)} that it has not seen, its accuracy is ",
                share(unseen.accuracy), " (95 % CI ", interval(unseen.accuracy_interval), ").",
            )
        )  # fmt: skip
    if contents.left_out:
        parts.append(
            tag(
                "p",
                f"{photo_count(contents.left_out)} that the model was trained on "
                f"{'is' if contents.left_out == 1 else 'are'} left out of this report.",
                class_="note",
            )
        )
    parts.extend(_copies(contents, album))
    parts.extend(tag("p", problem, class_="note") for problem in evaluation.problems)
    if evaluation.skipped:
        rows = [
            (tag("bdi", file.path.name), str(file.reason), Words(file.detail)) for file in evaluation.skipped
        ]
        parts.append(
            tag(
                "details",
                tag("summary", f"Files that could not be read: {len(evaluation.skipped):,}"),
                table(("File", "Reason", "What to do"), rows, caption="Files that are in no number here"),
            )
        )
    return tag("section", tag("h2", "Before the numbers", id="before"), parts)


def at_a_glance(contents: ReportContents) -> Markup:
    """Return what a reader should know if they read nothing else."""
    return tag(
        "section",
        tag("h2", "At a glance", id="glance"),
        tag("ul", [tag("li", finding) for finding in _findings(contents)], class_="glance"),
    )


def numbers(contents: ReportContents) -> Markup:
    """Return the scores, each with its interval where it has one, and what it means."""
    evaluation, report = contents.evaluation, contents.evaluation.report
    diagnosis, scaled = evaluation.diagnosis, contents.evaluation.diagnosis.calibration
    guessing = float(np.log(len(report.class_names)))
    rows: list[tuple[str, Markup, Markup | None, str]] = [
        ("Accuracy", share(report.accuracy), interval(report.accuracy_interval),
         "Share of photos that are classified correctly."),
        ("Balanced accuracy", share(diagnosis.balanced_accuracy),
         interval(diagnosis.balanced_accuracy_interval),
         "Mean of the classes' recall: a class with few photos counts as much as one with many."),
        ("Macro F1", figure(report.macro_f1), plain_interval(report.macro_f1_interval),
         "Mean of the classes' F1, the harmonic mean of precision and recall. 1 is best."),
        ("Weighted F1", figure(report.weighted_f1), plain_interval(report.weighted_f1_interval),
         "The same, each class weighted by its number of photos."),
        ("Top-2 accuracy", share(diagnosis.top_2), interval(diagnosis.top_2_interval),
         "Share of photos whose true class is one of the two most probable classes."),
        ("Log loss", figure(report.loss), plain_interval(report.loss_interval),
         f"Mean cross-entropy in nats, lower is better: 0 is certain and correct, guessing gives "
         f"{guessing:.2f}."),
        ("Calibration error (ECE)", figure(report.calibration_error), None,
         "Expected calibration error: mean difference of confidence and accuracy, over 15 bins. 0 is best."),
    ]  # fmt: skip
    if scaled is not None:
        rows.append(
            ("ECE after temperature scaling", figure(scaled.ece_after), None,
             "The same, with a temperature fitted by cross-validation."),
        )  # fmt: skip
    return tag(
        "section",
        tag("h2", "The numbers", id="numbers"),
        table(
            ("Score", "Value", "95 % CI"),
            [
                (joined([name, tag("span", meaning, class_="meaning")]), value, bounds)
                for name, value, bounds, meaning in rows
            ],
            caption=f"Scores on {photo_count(report.n)}",
        ),
        tag(
            "p",
            "95 of 100 such intervals contain the score on all photos of the same kind. Those of shares of "
            "photos are Wilson's; that of balanced accuracy is put together from the classes' (Zou and "
            "Donner 2008); those of F1 come from drawing the photos anew (bootstrap); that of log loss is "
            "its mean, give or take 1.96 standard errors.",
            class_="quiet-text",
        ),
    )


def class_report(contents: ReportContents) -> Markup:
    """Return the classification report: one row per class, then the averages."""
    report, curves = contents.evaluation.report, contents.evaluation.diagnosis.curves
    scores = report.scores
    rows: list[tuple[object, ...]] = []
    for k, name in enumerate(report.class_names):
        count = int(scores.support[k])
        precision_recall, auc = curves[k].average_precision, curves[k].auc
        link = tag("a", class_title(name), href=f"#true-{k}") if count else class_title(name)
        link = joined([class_icon(k), link])
        rows.append(
            (
                link,
                joined([exact(count, f"{count:,}"), " ", few_note(count)]),
                share(float(scores.recall[k])) if count else "no photos",
                interval(report.recall_interval(k)) if count else "",
                share(float(scores.precision[k])),
                figure(float(scores.f1[k])),
                "" if precision_recall is None else figure(precision_recall),
                "" if auc is None else figure(auc),
            )
        )
    for title, mean in (("Macro average", scores.macro), ("Weighted average", scores.weighted)):
        recall, precision, f1 = (mean(column) for column in (scores.recall, scores.precision, scores.f1))
        rows.append(
            (title, exact(report.n, f"{report.n:,}"), share(recall), "", share(precision), figure(f1))
        )
    return tag(
        "section",
        tag("h2", "Class by class", id="classes"),
        table(
            HEADINGS,
            [(*row, *[""] * (len(HEADINGS) - len(row))) for row in rows],
            caption="Classification report",
        ),
        tag(
            "p",
            "Recall: share of photos of the class that are recognised. Precision: share of photos predicted "
            "as the class that are correct. Average precision and ROC area: how well the class's probability "
            f"separates its photos from the others; 1 is best. With fewer than {FEW_PHOTOS} photos a figure "
            "is a rough guess.",
            class_="quiet-text",
        ),
    )  # fmt: skip


def _findings(contents: ReportContents) -> Iterator[Markup]:
    evaluation, report = contents.evaluation, contents.evaluation.report
    names = [class_title(name) for name in report.class_names]
    right = int(np.trace(report.confusion_matrix))
    yield joined(
        [
            f"{right:,} of {photo_count(report.n)} correct: accuracy {percent(report.accuracy)} (95 % CI ",
            interval(report.accuracy_interval), ").",
        ]
    )  # fmt: skip
    support = report.scores.support
    enough = np.flatnonzero(support >= FEW_PHOTOS)
    if len(enough) > 1:
        weakest = int(enough[np.argmin(report.scores.recall[enough])])
        low, high = report.recall_interval(weakest)
        yield joined(
            [
                "Class with the lowest recall: ", tag("a", names[weakest], href=f"#true-{weakest}"),
                f", {percent(float(report.scores.recall[weakest]))} of "
                f"{photo_count(int(support[weakest]))} ({plain_bounds((low, high))}).",
            ]
        )  # fmt: skip
    error = report.worst_cell()
    true, said = error.true, error.predicted
    if true is not None and said is not None:
        yield joined(
            [
                "Most frequent error: ",
                tag("a", f"{names[true]} predicted as {names[said]}", href=f"#cell-{true}-{said}"),
                f", {photo_count(int(report.confusion_matrix[true, said]))}.",
            ]
        )
    point = evaluation.diagnosis.at_95
    if point is None:
        yield joined("No confidence threshold reaches 95 % accuracy on these photos.")
    else:
        yield joined(
            [
                "For 95 % accuracy, ", tag("a", "leave out", href="#confidence"),
                f" photos with a confidence below {percent(point.threshold)}: {point.left_out:,} of "
                f"{photo_count(point.n)} ({percent(point.share_left_out)}).",
            ]
        )  # fmt: skip
    for group in contents.outstanding[:BORDERS_NAMED]:
        anchor = _anchor(group.cell.true, group.cell.predicted)
        yield joined(
            [
                "Attention on the surroundings rather than on the animal: ",
                tag("a", _place(group.cell.true, group.cell.predicted, names), href=anchor),
                f", {percent(group.border_share)} of it on the outer frame, usually {percent(group.usual)}.",
            ]
        )
    worst = [one for one in evaluation.slices_by() if one.stands_out and not one.few]
    if worst:
        yield joined(
            [
                "Photos with the lowest accuracy: ",
                tag("a", f"{worst[0].dimension.lower()} {worst[0].name}", href="#slices"),
                f", {percent(worst[0].accuracy)} of {photo_count(worst[0].n)}.",
            ]
        )
    if evaluation.diagnosis.suspects:
        count = len(evaluation.diagnosis.suspects)
        yield joined([tag("a", f"{count:,} label{'s' * (count > 1)}", href="#labels"), " may be wrong."])
    few = [names[k] for k in range(len(names)) if 0 < support[k] < FEW_PHOTOS]
    if few:
        yield joined(f"Rough guesses, because of few photos: {', '.join(few)}.")


def _anchor(true: int | None, said: int | None) -> str:
    if true is None:
        return f"#said-{said}"
    return f"#true-{true}" if said is None else f"#cell-{true}-{said}"


def _place(true: int | None, said: int | None, names: list[str]) -> str:
    parts = [] if true is None else [f"labelled {names[true]}"]
    return ", ".join(parts if said is None else [*parts, f"predicted {names[said]}"])


def _copies(contents: ReportContents, album: Album) -> Iterator[Markup]:
    overlap = contents.evaluation.overlap
    for title, groups in (
        ("Copies whose labels differ", overlap.contradicting),
        ("Copies of one another", overlap.repeated),
    ):
        if not groups:
            continue
        listed = [
            tag("li", [tag("bdi", contents.names[row], "; ") for row in rows.tolist()[:NAMED_COPIES]],
                album.strip(rows.tolist()))
            for rows in groups[:NAMED_COPIES]
        ]  # fmt: skip
        rest = len(groups) - len(listed)
        yield tag(
            "details",
            tag("summary", f"{title}: {len(groups):,} group{'s' * (len(groups) > 1)}"),
            tag("ul", listed),
            tag("p", f"and {rest:,} more groups") if rest else None,
        )
