"""``benchmark DIR``: the gallery's tagging against the plain Keras loop, same photos, same process."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import ProgressBar, answer, note, note_skipped, say
from gallery.services import benchmark as benchmark_service
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import percent


def benchmark(arguments: argparse.Namespace, settings: Settings) -> int:
    """Time both, and print their photos a second and the ratio.

    Raises:
        GalleryError: the folder has no readable photos, or the model fails.
    """
    folder = settings.allow(arguments.folder)
    with ProgressBar() as show:
        found = benchmark_service.compare(
            folder, settings, arguments.model, arguments.photos, note=note, on_progress=show
        )
    if arguments.json:
        answer(
            {
                "model_id": found.model_id,
                "photos": found.photos,
                "skipped": len(found.skipped),
                "plain": asdict(found.plain),
                "gallery": asdict(found.gallery),
                "ratio": found.ratio,
                "same_label": found.same_label,
            }
        )
        return 0
    say(f"{found.photos:,} photos of {display_path(folder)}, model {found.model_id}")
    for name, timing in (("plain loop", found.plain), ("gallery", found.gallery)):
        say(
            f"  {name:10}  {timing.photos_per_second:7.1f} photos/s  ({timing.seconds:.1f} s in "
            f"{timing.precision}; loading and first batch {timing.loading_s:.1f} s more)"
        )
    say(
        f"The gallery tags {found.ratio:.1f} times as fast. Both give {percent(found.same_label)} of the "
        "photos the same label; most of the difference is that load_img shrinks without smoothing."
    )
    if found.skipped:
        say(f"Left out of both, since they cannot be read: {len(found.skipped)}")
        note_skipped(found.skipped)
    return 0
