"""What ``python -m gallery tag-job`` is, with fakes; slow, so that it can be killed in between.

Arguments: seconds a photo, then ``--home`` and the directory.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gallery.catalog import Catalog
from gallery.jobs import process
from gallery.jobs.process import RunningJob, lower_priority, run_queued
from gallery.tagging import TaggingResult, TaggingRun, tag_as_job, tag_collection
from tests.fast.unit.tagging import fakes


def main(delay_s: float, home: Path) -> None:
    lower_priority()
    decoder = fakes.Decoder(delay_s=delay_s)
    with Catalog.open(home / "catalog") as catalog:

        def run_one(running: RunningJob) -> None:
            def tag(**told: Any) -> TaggingResult:
                run = TaggingRun(
                    catalog=catalog,
                    collection=catalog.collection(running.job.collection_id),
                    model_id=running.job.model_id,
                    scan=fakes.scan,
                    store_thumbnail=fakes.Thumbnails().put,
                    **told,
                )
                return tag_collection(run, decode=decoder, load_classifier=fakes.Classifier)

            tag_as_job(running, tag)

        process.HEARTBEAT_S = 0.1
        ran = run_queued(catalog, run_one)
    print(f"ran {ran} jobs, read {len(decoder.read)} files", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[3]))
