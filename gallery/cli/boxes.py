"""``boxes DIR --results JSON --out JSON``: classify the animals that MegaDetector found."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import ProgressBar, tell
from gallery.services import boxes as boxes_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import counted


def boxes(arguments: argparse.Namespace, settings: Settings) -> None:
    """Write MegaDetector's results anew with a class in each animal's box; the catalog is not touched.

    Raises:
        GalleryError: no such folder or model, no results file, or a place that cannot be written.
    """
    folder = settings.allow(arguments.folder)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    with ProgressBar() as bar:
        made = boxes_service.classify_boxes(
            models, card, folder, arguments.results, arguments.out,
            least=arguments.least, on_progress=bar.step,
        )  # fmt: skip
    out = display_path(arguments.out)
    named = ", ".join(f"{label} {count:,}" for label, count in made.labels.items())
    tell(
        arguments,
        {"out": out, **asdict(made), "model_id": card.model_id},
        f"{out}: {counted(made.boxes, 'box', 'boxes')} of {made.photos:,} photos classified by "
        f"{card.model_id}: {named}.",
        notes=made.missing[:5],
    )
