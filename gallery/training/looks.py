"""A look at a data set before training, made beside the page: read, split, inspected, with its progress."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from gallery.datasets.duplicates import duplicate_groups
from gallery.datasets.inspection import Inspection, inspect_set
from gallery.datasets.pixel_store import DecodedSet, decode_set
from gallery.datasets.reader import read_data
from gallery.datasets.split import Split, SplitPlan, split_set
from gallery.errors import GalleryError
from gallery.training.data_sets import DataSet
from gallery.training.request import TrainingParts

LOOK_PX = 224
"""Photos are looked at in the input size of most recipes, which then find them read already."""

LISTING, READING, COMPARING = "looking for photos", "reading photos", "looking for duplicates"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to."""

    decoded: DecodedSet
    split: Split
    inspection: Inspection
    plan: SplitPlan


class _Cancelled(Exception):
    """Nobody wants the look any more."""


@dataclass(slots=True)
class Look:
    """A look under way, or done; written by its thread, read by pages.

    Attributes:
        stage: "looking for photos", "reading photos" or "looking for duplicates".
        done, total: photos read.
        looked: the result, once it is there.
        problem: a sentence, once it failed.
    """

    stage: str = LISTING
    done: int = 0
    total: int = 0
    looked: Looked | None = None
    problem: str | None = None
    cancelled: bool = False
    begun: float = field(default_factory=time.monotonic)
    reading_since: float = 0.0

    @property
    def live(self) -> bool:
        return self.looked is None and self.problem is None

    @property
    def photos_per_second(self) -> float | None:
        gone = time.monotonic() - self.reading_since
        return self.done / gone if self.stage == READING and self.done and gone > 0.5 else None

    @property
    def remaining_s(self) -> float | None:
        rate = self.photos_per_second
        return (self.total - self.done) / rate if rate else None


class Looks:
    """The looks of one process, one a data set and plan: every page that asks sees the same one.

    Args:
        cache: where decoded photos are kept.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._looks: dict[tuple[str, SplitPlan], Look] = {}
        self._lock = threading.Lock()

    def find(self, chosen: DataSet) -> Look | None:
        """Return the look at a set as it is split now, if one was begun."""
        return self._looks.get((chosen.set_id, chosen.plan))

    def begin(self, chosen: DataSet, parts: TrainingParts) -> Look:
        """Return the look at a set: the one that is there, also when it failed, or a new one."""
        key = (chosen.set_id, chosen.plan)
        with self._lock:
            known = self._looks.get(key)
            if known is not None:
                return known
            of_set = (old.looked for (set_id, _), old in self._looks.items() if set_id == chosen.set_id)
            before = next((looked for looked in of_set if looked is not None), None)
            look = self._looks[key] = Look()
        threading.Thread(
            target=self._work, args=(look, chosen, parts, before), name="data look", daemon=True
        ).start()
        return look

    def forget(self, chosen: DataSet) -> None:
        """Look anew next time: photos may have been added or removed."""
        with self._lock:
            for key in [key for key in self._looks if key[0] == chosen.set_id]:
                self._looks.pop(key).cancelled = True

    def _work(self, look: Look, chosen: DataSet, parts: TrainingParts, before: Looked | None) -> None:
        try:
            decoded = before.decoded if before else self._decoded(look, chosen, parts)
            look.stage = COMPARING
            copies = before.inspection.copies if before else duplicate_groups(decoded)
            split = split_set(decoded, chosen.plan, copies, stored=chosen.split_file)
            look.looked = Looked(decoded, split, inspect_set(decoded, copies, split.parts), chosen.plan)
        except GalleryError as exc:
            look.problem = str(exc)
        except _Cancelled:
            look.problem = "Cancelled. The photos were not read to the end."
        except Exception:
            _log.exception("a look at %s came apart", chosen.source)
            look.problem = "The look came apart for a reason that is in the log. Look again."

    def _decoded(self, look: Look, chosen: DataSet, parts: TrainingParts) -> DecodedSet:
        data = read_data(chosen.source, scan=parts.scan, unzip=parts.unzip, translate=parts.translate)
        look.stage, look.total, look.reading_since = READING, len(data), time.monotonic()

        def told(done: int, total: int) -> None:
            look.done, look.total = done, total
            if look.cancelled:
                raise _Cancelled

        with parts.decode(LOOK_PX) as decode:
            return decode_set(data, input_px=LOOK_PX, decode=decode, folder=self._cache, on_progress=told)
