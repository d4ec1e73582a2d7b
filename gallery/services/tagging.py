"""Tag a collection: now, or as a job in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gallery import types
from gallery.errors import ModelError
from gallery.services import wiring
from gallery.settings import Settings
from gallery.tagging.parts import TaggingCatalog, TaggingProgress, TaggingResult
from gallery.types import Job, ModelCard

if TYPE_CHECKING:
    from gallery.network.classifier import KerasClassifier


def tag(
    parts: wiring.Parts,
    collection: types.Collection,
    card: ModelCard,
    *,
    on_progress: Callable[[TaggingProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    only: Collection[Path] | None = None,
) -> TaggingResult:
    """Tag what a model has not seen of a collection.

    Args:
        parts: real or fake ones.
        collection: whose folder is looked through.
        card: the model's.
        on_progress: told how far it is.
        cancelled: asked whether to stop.
        only: paths to which reading is limited; the whole folder is still looked through.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """
    from gallery.tagging import tag_collection

    catalog = parts.catalog if only is None else cast(TaggingCatalog, _Limited(parts.catalog, set(only)))
    with wiring.new_decode_pool(card.input_px) as pool:
        return tag_collection(
            catalog=catalog,
            collection=collection,
            decode=pool.decode,
            scan=wiring.scan,
            load_classifier=lambda: wiring.load_classifier(parts.models, card.model_id),
            model_id=card.model_id,
            store_thumbnail=parts.thumbnails.put,
            on_progress=on_progress,
            cancelled=cancelled,
        )


def start_job(collection_id: int, model_id: str | None = None) -> Job:
    """Return the tagging job of a collection: queued now, or the one that is already under way.

    Args:
        collection_id: what is tagged.
        model_id: the model that tags; the active one if left out.

    Raises:
        ModelError: there is no model to tag with.
        JobError: its process cannot be started.
    """
    from gallery.tagging import start_job_process

    card = wiring.active_model() if model_id is None else wiring.models().card(model_id)
    if card is None:
        raise ModelError(
            "There is no usable model, so nothing can be tagged. Look at the Models page for the reason, "
            "or put a model folder into model_store."
        )
    job = wiring.catalog().queue_job(collection_id, card.model_id)
    start_job_process(wiring.settings().home)
    return job


def run_waiting_jobs(settings: Settings) -> int:
    """Run the tagging jobs that wait in the catalog, and return how many ran.

    One model stays loaded for the jobs that follow with it.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.tagging import run_queued_jobs, run_tagging_job

    loaded: dict[str, KerasClassifier] = {}

    with wiring.composed(settings) as parts:

        def load(model_id: str) -> KerasClassifier:
            if model_id not in loaded:
                loaded.clear()
                loaded[model_id] = wiring.load_classifier(parts.models, model_id)
            return loaded[model_id]

        def run_one(job: types.Job) -> None:
            with wiring.new_decode_pool(parts.models.card(job.model_id).input_px) as pool:
                run_tagging_job(
                    job,
                    catalog=parts.catalog,
                    decode=pool.decode,
                    scan=wiring.scan,
                    load_classifier=load,
                    store_thumbnail=parts.thumbnails.put,
                )

        return run_queued_jobs(parts.catalog, run_one, os.getpid())


class _Limited:
    """A catalog in which only some files wait to be tagged."""

    def __init__(self, catalog: TaggingCatalog, only: set[Path]) -> None:
        self._catalog = catalog
        self._only = only

    def pending_files(self, collection_id: int, model_id: str) -> list[Path]:
        return [path for path in self._catalog.pending_files(collection_id, model_id) if path in self._only]

    def __getattr__(self, name: str) -> object:
        return getattr(self._catalog, name)
