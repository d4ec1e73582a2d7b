"""``boxes DIR --results JSON --out JSON``: classify the animals that MegaDetector found."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, note, say
from gallery.services import boxes as boxes_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import counted


def boxes(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write MegaDetector's results anew with a class in each animal's box; the catalog is not touched.

    Raises:
        GalleryError: no such folder or model, no results file, or a place that cannot be written.
    """
    from tqdm import tqdm

    folder = settings.allow(arguments.folder)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    with tqdm(unit=" photos", ascii=True) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        made = boxes_service.classify_boxes(
            models, card, folder, arguments.results, arguments.out, least=arguments.least, on_progress=show
        )
    if arguments.json:
        answer(
            {
                "out": display_path(arguments.out),
                "photos": made.photos,
                "boxes": made.boxes,
                "labels": dict(made.labels),
                "missing": list(made.missing),
                "model_id": card.model_id,
            }
        )
        return 0
    for sentence in made.missing[:5]:
        note(sentence)
    named = ", ".join(f"{label} {count:,}" for label, count in made.labels.items())
    say(
        f"{display_path(arguments.out)}: {counted(made.boxes, 'box', 'boxes')} of {made.photos:,} photos "
        f"classified by {card.model_id}: {named}."
    )
    return 0
