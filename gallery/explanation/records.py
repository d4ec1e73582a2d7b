"""What was found out about explanations, kept as small files: tests of heatmaps, and how long methods take.

All of it can be deleted and found out again. A model is known by its weights,
so that another one under the same name inherits nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gallery.errors import CamError
from gallery.explanation.trust import TrustReport
from gallery.files import write_atomic
from gallery.types import PhotoId

_SAFE = re.compile(r"[A-Za-z0-9+_-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True)
class MapOf:
    """Which map: of one class of one photo, by one method at one layer of one model."""

    weights_sha256: str
    photo_id: PhotoId
    method: str
    layer: str | None  # None for a method that looks at none
    class_index: int


class ExplanationRecords:
    """The files in one folder, which is made when there is something to keep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def trust(self, which: MapOf) -> TrustReport | None:
        """Return what was found of a map, None where it was not tested or the file is damaged."""
        try:
            return _report(self._place(which))
        except CamError:
            return None

    def keep_trust(self, which: MapOf, report: TrustReport) -> None:
        """Keep what was found of a map.

        Raises:
            CamError: it cannot be written.
        """
        _write(self._place(which), report.to_json())

    def tested(self, weights_sha256: str, method: str, layer: str | None) -> Iterator[TrustReport]:
        """Yield all that was found of a model's maps by one method at one layer."""
        folder = self._of_method(weights_sha256, method, layer)
        with suppress(OSError):
            for path in sorted(folder.glob("*.json")):
                with suppress(CamError):
                    if report := _report(path):
                        yield report

    def seconds(self, weights_sha256: str, method: str, layer: str | None) -> float | None:
        """Return how long a method took here the last time, None where it has not run yet."""
        kept = _read(self._of_method(weights_sha256, method, layer) / "time" / "seconds.json")
        value = kept.get("seconds") if kept else None
        return float(value) if isinstance(value, (int, float)) and value >= 0 else None

    def keep_seconds(self, weights_sha256: str, method: str, layer: str | None, seconds: float) -> None:
        """Keep how long a method took; where that cannot be written, it is not known, and no harm is done."""
        with suppress(CamError):
            path = self._of_method(weights_sha256, method, layer) / "time" / "seconds.json"
            _write(path, {"seconds": seconds})

    def _place(self, which: MapOf) -> Path:
        if not _HASH.fullmatch(which.photo_id):
            raise CamError("A photo's id has 64 digits from 0 to f.")
        folder = self._of_method(which.weights_sha256, which.method, which.layer)
        return folder / f"{which.photo_id}-{which.class_index}.json"

    def _of_method(self, weights_sha256: str, method: str, layer: str | None) -> Path:
        names = (weights_sha256, method, layer or "photo")
        if not (_HASH.fullmatch(weights_sha256) and all(_SAFE.fullmatch(name) for name in names)):
            raise CamError(f"There is no map of {method[:40]!r} at {str(layer)[:40]!r}.")
        return self._folder / weights_sha256[:16] / f"{method}-at-{layer or 'photo'}"


def _report(path: Path) -> TrustReport | None:
    kept = _read(path)
    return None if kept is None else TrustReport.from_json(kept)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(content), durable=False)
    except OSError as exc:
        raise CamError(
            f"What was found cannot be kept in {path.parent} ({exc.strerror or exc}). Free some space, or "
            "check that you may write there."
        ) from exc
