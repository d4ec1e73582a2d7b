"""``compare MODEL_A MODEL_B DIR``: two models on the same labelled photos, with a paired test."""

from __future__ import annotations

import argparse

from gallery.cli.evaluate import evaluations
from gallery.cli.output import note, skipped_lines, tell
from gallery.evaluation.comparison import EvaluationPair
from gallery.services import wiring
from gallery.settings import Settings


def compare(arguments: argparse.Namespace, settings: Settings) -> None:
    """Tag a labelled folder with both models where needed, and print who is right where.

    Raises:
        GalleryError: a model is missing, or the folder does not fit a model's classes.
    """
    folder = settings.allow(arguments.folder)
    with wiring.composed(settings) as parts:
        cards = [wiring.chosen_card(parts.models, name) for name in (arguments.a, arguments.b)]
        found = evaluations(arguments, parts, folder, cards, what="comparison")
    pair = EvaluationPair.of(*found)
    for problem in pair.a.problems:
        note(problem)
    for card, one in zip(cards, (pair.a, pair.b), strict=True):
        for sentence in one.overlap.training_sentences(card.model_id):
            note(sentence)
    tell(arguments, pair.comparison.to_json(), str(pair.comparison), notes=skipped_lines(pair.a.skipped))
