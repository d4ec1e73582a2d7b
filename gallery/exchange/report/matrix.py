"""The confusion matrix as a table whose cells lead to their photos."""

from __future__ import annotations

from collections.abc import Iterator

from gallery.evaluation.report import Cell
from gallery.exchange.report.album import Album
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.icons import class_icon
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.words import few_note
from gallery.words import class_title, percent, photo_count

SHADES = 10
FULL_ERROR_SHARE = 0.5
"""Errors on half of a class have the strongest shade: on a scale to 1 the usual few percent would vanish."""


def matrix_section(contents: ReportContents) -> Markup:
    """Return the matrix, every number a link to its photos."""
    report = contents.evaluation.report
    names = [class_title(name) for name in report.class_names]
    counts = report.confusion_matrix.tolist()
    shares = report.row_shares.tolist()
    head = [
        tag("th", tag("span", "true class ↓   predicted →"), class_="corner"),
        *(
            tag(
                "th",
                tag("a", tag("span", name), class_icon(k), href=f"#said-{k}"),
                scope="col",
                class_="upright",
            )
            for k, name in enumerate(names)
        ),
        tag("th", "Photos", scope="col"),
        tag("th", "Recall", scope="col"),
    ]
    rows = []
    for true, name in enumerate(names):
        support = sum(counts[true])
        cells = [
            _cell(true, said, counts[true][said], shares[true][said], names) for said in range(len(names))
        ]
        recognised = percent(shares[true][true], 0) if support else "-"
        rows.append(
            tag(
                "tr",
                tag(
                    "th",
                    class_icon(true),
                    tag("a", name, href=f"#true-{true}") if support else name,
                    scope="row",
                ),
                cells,
                tag("td", tag("a", support, href=f"#true-{true}") if support else 0, class_="sum"),
                tag("td", recognised, " ", few_note(support), class_="sum"),
            )
        )
    sums = [
        tag("td", tag("a", total, href=f"#said-{said}") if total else 0, class_="sum")
        for said, total in enumerate(report.confusion_matrix.sum(axis=0).tolist())
    ]
    foot = tag(
        "tr",
        tag("th", "Photos", scope="row"),
        sums,
        tag("td", report.n, class_="sum"),
        tag("td", class_="sum"),
    )
    caption = "Confusion matrix: rows are true classes, columns predicted classes, numbers count photos"
    return tag(
        "section",
        tag("h2", "Confusion matrix", id="matrix"),
        tag(
            "p",
            "Every number leads to its photos, the worst first. The diagonal holds the correct photos; all "
            "others are errors. Shades show the share of the row.",
        ),
        tag(
            "div",
            tag(
                "table",
                tag("caption", caption),
                tag("thead", tag("tr", head)),
                tag("tbody", rows),
                tag("tfoot", foot),
                class_="matrix",
            ),
            class_="scrolls",
            tabindex="0",
            role="region",
            aria_label="Confusion matrix",
        ),
    )


def photos_section(contents: ReportContents, album: Album) -> Markup:
    """Return the embedded photos of each cell, class by class."""
    report = contents.evaluation.report
    names = [class_title(name) for name in report.class_names]
    support = report.scores.support.tolist()
    level = album.level
    intro = (
        f"At most {photo_count(level.per_cell)} of each cell are in this file, the worst first: the errors "
        "with the highest confidence, and the correct photos with the lowest; besides them those that other "
        "sections name. They are small copies; the originals stay where they are."
        if level.per_cell
        else "There are too many photos for their pictures to be in this file; the table at the end has all."
    )
    return tag(
        "section",
        tag("h2", "The photos behind the numbers", id="photos"),
        tag("p", intro),
        _heat_scale(album) if len(album) else None,
        tag(
            "p",
            "A square is the mean heatmap of all photos of a cell. A dotted line marks the outer frame, "
            "where the animal seldom is.",
        )
        if contents.evaluation.evidence is not None
        else None,
        [_class_photos(true, names, contents, album) for true in range(len(names)) if support[true]],
        tag("h3", "By predicted class"),
        [_said(said, names, contents, album) for said in range(len(names))],
    )


def border_note(contents: ReportContents, true: int | None, said: int | None) -> Markup | None:
    """Return the warning that the attention is on the outer frame of these photos; None where it is not."""
    for group in contents.outstanding:
        if group.cell == Cell(true, said):
            return tag(
                "p",
                f"Check what surrounds the animals: {percent(group.border_share)} of the attention is on the "
                f"outer frame of these {photo_count(group.photos)}; {percent(group.usual)} is usual.",
                class_="note",
            )
    return None


def _cell(true: int, said: int, count: int, share: float, names: list[str]) -> Markup:
    kind = "right" if true == said else "wrong"
    strength = share if true == said else share / FULL_ERROR_SHARE
    shade = round(SHADES * min(1.0, strength)) if count else 0
    if not count:
        return tag("td", 0, class_="empty")
    label = f"{photo_count(count)}: {_what(true, said, names)}"
    return tag(
        "td", tag("a", count, href=f"#cell-{true}-{said}", aria_label=label), class_=f"{kind} s{shade}"
    )


def _what(true: int, said: int, names: list[str]) -> str:
    if true == said:
        return f"{names[true]}, correct"
    return f"labelled {names[true]}, predicted {names[said]}"


def _class_photos(true: int, names: list[str], contents: ReportContents, album: Album) -> Markup:
    cells = {said: rows for (of, said), rows in album.cells.items() if of == true}
    total, right = sum(map(len, cells.values())), len(cells.get(true, []))
    return tag(
        "section",
        tag(
            "h3",
            class_icon(true),
            f"Labelled {names[true]}: {photo_count(total)}, {right:,} correct",
            id=f"true-{true}",
        ),
        tag(
            "ul",
            [
                tag("li", tag("a", f"{names[said]}: {len(rows):,}", href=f"#cell-{true}-{said}"))
                for said, rows in cells.items()
            ],
            class_="targets",
        ),
        border_note(contents, true, None),
        [_cell_photos(true, said, rows, names, contents, album) for said, rows in cells.items()],
    )


def _cell_photos(
    true: int, said: int, rows: list[int], names: list[str], contents: ReportContents, album: Album
) -> Markup:
    shown = album.shown(rows)
    rest = len(rows) - len(shown)
    return tag(
        "section",
        tag(
            "h4",
            f"{names[true]}, correct" if true == said else f"{names[true]} predicted as {names[said]}",
            f": {photo_count(len(rows))}",
        ),
        border_note(contents, true, said),
        album.mean_heatmaps(true, said),
        tag("div", [album.figure(row) for row in shown], class_="photos"),
        tag(
            "p",
            joined(f"and {rest:,} more, which are in the ")
            if shown
            else f"{photo_count(rest)}, listed in the ",
            tag("a", "table of all photos", href="#files"),
            ".",
        )
        if rest
        else None,
        tag("p", tag("a", "Back to the matrix", href="#matrix"), class_="back"),
        id=f"cell-{true}-{said}",
        class_="cell",
    )


def _said(said: int, names: list[str], contents: ReportContents, album: Album) -> Markup:
    of = {true: rows for (true, what), rows in album.cells.items() if what == said}
    links: Iterator[Markup] = (
        tag("li", tag("a", f"labelled {names[true]}: {len(rows):,}", href=f"#cell-{true}-{said}"))
        for true, rows in sorted(of.items(), key=lambda item: (item[0] == said, -len(item[1])))
    )
    return tag(
        "div",
        tag("h4", class_icon(said), f"Predicted {names[said]}: {photo_count(sum(map(len, of.values())))}"),
        border_note(contents, None, said),
        tag("ul", links, class_="targets") if of else None,
        id=f"said-{said}",
        class_="cell",
    )


def _heat_scale(album: Album) -> Markup:
    colours = album.heat_colours()
    last = max(len(colours) - 1, 1)
    stops = [
        tag("stop", offset=f"{100 * k / last:g}%", stop_color=colour, stop_opacity=f"{k / last:.2f}")
        for k, colour in enumerate(colours)
    ]
    return tag(
        "p",
        "Heatmaps show which parts of the photo support a class (Grad-CAM). The heatmaps of one photo share "
        "one scale: ",
        tag("span", "no evidence "),
        tag(
            "svg",
            tag("linearGradient", stops, id="heat"),
            tag("rect", width=120, height=12, fill="url(#heat)"),
            viewBox="0 0 120 12",
            width=120,
            height=12,
            aria_hidden="true",
            class_="scale",
        ),
        " the strongest of both.",
    )
