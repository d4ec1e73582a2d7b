"""Labels come back: those in a file of any format that is read, for the photos of an opened folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.services import wiring
from gallery.services.folders import typed_path
from gallery.settings import LEAST_BOX_CONFIDENCE, UNSURE_BELOW
from gallery.types import Detections, Photo, PhotoQuery, display_path
from gallery.words import counted

if TYPE_CHECKING:
    from gallery.exchange.read_labels import ReadLabel


_LABELLED_IN = (".csv", ".json")


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
        boxes: boxes of a detector that are kept with their photos, and drawn over them.
    """

    read: int
    labelled: int
    same: int
    kept: int
    unknown: tuple[str, ...]
    by_model: int
    boxes: int = 0

    def sentences(self) -> list[str]:
        """Return what there is to say of it."""
        already = f", {self.same:,} had theirs already" if self.same else ""
        told = [f"{counted(self.labelled, 'photo')} of {self.read:,} labelled{already}."]
        if self.boxes:
            told.append(
                f"{counted(self.boxes, 'box', 'boxes')} of the detector kept; the large view draws them."
            )
        if self.by_model:
            told.append(
                f"{counted(self.by_model, 'label')} by a model, not by a person: not taken as labels."
            )
        if self.kept:
            told.append(
                f"{counted(self.kept, 'photo')} labelled otherwise by a person here: left as they are."
            )
        if self.unknown:
            told.append(
                f"{len(self.unknown):,} of {counted(self.read, 'row')} name no photo here; the first "
                f"is {self.unknown[0]}."
            )
        return told


def beside(root: Path) -> list[Path]:
    """Return the files in a folder that may hold labels or boxes of its photos."""
    try:
        return sorted(one for one in root.iterdir() if one.suffix.lower() in _LABELLED_IN and one.is_file())
    except OSError:
        return []


def take(collection_id: int, typed: str, *, of_models: bool = False) -> Imported:
    """Take over the labels of a file that a person named on a page, as `take_labels` does.

    Raises:
        GalleryError: as `take_labels`; or the file lies where this server may not read.
    """
    parts, source = wiring.parts(), typed_path(typed)
    parts.settings.allow(source if source.is_dir() else source.parent)
    return take_labels(parts, source, parts.catalog.collection(collection_id).root, of_models=of_models)


def take_labels(parts: wiring.Parts, source: Path, folder: Path, *, of_models: bool = False) -> Imported:
    """Take the labels of a file over as labels of a collection's photos.

    A label that a person gave here stays, whatever the file says. What MegaDetector found is kept beside it.

    Args:
        parts: real or fake ones.
        source: a table, Timelapse's too; MegaDetector's results; a Camtrap DP package; a folder of sidecars.
        folder: the collection's.
        of_models: also take over labels that only a model gave.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be read.
    """
    from gallery.exchange.rows import MODEL

    (collection,) = wiring.collections_of(parts, folder)
    files = parts.catalog.find_files(PhotoQuery(collection.collection_id, ""))
    photos = parts.catalog.photos(files)
    of_path = {photo.path: photo for photo in photos}
    places = Places(list(of_path), collection.root)
    standing = parts.catalog.standing_labels([photo.photo_id for photo in photos])
    given: dict[tuple[str, str], list[str]] = {}
    read = same = kept = by_model = 0
    unknown = []
    for one in labels_in(source, collection.root):
        read += 1
        path = places.of(one)
        photo = None if path is None else of_path[path]
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
    boxes = _keep_boxes(parts, source, of_path, places)
    for (label, person), photo_ids in given.items():
        parts.catalog.correct(photo_ids, label, person=person, model_id=None)
    labelled = len({photo_id for photo_ids in given.values() for photo_id in photo_ids})
    return Imported(read, labelled, same, kept, tuple(unknown), by_model, boxes)


def _keep_boxes(parts: wiring.Parts, source: Path, of_path: Mapping[Path, Photo], places: Places) -> int:
    """Keep what a detector found in photos, and return how many boxes that are.

    A class of which the boxes' classifier is not sure names no photo.
    """
    from gallery.exchange.megadetector_json import read_boxes
    from gallery.exchange.read_labels import ReadLabel

    if source.suffix.lower() != ".json" or source.name == "datapackage.json":
        return 0
    found = []
    for one in read_boxes(source.expanduser(), least=LEAST_BOX_CONFIDENCE):
        path = places.of(ReadLabel(one.place, ""))
        if path is not None:
            unsure = one.confidence is not None and one.confidence < UNSURE_BELOW
            label = None if unsure else one.label
            found.append(Detections(of_path[path].photo_id, label, one.confidence, one.boxes))
    if found:
        parts.catalog.record_detections(found)
    return sum(len(one.boxes) for one in found)


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


class Places:
    """Photos by every path that a file may name them by.

    A path as it is written counts before one in another case, and that before a name without its folder or
    its suffix: a sidecar called photo.xmp has only these, and a package whose photos lie on the web.

    Args:
        paths: of the photos, absolute.
        root: the folder in which they lie.
    """

    def __init__(self, paths: Sequence[Path], root: Path) -> None:
        exact: dict[str, Path | None] = {}
        folded: dict[str, Path | None] = {}
        short: dict[str, Path | None] = {}

        def note(names: dict[str, Path | None], name: str, path: Path) -> None:
            names[name] = path if names.get(name, path) is path else None  # None: two of them share it

        for path in paths:
            below = display_path(path.relative_to(root)).replace("\\", "/")
            whole = display_path(path).replace("\\", "/")
            for name in (below, whole):
                note(exact, name, path)
                note(folded, name.casefold(), path)
            for name in (below.rsplit(".", 1)[0], below.rsplit("/", 1)[-1]):
                note(short, name.casefold(), path)
        self._paths = set(paths)
        self._names = short | folded | exact

    def of(self, label: ReadLabel) -> Path | None:
        """Return the photo that a label is of; None where it is none of these."""
        if label.path in self._paths:
            return label.path
        place = label.place.replace("\\", "/")
        return self._names.get(place) or self._names.get(place.casefold())
