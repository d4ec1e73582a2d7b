"""Tagging by workers of a Dask cluster: real processes on this computer, with fakes inside."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import JobError
from gallery.settings import CLASS_NAMES, LIGHT_MODEL_ID, Settings
from gallery.tagging import TaggingRun
from gallery.tagging.cluster import SHARD, tag_on_cluster
from tests.fast.unit.tagging import cluster_work, fakes
from tests.fast.unit.tagging.conftest import Studio

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install distributed")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def cluster(repository: Path) -> Iterator[Any]:
    """Two workers of two threads, started again by their nannies when they are killed."""
    os.environ["PYTHONPATH"] = str(repository)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        yield started


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster) as connected:
        connected.wait_for_workers(2, timeout=60)
        yield connected


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def tag(studio: Studio, client: Any, notes: Path, **others: Any) -> Any:
    studio.progress = []
    run = TaggingRun(
        catalog=studio.catalog,
        collection=studio.collection,
        model_id=fakes.MODEL,
        scan=fakes.scan,
        store_thumbnail=studio.thumbnails.put,
        on_progress=studio.progress.append,
        cancelled=others.pop("cancelled", lambda: False),
    )
    named: dict[str, Any] = {"unfit": cluster_work.fit, "note": lambda _: None, **others}
    return tag_on_cluster(client, run, work=functools.partial(cluster_work.work, notes), **named)


def whole(studio: Studio) -> tuple[Any, ...]:
    """Return all that the catalog has of the photos, in an order of its own."""
    table = studio.catalog.prediction_table(studio.collection.collection_id, fakes.MODEL)
    features = studio.catalog.features(fakes.MODEL, table.photo_ids)
    cams = [studio.catalog.cams(photo_id, fakes.MODEL).tolist() for photo_id in table.photo_ids]
    return table.photo_ids, table.paths, table.probabilities.tolist(), features.tolist(), cams


def test_a_worker_is_killed_another_is_slow_and_the_predictions_are_those_of_one_computer(
    studio: Studio, client: Any, notes: Path
) -> None:
    for colour in fakes.COLOURS:
        studio.photos(8 * SHARD, colour)
    (studio.root / "bad.jpg").write_text("")
    (studio.root / "copy.jpg").write_bytes((studio.root / "red000.jpg").read_bytes())
    first, second = client.run(os.getpid).values()
    (notes / f"{second}.slow").touch()

    def kill() -> None:
        while not (notes / f"{first}.began").exists():
            time.sleep(0.01)
        os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))

    killer = threading.Thread(target=kill)
    killer.start()
    result = tag(studio, client, notes)
    killer.join()
    assert (result.tagged, result.photos, len(result.skipped)) == (24 * SHARD, 24 * SHARD + 2, 1)
    assert (result.unchanged, result.cancelled) == (1, False)
    assert studio.shelves() == {
        "robin": 8 * SHARD + 1,
        "frog": 8 * SHARD,
        "whale": 8 * SHARD,
        "unreadable": 1,
    }
    assert (studio.progress[-1].done, studio.progress[-1].total) == (24 * SHARD + 2, 24 * SHARD + 2)
    assert all(one.rate is None or one.rate >= 0 for one in studio.progress)
    from_cluster = whole(studio)
    studio.run(model_id="alone", classifier=fakes.Classifier())
    alone = studio.catalog.prediction_table(studio.collection.collection_id, "alone")
    assert (alone.photo_ids, alone.probabilities.tolist()) == (from_cluster[0], from_cluster[2])
    assert tag(studio, client, notes).tagged == 0


def test_a_stopped_run_keeps_what_came_back_and_the_next_one_does_the_rest(
    studio: Studio, client: Any, notes: Path
) -> None:
    studio.photos(12 * SHARD)
    stopped = tag(
        studio, client, notes, cancelled=lambda: bool(studio.progress) and studio.progress[-1].tagged > 0
    )
    kept = studio.shelves()["robin"]
    assert stopped.cancelled
    assert 0 < stopped.tagged == kept < 12 * SHARD
    rest = tag(studio, client, notes)
    assert (rest.cancelled, rest.tagged, studio.shelves()) == (
        False,
        12 * SHARD - kept,
        {"robin": 12 * SHARD},
    )


def test_a_worker_that_is_refused_is_named_and_the_other_one_does_the_work(
    studio: Studio, client: Any, notes: Path
) -> None:
    studio.photos(4 * SHARD)
    said: list[str] = []
    one = min(client.run(os.getpid).values())
    result = tag(studio, client, notes, unfit=functools.partial(cluster_work.refusing, one), note=said.append)
    assert result.tagged == 4 * SHARD
    assert len(said) == 1
    assert said[0].endswith("is not used: it runs another version.")
    assert not (notes / f"{one}.began").exists()


def test_where_every_worker_is_refused_nothing_is_done_and_a_sentence_says_why(
    studio: Studio, client: Any, notes: Path
) -> None:
    studio.photos(2)
    with pytest.raises(JobError, match=r"No worker of the cluster can be used: it runs another version\."):
        tag(studio, client, notes, unfit=functools.partial(cluster_work.refusing, None))
    assert studio.shelves() == {"waiting": 2}


def test_a_lost_scheduler_ends_the_run_with_a_sentence_and_another_goes_on(
    studio: Studio, client: Any, notes: Path
) -> None:
    studio.photos(12 * SHARD)
    lost = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    )
    with lost, distributed.Client(lost) as doomed:
        closing = threading.Event()

        def lose(_: Any) -> None:
            if studio.progress and studio.progress[-1].tagged and not closing.is_set():
                closing.set()
                threading.Thread(target=lost.close).start()

        with pytest.raises(JobError, match="does not answer any more"):
            tag(studio, doomed, notes, cancelled=lambda: bool(lose(None)))
    kept = studio.shelves()["robin"]
    assert 0 < kept < 12 * SHARD
    assert tag(studio, client, notes).tagged == 12 * SHARD - kept


def test_workers_of_another_version_or_without_the_weights_are_refused_in_words(tmp_path: Path) -> None:
    from gallery.services import cluster as service
    from gallery.services import wiring

    settings = Settings.from_environment(tmp_path / "home")
    card = wiring.model_store(settings).card(LIGHT_MODEL_ID)
    assert card.class_names == CLASS_NAMES
    order = functools.partial(service.Order, home=tmp_path / "home", folder=tmp_path)
    here = service.code_digest()
    asked: list[tuple[service.Order, str | None]] = [
        (order(LIGHT_MODEL_ID, card.weights_sha256, here), None),
        (order(LIGHT_MODEL_ID, card.weights_sha256, "0" * 64), "another version of the Smart Gallery"),
        (order(LIGHT_MODEL_ID, "0" * 64, here), "its weights of animals10-efficientnet-lite2 are others"),
        (order("no-such-model", "0" * 64, here), "it has not the model no-such-model"),
    ]
    for one, sentence in asked:
        said = service.unfit(one)
        assert said is None if sentence is None else sentence in (said or "")
    gone = service.Order(LIGHT_MODEL_ID, card.weights_sha256, here, tmp_path / "gone", tmp_path / "home")
    assert "does not see" in (service.unfit(gone) or "")
