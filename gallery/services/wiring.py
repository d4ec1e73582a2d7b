"""The composition root: real parts for the use cases, and the set of them that one process keeps.

Heavy libraries load inside the functions that need them: importing this file
costs neither TensorFlow nor Pillow.
"""

from __future__ import annotations

import atexit
import functools
import getpass
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from gallery import settings as limits
from gallery.errors import CatalogError, ModelError
from gallery.settings import Settings
from gallery.types import Collection, FileEntry, ModelCard, SkippedFile, display_path

if TYPE_CHECKING:
    from threading import RLock

    from gallery.catalog import Catalog
    from gallery.explanation.explainer import Explainer
    from gallery.jobs.task import Tasks
    from gallery.models import ModelStore
    from gallery.network.classifier import KerasClassifier
    from gallery.photos.pool import DecodePool
    from gallery.photos.thumbnails import ThumbnailStore
    from gallery.photos.uploads import UploadArea


@dataclass(frozen=True)
class Parts:
    """What the commands, pages and routes of one process work with."""

    settings: Settings
    catalog: Catalog
    models: ModelStore
    thumbnails: ThumbnailStore


@contextmanager
def composed(settings: Settings) -> Iterator[Parts]:
    """Give the real parts for a home, and close the catalog at the end.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.catalog import Catalog

    with Catalog.open(settings.catalog_dir) as catalog:
        yield _parts_around(settings, catalog)


def _parts_around(settings: Settings, catalog: Catalog) -> Parts:
    from gallery.photos.thumbnails import ThumbnailStore

    thumbnails = ThumbnailStore(settings.thumbnails, settings.thumbnails_limit_bytes)
    return Parts(settings, catalog, model_store(settings), thumbnails)


def model_store(settings: Settings) -> ModelStore:
    """Return the models of the repository and of the home, as one store."""
    from gallery.models import ModelStore

    return ModelStore(settings.shipped_models, settings.own_models)


def candidates(folder: Path) -> ModelStore:
    """Return the store of a model that was trained and that nobody has kept yet."""
    from gallery.models import ModelStore

    return ModelStore(folder / "none", folder)


def chosen_card(models: ModelStore, model_id: str | None) -> ModelCard:
    """Return the card of the model of that id, or of the active one for None.

    Raises:
        ModelError: there is no such model, or none at all that can be used.
    """
    chosen = model_id or models.active_id()
    if chosen is None:
        problems = [entry.problem for entry in models.entries() if entry.problem]
        raise ModelError(
            f"There is no usable model in {models.shipped}, so nothing can be tagged. "
            + (problems[0] if problems else "Put a model folder there, or set GALLERY_MODEL_STORE.")
        )
    return models.card(chosen)


def collections_of(parts: Parts, folder: Path | None) -> list[Collection]:
    """Return the collection of a folder, which may be gone by now, or all of them.

    Raises:
        CatalogError: the folder was never opened.
    """
    collections = parts.catalog.collections()
    if folder is None:
        return collections
    wanted = folder.expanduser().resolve()
    found = [one for one in collections if one.root == wanted]
    if not found:
        opened = ", ".join(display_path(one.root) for one in collections) or "none"
        raise CatalogError(
            f"{display_path(folder)} has not been opened yet. Tag it first, or choose one of these: {opened}."
        )
    return found


def load_classifier(models: ModelStore, model_id: str) -> KerasClassifier:
    """Return a loaded model; TensorFlow loads with the first one (3-4 s).

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    from gallery.network.loading import load_classifier as load

    return load(models.card(model_id), models.weights(model_id))


def explainer_of(classifier: KerasClassifier, models: ModelStore) -> Explainer:
    """Return a loaded model with all explanation methods.

    Raises:
        ModelError: the model is damaged, or does not fit the code.
    """
    from gallery.explanation.explainer import Explainer
    from gallery.network.layers import layered

    return Explainer(layered(classifier, models.weights(classifier.model_id)))


def new_decode_pool(input_px: int) -> DecodePool:
    """Return reading processes, half as many as there are cores: the network has the others."""
    from gallery.photos.pool import DecodePool

    return DecodePool(workers=max(2, min(8, (os.cpu_count() or 2) // 2)), input_px=input_px)


def scan(
    root: Path,
    wanted: Callable[[Path, int], bool] | None = None,
    *,
    chosen: Settings | None = None,
    others: Counter[str] | None = None,
) -> Iterator[FileEntry | SkippedFile]:
    """Yield the photos below a folder, and what looks like one but cannot be looked at.

    Args:
        root: the folder.
        wanted: is called with each folder and how many of its names are photos'; returns whether its
            files are looked at. All are for None.
        chosen: whose list of names is left out; those of the environment for None.
        others: gets how many files of each other kind there are, of a whole scan: RAW photos, videos,
            unknown ones.

    Raises:
        PhotoError: the folder itself cannot be opened.
    """
    from gallery.photos.scan import scan_folder

    return scan_folder(
        root,
        on_other=None if others is None or wanted is not None else lambda kind: others.update([kind]),
        wanted=wanted,
        left_out=(chosen or settings()).left_out,
    )


def photos_in(root: Path) -> Iterator[FileEntry]:
    """Yield the photos below a folder, as `scan` finds them.

    Raises:
        PhotoError: the folder itself cannot be opened.
    """
    return (found for found in scan(root) if isinstance(found, FileEntry))


# ---- what one process keeps ------------------------------------------------

P = ParamSpec("P")
Made = TypeVar("Made")

_loading = threading.RLock()


def kept(most: int | None, turn: RLock | None = None) -> Callable[[Callable[P, Made]], Callable[P, Made]]:
    """Decorate what makes something: it is made once, and threads that ask for it meanwhile wait for that.

    Args:
        most: so many are kept, those asked for last; all for None.
        turn: held while any is made; a lock for each if left out.
    """

    def of(make: Callable[P, Made]) -> Callable[P, Made]:
        cached = functools.lru_cache(maxsize=most)(make)
        turn_of = functools.lru_cache(maxsize=most and 4 * most)(lambda *_, **__: turn or threading.RLock())
        choosing = threading.Lock()

        @functools.wraps(cached)
        def ask(*arguments: P.args, **named: P.kwargs) -> Made:
            with choosing:
                chosen = turn_of(*arguments, **named)  # type: ignore[arg-type]  # hashable all of them
            with chosen:
                return cached(*arguments, **named)  # type: ignore[arg-type]  # hashable all of them

        return ask

    return of


def until_changed(most: int) -> Callable[[Callable[P, Made]], Callable[P, Made]]:
    """Decorate what finds something in this process's catalog: it is kept until the catalog changes.

    Args:
        most: so many results are kept, those asked for last.
    """

    def of(find: Callable[P, Made]) -> Callable[P, Made]:
        @kept(most)
        def found(_chosen: Settings, _revision: int, *arguments: P.args, **named: P.kwargs) -> Made:
            return find(*arguments, **named)

        @functools.wraps(find)
        def ask(*arguments: P.args, **named: P.kwargs) -> Made:
            return found(settings(), catalog().revision(), *arguments, **named)

        return ask

    return of


def settings() -> Settings:
    """Return where things are, as the environment says now."""
    return _settings(tuple(os.environ.get(name) for name in limits.ENVIRONMENT))


@functools.lru_cache(maxsize=4)
def _settings(_environment: tuple[str | None, ...]) -> Settings:
    return Settings.from_environment()


def parts() -> Parts:
    """Return this process's parts, made at the first call."""
    return _parts(settings())


@kept(None)
def _parts(chosen: Settings) -> Parts:
    from gallery.catalog import Catalog

    catalog = Catalog.open(chosen.catalog_dir)
    atexit.register(catalog.close)
    return _parts_around(chosen, catalog)


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
    return _decode_pool(input_px)


@kept(None)
def _decode_pool(input_px: int) -> DecodePool:
    from gallery.photos.pool import DecodePool

    pool = DecodePool(workers=2, input_px=input_px, thumbnail_px=limits.THUMBNAIL_PX)
    atexit.register(pool.close)
    return pool


def uploads() -> UploadArea:
    """Return where uploaded photos are received; one for all requests, since it counts what they bring."""
    return upload_area(settings())


@kept(None)
def upload_area(settings: Settings) -> UploadArea:
    from gallery.photos.uploads import UploadArea

    return UploadArea(settings.uploads)


@functools.cache
def tasks() -> Tasks:
    """Return the work that pages asked for and that goes on in threads of this process."""
    from gallery.jobs.task import Tasks

    return Tasks()


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
    return _classifier(settings(), model_id, weights)


@kept(2, _loading)
def _classifier(_chosen: Settings, model_id: str, _weights: str) -> KerasClassifier:
    return load_classifier(models(), model_id)


def explainer(model_id: str) -> Explainer:
    """Return a model with all explanation methods; the first call takes seconds, as that of `classifier`.

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    weights = models().card(model_id).weights_sha256
    return _explainer(settings(), model_id, weights)


@kept(1, _loading)
def _explainer(chosen: Settings, model_id: str, weights: str) -> Explainer:
    return explainer_of(_classifier(chosen, model_id, weights), models())


def person() -> str:
    """Return under which name corrections are kept: GALLERY_USER, or the account's name."""
    return os.environ.get("GALLERY_USER", "").strip() or account() or "somebody"


def account() -> str:
    """Return the name of this process's account; "" for one without, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
