"""``evaluate DIR``: how good a model is on labelled photos."""

from __future__ import annotations

import argparse

from gallery import composition
from gallery.cli.output import ProgressBar, answer, note, note_skipped, say, skipped_json
from gallery.cli.stopping import STOPPED, asked_to_stop
from gallery.errors import DatasetError
from gallery.evaluation import evaluate_collection, labels_of, read_label_table
from gallery.settings import Settings
from gallery.types import CollectionKind, FileEntry, display_path


def evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tag a labelled folder where needed, and print the report.

    Raises:
        GalleryError: among others a DatasetError, before anything is tagged,
            for a sub-folder that is no class.
    """
    folder = settings.allow(arguments.folder)
    if arguments.split is not None and arguments.labels is None:
        raise DatasetError("--split chooses rows of a table: give the table with --labels FILE.csv.")
    with composition.composed(settings) as parts:
        card = composition.chosen_card(parts.models, arguments.model)
        labels = None
        if arguments.labels is not None:
            listed = read_label_table(arguments.labels, card.class_names, split=arguments.split)
            labels = {path: index for path, index in listed.items() if folder in path.parents}
            if not labels:
                raise DatasetError(
                    f"None of the {len(listed):,} photos listed in {display_path(arguments.labels)} lies in "
                    f"{display_path(folder)}. Paths in a table are relative to the table's own folder."
                )
        else:
            found = [entry.path for entry in composition.scan(folder) if isinstance(entry, FileEntry)]
            labels_of(folder, found, card.class_names)  # refuses before the long work, not after it
        collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
        with ProgressBar(None if labels is None else len(labels)) as show, asked_to_stop() as stop:
            tagged = composition.tag(
                parts, collection, card, on_progress=show, cancelled=stop.is_set, only=labels
            )
        if tagged.cancelled:
            note("Stopped before the end, so there is no report. Start again to go on.")
            if arguments.json:
                answer({"error": "stopped before the end"})
            return STOPPED
        result = evaluate_collection(
            parts.catalog, collection, card.model_id, card.class_names, labels=labels
        )
    for problem in result.problems:
        note(problem)
    if arguments.json:
        answer({**result.report.to_json(), "skipped": skipped_json(result.skipped)})
    else:
        note_skipped(result.skipped)
        say(str(result.report))
    return 0
