"""``evaluate DIR``: how good a model is on labelled photos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from gallery.cli.labelled import check_label_options, evaluations, note_stopped
from gallery.cli.output import answer, note, note_skipped, say, skipped_json
from gallery.cli.stopping import STOPPED
from gallery.evaluation import Evaluation
from gallery.evaluation.diagnosis import WANTED_ACCURACY
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import percent

SUSPECTS_SHOWN = 10
"""Suspicious labels that the text names one by one; ``--json`` has them all."""


def evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tag a labelled folder where needed, and print the report.

    Raises:
        GalleryError: among others a DatasetError, before anything is tagged,
            for a sub-folder that is no class.
    """
    folder = settings.allow(arguments.folder)
    check_label_options(arguments)
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
        found = evaluations(arguments, parts, folder, [card])
        if found is None:
            note_stopped("report", json=arguments.json)
            return STOPPED
        evaluation, report = found[0], found[0].report
        for problem in [*evaluation.problems, *evaluation.overlap.sentences()]:
            note(problem)
        if arguments.by_sequence:
            _say_sequences(evaluation, json=arguments.json)
            return 0
        if arguments.json:
            skipped = skipped_json(evaluation.skipped)
            answer({**report.to_json(), "skipped": skipped, **evaluation.diagnosis.to_json(evaluation.paths)})
        else:
            note_skipped(evaluation.skipped)
            say("\n".join([str(report), "", *_more(evaluation)]))
    return 0


def _say_sequences(evaluation: Evaluation, *, json: bool) -> None:
    found = evaluation.sequences
    if json:
        answer({**found.report.to_json(), "photos": found.photos, "dissenting": found.dissenting})
    else:
        say(f"{found.sentence()}\n\n{found.report}")


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
