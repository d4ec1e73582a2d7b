"""``compare MODEL_A MODEL_B DIR``: two models on the same labelled photos, with a paired test."""

from __future__ import annotations

import argparse

from gallery.cli.labelled import check_label_options, labels_for, labels_for_second, tag_and_evaluate
from gallery.cli.output import answer, note, note_skipped, say
from gallery.cli.stopping import STOPPED
from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.overlap import photo_overlap
from gallery.services import wiring
from gallery.settings import Settings


def compare(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tag a labelled folder with both models where needed, and print who is right where.

    Raises:
        GalleryError: a model is missing, or the folder does not fit a model's classes.
    """
    folder = settings.allow(arguments.folder)
    check_label_options(arguments)
    with wiring.composed(settings) as parts:
        cards = [wiring.chosen_card(parts.models, name) for name in (arguments.a, arguments.b)]
        labels = labels_for(arguments, folder, cards[0])
        of_second = labels_for_second(labels, folder, cards[0], cards[1])
        results = []
        for card, of_card in zip(cards, (labels, of_second), strict=True):
            result = tag_and_evaluate(parts, folder, card, of_card)
            if result is None:
                note("Stopped before the end, so there is no comparison. Start again to go on.")
                if arguments.json:
                    answer({"error": "stopped before the end"})
                return STOPPED
            results.append(result)
        known = [
            (parts.models.training_photos(card.model_id), parts.models.validation_photos(card.model_id))
            for card in cards
        ]
    comparison, shown = ModelComparison.of_folder(*results)
    problems = list(shown.problems)
    for card, (trained, validated) in zip(cards, known, strict=True):
        overlap = photo_overlap(shown.photo_ids, comparison.y_true, trained, validated)
        problems.extend(overlap.training_sentences(card.model_id))
    for problem in problems:
        note(problem)
    if arguments.json:
        answer(comparison.to_json())
    else:
        note_skipped(shown.skipped)
        say(str(comparison))
    return 0
