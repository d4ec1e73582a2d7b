"""What a tagging is handed: the catalog it writes to, whom it tells; and the progress and result it gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gallery.jobs.progress import Progress
from gallery.types import (
    BatchPrediction,
    Classifier,
    Collection,
    DecodedPhoto,
    FileEntry,
    PhotoId,
    PhotoMetadata,
    SkippedFile,
)

Wanted = Callable[[Path, int], bool]
"""Called with a folder and how many of its names are photos': whether its files are looked at."""


class Scan(Protocol):
    """Finds the photos of a folder, or of those folders in it that are wanted.

    Sub-folders that could not be looked into come as skipped files.
    """

    def __call__(self, root: Path, wanted: Wanted | None = None, /) -> Iterable[FileEntry | SkippedFile]: ...


Decode = Callable[[Iterable[Path]], Iterator[DecodedPhoto | SkippedFile]]
"""Reads files, in any order, one result a file; draws paths no faster than it reads."""

StoreThumbnail = Callable[[PhotoId, bytes], None]
LoadClassifier = Callable[[], Classifier]


class TaggingCatalog(Protocol):
    """What tagging needs of the catalog; `gallery.catalog` has the real one."""

    def record_scan(self, collection_id: int, entries: Iterable[FileEntry]) -> int: ...
    def files_by_folder(self, collection_id: int) -> dict[str, int]: ...
    def add_files(self, collection_id: int, entries: Iterable[FileEntry]) -> list[int]: ...
    def pending_files(
        self, collection_id: int, model_id: str, among: Sequence[int] | None = None
    ) -> Sequence[Path]: ...
    def files_like_read_ones(self, collection_id: int) -> Sequence[Path]: ...
    def record_known(self, collection_id: int, digests: Sequence[tuple[Path, str]]) -> None: ...
    def awaits_model(self, collection_id: int, model_id: str) -> bool: ...
    def record_photos(
        self, collection_id: int, photos: Sequence[tuple[Path, PhotoId, PhotoMetadata]]
    ) -> None: ...
    def record_skipped(self, collection_id: int, skipped: Sequence[SkippedFile]) -> None: ...
    def skipped_files(self, collection_id: int) -> list[SkippedFile]: ...
    def predicted(self, model_id: str, photo_ids: Sequence[PhotoId]) -> set[PhotoId]: ...
    def record_predictions(
        self,
        model_id: str,
        class_names: Sequence[str],
        photo_ids: Sequence[PhotoId],
        batch: BatchPrediction,
    ) -> None: ...


LOOKING = "looking for photos"
READING = "reading photos"
LOADING = "loading the model"
TAGGING = "tagging"


@dataclass(frozen=True, slots=True)
class TaggingProgress(Progress):
    """How far a run is; done = tagged + unchanged + skipped.

    Its stage is LOOKING, READING, LOADING or TAGGING.
    """

    tagged: int = 0
    unchanged: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggingRun:
    """What is tagged by which model, where it is kept, and who is told.

    Attributes:
        catalog: where everything is kept; only the process of this run writes to it what it finds.
        collection: whose folder is looked through.
        model_id: the model's id, by which its predictions are kept.
        scan: finds the photos of a folder.
        store_thumbnail: keeps a photo's small picture.
        on_progress: told how far it is, about five times a second.
        cancelled: asked between batches whether to stop.
        started: of the monotonic clock.
    """

    catalog: TaggingCatalog
    collection: Collection
    model_id: str
    scan: Scan
    store_thumbnail: StoreThumbnail
    on_progress: Callable[[TaggingProgress], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False
    started: float = field(default_factory=time.monotonic)

    def note(self, read: Sequence[DecodedPhoto], skipped: Sequence[SkippedFile]) -> set[PhotoId]:
        """Note in the catalog what was read; return which of the photos the model has seen before."""
        if skipped:
            self.catalog.record_skipped(self.collection.collection_id, skipped)
        if not read:
            return set()
        self.catalog.record_photos(
            self.collection.collection_id, [(one.path, one.photo_id, one.metadata) for one in read]
        )
        return self.catalog.predicted(self.model_id, [one.photo_id for one in read])


@dataclass(frozen=True, slots=True)
class TaggingResult:
    """What a run did; unless cancelled, photos = tagged + unchanged + skipped."""

    photos: int  # files found
    tagged: int  # classified in this run
    unchanged: int  # known before, or the same bytes as another file
    skipped: list[SkippedFile]  # every file that cannot be read, also those known from before
    gone: int  # files that were here at the last scan and are not now; they come back when found again
    seconds: float
    photos_per_second: float  # tagged ones, over the whole run
    model_id: str
    cancelled: bool
    others: Mapping[str, int] = field(default_factory=dict)  # files of other kinds, which are not read
