"""What ``evaluate``, ``compare`` and ``report`` share: options on labels, tagging with a progress bar."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from gallery.cli.output import ProgressBar, answer, note
from gallery.cli.stopping import asked_to_stop
from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation import Evaluation
from gallery.services import compare, evaluate, wiring
from gallery.types import ModelCard


def check_label_options(arguments: argparse.Namespace) -> None:
    """Refuse what makes no sense together.

    Raises:
        DatasetError: a split without a table.
    """
    if arguments.split is not None and arguments.labels is None:
        raise DatasetError("--split chooses rows of a table: give the table with --labels FILE.csv.")


def evaluations(
    arguments: argparse.Namespace, parts: wiring.Parts, folder: Path, cards: list[ModelCard]
) -> list[Evaluation] | None:
    """Return the evaluation of a labelled folder with each model, tagged where needed; None for Ctrl+C.

    The labels of the second model are those of the first one's classes that it knows.

    Raises:
        GalleryError: the labels do not fit a model's classes or the folder (before anything is tagged),
            the folder vanished, or a model failed.
    """
    labels = _labels(arguments, folder, cards[0])
    of_each = [labels, *(compare.labels_for_second(labels, folder, cards[0], card) for card in cards[1:])]
    found = list(_tagged(parts, folder, zip(cards, of_each, strict=True)))
    return None if None in found else [one for one in found if one is not None]


def note_stopped(what: str, *, json: bool) -> None:
    """Say that Ctrl+C came before there was anything to show."""
    note(f"Stopped before the end, so there is no {what}. Start again to go on.")
    if json:
        answer({"error": "stopped before the end"})


def _labels(arguments: argparse.Namespace, folder: Path, card: ModelCard) -> ModelLabels | None:
    """Return the labels of the file; None where the folders' names are the labels."""
    if arguments.labels is not None:
        return evaluate.labels_of_file(arguments.labels, folder, card, split=arguments.split)
    evaluate.check_layout(folder, card)
    return None


def _tagged(
    parts: wiring.Parts,
    folder: Path,
    measured: Iterator[tuple[ModelCard, ModelLabels | None]],
) -> Iterator[Evaluation | None]:
    for card, labels in measured:
        with ProgressBar(None if labels is None else len(labels.by_path)) as show, asked_to_stop() as stop:
            found = evaluate.tag_and_evaluate(
                parts, folder, card, labels, on_progress=show, cancelled=stop.is_set
            )
        yield found
        if found is None:
            return
