"""Tagging by the workers of a Dask cluster: shards of a folder that all of them see, one writer.

A shard is done again if its worker is lost; what came back is in the catalog, so a lost scheduler or a Ctrl+C
costs the shards that were under way, and the next run does what is left.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gallery.errors import GalleryError, JobError
from gallery.jobs.progress import SmoothedRate
from gallery.settings import TAG_BATCH
from gallery.tagging.finding import look_through
from gallery.tagging.parts import TAGGING, Decode, TaggingProgress, TaggingResult, TaggingRun
from gallery.tagging.pipeline import result_of, stopped_early, what_it_says
from gallery.types import BatchPrediction, Classifier, DecodedPhoto, SkippedFile

if TYPE_CHECKING:
    from distributed import Client, Future

SHARD = TAG_BATCH
"""Photos a task: a second of work, so that the hand-over costs nothing and a lost worker little."""

AHEAD = 3
"""Shards a worker that are under way or wait, so that none waits for the writer."""

_PATIENCE_S = 0.5
"""How long to wait for a shard before looking whether workers came or went, or whether to stop."""

WORKERS_WITHIN_S = 120.0
"""How long to wait where there is no worker that can be used: a queue of SLURM may be slow."""


@dataclass(frozen=True, slots=True)
class Shard:
    """What a worker makes of some files: as they were read, and what the model says of those it read."""

    read: tuple[DecodedPhoto, ...]  # without their pixels
    skipped: tuple[SkippedFile, ...]
    class_names: tuple[str, ...]
    said: BatchPrediction | None  # None where no file could be read


WorkOnShard = Callable[[Sequence[Path]], Shard]
"""Run in a worker; must be importable there."""

Unfit = Callable[[], str | None]
"""Run in a worker: why it cannot be used, as a sentence; None if it can."""


def classified(
    paths: Sequence[Path],
    decode: Decode,
    classify: Callable[[], Classifier],
    turn: contextlib.AbstractContextManager[object],
) -> Shard:
    """Return what a worker makes of a shard's files.

    Args:
        paths: the files.
        decode: reads them in sandboxed processes.
        classify: gives the classifier; called only if a file could be read.
        turn: held while it computes.
    """
    results = list(decode(paths))
    photos = [one for one in results if isinstance(one, DecodedPhoto)]
    skipped = tuple(one for one in results if isinstance(one, SkippedFile))
    if not photos:
        return Shard((), skipped, (), None)
    classifier = classify()
    with turn:
        said = what_it_says(classifier.model_id, classifier, photos)
    nothing = np.zeros((0, 0, 3), np.uint8)
    read = tuple(replace(photo, model_input=nothing) for photo in photos)
    return Shard(read, skipped, classifier.class_names, said)


def tag_on_cluster(
    client: Client, run: TaggingRun, *, work: WorkOnShard, unfit: Unfit, note: Callable[[str], None]
) -> TaggingResult:
    """Tag what a model has not seen of a collection, on the workers of a cluster.

    Args:
        client: connected to the scheduler.
        run: what is tagged; its folder is looked through here, and read by the workers.
        work: what a worker does with a shard.
        unfit: why a worker cannot be used.
        note: is told of each worker that is refused.

    Raises:
        PhotoError: the folder is not there (any more).
        JobError: no worker can be used, a shard failed, or the scheduler is lost; what came back is kept.
        CatalogError: the catalog cannot be written.
    """
    found = look_through(run)
    if found is None:
        return stopped_early(run)
    writer = _Writer(run, found.begin)
    stopped = False
    if found.pending:
        for shard in _done(client, _Crew(client, unfit, note), work, found.pending, run.cancelled):
            stopped = shard is None and run.cancelled()
            if shard is not None:
                writer.write(shard)
            run.on_progress(writer.progress())
    return result_of(run, found, writer.progress(), stopped=stopped)


class _Writer:
    """Puts shards into the catalog, and counts."""

    def __init__(self, run: TaggingRun, begin: TaggingProgress) -> None:
        self._run = run
        self._now = replace(begin, stage=TAGGING)
        self._rate = SmoothedRate()

    def write(self, shard: Shard) -> None:
        """Keep a shard; a photo that the model has seen meanwhile, at another place, counts as unchanged."""
        for photo in shard.read:
            self._run.store_thumbnail(photo.photo_id, photo.thumbnail_jpeg)
        known = self._run.note(shard.read, shard.skipped)
        fresh = {one.photo_id: n for n, one in enumerate(shard.read) if one.photo_id not in known}
        if fresh and shard.said is not None:
            rows = list(fresh.values())
            cams = shard.said.cams
            batch = BatchPrediction(
                shard.said.probabilities[rows],
                shard.said.features[rows],
                None if cams is None else cams[rows],
            )
            self._run.catalog.record_predictions(self._run.model_id, shard.class_names, list(fresh), batch)
        before = self._now
        self._now = replace(
            before,
            done=before.done + len(shard.read) + len(shard.skipped),
            tagged=before.tagged + len(fresh),
            unchanged=before.unchanged + len(shard.read) - len(fresh),
            skipped=before.skipped + len(shard.skipped),
        )

    def progress(self) -> TaggingProgress:
        self._rate.update(self._now.done)
        return replace(self._now, rate=self._rate.per_second)


@dataclass
class _Crew:
    """The workers of a cluster that can be used, as they come and go."""

    client: Client
    unfit: Unfit
    note: Callable[[str], None]
    fit: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    _lacking_since: float | None = None

    def gather(self) -> list[str]:
        """Return the addresses of the workers that can be used now.

        Raises:
            JobError: there has been none for too long.
        """
        present = set(self.client.nthreads())
        unknown = present - self.fit - self.refused.keys()
        answers = self.client.run(self.unfit, workers=list(unknown), on_error="return") if unknown else {}
        for address, problem in answers.items():
            if problem is None:
                self.fit.add(address)
            elif not isinstance(problem, OSError):  # that worker is gone again
                self.refused[address] = str(problem)
                self.note(f"The worker {address} is not used: {problem}")
        self.fit &= present
        if self.fit:
            self._lacking_since = None
            return sorted(self.fit)
        self._lacking_since = self._lacking_since or time.monotonic()
        all_refused = bool(present) and present <= self.refused.keys()
        if all_refused or time.monotonic() - self._lacking_since > WORKERS_WITHIN_S:
            why = "; ".join(self.refused.values()) or "none has come."
            raise JobError(
                f"No worker of the cluster can be used: {why} Start workers as docs/cluster.md says; what "
                "was tagged is kept."
            )
        return []


def _done(
    client: Client,
    crew: _Crew,
    work: WorkOnShard,
    pending: Sequence[Path],
    cancelled: Callable[[], bool],
) -> Iterator[Shard | None]:
    """Yield the shards as they are done, and None whenever a moment passed without one.

    Raises:
        JobError: as `tag_on_cluster`.
    """
    from distributed import KilledWorker, wait

    left = [pending[at : at + SHARD] for at in range(0, len(pending), SHARD)][::-1]
    under_way: dict[Future, tuple[Sequence[Path], set[str]]] = {}
    try:
        while left or under_way:
            workers = crew.gather()
            for future, (paths, asked) in list(under_way.items()):
                if not asked & set(workers) and not future.done():  # all that might do it are gone
                    future.cancel()
                    del under_way[future]
                    left.append(paths)
            while left and len(under_way) < AHEAD * len(workers):
                paths = left.pop()
                future = client.submit(work, paths, workers=workers, pure=False)
                under_way[future] = (paths, set(workers))
            done: set[Any] = set()
            with contextlib.suppress(TimeoutError):
                if under_way:
                    done = wait(list(under_way), timeout=_PATIENCE_S, return_when="FIRST_COMPLETED").done
                else:
                    time.sleep(_PATIENCE_S)
            for future in done:
                paths, _ = under_way.pop(future)
                yield future.result()
            if cancelled():
                yield None
                return
            if not done:
                yield None
    except KilledWorker as exc:
        raise JobError(
            f"Several workers died over the same {SHARD} photos ({exc}). What came back is kept; the logs of "
            "the workers say why: most often memory is short."
        ) from exc
    except GalleryError:
        raise
    except Exception as exc:
        if client.status == "running" and not isinstance(exc, OSError | CancelledError):
            raise  # not what a client says that has lost its scheduler
        raise JobError(
            f"The cluster does not answer any more ({exc}). What came back is kept; start the scheduler, "
            "then tag again: only what is left is done."
        ) from exc
    finally:
        for future in under_way if client.status == "running" else ():  # a lost scheduler has dropped them
            future.cancel()
