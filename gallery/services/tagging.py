"""Tag a collection: now, or as a job in a process of its own."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

from gallery import types
from gallery.errors import ModelError
from gallery.services import stacks, wiring
from gallery.services.heads import measure_likeness, name_from_features
from gallery.settings import Settings
from gallery.tagging.parts import TaggingProgress, TaggingResult, TaggingRun
from gallery.types import Classifier, CollectionKind, Job, JobState, ModelCard
from gallery.words import counted, photo_count

if TYPE_CHECKING:
    from gallery.jobs.process import RunningJob

JOB_COMMAND = (sys.executable, "-m", "gallery", "tag-job")


def tag(
    parts: wiring.Parts,
    collection: types.Collection,
    card: ModelCard,
    *,
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
    how: Callable[[TaggingRun], TaggingResult] | None = None,
) -> TaggingResult:
    """Tag what a model has not seen of a collection.

    Args:
        parts: real or fake ones.
        collection: whose folder is looked through.
        card: the model's.
        on_progress: told how far it is.
        cancelled: asked whether to stop.
        how: does it; `tag_here` if left out.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """
    name_from_features(parts, card)
    others: Counter[str] = Counter()
    run = TaggingRun(
        catalog=parts.catalog,
        collection=collection,
        model_id=card.model_id,
        scan=functools.partial(wiring.scan, chosen=parts.settings, others=others),
        store_thumbnail=parts.thumbnails.put,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    result = tag_here(parts, card, run) if how is None else how(run)
    if not result.cancelled:
        measure_likeness(parts, card)
    return replace(result, others=others)


def tag_here(
    parts: wiring.Parts,
    card: ModelCard,
    run: TaggingRun,
    *,
    load: Callable[[str], Classifier] | None = None,
    only: Container[Path] | None = None,
) -> TaggingResult:
    """Tag with readers and a network of this computer, as `tag` does.

    Args:
        parts: real or fake ones.
        card: the model's.
        run: what is tagged.
        load: gives the model of an id; loads it if left out.
        only: paths to which reading is limited; the whole folder is still looked through.

    Raises:
        GalleryError: as `tag`.
    """
    from gallery.tagging import tag_collection

    load = load or functools.partial(wiring.load_classifier, parts.models)
    with wiring.new_decode_pool(card.input_px) as pool:
        return tag_collection(
            run, decode=pool.decode, load_classifier=functools.partial(load, card.model_id), only=only
        )


def notes(others: Mapping[str, int], gone: int) -> str:
    """Return what to say of a scan besides the photos that were found; "" where there is nothing.

    Args:
        others: files that are no photos this app reads, by kind.
        gone: photos that an earlier scan found and this one did not.

    Example:
        >>> notes({"RAW photo (.nef)": 12, "video (.mp4)": 1}, 1)
        'Not read: 12 RAW photos (.nef), 1 video (.mp4). 1 photo that was here is gone; its labels are kept.'
    """
    named = []
    for kind, count in sorted(others.items()):
        noun, _, suffix = kind.partition(" (")
        named.append(f"{counted(count, noun)} ({suffix}")
    sentences = [f"Not read: {', '.join(named)}."] if named else []
    if gone == 1:
        sentences.append("1 photo that was here is gone; its labels are kept.")
    elif gone:
        sentences.append(f"{photo_count(gone)} that were here are gone; their labels are kept.")
    return " ".join(sentences)


def tag_folder(
    folder: Path,
    settings: Settings,
    model_id: str | None,
    *,
    cluster: str | None,
    note: Callable[[str], None],
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
) -> TaggingResult:
    """Open a folder as a collection, and tag what is new in it.

    Args:
        folder: that may be read.
        settings: where things are.
        model_id: the model that tags; the active one if None.
        cluster: whose workers tag, as `services.cluster.tag` takes it; None: this computer, as always.
        note: is told of workers of the cluster that are refused.
        on_progress: told how far it is.
        cancelled: asked whether to stop.

    Raises:
        GalleryError: there is no such model, the folder vanished, the catalog cannot be written.
    """
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, model_id)
        collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
        how = None
        if cluster is not None:
            from gallery.services.cluster import tag as tag_on_cluster

            how = functools.partial(tag_on_cluster, cluster, settings, card, note=note)
        return tag(parts, collection, card, on_progress=on_progress, cancelled=cancelled, how=how)


def start_job(collection_id: int, model_id: str | None = None) -> Job:
    """Return the tagging job of a collection: queued now, or the one that is already under way.

    Args:
        collection_id: what is tagged.
        model_id: the model that tags; the active one if left out.

    Raises:
        ModelError: there is no model to tag with.
        JobError: its process cannot be started.
    """
    card = wiring.active_model() if model_id is None else wiring.models().card(model_id)
    if card is None:
        raise ModelError(
            "There is no usable model, so nothing can be tagged. Look at the Models page for the reason, "
            "or put a model folder into model_store."
        )
    job = wiring.catalog().queue_job(collection_id, card.model_id)
    start_job_process(wiring.settings().home)
    return job


def latest_job(collection_id: int) -> Job | None:
    """Return the newest tagging job of a collection; None if it was never tagged."""
    return wiring.catalog().latest_job(collection_id)


def live_job() -> Job | None:
    """Return the tagging that runs, else the one that waits longest; None if there is none."""
    return wiring.catalog().live_job()


def cancel_job(job_id: int) -> None:
    """Ask a tagging job to stop; it does after its batch, and what is tagged is kept."""
    wiring.catalog().request_cancel(job_id)


def start_job_process(home: Path) -> Popen[bytes]:
    """Start the process that runs the waiting jobs; one too many finds nothing to do and ends.

    Raises:
        JobError: it could not be started.
    """
    from gallery.jobs.process import start_apart

    log = home / "logs" / "tagging.log"
    return start_apart([*JOB_COMMAND, "--home", str(home)], log, purpose="tagging")


def run_job_process(settings: Settings) -> int:
    """Be the process that runs the waiting jobs, and return how many ran.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.jobs.process import lower_priority

    lower_priority()
    return run_waiting_jobs(settings)


def run_waiting_jobs(settings: Settings) -> int:
    """Run the tagging jobs that wait in the catalog, and return how many ran.

    One model stays loaded for the jobs that follow with it.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.jobs.process import run_queued
    from gallery.tagging import tag_as_job

    with wiring.composed(settings) as parts:
        loaded: dict[str, Classifier] = {}

        def load(model_id: str) -> Classifier:
            if model_id not in loaded:
                loaded.clear()  # before the next one takes its memory
                loaded[model_id] = wiring.load_classifier(parts.models, model_id)
            return loaded[model_id]

        def run_one(running: RunningJob) -> None:
            card = parts.models.card(running.job.model_id)
            collection = parts.catalog.collection(running.job.collection_id)
            how = functools.partial(tag_here, parts, card, load=load)
            result = tag_as_job(running, functools.partial(tag, parts, collection, card, how=how))
            stacks.settle_in(parts, collection.collection_id, card.model_id)
            if sentence := notes(result.others, result.gone):
                running.finish(JobState.DONE, sentence)

        return run_queued(parts.catalog, run_one)
