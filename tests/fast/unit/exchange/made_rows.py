"""Rows as an export has them, made without a catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gallery.exchange.rows import PredictionRow
from gallery.types import Correction, Detections, Photo, PhotoMetadata

NAMES = ("dog", "cat", "cow")
ROOT = Path("/photos").absolute()
WHEN = "2024-06-01T10:00:00+00:00"


def made_row(
    place: str,
    *,
    person_label: str | None = None,
    person: str = "Ada",
    shares: Sequence[float] | None = (0.7, 0.2, 0.1),
    taken_at: str | None = "2024-05-01T06:12:09",
    root: Path = ROOT,
    number: int = 1,
    detections: Detections | None = None,
) -> PredictionRow:
    """A photo that a model has named, and a person perhaps."""
    photo_id = f"{number:064x}"
    about = PhotoMetadata(640, 480, 1000, "JPEG", taken_at, "Trail cam")
    given = None
    if person_label is not None:
        given = Correction(photo_id, person_label, person, WHEN, "m", "dog", 0.7)
    return PredictionRow(
        photo=Photo(number, photo_id, 7, root / place, about),
        root=root,
        given=given,
        probabilities=None if shares is None else np.array(shares, np.float32),
        class_names=NAMES,
        model_id="m",
        detections=detections,
    )
