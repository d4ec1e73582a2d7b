"""What a photo costs more with Dask than without: one worker of this computer beside the plain tagger.

    python -m tests.benchmark.cluster FOLDER [--model animals10-efficientnet-lite2] [--times 3]

FOLDER has a few hundred photos right in it. Each way tags a tenth of them and then all, in turn and in homes
of their own; the difference of both times by that of the photos leaves out what starting takes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gallery.photos.scan import is_photo_name

WAYS: dict[str, tuple[str, ...]] = {"plain": (), "one worker": ("--dask", "local:1")}


def seconds(folder: Path, model: str, options: tuple[str, ...]) -> float:
    """Return how long a command takes to tag a folder in a new home."""
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-m", "gallery", "tag", str(folder), "--home", home, "--model", model]
        began = time.monotonic()
        subprocess.run([*words, *options], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - began


def main() -> None:
    """Read the command line, and print a line a run and the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="animals10-efficientnet-lite2")
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    photos = sorted(path for path in args.folder.iterdir() if is_photo_name(path.name))
    few = photos[::10]
    cost: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as made:
        for name, some in (("few", few), ("many", photos)):
            (Path(made) / name).mkdir()
            for path in some:
                shutil.copy(path, Path(made) / name)
        for turn in range(args.times):
            for way, options in list(WAYS.items())[:: -1 if turn % 2 else 1]:
                short, long = (seconds(Path(made) / name, args.model, options) for name in ("few", "many"))
                cost[way].append((long - short) / (len(photos) - len(few)))
                print(
                    f"{way}: {len(few)} photos {short:.1f} s, {len(photos)} photos {long:.1f} s", flush=True
                )
    plain, worker = (statistics.median(cost[way]) for way in WAYS)
    print(
        f"a photo: plain {1000 * plain:.1f} ms, one worker {1000 * worker:.1f} ms, ratio {worker / plain:.2f}"
    )


if __name__ == "__main__":
    main()
