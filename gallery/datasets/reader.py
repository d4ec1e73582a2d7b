"""The photos of a training: labelled ones, whatever they come in, and ones without labels beside them.

Of photos without labels a teacher has something to say; what the network is measured by is kept out of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.duplicates import NEAR_BITS
from gallery.datasets.folder import read_folder
from gallery.datasets.labelled import LabelledPhoto, LabelledPhotos, Part, Scan
from gallery.datasets.pixel_store import DecodedSet
from gallery.datasets.split import Split
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.types import display_path

NO_CLASS = "no label"


def read_data(source: Path, *, scan: Scan, unzip: Callable[[Path], Path]) -> LabelledPhotos:
    """Return the labelled photos of a folder, a zip file or a table.

    Args:
        source: a folder of class sub-folders, a ``.zip`` of one, or a ``.csv`` of path and label.
        scan: lists photos below a folder.
        unzip: unpacks a zip file and returns the folder.

    Raises:
        DatasetError: it is none of these, or holds fewer than two classes.
    """
    if source.is_dir():
        return read_folder(source, scan=scan)
    if source.suffix.lower() == ".zip" and source.is_file():
        return read_folder(unzip(source), scan=scan)
    if source.suffix.lower() == ".csv" and source.is_file():
        return read_table(source)
    raise DatasetError(
        f"{display_path(source)} is no data set. Give a folder with a sub-folder for each class, "
        "a zip file of one, or a CSV file with the columns path and label."
    )


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
