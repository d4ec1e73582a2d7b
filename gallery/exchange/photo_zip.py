"""A zip of copies of photos, made while it is sent; the originals are only read."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gallery.types import display_path

CHUNK_BYTES = 1 << 20
NOTE_NAME = "not included.txt"

_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]')  # no file name on Windows may hold these
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)")


def stream_zip(
    entries: Iterable[tuple[Path, str]], *, cleaned: Callable[[bytes], bytes | None] | None = None
) -> Iterator[bytes]:
    """Yield a zip file piece by piece, a megabyte in memory at most.

    Photos are stored as they are: JPEG does not shrink. Two of the same name in
    one folder become ``fox.jpg`` and ``fox (2).jpg``. A photo that cannot be
    read is left out and named in ``not included.txt``.

    Args:
        entries: the photos, each with the folder it goes to in the zip, "/"-separated ("" for none).
        cleaned: takes the coordinates out of a photo's bytes, None where it cannot; left out, photos are
            copied as they are.
    """
    output = _Outbox()
    taken = {NOTE_NAME: 1}
    missing: list[str] = []
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path, folder in entries:
            try:
                with path.open("rb") as source:
                    name = unused_name(path, folder, taken)
                    about = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                    if cleaned is not None:
                        content = cleaned(source.read())
                        if content is None:
                            missing.append(f"{display_path(path)}: its coordinates could not be taken out")
                        else:
                            archive.writestr(about, content)
                        continue
                    with archive.open(about, "w", force_zip64=True) as copy:
                        while chunk := source.read(CHUNK_BYTES):
                            copy.write(chunk)
                            yield from output.taken()
            except OSError as exc:
                missing.append(f"{display_path(path)}: {exc.strerror or exc}")
            yield from output.taken()
        if missing:
            archive.writestr(NOTE_NAME, "These photos could not be read to the end:\n" + "\n".join(missing))
    yield from output.taken()


def unused_name(path: Path, folder: str, taken: dict[str, int]) -> str:
    """Return a photo's name in the zip, one that no other has, and note it as taken.

    Names that differ only in case count as the same, as they are on Windows and macOS.

    Example:
        >>> taken: dict[str, int] = {}
        >>> [unused_name(Path(p), "dog", taken) for p in ("a/Fox.jpg", "b/fox.jpg")]
        ['dog/Fox.jpg', 'dog/fox (2).jpg']
    """
    name = portable_name(display_path(Path(path.name)))
    place = "".join(f"{portable_name(part)}/" for part in folder.split("/") if part)
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, dot + suffix) if stem else (name, "")
    candidate = f"{place}{name}"
    wanted = candidate.casefold()
    number = taken.get(wanted, 1)  # where the last search ended: cameras call thousands of photos alike
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{place}{stem} ({number}){suffix}"
    taken[wanted] = number
    taken.setdefault(candidate.casefold(), 1)
    return candidate


def portable_name(name: str) -> str:
    """Return a name that every system can unpack into the chosen folder, and nowhere else.

    Example:
        >>> portable_name("12:30 fox?.jpg"), portable_name("CON.jpg"), portable_name("..")
        ('12_30 fox_.jpg', '_CON.jpg', '_')
    """
    cleaned = _UNSAFE.sub("_", name).rstrip(". ") or "_"
    return f"_{cleaned}" if _RESERVED.match(cleaned) else cleaned


class _Outbox(io.RawIOBase):
    """Where the archive writes to, and from which the pieces are taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> list[bytes]:
        """Return what was written since the last call: one piece, or none."""
        pieces, self._pieces = self._pieces, []
        return [b"".join(pieces)] if pieces else []
