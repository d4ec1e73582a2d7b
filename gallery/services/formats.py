"""Every format in which photos' labels go out; `imported_labels` brings them back."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery import types
from gallery.errors import CatalogError, ExchangeError
from gallery.exchange.xmp_sidecars import Naming
from gallery.services import wiring
from gallery.types import PhotoQuery, display_path
from gallery.words import counted

if TYPE_CHECKING:
    from gallery.exchange.camtrap_dp import Package, Site
    from gallery.exchange.class_folders import Cleaned
    from gallery.exchange.rows import PredictionRow


@dataclass(frozen=True, slots=True)
class Format:
    """A format to choose from.

    Attributes:
        name: as the command line and addresses have it.
        title: as menus have it.
        suffix: of its file; "" where it is a folder of files.
        for_whom: which programs read it.
    """

    name: str
    title: str
    suffix: str
    for_whom: str


FORMATS = (
    Format("csv", "Table (CSV)", ".csv", "spreadsheets, R, pandas"),
    Format("megadetector", "MegaDetector results (JSON)", ".json", "Timelapse, AddaxAI, Camelot"),
    Format("timelapse", "Timelapse table (CSV)", ".csv", "Timelapse's import"),
    Format("camtrap-dp", "Camtrap DP package", "", "GBIF, Agouti, Trapper, camtrapR"),
    Format("xmp", "XMP sidecars", "", "Lightroom, digiKam, darktable"),
    Format("folders", "Photos in class folders", "", "any program"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen about a format; each belongs to the formats that it names.

    Attributes:
        separator: csv: of cells; with ";" numbers have a decimal comma.
        below: csv: paths below the opened folder instead of absolute ones.
        naming: xmp: how sidecars are called.
        rating: xmp: stars by confidence, where there are none yet.
        links: folders: links instead of copies.
        without_location: folders: copies without coordinates; None: where the app is shared.
        sites: camtrap-dp: where the camera of each folder stood, "" for all others.
        title: camtrap-dp: of the project; the collection's name for "".
        by_sequence: all: a photo has the model's opinion of its whole sequence.
    """

    separator: str = ","
    below: bool = False
    naming: Naming = Naming.WHOLE
    rating: bool = False
    links: bool = False
    without_location: bool | None = None
    sites: Mapping[str, Site] = field(default_factory=dict)
    title: str = ""
    by_sequence: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        photos: how many.
        collections: how many collections they are of.
        model_id: whose opinion stands in it.
        notes: sentences on what was left out or is there already.
    """

    photos: int
    collections: int
    model_id: str
    notes: tuple[str, ...] = ()


def format_named(name: str) -> Format:
    """Return a format.

    Raises:
        ExchangeError: there is none of that name.
    """
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise ExchangeError(
            f"There is no format {name!r}. Formats: {', '.join(one.name for one in FORMATS)}."
        )
    return found


def options_of(
    given: Mapping[str, str], *, links: bool = False, sites: Mapping[str, Site] | None = None
) -> Options:
    """Return the options that a query, a form or the command line has as texts.

    Args:
        given: the texts; what is missing is as usual.
        links: see `Options`.
        sites: those that have a place of their own.

    Raises:
        ExchangeError: one of them makes no sense.
    """
    separator = {"comma": ",", "semicolon": ";", "tab": "\t"}.get(given.get("separator", "comma"))
    if separator is None:
        raise ExchangeError("Cells are separated by comma, semicolon or tab.")
    places = dict(sites or {})
    if given.get("latitude") or given.get("longitude"):
        try:
            places[""] = _site(given)
        except (KeyError, ValueError) as exc:
            raise ExchangeError(
                "A place is a latitude and a longitude in degrees, as 45.07 and 7.69."
            ) from exc
    location = given.get("location")
    return Options(
        separator=separator,
        below=given.get("below") == "1",
        naming=Naming.STEM if given.get("naming") == "stem" else Naming.WHOLE,
        rating=given.get("rating") == "1",
        links=links,
        without_location=None if location is None else location != "keep",
        sites=places,
        title=given.get("title", ""),
        by_sequence=given.get("by_sequence") == "1",
    )


def write(
    parts: wiring.Parts,
    name: str,
    out: Path | None,
    *,
    folder: Path | None = None,
    model_id: str | None = None,
    options: Options | None = None,
) -> Written:
    """Write what is known of a collection's photos, or of all, in a format.

    Args:
        parts: real or fake ones.
        name: the format's.
        out: the file, or the folder for what is many files; None puts sidecars beside the photos.
        folder: the collection's; may be left out where only one is open, or the format is a CSV with
            absolute paths.
        model_id: whose predictions; the active model's for None.
        options: what else was chosen.

    Raises:
        GalleryError: the folder was never opened, there is no such model or format, or the place cannot be
            written.
    """
    from gallery.exchange.rows import with_sequences

    chosen, options = format_named(name), options or Options()
    card, collections = wiring.chosen_card(parts.models, model_id), wiring.collections_of(parts, folder)
    if len(collections) > 1 and not (chosen.name == "csv" and not options.below):
        raise CatalogError(
            f"{chosen.title} has paths below one folder, and {len(collections)} are open. Choose one."
        )
    if out is None and chosen.name != "xmp":
        raise ExchangeError(f"{chosen.title} needs a place to be written to.")
    rows: dict[Path, PredictionRow] = {}
    for collection in collections:
        files = parts.catalog.find_files(PhotoQuery(collection.collection_id, card.model_id))
        for row in rows_of(parts, collection, card.model_id, card.class_names, files):
            rows.setdefault(row.photo.path, row)  # a folder inside another is opened twice, written once
    every = list(rows.values())
    if options.by_sequence:
        every = with_sequences(every)
    if out is not None and not chosen.suffix:
        out = _folder(out, parts.catalog.collections(), below=chosen.name != "camtrap-dp")
    notes = _write(parts, chosen, every, card, out, options, [one.name for one in collections])
    return Written(len(every), len(collections), card.model_id, tuple(notes))


def _write(
    parts: wiring.Parts,
    chosen: Format,
    rows: Sequence[PredictionRow],
    card: types.ModelCard,
    out: Path | None,
    options: Options,
    names: Sequence[str],
) -> list[str]:
    from gallery.exchange import class_folders, xmp_sidecars
    from gallery.exchange.whole_file import write_whole

    if chosen.name == "xmp":
        made = xmp_sidecars.write_sidecars(rows, out, naming=options.naming, rating=options.rating)
        left = f"{counted(len(made.left), 'file')} left as it was, being no XMP; the first is "
        return [left + display_path(made.left[0])] if made.left else []
    assert out is not None
    if chosen.name == "folders":
        cleaned = cleaned_of(parts, options)
        sorted_ = class_folders.sort_into_folders(rows, out, links=options.links, cleaned=cleaned)
        notes = [f"{counted(sorted_.there, 'photo')} lay there already."] if sorted_.there else []
        if options.links:
            notes.append("Links show the photos themselves, with the coordinates that they hold.")
        elif cleaned is not None:
            notes.append("The copies have no coordinates.")
        if sorted_.missing:
            notes.append(f"Not copied: {counted(len(sorted_.missing), 'photo')}; {sorted_.missing[0]}.")
        return notes
    if chosen.name == "camtrap-dp":
        from gallery.exchange.camtrap_dp import may_write

        package = package_of(rows, options, names)
        if not may_write(out):
            raise ExchangeError(
                f"{display_path(out)} holds a Camtrap DP package, or a table of such a name, that this "
                "program did not write. Choose another folder."
            )
        try:
            for file, text in package.files.items():
                write_whole(out / file, [text])
        except OSError as exc:
            raise ExchangeError(f"{display_path(out)} cannot be written: {exc.strerror or exc}.") from exc
        return list(package.left_out)
    write_whole(out, text_of(chosen, rows, card.class_names, card.model_id, options))
    return []


def text_of(
    chosen: Format, rows: Sequence[PredictionRow], class_names: Sequence[str], model_id: str, options: Options
) -> Iterator[str]:
    """Yield photos' labels in a format that is one file of text."""
    from gallery.exchange.megadetector_json import megadetector_json
    from gallery.exchange.predictions_csv import predictions_csv
    from gallery.exchange.timelapse_csv import timelapse_csv

    if chosen.name == "timelapse":
        return timelapse_csv(rows)
    if chosen.name == "megadetector":
        return megadetector_json(rows, class_names, model_id, made_at=_now())
    return predictions_csv(rows, class_names, separator=options.separator, below=options.below)


def package_of(rows: Sequence[PredictionRow], options: Options, names: Sequence[str]) -> Package:
    """Return photos' labels as a Camtrap DP package, called as was chosen, else as the first collection."""
    from gallery.exchange.camtrap_dp import camtrap_dp

    title = options.title or (names[0] if names else "Photos")
    return camtrap_dp(rows, options.sites, title=title, person=wiring.person(), made_at=_now())


def cleaned_of(parts: wiring.Parts, options: Options) -> Cleaned | None:
    """Return what takes the coordinates out of copies, where that is wished; None where they stay."""
    from gallery.photos.location import without_location

    shared = bool(parts.settings.roots)
    wanted = shared if options.without_location is None else options.without_location
    return without_location if wanted and not options.links else None


def rows_of(
    parts: wiring.Parts,
    collection: types.Collection,
    model_id: str,
    class_names: Sequence[str],
    file_ids: NDArray[np.int64],
) -> list[PredictionRow]:
    """Return what is known of some files of a collection."""
    from gallery.exchange.rows import prediction_rows

    return prediction_rows(
        parts.catalog, collection.collection_id, collection.root, model_id, class_names, file_ids=file_ids
    )


def _folder(out: Path, collections: Sequence[types.Collection], *, below: bool) -> Path:
    """Return the folder to write to, made now, which lies among no photos.

    Args:
        out: the folder.
        collections: all that are open.
        below: whether folders are made in it, which could be those of photos below it.

    Raises:
        ExchangeError: it lies among photos, holds some, or cannot be made.
    """
    try:
        out = out.expanduser().resolve()
        for one in collections:
            inside = one.root == out or one.root in out.parents
            if inside or (below and out in one.root.parents):
                raise ExchangeError(
                    f"{display_path(out)} {'lies in' if inside else 'holds'} the opened folder "
                    f"{display_path(one.root)}. Choose one elsewhere: nothing is written among your photos "
                    "unless you ask for sidecars beside them."
                )
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as exc:
        raise ExchangeError(
            f"{display_path(out)} cannot be made: {getattr(exc, 'strerror', None) or exc}. Choose a folder "
            "that you may write to."
        ) from exc
    return out


def read_sites(table: Path) -> dict[str, Site]:
    """Return the places of cameras from a table of folder, latitude, longitude and time_zone.

    Raises:
        GalleryError: a column is missing, or a value is no place.
    """
    from gallery.datasets.table import read_rows

    headings, rows = read_rows(table)
    missing = {"folder", "latitude", "longitude"} - {name.strip().lower() for name in headings}
    if missing:
        raise ExchangeError(
            f"{display_path(table)} has no column {', '.join(sorted(missing))}. It needs folder, latitude, "
            "longitude and, where the clock is not in UTC, time_zone."
        )
    sites = {}
    for row in rows:
        cells = {key.strip().lower(): value.strip() for key, value in row.items()}
        try:
            sites[cells["folder"].replace("\\", "/").strip("/")] = _site(cells)
        except ValueError as exc:
            raise ExchangeError(
                f"{display_path(table)}: {cells['folder']} has no numbers as its place."
            ) from exc
    return sites


def _site(given: Mapping[str, str]) -> Site:
    from gallery.exchange.camtrap_dp import Site

    latitude, longitude = (float(given[key].replace(",", ".")) for key in ("latitude", "longitude"))
    return Site(latitude, longitude, given.get("time_zone") or "UTC")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
