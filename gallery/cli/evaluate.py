"""``evaluate DIR``: how good a model is on labelled photos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from gallery.cli.output import TaggingBar, note, skipped_json, skipped_lines, tell
from gallery.cli.stopping import Stopped, asked_to_stop
from gallery.errors import DatasetError
from gallery.evaluation import Evaluation
from gallery.evaluation.diagnosis import WANTED_ACCURACY
from gallery.services import compare, wiring
from gallery.services import evaluate as service
from gallery.settings import Settings
from gallery.types import ModelCard, display_path
from gallery.words import percent

SUSPECTS_SHOWN = 10
"""Suspicious labels that the text names one by one; ``--json`` has them all."""


def evaluate(arguments: argparse.Namespace, settings: Settings) -> None:
    """Tag a labelled folder where needed, and print the report.

    Raises:
        GalleryError: among others a DatasetError, before anything is tagged,
            for a sub-folder that is no class.
    """
    folder = settings.allow(arguments.folder)
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
        (evaluation,) = evaluations(arguments, parts, folder, [card], what="report")
        for problem in [*evaluation.problems, *evaluation.overlap.sentences()]:
            note(problem)
        if arguments.by_sequence:
            found = evaluation.sequences
            counts = {"photos": found.photos, "dissenting": found.dissenting}
            tell(arguments, found.report.to_json() | counts, found.sentence(), "", str(found.report))
            return
        report, skipped = evaluation.report, evaluation.skipped
        more = {"skipped": skipped_json(skipped), **evaluation.diagnosis.to_json(evaluation.paths)}
        tell(
            arguments, report.to_json() | more, str(report), "", *_more(evaluation),
            notes=skipped_lines(skipped),
        )  # fmt: skip


def evaluations(
    arguments: argparse.Namespace, parts: wiring.Parts, folder: Path, cards: Sequence[ModelCard], *, what: str
) -> list[Evaluation]:
    """Return the evaluation of a labelled folder with each model, tagged where needed.

    The labels of the second model are those of the first one's classes that it knows.

    Args:
        arguments: with a file of labels and a split of it, or without.
        parts: real or fake ones.
        folder: the labelled folder.
        cards: the models'.
        what: is made of the evaluations.

    Raises:
        GalleryError: the labels do not fit a model's classes or the folder (before anything is tagged),
            the folder vanished, or a model failed.
        Stopped: Ctrl+C came before the end.
    """
    labels = None
    if arguments.labels is not None:
        labels = service.labels_of_file(arguments.labels, folder, cards[0], split=arguments.split)
    elif arguments.split is not None:
        raise DatasetError("--split chooses rows of a table: give the table with --labels FILE.csv.")
    else:
        service.check_layout(folder, cards[0])
    of_each = [labels, *(compare.labels_for_second(labels, folder, cards[0], card) for card in cards[1:])]
    found = []
    for card, known in zip(cards, of_each, strict=True):
        with TaggingBar(None if known is None else len(known.by_path)) as show, asked_to_stop() as stop:
            one = service.tag_and_evaluate(
                parts, folder, card, known, on_progress=show, cancelled=stop.is_set
            )
        if one is None:
            raise Stopped(
                f"Stopped before the end, so there is no {what}. Start again to go on.",
                "stopped before the end",
            )
        found.append(one)
    return found


def _more(evaluation: Evaluation) -> Iterator[str]:
    report, diagnosis = evaluation.report, evaluation.diagnosis
    yield (
        f"Balanced accuracy {percent(diagnosis.balanced_accuracy)}; the true class is one of the two most "
        f"probable for {percent(diagnosis.top_2)}."
    )
    after = diagnosis.calibration
    yield f"Expected calibration error {report.calibration_error:.3f}" + (
        "." if after is None else f", {after.ece_after:.3f} after temperature scaling (cross-validated)."
    )
    point = diagnosis.at_95
    if point is None:
        yield f"No confidence threshold reaches {percent(WANTED_ACCURACY, 0)} accuracy on these photos."
    else:
        yield (
            f"For {percent(WANTED_ACCURACY, 0)} accuracy, set the confidence threshold to "
            f"{point.threshold:.3f}: {point.left_out:,} of {point.n:,} photos "
            f"({percent(point.share_left_out)}) are below it."
        )
    suspects, names = diagnosis.suspects, report.class_names
    if suspects:
        yield f"Suspicious labels, contradicted by the model and the nearest photos: {len(suspects):,}"
    for suspect in suspects[:SUSPECTS_SHOWN]:
        yield (
            f"  {display_path(evaluation.paths[suspect.row])}: labelled {names[suspect.label]}, probably "
            f"{names[suspect.suggested]} ({percent(suspect.suggested_probability, 0)}, "
            f"{suspect.neighbours_of_suggested} of {len(suspect.neighbours)} neighbours)"
        )
