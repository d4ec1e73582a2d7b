"""Photos without labels, of which a teacher has something to say; what is measured by is kept out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.duplicates import NEAR_BITS
from gallery.datasets.labelled import LabelledPhoto, LabelledPhotos, Part, Scan
from gallery.datasets.pixel_store import DecodedSet
from gallery.datasets.split import Split
from gallery.errors import DatasetError
from gallery.types import display_path

NO_CLASS = "no label"


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Decoded photos without labels, and which of them are learnt from.

    Attributes:
        rows: of `decoded`, ascending; the others show what is measured by, or is learnt from with its label.
    """

    decoded: DecodedSet
    rows: NDArray[np.int64]


def read_unlabelled(folder: Path, *, scan: Scan) -> LabelledPhotos:
    """Return all photos below a folder; what sub-folders are called means nothing.

    Raises:
        DatasetError: there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {display_path(folder)}. Give one with photos, or none.")
    photos = tuple(LabelledPhoto(entry, NO_CLASS, "") for entry in scan(folder))
    if not photos:
        raise DatasetError(f"{display_path(folder)} holds no photos. Give another folder, or none.")
    return LabelledPhotos(folder, (NO_CLASS,), photos)


def unknown_rows(unlabelled: DecodedSet, labelled: DecodedSet, split: Split) -> NDArray[np.int64]:
    """Return the unlabelled photos that may be learnt from.

    Left out are the same files as labelled ones, and what looks like a photo
    that the network is measured by: hashes within `duplicates.NEAR_BITS`.
    """
    known = set(labelled.photo_ids)
    fresh = np.array([photo_id not in known for photo_id in unlabelled.photo_ids])
    measured = np.array([part in (Part.VALIDATION, Part.TEST) for part in split.parts])
    for held in labelled.hashes[measured]:
        fresh &= np.bitwise_count(unlabelled.hashes ^ held) > NEAR_BITS
    return np.flatnonzero(fresh).astype(np.int64)
