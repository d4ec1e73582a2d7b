"""Photos that come through the browser: received file by file, then opened as a collection.

What an upload knows of itself lies in its folder: so it goes on after the
server was restarted, and what it left out can be read as long as it is kept.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gallery.errors import CatalogError, GalleryError, PhotoError
from gallery.files import write_atomic
from gallery.services import collections, wiring
from gallery.types import Collection, CollectionKind, display_path
from gallery.words import without_surrogates

if TYPE_CHECKING:
    from gallery.photos.uploads import IncomingFile

IDLE_S = 60.0
"""After so long without a file an upload counts as broken off."""

SILENT_S = 10.0
"""After so long without a byte a file arrives no more: its connection broke."""

YIELD_S = 11.0
"""How long closing or deleting an upload waits for files that arrive; longer than SILENT_S."""

_RECORD = ".upload.json"  # hidden: no scan takes it for a photo
_LEFT_OUT_MOST = 20_000
_lock = threading.Lock()
_finishing = threading.Lock()
_folders: dict[str, Path] = {}
_at_work_in: dict[Path, int] = {}
_last_at: dict[Path, float] = {}


class LeftOut(NamedTuple):
    """A file that an upload brought, or should have brought, and that is not among its photos."""

    name: str
    reason: str  # one sentence


@dataclass(frozen=True, slots=True)
class FinishedUpload:
    """What an upload has become.

    Attributes:
        collection: None when it holds no photo.
        files: how many it holds.
        left_out: what is not among them.
    """

    collection: Collection | None
    files: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class BrokenUpload:
    """An upload that ended before it was whole: the page was closed, or the server was killed.

    Attributes:
        upload: its id.
        name: of its folder.
        arrived: files that are there.
        expected: files that were announced; 0 where that is not known.
    """

    upload: str
    name: str
    arrived: int
    expected: int


@dataclass(frozen=True, slots=True)
class _Record:
    upload: str
    expected: int = 0
    finished: bool = False
    left_out: tuple[LeftOut, ...] = ()


def begin(name: str, expected: int = 0) -> str:
    """Make a new, empty folder for what a browser sends, and return the id of the upload.

    Args:
        name: what the user calls it.
        expected: how many files will come.

    Raises:
        PhotoError: the folder cannot be made.
    """
    with _lock:  # whoever sees the folder knows that it is under way
        folder = wiring.uploads().begin(name)
        _last_at[folder] = time.monotonic()
    upload = secrets.token_hex(16)
    _write(folder, _Record(upload, expected))
    return upload


def folder_of(upload: str) -> Path:
    """Return the folder of an upload that is not finished, also of one that an earlier server received.

    Raises:
        PhotoError: there is none of this id: it is finished, or was removed.
    """
    last = _folders.get(upload)
    for folder in [last] if last else wiring.uploads().folders():
        record = _read(folder)
        if record is not None and record.upload == upload and not record.finished:
            _folders[upload] = folder
            return folder
    raise PhotoError("This upload is finished, or was removed. Begin a new one.")


@contextlib.contextmanager
def receiving(upload: str, name: str) -> Iterator[tuple[Path, IncomingFile]]:
    """Give the folder of an upload, and a file of it to write to as its bytes arrive.

    Raises:
        PhotoError: it is no photo and no zip, a limit is reached, or the disk is full.
    """
    folder = folder_of(upload)
    with _at_work(folder):
        yield folder, wiring.uploads().incoming(folder, name)


def missing(upload: str, files: Sequence[tuple[str, int]]) -> list[int]:
    """Return the positions of those files that have not arrived yet.

    Args:
        upload: which one.
        files: name and size in bytes of each, as the browser has them.

    Raises:
        PhotoError: there is no such upload.
    """
    folder, area = folder_of(upload), wiring.uploads()
    _seen(folder)
    return [n for n, (name, size) in enumerate(files) if not area.arrived(folder, name, size)]


def broken_off() -> list[BrokenUpload]:
    """Return the uploads that are neither finished nor under way; the newest first.

    One that is finished may belong to a collection whose home was moved: a name in common is enough.
    """
    folders = wiring.uploads().folders()
    if not folders:  # asked at every run of Browse
        return []
    collections_now = wiring.catalog().collections()
    roots = {one.root for one in collections_now}
    names = {one.root.name for one in collections_now if one.kind is CollectionKind.UPLOAD}
    found = []
    for folder in reversed(folders):
        with _lock:
            busy = _at_work_in.get(folder) or time.monotonic() - _last_at.get(folder, -IDLE_S) < IDLE_S
        if busy or folder in roots:
            continue
        record = _read(folder)
        if (record is None and _is_new(folder, IDLE_S)) or (
            record and record.finished and folder.name in names
        ):
            continue
        if record is None or record.finished:  # of an older version, or killed while it was opened
            record = _Record(secrets.token_hex(16), left_out=record.left_out if record else ())
            _write(folder, record)
        found.append(
            BrokenUpload(record.upload, display_path(Path(folder.name)), len(_files(folder)), record.expected)
        )
    return found


def discard(upload: str) -> None:
    """Throw away what was received.

    Raises:
        PhotoError: there is no such upload, files of it still arrive, or it cannot be deleted.
    """
    with _finishing:
        folder = folder_of(upload)
        _refuse_while_arriving(folder)
        wiring.uploads().remove(folder)


def finish(upload: str, left_out: Sequence[LeftOut] = ()) -> FinishedUpload:
    """Unpack the zips of an upload and open it as a collection.

    Args:
        upload: which one; one that is finished already is given again.
        left_out: what the browser has not sent.

    Raises:
        PhotoError: there is no such upload, or files of it still arrive.
        CatalogError: the catalog cannot be written.
    """
    with _finishing:  # nothing that is sent meanwhile can remove it, or open it twice
        done = _finished(upload)
        if done is not None:
            return done
        folder = folder_of(upload)
        _refuse_while_arriving(folder)
        with _at_work(folder):
            return _open(folder, upload, left_out)


def _open(folder: Path, upload: str, left_out: Sequence[LeftOut]) -> FinishedUpload:
    record = _read(folder) or _Record(upload)
    left = [*record.left_out, *left_out]
    for zip_path in sorted(path for path in _files(folder) if path.suffix.lower() == ".zip"):
        try:
            for one in wiring.uploads().unpack_zip(zip_path, folder):
                shown = display_path(one.path.relative_to(folder))
                left.append(
                    LeftOut(f"{zip_path.name}: {shown}", f"{one.reason.value.capitalize()}. {one.detail}")
                )
        except PhotoError as error:
            left.append(LeftOut(display_path(Path(zip_path.name)), str(error)))
    files = len(_files(folder))
    if not files:
        wiring.uploads().remove(folder)
        return FinishedUpload(None, 0, tuple(left))
    kept = tuple(left[:_LEFT_OUT_MOST])
    _write(folder, _Record(upload, record.expected, finished=True, left_out=kept))
    try:
        collection = collections.take_in(folder, CollectionKind.UPLOAD)
    except CatalogError:
        raise
    except GalleryError as error:  # the photos are there; Browse says what is missing to tag them
        left.append(LeftOut("Tagging", str(error)))
        collection = wiring.catalog().add_collection(folder, CollectionKind.UPLOAD)
    return FinishedUpload(collection, files, tuple(left))


def left_out(collection: Collection) -> tuple[LeftOut, ...]:
    """Return what an upload left out, with the reasons; nothing for a folder."""
    record = _read(collection.root) if collection.kind is CollectionKind.UPLOAD else None
    return () if record is None else record.left_out


def size_bytes(collection: Collection) -> int:
    """Return how much room the files of an upload take."""
    return sum(path.stat().st_size for path in _files(collection.root))


def _finished(upload: str) -> FinishedUpload | None:
    """Return an upload that was finished before, as by a browser that did not get the answer."""
    for one in wiring.catalog().collections():
        record = _read(one.root) if one.kind is CollectionKind.UPLOAD else None
        if record is not None and record.finished and record.upload == upload:
            return FinishedUpload(one, len(_files(one.root)), left_out(one))
    return None


def _files(folder: Path) -> list[Path]:
    """Return what was received; what is still under way, and the record, are hidden."""
    return [path for path in folder.rglob("*") if not path.name.startswith(".") and path.is_file()]


@contextlib.contextmanager
def _at_work(folder: Path) -> Iterator[None]:
    """Let an upload count as under way."""
    with _lock:
        _at_work_in[folder] = _at_work_in.get(folder, 0) + 1
    try:
        yield
    finally:
        with _lock:
            _at_work_in[folder] -= 1
        _seen(folder)


def _seen(folder: Path) -> None:
    with _lock:
        _last_at[folder] = time.monotonic()


def _refuse_while_arriving(folder: Path) -> None:
    """Wait a moment for files that are still arriving; another page may have gone on with the upload.

    Raises:
        PhotoError: they still arrive.
    """
    until = time.monotonic() + YIELD_S
    while any(_is_new(part, SILENT_S) for part in folder.rglob(".*.part")):
        if time.monotonic() > until:
            raise PhotoError("Files of this upload still arrive. Wait until it is done, or stop it first.")
        time.sleep(0.05)


def _is_new(path: Path, within_s: float) -> bool:
    """Return whether something was made or written to just now, by whatever process."""
    with contextlib.suppress(OSError):
        return abs(time.time() - path.stat().st_mtime) < within_s
    return False


def _write(folder: Path, record: _Record) -> None:
    try:
        write_atomic(folder / _RECORD, json.dumps(asdict(record)), durable=False)
    except OSError as exc:
        raise PhotoError(
            f"{display_path(folder)} cannot be written: {exc.strerror or exc}. Make room on its disk, or "
            "check its permissions."
        ) from exc


def _read(folder: Path) -> _Record | None:
    try:
        said = json.loads((folder / _RECORD).read_text("utf-8"))
        pairs = tuple(LeftOut(str(name), str(reason)) for name, reason in said["left_out"])
        return _Record(str(said["upload"]), int(said["expected"]), bool(said["finished"]), pairs)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def left_out_by_browser(body: bytes) -> list[LeftOut]:
    """Return what a browser says that it has not sent; whatever does not fit is passed over."""
    try:
        said = json.loads(body or b"[]")
    except ValueError:
        return []
    pairs = [one for one in said if isinstance(one, list) and len(one) == 2] if isinstance(said, list) else []
    return [
        LeftOut(without_surrogates(str(name))[:500], without_surrogates(str(reason))[:500])
        for name, reason in pairs[:_LEFT_OUT_MOST]
    ]
