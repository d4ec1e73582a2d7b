"""What comes through the browser: streamed to disk under names that cannot do harm."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from gallery.errors import PhotoError
from gallery.files import replace_patiently
from gallery.photos.names import safe_component, safe_relative, without_clash
from gallery.photos.scan import is_photo_name
from gallery.photos.zips import unpack
from gallery.settings import FILE_SIZE_LIMIT_BYTES, UPLOAD_FILE_LIMIT, UPLOAD_LIMIT_BYTES
from gallery.types import SkippedFile

SPARE_BYTES = 500_000_000
"""Left free on the disk, for the catalog and for everything else that is not ours."""

_REMOVED = ".removed-"


@dataclass(slots=True)
class Allowance:
    """How much more one upload may hold; shared by the requests that bring its files."""

    files: int
    size_bytes: int


class UploadArea:
    """Folders of uploaded photos, one an upload, all in one place.

    Args:
        folder: made when the first upload begins.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100
        self._lock = threading.Lock()
        self._allowances: dict[Path, Allowance] = {}

    def begin(self, name: str) -> Path:
        """Return a new, empty folder for one upload.

        Args:
            name: what the user calls it; made safe.

        Raises:
            PhotoError: the folder cannot be made.
        """
        day = datetime.date.today().isoformat()
        wanted = f"{day} {safe_component(name, longest=60).strip('_ ') or 'photos'}"
        with _disk_faults_named(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            return _claimed(self._folder / wanted, Path.mkdir)

    def receive(self, folder: Path, relative_name: str, chunks: Iterable[bytes]) -> Path:
        """Stream one file into an upload's folder and return where it lies.

        A second file of the same name gets " (2)".

        Args:
            folder: what `begin` gave.
            relative_name: as the browser sent it, with the sub-folders of a directory upload.
            chunks: the file's bytes.

        Raises:
            PhotoError: it is no photo and no zip, a limit is reached, the disk
                is full, or the folder is none of ours. Nothing stays behind.
        """
        with self.incoming(folder, relative_name) as file:
            for chunk in chunks:
                file.write(chunk)
            return file.finish()

    def incoming(self, folder: Path, relative_name: str) -> IncomingFile:
        """Return a file to write to as its bytes arrive: `receive` for those who cannot iterate.

        Raises:
            PhotoError: as `receive`.
        """
        folder = self._own(folder)
        parts = safe_relative(relative_name)
        is_zip = bool(parts) and parts[-1].lower().endswith(".zip")
        if not parts or not (is_zip or is_photo_name(parts[-1])):
            shown = (parts or ["it"])[-1]
            raise PhotoError(f"{shown} is neither a photo nor a zip. Upload JPEG, PNG, TIFF or other photos.")
        allowance = self.allowance(folder)
        limit = UPLOAD_LIMIT_BYTES if is_zip else FILE_SIZE_LIMIT_BYTES
        return IncomingFile(folder.joinpath(*parts), limit, allowance, self._lock)

    def unpack_zip(self, zip_path: Path, folder: Path) -> list[SkippedFile]:
        """Unpack the photos of a zip into an upload's folder; the uploaded zip itself is removed.

        Only photos are kept. A zip that lies elsewhere is left alone.

        Returns:
            What was left out, with the reason, but for what systems and archivers leave behind.

        Raises:
            PhotoError: it is no zip, is built to overflow the disk, or a limit
                is reached; what was unpacked until then stays.
        """
        folder = self._own(folder)
        zip_path = Path(os.path.abspath(zip_path))  # noqa: PTH100
        receive = functools.partial(self.receive, folder)
        if folder not in zip_path.parents:
            return unpack(zip_path, folder, receive)
        allowance = self.allowance(folder)
        with _disk_faults_named(zip_path), self._lock:  # the limit is for what comes out of it
            allowance.size_bytes += zip_path.stat().st_size
            allowance.files += 1
        try:
            return unpack(zip_path, folder, receive)
        finally:
            with contextlib.suppress(OSError):
                zip_path.unlink()

    def allowance(self, folder: Path) -> Allowance:
        """Return what an upload may still take; counted anew after a restart."""
        with self._lock:
            if folder not in self._allowances:
                for part in folder.rglob(".*.part"):  # of a server that was ended while it received
                    with contextlib.suppress(OSError):
                        part.unlink()
                sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
                self._allowances[folder] = Allowance(
                    UPLOAD_FILE_LIMIT - len(sizes), UPLOAD_LIMIT_BYTES - sum(sizes)
                )
            return self._allowances[folder]

    def folders(self) -> list[Path]:
        """Return the folders of all uploads, finished or not."""
        return [path for path in self._all() if not path.name.startswith(_REMOVED)]

    def holds(self, folder: Path) -> bool:
        """Return whether a folder would be one of these uploads; not so once the home lies elsewhere."""
        return folder.parent == self._folder

    def remove(self, folder: Path) -> None:
        """Delete an upload's folder with all that was received; one that is gone already is fine.

        It goes out of sight first, all at once: nobody reads half of it. What an earlier removal could not
        delete goes too.

        Raises:
            PhotoError: it cannot be deleted, or is none of ours.
        """
        if self.holds(folder) and not folder.exists():
            return
        with _disk_faults_named(folder):
            removed = self._own(folder).rename(self._folder / f"{_REMOVED}{secrets.token_hex(8)}")
            for earlier in self._all():
                if earlier.name.startswith(_REMOVED) and earlier != removed:
                    shutil.rmtree(earlier, ignore_errors=True)
            shutil.rmtree(removed)

    def _all(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.is_dir() and not path.is_symlink())
        except OSError:
            return []

    def arrived(self, folder: Path, relative_name: str, size_bytes: int) -> bool:
        """Return whether an upload holds a file of this name and size.

        Raises:
            PhotoError: the folder is none of ours.
        """
        path = self._own(folder).joinpath(*safe_relative(relative_name))
        with contextlib.suppress(OSError):
            return path.is_file() and path.stat().st_size == size_bytes
        return False

    def _own(self, folder: Path) -> Path:
        folder = Path(os.path.abspath(folder))  # noqa: PTH100
        if folder.parent != self._folder or not folder.is_dir() or folder.is_symlink():
            raise PhotoError("This upload does not exist any more. Begin a new one.")
        return folder


class IncomingFile:
    """A file on its way in, under a temporary name until it is whole."""

    def __init__(self, target: Path, limit_bytes: int, allowance: Allowance, lock: threading.Lock) -> None:
        self._target = target
        self._limit_bytes = limit_bytes
        self._allowance = allowance
        self._lock = lock
        self._size_bytes = 0
        with lock:
            if allowance.files < 1:
                raise PhotoError("This upload holds as many files as one may. Begin a second one.")
            allowance.files -= 1
        self._part = target.with_name(f".{secrets.token_hex(8)}.part")
        self._file: IO[bytes] | None = None
        try:
            with _disk_faults_named(target.parent):
                target.parent.mkdir(parents=True, exist_ok=True)
                free = shutil.disk_usage(target.parent).free
                if free < SPARE_BYTES:
                    raise PhotoError(
                        f"The disk of {target.parent} has only {free / 1e6:,.0f} MB left. "
                        "Make room on it first."
                    )
                self._file = self._part.open("xb")
        except PhotoError:
            self._give_back()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def write(self, chunk: bytes) -> None:
        """Append some bytes.

        Raises:
            PhotoError: a limit is reached, or the disk is full.
        """
        assert self._file is not None
        with self._lock:
            if len(chunk) > self._allowance.size_bytes:
                raise PhotoError("This upload holds as many bytes as one may. Begin a second one.")
            self._allowance.size_bytes -= len(chunk)
            self._size_bytes += len(chunk)
        if self._size_bytes > self._limit_bytes:
            raise PhotoError(
                f"{self._target.name} is too large: a file may have {self._limit_bytes / 1e6:,.0f} MB. "
                "Save it smaller, or open its folder instead of uploading it."
            )
        with _disk_faults_named(self._target.parent):
            self._file.write(chunk)

    def finish(self) -> Path:
        """Give the whole file its name, " (2)" appended where that is taken, and return it.

        Raises:
            PhotoError: the disk is full.
        """
        assert self._file is not None
        with _disk_faults_named(self._target.parent):
            self._file.close()
            path = _claimed(self._target, lambda free: free.touch(exist_ok=False))
            replace_patiently(self._part, path)
            self._file = None
        return path

    def abandon(self) -> None:
        """Remove what has arrived, unless it is finished. Calling it twice is fine."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                self._part.unlink()
            self._give_back()

    def _give_back(self) -> None:
        with self._lock:
            self._allowance.files += 1
            self._allowance.size_bytes += self._size_bytes
            self._size_bytes = 0


def _claimed(wanted: Path, claim: Callable[[Path], object]) -> Path:
    """Return the first free name like one, claimed by the file system's own idea of equal names."""
    for name in without_clash(wanted.name):
        with contextlib.suppress(FileExistsError):
            claim(wanted.with_name(name))
            return wanted.with_name(name)
    raise AssertionError("names do not run out")


@contextlib.contextmanager
def _disk_faults_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise PhotoError(
            f"{folder} cannot be written: {exc.strerror or exc}. "
            "Make room on its disk, or check its permissions."
        ) from exc
