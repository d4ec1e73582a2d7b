"""Photos' labels as one file to download, in any of the formats; made while it is sent."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery import types
from gallery.errors import CatalogError
from gallery.services import formats, wiring

if TYPE_CHECKING:
    from gallery.catalog import Catalog
    from gallery.exchange.rows import PredictionRow


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent."""

    content: Iterator[bytes]
    suffix: str
    media_type: str


def download(
    name: str,
    file_ids: NDArray[np.int64],
    model_id: str,
    class_names: Sequence[str],
    options: formats.Options,
) -> Download:
    """Return some files' labels in a format, as one file to download: a zip where it is many files.

    Raises:
        GalleryError: none of the files has been read, or the format lacks something.
    """
    from gallery.exchange.rows import with_sequences

    chosen, parts = formats.format_named(name), wiring.parts()
    collection = _collection_of(parts.catalog, file_ids)
    if collection is None:
        raise CatalogError("None of the selected files has been read yet, so there is nothing to write down.")
    rows = formats.rows_of(parts, collection, model_id, class_names, file_ids)
    if options.by_sequence:
        rows = with_sequences(rows)
    if chosen.name == "folders":
        from gallery.exchange.class_folders import class_place
        from gallery.exchange.photo_zip import stream_zip

        entries = ((row.photo.path, "/".join(class_place(row)[:-1])) for row in rows)
        copies = stream_zip(entries, cleaned=formats.cleaned_of(parts, options))
        return Download(copies, ".zip", "application/zip")
    if chosen.suffix:
        text = formats.text_of(chosen, rows, class_names, model_id, options)
        kind = "application/json" if chosen.suffix == ".json" else "text/csv; charset=utf-8"
        return Download((line.encode() for line in text), chosen.suffix, kind)
    files = (
        (
            (file, text.encode())
            for file, text in formats.package_of(rows, options, [collection.name]).files.items()
        )
        if chosen.name == "camtrap-dp"
        else _sidecars(rows, options)
    )
    return Download(iter([_zipped(files)]), ".zip", "application/zip")


def download_name(file_ids: NDArray[np.int64]) -> str:
    """Return what a file of some photos' labels is called: their collection, the day and their number."""
    collection = _collection_of(wiring.catalog(), file_ids)
    name = "gallery" if collection is None else collection.name
    return f"{name} {datetime.date.today().isoformat()} {len(file_ids)} photo{'s' * (len(file_ids) != 1)}"


_BATCH = 500
"""Photos that are looked up at once."""


def _collection_of(catalog: Catalog, file_ids: NDArray[np.int64]) -> types.Collection | None:
    """Return the collection of the first of some files that has been read, None where none has."""
    for first in range(0, len(file_ids), _BATCH):
        photos = catalog.photos(file_ids[first : first + _BATCH])
        if photos:
            return catalog.collection(photos[0].collection_id)
    return None


def _sidecars(rows: Iterable[PredictionRow], options: formats.Options) -> Iterator[tuple[str, bytes]]:
    from gallery.exchange.xmp_sidecars import named_apart, sidecar, sidecar_of

    for row, naming in named_apart(rows, options.naming):
        yield sidecar_of(Path(row.relative), naming).as_posix(), sidecar(row, rating=options.rating)


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    packed, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            if name not in taken:
                archive.writestr(name, content)
            taken.add(name)
    return packed.getvalue()
