"""The composition of the app: one set of real parts for each process, made on first need.

Pages and the HTTP routes use the same parts, so nothing here needs a Streamlit
session. TensorFlow loads only inside `classifier`.
"""

from __future__ import annotations

import atexit
import functools
import getpass
import os
import threading
from typing import TYPE_CHECKING

from gallery import composition
from gallery import settings as limits
from gallery.catalog import Catalog
from gallery.composition import Parts
from gallery.errors import ModelError
from gallery.model_files import ModelStore
from gallery.photos.thumbnails import ThumbnailStore
from gallery.settings import Settings
from gallery.types import Job, ModelCard

if TYPE_CHECKING:
    from gallery.network.attribution import Explainer
    from gallery.network.classifier import KerasClassifier
    from gallery.photos.pool import DecodePool
    from gallery.photos.uploads import UploadArea


_making = threading.Lock()
_loading = threading.Lock()


def settings() -> Settings:
    """Return where things are, as the environment says now."""
    named = ("GALLERY_HOME", "GALLERY_ROOTS", "GALLERY_MODEL_STORE")
    return _settings(tuple(os.environ.get(name) for name in named))


@functools.lru_cache(maxsize=4)
def _settings(_environment: tuple[str | None, ...]) -> Settings:
    return Settings.from_environment()


def parts() -> Parts:
    """Return this process's parts, made at the first call."""
    with _making:
        return _parts(settings())


@functools.cache
def _parts(chosen: Settings) -> Parts:
    catalog = Catalog.open(chosen.catalog_dir)
    atexit.register(catalog.close)
    return Parts(
        settings=chosen,
        catalog=catalog,
        models=composition.model_store(chosen),
        thumbnails=ThumbnailStore(chosen.thumbnails),
    )


def catalog() -> Catalog:
    return parts().catalog


def models() -> ModelStore:
    return parts().models


def thumbnails() -> ThumbnailStore:
    return parts().thumbnails


def decode_pool(input_px: int = 224) -> DecodePool:
    """Return the sandboxed readers for photos shown large; tagging has its own.

    Args:
        input_px: of the model to which photos are shown at once, if they are.
    """
    with _making:
        return _decode_pool(input_px)


@functools.cache
def _decode_pool(input_px: int) -> DecodePool:
    from gallery.photos.pool import DecodePool

    pool = DecodePool(workers=2, input_px=input_px, thumbnail_px=limits.THUMBNAIL_PX)
    atexit.register(pool.close)
    return pool


def uploads() -> UploadArea:
    """Return where uploaded photos are received; one for all requests, since it counts what they bring."""
    with _making:
        return _uploads(settings())


@functools.cache
def _uploads(chosen: Settings) -> UploadArea:
    from gallery.photos.uploads import UploadArea

    return UploadArea(chosen.uploads)


def active_model() -> ModelCard | None:
    """Return the card of the model that tags, or None when there is no usable model."""
    store = models()
    model_id = store.active_id()
    if model_id is None:
        return None
    try:
        return store.card(model_id)
    except ModelError:
        return None


def shown_model() -> tuple[str, tuple[str, ...]]:
    """Return the id and the classes by which photos are shown, also when the model itself is gone."""
    card = active_model()
    if card is not None:
        return card.model_id, card.class_names
    return models().active_id() or limits.DEFAULT_MODEL_ID, limits.CLASS_NAMES


def classifier(model_id: str) -> KerasClassifier:
    """Return a loaded model; the first call takes seconds, since TensorFlow comes with it.

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    weights = models().card(model_id).weights_sha256  # an id may be removed and given to another model
    with _loading:
        return _classifier(settings(), model_id, weights)


@functools.lru_cache(maxsize=2)
def _classifier(_chosen: Settings, model_id: str, _weights: str) -> KerasClassifier:
    return composition.load_classifier(models(), model_id)


def explainer(model_id: str) -> Explainer:
    """Return a model with all explanation methods; the first call takes seconds, as that of `classifier`.

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    weights = models().card(model_id).weights_sha256
    with _loading:
        return _explainer(settings(), model_id, weights)


@functools.lru_cache(maxsize=1)
def _explainer(_chosen: Settings, model_id: str, _weights: str) -> Explainer:
    return composition.load_explainer(models(), model_id)


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

    card = active_model() if model_id is None else models().card(model_id)
    if card is None:
        raise ModelError(
            "There is no usable model, so nothing can be tagged. Look at the Models page for the reason, "
            "or put a model folder into model_store."
        )
    job = catalog().queue_job(collection_id, card.model_id)
    start_job_process(settings().home)
    return job


def person() -> str:
    """Return under which name corrections are kept: GALLERY_USER, or the account's name."""
    named = os.environ.get("GALLERY_USER", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return "somebody"
