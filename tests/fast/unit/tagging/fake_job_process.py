"""What ``python -m gallery tag-job`` is, with fakes; slow, so that it can be killed in between.

Arguments: seconds a photo, then ``--home`` and the directory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gallery.catalog import Catalog
from gallery.jobs.process import RunningJob, lower_priority, run_queued
from gallery.tagging import run_tagging_job
from tests.fast.unit.tagging import fakes


def main(delay_s: float, home: Path) -> None:
    lower_priority()
    decoder = fakes.Decoder(delay_s=delay_s)
    with Catalog.open(home / "catalog") as catalog:

        def run_one(running: RunningJob) -> None:
            run_tagging_job(
                running,
                catalog=catalog,
                decode=decoder,
                scan=fakes.scan,
                load_classifier=lambda _: fakes.Classifier(),
                store_thumbnail=fakes.Thumbnails().put,
            )

        ran = run_queued(catalog, run_one, heartbeat_s=0.1)
    print(f"ran {ran} jobs, read {len(decoder.read)} files", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[3]))
