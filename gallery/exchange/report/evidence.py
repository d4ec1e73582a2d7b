"""Where the errors come from: slices, doubtful labels, people's verdicts, another model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gallery.exchange.report.album import Album
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.words import exact, few_note, figure, interval, share, table
from gallery.words import class_title, percent, photo_count

if TYPE_CHECKING:
    from gallery.evaluation.overlap import PhotoOverlap
    from gallery.evaluation.slices import Slice
    from gallery.evaluation.suspects import Suspect

SLICES_LISTED = 60
SUSPECTS_LISTED = 200
ERRORS_OF_A_SLICE = 5


def slices_section(contents: ReportContents, album: Album) -> Markup | None:
    """Return how good the model is on parts of the photos, worst first; None where nothing divides them."""
    slices = contents.evaluation.slices_by()
    if not slices:
        return None
    listed = slices[:SLICES_LISTED]
    rest = len(slices) - len(listed)
    return tag(
        "section",
        tag("h2", "Accuracy by site, time and image quality", id="slices"),
        tag(
            "p",
            "The photos grouped by folder, time and image quality; the lowest accuracy first, groups of few "
            "photos last. A group is marked where its accuracy is significantly lower than that of all other "
            "photos (Fisher's exact test, p < 0.05 after Holm's correction).",
        ),
        table(
            ("Group", "Photos (n)", "Accuracy", "95 % CI", "All others", "Errors of highest confidence"),
            [_slice_row(one, contents, album) for one in listed],
            caption="Accuracy by group",
        ),
        tag("p", f"and {rest:,} more groups.") if rest > 0 else None,
    )


def suspects_section(contents: ReportContents, album: Album) -> Markup:
    """Return the labels that are probably wrong, with the evidence."""
    suspects = contents.evaluation.diagnosis.suspects
    listed = suspects[:SUSPECTS_LISTED]
    rest = len(suspects) - len(listed)
    intro = (
        "Here another class is predicted with the confidence usual for that class, and most of the nearest "
        "photos (ten at most) have that label. Only a person can decide whether the label is wrong. The "
        "strongest evidence comes first."
    )
    return tag(
        "section",
        tag("h2", "Labels that may be wrong", id="labels"),
        tag("p", intro if suspects else "No label is contradicted by both the model and the nearest photos."),
        [_suspect(one, contents, album) for one in listed],
        tag("p", f"and {rest:,} more.") if rest > 0 else None,
    )


def verdicts_section(contents: ReportContents, album: Album) -> Markup | None:
    """Return what people said of the errors and what that changes; None where nobody judged."""
    judged = contents.judged
    if judged is None:
        return None
    names = [class_title(name) for name in judged.before.class_names]
    rows = [
        ("As labelled", exact(judged.before.n, f"{judged.before.n:,}"), share(judged.before.accuracy),
         interval(judged.before.accuracy_interval), figure(judged.before.macro_f1)),
        ("After the verdicts", exact(judged.after.n, f"{judged.after.n:,}"), share(judged.after.accuracy),
         interval(judged.after.accuracy_interval), figure(judged.after.macro_f1)),
    ]  # fmt: skip
    changes = judged.changes
    moved = [
        (
            f"{names[true]}, predicted {names[said]}",
            int(judged.before.confusion_matrix[true, said]),
            int(judged.after.confusion_matrix[true, said]),
        )
        for true, said in np.argwhere(changes != 0).tolist()
    ]
    groups = []
    for verdict, count in judged.counts.items():
        of_it = [row for row, said in sorted(judged.judgements.items()) if said.verdict is verdict]
        if of_it:
            groups.append(
                tag(
                    "div",
                    tag("h3", f"{str(verdict).capitalize()}: {photo_count(count)}"),
                    album.strip(of_it),
                    _names(of_it, contents, album),
                )
            )
    return tag(
        "section",
        tag("h2", "Verdicts on the errors", id="verdicts"),
        tag(
            "p",
            "Label wrong: the photo counts under the class that a person named. Both animals in it: either "
            "class is correct. Cannot tell: left out. “Model wrong” confirms the label. Nothing in the "
            "folder was changed.",
        ),
        tag("p", judged.caution) if judged.caution else None,
        table(
            ("", "Photos (n)", "Accuracy", "95 % CI", "Macro F1"),
            rows,
            caption=f"Before and after {len(judged.judgements):,} verdicts",
        ),
        table(("Cell of the matrix", "Before", "After"), moved, caption="Cells that the verdicts change")
        if moved
        else None,
        groups,
    )


def comparison_section(contents: ReportContents, album: Album) -> Markup | None:
    """Return the comparison with another model; None unless one was asked for."""
    pair, other = contents.pair, contents.other_card
    if pair is None or other is None:
        return None
    compared = pair.comparison
    a, b = contents.card.name, other.name
    if a == b:
        a, b = compared.model_a, compared.model_b
    groups = [
        (f"Both right: {len(compared.rows(True, True)):,}", None),
        (f"Only {a}: {len(compared.rows(True, False)):,}", compared.rows(True, False)),
        (f"Only {b}: {len(compared.rows(False, True)):,}", compared.rows(False, True)),
        (f"Both wrong: {len(compared.rows(False, False)):,}", None),
    ]
    verdict = "significant" if compared.p_value < 0.05 else "not significant"
    low, high = compared.difference_interval
    names = [class_title(name) for name in compared.class_names]
    agreement = [
        (names[k], *(int(count) for count in row)) for k, row in enumerate(compared.agreement.tolist())
    ]
    return tag(
        "section",
        tag("h2", "Comparison with another model", id="comparison"),
        [tag("p", sentence, class_="note") for sentence in _what_it_has_seen(b, pair.b.overlap)],
        table(
            ("Model", "Accuracy", "95 % CI"),
            [
                (a, share(compared.accuracy_a), interval(compared.interval_a)),
                (b, share(compared.accuracy_b), interval(compared.interval_b)),
            ],
            caption=f"Accuracy on the {photo_count(compared.n)} that both have classified",
        ),
        tag(
            "p",
            f"{b} is right on {_points(compared.difference)} of the photos than {a} (95 % CI "
            f"{100 * low:+.1f} to {100 * high:+.1f}). McNemar's exact test of the photos on which only one "
            "is right gives p = ", exact(compared.p_value, f"{compared.p_value:.2g}"),
            f": the difference is {verdict}.",
        ),
        [
            tag(
                "div",
                tag("h3", title),
                None if rows is None else album.strip(pair.rows[rows].tolist()),
            )
            for title, rows in groups
        ],
        table(
            (f"{a} \\ {b}", *names),
            agreement,
            caption=f"Agreement: rows are predictions of {a}, columns of {b}",
        ),
    )  # fmt: skip


def _what_it_has_seen(name: str, overlap: PhotoOverlap) -> list[str]:
    """Return what makes the second model's score optimistic."""
    if not overlap.training_known:
        unknown = (
            f"The training photos of {name} are not known. If some of them are among these, its score is "
            "optimistic."
        )
        return [unknown, *overlap.training_sentences(name)]
    return overlap.training_sentences(name)


def _slice_row(one: Slice, contents: ReportContents, album: Album) -> tuple[object, ...]:
    report = contents.evaluation.report
    wrong = one.rows[report.y_true[one.rows] != report.y_pred[one.rows]]
    worst = wrong[np.argsort(-report.confidence[wrong], kind="stable")].tolist()
    shown = [album.small(row) for row in album.shown(worst)[:ERRORS_OF_A_SLICE]]
    return (
        joined(
            [tag("bdi", one.name), tag("span", one.dimension, class_="meaning"), _mark(one)]
        ),
        joined([exact(one.n, f"{one.n:,}"), " ", few_note(one.n)]),
        share(one.accuracy),
        interval(one.interval),
        "" if one.accuracy_of_rest is None else share(one.accuracy_of_rest),
        tag("div", shown, class_="strip"),
    )  # fmt: skip


def _points(difference: float) -> str:
    """Return a difference of two shares in words.

    Example:
        >>> _points(-0.05), _points(0.012)
        ('5.0 percentage points fewer', '1.2 percentage points more')
    """
    return f"{100 * abs(difference):.1f} percentage points {'fewer' if difference < 0 else 'more'}"


def _mark(one: Slice) -> Markup | None:
    return tag("span", " significantly lower", class_="few") if one.stands_out else None


def _suspect(one: Suspect, contents: ReportContents, album: Album) -> Markup:
    names = [class_title(name) for name in contents.evaluation.report.class_names]
    label, suggested = names[one.label], names[one.suggested]
    return tag(
        "div",
        tag("div", album.small(one.row)),
        tag(
            "div",
            tag("strong", f"Labelled {label}, probably {suggested}"),
            tag("br"),
            tag("bdi", contents.names[one.row]),
            tag("br"),
            f"The model: {suggested} ", share(one.suggested_probability),
            f" (usual for {suggested}: {percent(one.usual_probability)}), {label} ",
            share(one.label_probability),
            f". Of the {len(one.neighbours)} photos most alike, {one.neighbours_of_suggested} are labelled "
            f"{suggested} and {one.neighbours_of_label} {label}.",
        ),
        class_="evidence",
    )  # fmt: skip


def _names(rows: list[int], contents: ReportContents, album: Album) -> Markup:
    """Return the photos' names, those that are embedded as links."""
    return tag(
        "ul",
        [
            tag(
                "li",
                tag("a", tag("bdi", contents.names[row]), href=f"#photo-{row}")
                if row in album
                else tag("bdi", contents.names[row]),
                f": {album.answer(row)}",
            )
            for row in rows
        ],
    )
