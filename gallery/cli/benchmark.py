"""``benchmark DIR``: tagging against the plain Keras loop and its bounds, same photos, same process."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import TaggingBar, answer, note, say, skipped_lines
from gallery.services import benchmark as benchmark_service
from gallery.services.benchmark import CONTENDERS, FORWARD, PLAIN, TAGGER, Comparison
from gallery.settings import IMAGENET_MODELS, Settings
from gallery.types import display_path
from gallery.words import percent


def benchmark(arguments: argparse.Namespace, settings: Settings) -> None:
    """Time all contenders on each folder, and print a table with their ratios.

    Raises:
        GalleryError: a folder has no readable photos, or a model fails.
    """
    models = list(IMAGENET_MODELS.values()) if arguments.every_model else [arguments.model]
    found: list[Comparison] = []
    for folder in arguments.folders:
        for model_id in models:
            with TaggingBar() as show:
                one = benchmark_service.compare(
                    settings.allow(folder),
                    settings,
                    model_id,
                    arguments.photos,
                    runs=arguments.runs,
                    note=note,
                    on_progress=show,
                )
            found.append(one)
            if not arguments.json:
                _show(one)
    if arguments.json:
        answer({"tables": [_as_json(one) for one in found]})


def _as_json(found: Comparison) -> dict[str, object]:
    return {
        "folder": str(found.folder),
        "model_id": found.model_id,
        "photos": found.photos,
        "skipped": len(found.skipped),
        "timings": {
            name: {**asdict(timing), "median": timing.median} for name, timing in found.timings.items()
        },
        "ratio": found.ratio(TAGGER, PLAIN),
        "same_label": found.same_label,
    }


def _show(found: Comparison) -> None:
    say(f"{found.photos:,} photos of {display_path(found.folder)}, model {found.model_id}")
    say(f"  {'':22} {'photos/s':>9} {'to loop':>8} {'to bound':>9} {'peak MB':>8}")
    for name, timing in found.timings.items():
        memory = "" if timing.peak_mb is None else f"{timing.peak_mb:8.0f}"
        say(
            f"  {name:22} {timing.median:9.1f} {found.ratio(name, PLAIN):7.2f}x "
            f"{percent(found.ratio(name, FORWARD), 0):>9} {memory:>8}  {CONTENDERS[name]}"
        )
    runs = len(found.timings[PLAIN].photos_per_second)
    plain, tagger = found.timings[PLAIN], found.timings[TAGGER]
    say(
        f"  The median of {runs} interleaved runs; loop in {plain.precision}, tagger in {tagger.precision}. "
        f"Loading and first batch, not counted: {plain.loading_s:.1f} s and {tagger.loading_s:.1f} s. Both "
        f"give {percent(found.same_label)} of the photos the same label; most of the difference is that "
        "load_img shrinks without smoothing."
    )
    if found.skipped:
        say(f"  Left out, since they cannot be read: {len(found.skipped)}")
        for line in skipped_lines(found.skipped):
            note(line)
