"""A labelled folder made ready to be measured: what ``evaluate`` and ``compare`` do before their numbers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from gallery.cli.output import ProgressBar
from gallery.cli.stopping import asked_to_stop
from gallery.datasets.folder import UNLABELLED, labels_of
from gallery.datasets.table import read_label_table
from gallery.errors import DatasetError
from gallery.evaluation import FolderEvaluation, evaluate_collection
from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.types import CollectionKind, FileEntry, ModelCard, display_path


def check_label_options(arguments: argparse.Namespace) -> None:
    """Refuse what makes no sense together.

    Raises:
        DatasetError: a split without a table.
    """
    if arguments.split is not None and arguments.labels is None:
        raise DatasetError("--split chooses rows of a table: give the table with --labels FILE.csv.")


def labels_for(arguments: argparse.Namespace, folder: Path, card: ModelCard) -> dict[Path, int] | None:
    """Return the labels from the table, by path; None where the folders' names are the labels.

    Raises:
        DatasetError: the labels do not fit the model's classes or the folder;
            said before the long work, not after it.
    """
    if arguments.labels is None:
        found = [entry.path for entry in wiring.scan(folder) if isinstance(entry, FileEntry)]
        labels_of(folder, found, card.class_names)
        return None
    listed = read_label_table(arguments.labels, card.class_names, split=arguments.split)
    labels = {path: index for path, index in listed.items() if folder in path.parents}
    if not labels:
        raise DatasetError(
            f"None of the {len(listed):,} photos listed in {display_path(arguments.labels)} lies in "
            f"{display_path(folder)}. Paths in a table are relative to the table's own folder."
        )
    return labels


def labels_for_second(
    labels: Mapping[Path, int] | None, folder: Path, first: ModelCard, second: ModelCard
) -> dict[Path, int] | None:
    """Return the labels that a second model is measured by: those of the first one's classes that it knows.

    Args:
        labels: the first one's, as `labels_for` returned them.
        folder: the labelled folder.
        first: whose classes these labels are.
        second: whose classes the result is in; None where it knows the folders' names as well.

    Raises:
        DatasetError: the second model knows none of the photos' classes.
    """
    if labels is None:
        if set(first.class_names) <= set(second.class_names):
            return None
        found = [entry.path for entry in wiring.scan(folder) if isinstance(entry, FileEntry)]
        of_folders = labels_of(folder, found, first.class_names).y_true.tolist()
        labels = {path: index for path, index in zip(found, of_folders, strict=True) if index != UNLABELLED}
    names = {path: first.class_names[index] for path, index in labels.items()}
    known = {
        path: second.class_names.index(name) for path, name in names.items() if name in second.class_names
    }
    if not known:
        raise DatasetError(
            f"{second.model_id} knows none of the classes of these photos; it knows "
            f"{', '.join(second.class_names)}. Compare {first.model_id} with a model of the same animals."
        )
    return known


def tag_and_evaluate(
    parts: wiring.Parts, folder: Path, card: ModelCard, labels: Mapping[Path, int] | None
) -> FolderEvaluation | None:
    """Tag what the model has not seen of the folder, with a progress bar; None when Ctrl+C ended it.

    Raises:
        GalleryError: the folder vanished, the model failed, or nothing is labelled.
    """
    collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
    with ProgressBar(None if labels is None else len(labels)) as show, asked_to_stop() as stop:
        tagged = tagging_service.tag(
            parts, collection, card, on_progress=show, cancelled=stop.is_set, only=labels
        )
    if tagged.cancelled:
        return None
    return evaluate_collection(parts.catalog, collection, card.model_id, card.class_names, labels=labels)
