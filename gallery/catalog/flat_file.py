"""Files of fixed-size records beside the catalog: feature vectors, class activation maps."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SAFE = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def file_stem(model_id: str) -> str:
    """Return a file name's stem for a model, the same on every system, never that of another model.

    Example:
        >>> file_stem("animals10-vgg16-3")
        'animals10-vgg16-3'
        >>> file_stem("../Mine")[:7]
        'model-4'
    """
    if _SAFE.fullmatch(model_id):
        return model_id
    return "model-" + hashlib.sha256(model_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class FlatFile:
    """Records of one size, found by number. Only the holder of the catalog's write lock writes."""

    path: Path
    record_bytes: int

    def count(self) -> int:
        """Return the number of whole records; 0 where there is no file."""
        try:
            return self.path.stat().st_size // self.record_bytes
        except OSError:
            return 0

    def write(self, first_slot: int, records: NDArray[Any]) -> None:
        """Put n records, (n, ...), at a slot and the ones after it; on the disk when it returns.

        What a killed writer left behind that slot is overwritten.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.path, flags, 0o644), "r+b") as stream:
            stream.seek(first_slot * self.record_bytes)
            stream.write(np.ascontiguousarray(records).data)
            stream.flush()
            os.fsync(stream.fileno())

    def read(self, slots: Sequence[int], checksums: Sequence[int]) -> list[bytes | None]:
        """Return the records of these slots, in their order, by their CRC-32.

        Empty bytes where the file ends before one, None for a damaged one.
        """
        records: list[bytes | None] = [b""] * len(slots)
        if not slots:
            return records
        try:
            with self.path.open("rb") as stream:
                for run in _runs(slots):
                    stream.seek(slots[run[0]] * self.record_bytes)
                    block = stream.read(self.record_bytes * len(run))
                    for n, position in enumerate(run):
                        record = block[n * self.record_bytes : (n + 1) * self.record_bytes]
                        if len(record) == self.record_bytes:
                            records[position] = record if zlib.crc32(record) == checksums[position] else None
        except OSError:
            pass  # the records that could not be read stay empty
        return records


def _runs(slots: Sequence[int], longest: int = 4096) -> list[list[int]]:
    """Return the positions of `slots`, grouped so that each group's slots lie next to each other."""
    runs: list[list[int]] = []
    for position in np.argsort(np.asarray(slots), kind="stable").tolist():
        if runs and len(runs[-1]) < longest and slots[position] == slots[runs[-1][-1]] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs
