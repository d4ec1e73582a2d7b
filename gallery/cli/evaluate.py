"""``evaluate DIR``: how good a model is on labelled photos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from gallery.cli.labelled import check_label_options, labels_for, tag_and_evaluate
from gallery.cli.output import answer, note, note_skipped, say, skipped_json
from gallery.cli.stopping import STOPPED
from gallery.evaluation import FolderEvaluation
from gallery.evaluation.diagnosis import WANTED_ACCURACY, Diagnosis
from gallery.evaluation.overlap import photo_overlap
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
        labels = labels_for(arguments, folder, card)
        result = tag_and_evaluate(parts, folder, card, labels)
        if result is None:
            note("Stopped before the end, so there is no report. Start again to go on.")
            if arguments.json:
                answer({"error": "stopped before the end"})
            return STOPPED
        features = parts.catalog.features(card.model_id, result.photo_ids)
        trained = parts.models.training_photos(card.model_id)
        validated = parts.models.validation_photos(card.model_id)
    for problem in [
        *result.problems,
        *photo_overlap(result.photo_ids, result.report.y_true, trained, validated).sentences(),
    ]:
        note(problem)
    diagnosis = Diagnosis.of(result.report, result.photo_ids, features)
    if arguments.json:
        answer(
            {
                **result.report.to_json(),
                "skipped": skipped_json(result.skipped),
                **diagnosis.to_json(result.paths),
            }
        )
    else:
        note_skipped(result.skipped)
        say("\n".join([str(result.report), "", *_more(diagnosis, result)]))
    return 0


def _more(diagnosis: Diagnosis, result: FolderEvaluation) -> Iterator[str]:
    yield (
        f"Balanced accuracy {percent(diagnosis.balanced_accuracy)}; the true class is one of the two most "
        f"probable for {percent(diagnosis.top_2)}."
    )
    after = diagnosis.calibration
    yield f"Expected calibration error {result.report.calibration_error:.3f}" + (
        "." if after is None else f", {after.ece_after:.3f} with a temperature fitted on other photos."
    )
    point = diagnosis.at_95
    if point is None:
        yield f"No threshold makes the model right {percent(WANTED_ACCURACY, 0)} of the time on these photos."
    else:
        yield (
            f"To be right {percent(WANTED_ACCURACY, 0)} of the time, set Unsure below {point.threshold:.3f}: "
            f"that leaves out {point.left_out:,} of {point.n:,} photos ({percent(point.share_left_out)})."
        )
    suspects, names = diagnosis.suspects, result.report.class_names
    if suspects:
        yield f"Labels to look at, where model and nearest photos say another class: {len(suspects):,}"
    for suspect in suspects[:SUSPECTS_SHOWN]:
        yield (
            f"  {display_path(result.paths[suspect.row])}: labelled {names[suspect.label]}, looks like "
            f"{names[suspect.suggested]} ({percent(suspect.suggested_probability, 0)}, "
            f"{suspect.neighbours_of_suggested} of {len(suspect.neighbours)} neighbours)"
        )
