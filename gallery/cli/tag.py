"""``tag DIR`` and the internal ``tag-job``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from gallery.cli.output import TaggingBar, note, skipped_json, skipped_lines, tell
from gallery.cli.stopping import STOPPED, asked_to_stop
from gallery.services import tagging as tagging_service
from gallery.settings import Settings
from gallery.types import display_path


def tag(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tag what is new in a folder, and print what was done."""
    folder = settings.allow(arguments.folder)
    with TaggingBar() as show, asked_to_stop() as stop:
        result = tagging_service.tag_folder(
            folder,
            settings,
            arguments.model,
            cluster=arguments.dask,
            note=note,
            on_progress=show,
            cancelled=stop.is_set,
        )
    lines = [
        f"{display_path(folder)}: {result.photos:,} photos, {result.tagged:,} tagged now with "
        f"{result.model_id} in {result.seconds:.1f} s ({result.photos_per_second:.1f} photos/s), "
        f"{result.unchanged:,} unchanged, {len(result.skipped):,} could not be read."
    ]
    if noted := tagging_service.notes(result.others, result.gone):
        lines.append(noted)
    if not result.photos:
        lines.append("There are no photos in this folder or below it.")
    tell(
        arguments,
        {
            "photos": result.photos,
            "tagged": result.tagged,
            "unchanged": result.unchanged,
            "skipped": skipped_json(result.skipped),
            "gone": result.gone,
            "seconds": result.seconds,
            "photos_per_second": result.photos_per_second,
            "model_id": result.model_id,
            "others": dict(result.others),
        },
        *lines,
        notes=skipped_lines(result.skipped),
    )
    return STOPPED if result.cancelled else 0


def tag_job(arguments: argparse.Namespace, settings: Settings) -> None:  # noqa: ARG001
    """Run the jobs that wait in the catalog: the child process of the app."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # the job notes its end
    ran = tagging_service.run_job_process(settings)
    logging.getLogger(__name__).info("%d jobs done", ran)
