"""The labelled photos of a training, whatever they come in: class sub-folders, a zip of them, or a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gallery.datasets.folder import read_folder
from gallery.datasets.labelled import LabelledPhotos, Scan
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.types import display_path


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
