"""Labels come back: those in a file of any format that is read, for the photos of an opened folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.services import wiring
from gallery.types import Photo, PhotoQuery, display_path

if TYPE_CHECKING:
    from gallery.exchange.read_labels import ReadLabel


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the labels of a file.

    Attributes:
        read: photos that the file names.
        labelled: photos that have a new label now.
        same: photos that had this label already.
        kept: photos that people labelled otherwise here, which stay as they are.
        unknown: what the file names and the collection does not hold.
        by_model: labels that a model gave, not a person; they are not taken over.
    """

    read: int
    labelled: int
    same: int
    kept: int
    unknown: tuple[str, ...]
    by_model: int


def take_labels(parts: wiring.Parts, source: Path, folder: Path, *, of_models: bool = False) -> Imported:
    """Take the labels of a file over as labels of a collection's photos.

    A label that a person gave here stays, whatever the file says.

    Args:
        parts: real or fake ones.
        source: a table, Timelapse's too; MegaDetector's results; a Camtrap DP package; a folder of sidecars.
        folder: the collection's.
        of_models: also take over labels that only a model gave.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be read.
    """
    from gallery.exchange.rows import MODEL
    from gallery.services.export import collections_of

    (collection,) = collections_of(parts, folder)
    files = parts.catalog.find_files(PhotoQuery(collection.collection_id, ""))
    photos = parts.catalog.photos(files)
    of_path = {photo.path: photo for photo in photos}
    of_place = _by_place(photos, collection.root)
    standing = parts.catalog.standing_labels([photo.photo_id for photo in photos])
    given: dict[tuple[str, str], list[str]] = {}
    read = same = kept = by_model = 0
    unknown = []
    for one in labels_in(source, collection.root):
        read += 1
        place = one.place.replace("\\", "/")
        photo = (
            (None if one.path is None else of_path.get(one.path))
            or of_place.get(place)
            or of_place.get(place.casefold())
        )
        if photo is None:
            unknown.append(one.place)
        elif one.source == MODEL and not of_models:
            by_model += 1
        elif photo.photo_id in standing:
            same += standing[photo.photo_id].label == one.label
            kept += standing[photo.photo_id].label != one.label
        else:
            person = one.person or f"imported from {display_path(Path(source.name))}"
            given.setdefault((one.label, person), []).append(photo.photo_id)
    for (label, person), photo_ids in given.items():
        parts.catalog.correct(photo_ids, label, person=person, model_id=None)
    labelled = len({photo_id for photo_ids in given.values() for photo_id in photo_ids})
    return Imported(read, labelled, same, kept, tuple(unknown), by_model)


def labels_in(source: Path, folder: Path | None = None) -> Iterator[ReadLabel]:
    """Yield the labels of a file or a folder, whatever the format.

    Args:
        source: see `take_labels`.
        folder: below which the photos lie; needed where a table in another folder names them by SHA-256.

    Raises:
        GalleryError: it is of no known format, or cannot be read.
    """
    from gallery.datasets.table import read_label_rows
    from gallery.exchange.camtrap_dp import read_camtrap_dp
    from gallery.exchange.megadetector_json import read_megadetector
    from gallery.exchange.read_labels import ReadLabel
    from gallery.exchange.xmp_sidecars import read_sidecars

    source = source.expanduser()
    if source.name == "datapackage.json" or (source / "datapackage.json").is_file():
        yield from read_camtrap_dp(source)
    elif source.is_dir():
        yield from read_sidecars(source)
    elif source.suffix.lower() == ".json":
        yield from read_megadetector(source)
    else:
        for row in read_label_rows(source, folder).rows:
            yield ReadLabel(row.named, row.label, row.by, row.person, row.path)


def _by_place(photos: Sequence[Photo], root: Path) -> dict[str, Photo | None]:
    """Return photos by every path that a file may name them by; None for what two of them share.

    A path as it is written counts before one in another case, and that before a name without its folder or
    its suffix: a sidecar called photo.xmp has only these, and a package whose photos lie on the web.
    """
    exact: dict[str, Photo | None] = {}
    folded: dict[str, Photo | None] = {}
    short: dict[str, Photo | None] = {}

    def note(names: dict[str, Photo | None], name: str, photo: Photo) -> None:
        names[name] = photo if names.get(name, photo) is photo else None

    for photo in photos:
        below = display_path(photo.path.relative_to(root)).replace("\\", "/")
        whole = display_path(photo.path).replace("\\", "/")
        for name in (below, whole):
            note(exact, name, photo)
            note(folded, name.casefold(), photo)
        for name in (below.rsplit(".", 1)[0], below.rsplit("/", 1)[-1]):
            note(short, name.casefold(), photo)
    return short | folded | exact
