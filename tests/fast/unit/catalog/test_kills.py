"""Writers that are killed, and writers at the same time: nothing is half there, nothing said is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gallery.catalog import Catalog
from tests.counts import count

WRITER = Path(__file__).parent / "hasty_writer.py"
BATCH = 8

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def start(folder: Path, repository: Path, writer: str, batches: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(folder), writer, str(batches)],
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_kills_lose_nothing_that_was_reported_and_leave_no_half_batch(
    tmp_path: Path, repository: Path
) -> None:
    reported: dict[str, str] = {}
    for round_ in range(count(100)):
        with start(tmp_path, repository, f"writer-{round_}") as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.05 + 0.03 * (round_ % 10))
            process.kill()
            output, errors = process.communicate()
        assert "Error" not in errors
        lines = [line.split() for line in output.splitlines() if line.count(" ") == 1]
        reported.update((photo_id, f"label {n}") for photo_id, n in lines if len(photo_id) == 64)
    assert len(reported) >= count(100)

    with Catalog.open(tmp_path) as catalog:
        standing = catalog.labels(list(reported))
        assert {photo_id: standing.get(photo_id) for photo_id in reported} == reported
        rows = 0
        for collection in catalog.collections():
            table = catalog.prediction_table(collection.collection_id, "m")
            assert len(table) % BATCH == 0
            rows += len(table)
            features = catalog.features("m", table.photo_ids)
            assert len(set(table.photo_ids)) == len(table)
            for photo_id, vector in zip(table.photo_ids, features, strict=True):
                assert len(set(vector.tolist())) == 1
                maps = catalog.cams(photo_id, "m")
                assert maps is not None
                assert np.allclose(maps, vector[0], rtol=2e-3)
        assert rows >= BATCH * len(reported)
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    slots = connection.execute("SELECT count(*), count(DISTINCT slot) FROM predictions").fetchone()
    assert slots[0] == slots[1]
    connection.close()


def test_processes_that_write_at_once_never_see_a_locked_catalog(tmp_path: Path, repository: Path) -> None:
    batches = count(400)
    writers = [start(tmp_path, repository, f"writer-{n}", batches) for n in range(3)]
    for writer in writers:
        output, errors = writer.communicate(timeout=600)
        assert (writer.returncode, errors) == (0, "")
        assert len(output.splitlines()) == batches + 1
    with Catalog.open(tmp_path) as catalog:
        assert [len(catalog.prediction_table(n, "m")) for n in (1, 2, 3)] == [batches * BATCH] * 3
        assert len(catalog.all_corrections()) == 3 * batches
        for n in (1, 2, 3):
            ids = catalog.prediction_table(n, "m").photo_ids
            assert len(catalog.features("m", ids)) == batches * BATCH
