"""Tag on a Dask cluster: connect, refuse workers that would tag otherwise, and be the work in each."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.errors import GalleryError, JobError
from gallery.services import wiring
from gallery.settings import Settings
from gallery.tagging.cluster import Shard, classified, tag_on_cluster
from gallery.tagging.parts import TaggingResult, TaggingRun
from gallery.types import Classifier, ModelCard, display_path

if TYPE_CHECKING:
    from distributed import Client

    from gallery.photos.pool import DecodePool

LOCAL = "local:"
THREADS = 2
"""Shards at a time in a worker: one is read while the network has the other."""

_CONNECT_S = 15.0


@dataclass(frozen=True, slots=True)
class Order:
    """What every worker must have: the same code and weights, and the folder.

    Attributes:
        home: of the workers that were started here; None: each has its own, by its environment.
    """

    model_id: str
    weights_sha256: str
    code: str
    folder: Path
    home: Path | None

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.home)


def tag(
    cluster: str, settings: Settings, card: ModelCard, run: TaggingRun, *, note: Callable[[str], None]
) -> TaggingResult:
    """Tag what a model has not seen of a collection, on a cluster.

    Args:
        cluster: "local:4" for processes of this computer, else a scheduler's address, tcp://host:8786.
        settings: where things are here.
        card: the model's.
        run: what is tagged; all workers see its folder under the same path.
        note: is told of workers that are refused.

    Raises:
        GalleryError: no cluster, no worker that can be used, or as `tag_collection`.
    """
    home = settings.home if cluster.startswith(LOCAL) else None
    order = Order(card.model_id, card.weights_sha256, code_digest(), run.collection.root, home)
    work, fitness = functools.partial(tag_shard, order), functools.partial(unfit, order)
    with _client(cluster) as client:
        return tag_on_cluster(client, run, work=work, unfit=fitness, note=note)


@contextmanager
def _client(cluster: str) -> Iterator[Client]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as exc:
        raise JobError(
            "Tagging on a cluster needs Dask. Run: pip install distributed (here and on every worker)."
        ) from exc
    with ExitStack() as stack:
        place = cluster
        if cluster.startswith(LOCAL):
            count = cluster.removeprefix(LOCAL)
            if not (count.isascii() and count.isdigit() and 1 <= int(count) <= 256):
                raise JobError(f"{cluster[:40]!r} names no workers. Write local:4 for four processes.")
            place = stack.enter_context(
                LocalCluster(
                    n_workers=int(count),
                    threads_per_worker=THREADS,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                )
            )
        try:
            client = stack.enter_context(Client(place, timeout=_CONNECT_S))
        except (OSError, ValueError) as exc:
            raise JobError(
                f"No Dask scheduler answers at {cluster[:200]} ({exc or type(exc).__name__}). Start one with "
                "dask scheduler, and give its address, as tcp://host:8786."
            ) from exc
        yield client


@functools.cache
def code_digest() -> str:
    """Return the SHA-256 of the program's own code: workers of another version would tag otherwise."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for file in sorted(package.rglob("*.py")):
        digest.update(f"{file.relative_to(package).as_posix()}\0".encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


# ---- in the worker ---------------------------------------------------------


def unfit(order: Order) -> str | None:
    """Return why this process cannot tag for others, as a sentence; None if it can."""
    if code_digest() != order.code:
        return "it runs another version of the Smart Gallery; install the same one there."
    models = wiring.model_store(order.settings)
    try:
        found = models.card(order.model_id).weights_sha256
        problem = models.verify(order.model_id)
    except GalleryError as exc:
        return f"it has not the model {order.model_id} ({exc})"
    if found != order.weights_sha256:
        return (
            f"its weights of {order.model_id} are others (SHA-256 {found[:12]}..., here "
            f"{order.weights_sha256[:12]}...)."
        )
    if problem is not None:
        return problem
    if not order.folder.is_dir():
        return f"it does not see {display_path(order.folder)}; mount the folder there, under the same path."
    return None


def tag_shard(order: Order, paths: Sequence[Path]) -> Shard:
    """Return what this worker makes of some files; the model and its readers stay for the next ones.

    Raises:
        GalleryError: the model does not load, or failed.
    """
    readers = _readers(wiring.model_store(order.settings).card(order.model_id).input_px)
    return classified(paths, readers.decode, lambda: _classifier(order), _turn)


_turn = threading.Lock()
"""The threads of a worker share a network, which computes for one of them at a time."""


@wiring.kept(None)
def _readers(input_px: int) -> DecodePool:
    return wiring.new_decode_pool(input_px)


@wiring.kept(1)
def _classifier(order: Order) -> Classifier:
    return wiring.load_classifier(wiring.model_store(order.settings), order.model_id)
