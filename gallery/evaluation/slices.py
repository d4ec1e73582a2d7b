"""Slices: how good the model is on the photos of one folder, hour, brightness, sharpness or size.

A slice is named per photo by one of the functions ``*_names``; what they are
given (hours, brightness ...) is measured elsewhere and comes as arrays, with
nan where it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation.metrics import IntVector, wilson_interval
from gallery.settings import FEW_PHOTOS
from gallery.types import PhotoMetadata, display_path

UNKNOWN = "not known"
"""The slice of the photos that lack the value: a camera without a clock, for instance."""

FOLDER, DAY, HOUR = "Folder", "Day or night", "Hour"
BRIGHTNESS, SHARPNESS, SIZE = "Brightness", "Sharpness", "Longer side"
MEASURES = (BRIGHTNESS, SHARPNESS, SIZE)
DIMENSIONS = (FOLDER, DAY, HOUR, BRIGHTNESS, SHARPNESS, SIZE)

CHANCE_ALONE = 0.05
"""How often chance alone may mark any slice at all of an evaluation."""

DAY_BEGINS, DAY_ENDS = 6, 18
"""Hours of the camera's clock; where the sun rises when is not known to a photo."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The photos that share a value.

    Attributes:
        dimension: what was divided: "folder", "hour", "brightness" ...
        name: the value, as people read it.
        n: photos.
        right: of them, those that the model classified correctly.
        interval: Wilson's 95 % interval of the accuracy.
        accuracy_of_rest: of all other photos; None where there are none.
        p_value: how probable it is that so few are right here if it is no worse than the rest
            (`worse_p_value`); None where there is no rest.
        rows: the photos, in their order.
        stands_out: whether it is worse than the rest beyond chance, of all slices looked at together
            (`mark_worse`).
    """

    dimension: str
    name: str
    n: int
    right: int
    interval: tuple[float, float]
    accuracy_of_rest: float | None
    p_value: float | None
    rows: IntVector = field(repr=False)
    stands_out: bool = False

    @property
    def accuracy(self) -> float:
        """The share that is right."""
        return self.right / self.n

    @property
    def few(self) -> bool:
        """Whether too few photos are in it to believe the figure."""
        return self.n < FEW_PHOTOS

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "dimension": self.dimension,
            "name": self.name,
            "n": self.n,
            "right": self.right,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "accuracy_of_rest": self.accuracy_of_rest,
            "p_value": self.p_value,
            "few": self.few,
            "stands_out": self.stands_out,
        }


def slice_names(
    paths: Sequence[Path], root: Path, facts: Sequence[PhotoMetadata | None]
) -> dict[str, list[str]]:
    """Return of each dimension in which slice each photo is, one name a photo.

    Args:
        paths: where n photos lie.
        root: the folder that they were opened with.
        facts: what is known of each; None where nothing is.
    """

    def values(of: Callable[[PhotoMetadata], float | None]) -> NDArray[np.float64]:
        found = [None if one is None else of(one) for one in facts]
        return np.array([np.nan if value is None else value for value in found], np.float64)

    hours = hours_of([None if one is None else one.taken_at for one in facts])
    return {
        FOLDER: folder_names(paths, root),
        DAY: day_or_night_names(hours),
        HOUR: hour_names(hours),
        BRIGHTNESS: part_names(
            values(lambda one: one.brightness), ("dark", "normal brightness", "bright"), unit="of 255"
        ),
        SHARPNESS: part_names(values(lambda one: one.sharpness), ("blurred", "normal sharpness", "sharp")),
        SIZE: part_names(
            values(lambda one: max(one.width_px, one.height_px)), ("small", "medium", "large"), unit="px"
        ),
    }


def slices_by(dimension: str, names: Sequence[str], right: NDArray[np.bool_]) -> tuple[Slice, ...]:
    """Return a slice for each name that occurs, worst first; see `worst_first`.

    Args:
        dimension: what the names are of.
        names: one a photo.
        right: (n,) whether the model classified the photo correctly.

    Raises:
        DatasetError: there are not as many names as photos.
    """
    right = np.asarray(right, np.bool_)
    if len(names) != len(right):
        raise DatasetError(
            f"Slices by {dimension} need a value for each of the {len(right)} photos, got {len(names)}."
        )
    if not len(right):
        return ()
    found, slice_of = np.unique(np.asarray(names, np.str_), return_inverse=True)
    total, hits_total = len(right), int(right.sum())
    slices = []
    for m, name in enumerate(found.tolist()):
        rows = np.flatnonzero(slice_of.reshape(-1) == m).astype(np.int64)
        n, hits = len(rows), int(right[rows].sum())
        rest = (hits_total - hits) / (total - n) if n < total else None
        chance = None if rest is None else worse_p_value(hits, n, hits_total, total)
        slices.append(Slice(dimension, name, n, hits, wilson_interval(hits, n), rest, chance, rows))
    return worst_first(slices)


def all_slices(names: Mapping[str, Sequence[str]], right: NDArray[np.bool_]) -> dict[str, tuple[Slice, ...]]:
    """Return the slices of every dimension, worst first, those marked that are worse beyond chance.

    Args:
        names: of each dimension, one a photo.
        right: (n,) whether the model classified the photo correctly.

    Raises:
        DatasetError: there are not as many names as photos.
    """
    found = [one for dimension, of_it in names.items() for one in slices_by(dimension, of_it, right)]
    marked = mark_worse(found)
    return {dimension: tuple(one for one in marked if one.dimension == dimension) for dimension in names}


def mark_worse(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Return slices, in their order, with those marked that are worse than the rest beyond chance.

    Holm's procedure (1979) over all of them: whatever they share, the chance that any is marked without
    being worse is `CHANCE_ALONE` at most. Slices of few photos are neither marked nor counted.
    """
    tested = [(one.p_value, m) for m, one in enumerate(slices) if one.p_value is not None and not one.few]
    marked = set()
    for step, (chance, m) in enumerate(sorted(tested)):
        if chance > CHANCE_ALONE / (len(tested) - step):
            break
        marked.add(m)
    return tuple(replace(one, stands_out=m in marked) for m, one in enumerate(slices))


def worse_p_value(right: int, n: int, right_of_all: int, total: int) -> float:
    """Return how probable so few right photos are in a slice that is no worse than the others.

    Fisher's exact test, one-sided: P(X <= right), with X hypergeometric: n photos drawn of the total,
    of which `right_of_all` are right. The rest is known as little as it is large.

    Args:
        right: photos of the slice that are right.
        n: photos of the slice.
        right_of_all: of all photos, those that are right.
        total: all photos.

    Example:
        >>> round(worse_p_value(2, 3, 5, 6), 9)  # the only wrong photo is in this half, or in the other
        0.5
    """
    from scipy import stats

    return float(stats.hypergeom.cdf(right, total, right_of_all, n))


def worst_first(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    """Return slices, of one dimension or of several, by their accuracy; those of few photos come last.

    Otherwise a folder with one photo, misjudged, would always head the list.
    """
    return tuple(sorted(slices, key=lambda s: (s.few, s.accuracy, -s.n, s.dimension, s.name)))


def folder_names(paths: Sequence[Path], root: Path) -> list[str]:
    """Return the folder below root that each photo lies in, "/"-separated; "." for root itself.

    Example:
        >>> folder_names([Path("/data/dog/trip/1.jpg"), Path("/data/2.jpg")], Path("/data"))
        ['dog/trip', '.']
    """

    def name(path: Path) -> str:
        folder: PurePath = path.parent
        if folder.is_relative_to(root):
            folder = folder.relative_to(root)
        return display_path(Path(folder)).replace("\\", "/")

    return [name(path) for path in paths]


def hours_of(taken_at: Sequence[str | None]) -> NDArray[np.float64]:
    """Return the hour of each ISO time, (n,) 0 to 23; nan where no time is known.

    Example:
        >>> hours_of(["2024-05-01T06:12:09", None, "2024-05-01"]).tolist()
        [6.0, nan, nan]
    """

    def hour(text: str | None) -> float:
        digits = text[11:13] if text and len(text) > 12 and text[10] in "T " else ""
        return float(digits) if digits.isascii() and digits.isdigit() and int(digits) < 24 else float("nan")

    return np.array([hour(text) for text in taken_at], np.float64)


def hour_names(hours: NDArray[np.floating]) -> list[str]:
    """Return "06-07 h" for each hour of the day, from 0 up to 24.

    Example:
        >>> hour_names(np.array([6.0, 23.5, np.nan]))
        ['06-07 h', '23-24 h', 'not known']
    """
    return [UNKNOWN if np.isnan(h) else f"{int(h):02}-{int(h) + 1:02} h" for h in hours.tolist()]


def day_or_night_names(hours: NDArray[np.floating]) -> list[str]:
    """Return whether each hour is of the day, 6 to 18 by the camera's clock, or of the night.

    Example:
        >>> day_or_night_names(np.array([5.99, 6.0, 18.0]))
        ['night (18-06 h)', 'day (06-18 h)', 'night (18-06 h)']
    """
    day, night = f"day ({DAY_BEGINS:02}-{DAY_ENDS} h)", f"night ({DAY_ENDS}-{DAY_BEGINS:02} h)"
    return [UNKNOWN if np.isnan(h) else day if DAY_BEGINS <= h < DAY_ENDS else night for h in hours.tolist()]


def part_names(values: NDArray[np.floating], parts: Sequence[str], *, unit: str = "") -> list[str]:
    """Return for each value which of several parts, of about as many photos each, it is in, with its range.

    The edges are quantiles of the known values. Equal values stay together, so
    parts may be uneven; where all values are equal, all are in the middle one.

    Args:
        values: (n,) brightness, sharpness, pixels ...; nan where not known.
        parts: their names, from low to high.
        unit: of the values.

    Example:
        >>> part_names(np.array([10.0, 20.0, np.nan, 40.0]), ("small", "large"), unit="px")
        ['small (10 to 20 px)', 'small (10 to 20 px)', 'not known', 'large (40 px)']
    """
    values = np.asarray(values, np.float64)
    known = np.isfinite(values)
    names = np.full(len(values), UNKNOWN, dtype=object)
    if known.any():
        edges = np.quantile(values[known], np.arange(1, len(parts)) / len(parts))
        part_of = np.searchsorted(edges, values, side="left")
        if values[known].min() == values[known].max():
            part_of = np.full(len(values), len(parts) // 2)
        for part in np.unique(part_of[known]).tolist():
            inside = known & (part_of == part)
            low, high = (f"{value:,.0f}" for value in (values[inside].min(), values[inside].max()))
            span = low if low == high else f"{low} to {high}"
            names[inside] = f"{parts[part]} ({f'{span} {unit}'.strip()})"
    return [str(name) for name in names]
