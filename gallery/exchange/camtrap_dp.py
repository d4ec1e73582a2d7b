"""Camtrap DP 1.0.2 (camtrap-dp.tdwg.org): three tables and a description, what GBIF and Agouti exchange."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import itertools
import json
import re
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gallery.datasets.sequences import sequences_of
from gallery.datasets.table import plain_text
from gallery.errors import ExchangeError
from gallery.exchange.csv_text import BYTE_ORDER_MARK, Cell, csv_lines
from gallery.exchange.read_labels import ReadLabel
from gallery.exchange.rows import MODEL, PERSON, PredictionRow
from gallery.types import display_path
from gallery.words import counted

VERSION = "1.0.2"
_SCHEMAS = f"https://raw.githubusercontent.com/tdwg/camtrap-dp/{VERSION}"
_DATA = "datapackage.json"
_FILES = ("deployments.csv", "media.csv", "observations.csv", _DATA)

SCIENTIFIC = {
    "dog": "Canis lupus familiaris", "cat": "Felis catus", "horse": "Equus caballus", "spider": "Araneae",
    "butterfly": "Lepidoptera", "chicken": "Gallus gallus domesticus", "sheep": "Ovis aries",
    "cow": "Bos taurus", "squirrel": "Sciuridae", "elephant": "Elephantidae",
}  # fmt: skip
"""The ten classes; any other label stands for itself."""

KINDS = {"blank": "blank", "human": "human", "person": "human", "vehicle": "vehicle", "unknown": "unknown",
         "cannot tell": "unknown"}  # fmt: skip
"""Labels that are no animal, as the standard's types of observation."""

_MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp",
          "BMP": "image/bmp", "DIB": "image/bmp", "GIF": "image/gif", "AVIF": "image/avif",
          "HEIF": "image/heif"}  # fmt: skip
_PLACE = re.compile(r"(?=[^./~])((?!\.{2}).)*", re.DOTALL)
"""What the standard takes for a file's path."""

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")

DEPLOYMENTS = (
    "deploymentID locationID locationName latitude longitude coordinateUncertainty deploymentStart "
    "deploymentEnd setupBy cameraID cameraModel cameraDelay cameraHeight cameraDepth cameraTilt "
    "cameraHeading detectionDistance timestampIssues baitUse featureType habitat deploymentGroups "
    "deploymentTags deploymentComments"
)
MEDIA = (
    "mediaID deploymentID captureMethod timestamp filePath filePublic fileName fileMediatype exifData "
    "favorite mediaComments"
)
OBSERVATIONS = (
    "observationID deploymentID mediaID eventID eventStart eventEnd observationLevel observationType "
    "cameraSetupType scientificName count lifeStage sex behavior individualID individualPositionRadius "
    "individualPositionAngle individualSpeed bboxX bboxY bboxWidth bboxHeight classificationMethod "
    "classifiedBy classificationTimestamp classificationProbability observationTags observationComments"
)
"""The columns of the three tables: all of the standard's, in its order, the most of them empty here."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a camera stood, and by which clock it went.

    Attributes:
        latitude, longitude: in degrees, WGS 84.
        time_zone: an offset ("+02:00"), "UTC", or a name ("Europe/Rome").
    """

    latitude: float
    longitude: float
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ExchangeError(
                f"{self.latitude:g}, {self.longitude:g} is no place: a latitude lies between -90 and 90, a "
                "longitude between -180 and 180."
            )
        zone_of(self.time_zone)


@dataclass(frozen=True, slots=True)
class Package:
    """A data package.

    Attributes:
        files: the text of each file, by name.
        left_out: sentences on photos that it cannot list.
    """

    files: Mapping[str, str]
    left_out: tuple[str, ...]


def zone_of(name: str) -> datetime.tzinfo:
    """Return the time zone of an offset or a name.

    Raises:
        ExchangeError: there is none of that name.

    Example:
        >>> zone_of("+02:00").utcoffset(None)
        datetime.timedelta(seconds=7200)
    """
    found = _OFFSET.fullmatch(name)
    if found:
        minutes = int(found[2]) * 60 + int(found[3])
        return datetime.timezone(datetime.timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if name.upper() in ("UTC", "Z"):
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ExchangeError(
            f"There is no time zone {name!r} here. Write the offset of the camera's clock, as +02:00."
        ) from exc


def camtrap_dp(
    rows: Iterable[PredictionRow], sites: Mapping[str, Site], *, title: str, person: str, made_at: str
) -> Package:
    """Return a package: a deployment for each folder, an observation for each photo, sequences as events.

    Args:
        rows: the photos.
        sites: where each folder's camera stood; "" for all that have no entry of their own.
        title: of the project.
        person: who exports.
        made_at: when, ISO 8601 with a zone.

    Raises:
        ExchangeError: a folder has no place, or no photo has a date.
    """
    every = list(rows)
    kept = [row for row in every if row.photo.metadata.taken_at and _PLACE.fullmatch(row.relative)]
    left_out = _left_out(every)
    if not kept:
        raise ExchangeError(
            "No photo can go into a Camtrap DP package, which needs a date for each. " + " ".join(left_out)
        )
    kept.sort(key=lambda row: (row.folder, str(row.photo.metadata.taken_at), row.relative))
    folders = list(dict.fromkeys(row.folder for row in kept))
    if homeless := [folder for folder in folders if folder not in sites and "" not in sites]:
        raise ExchangeError(
            f"Camtrap DP needs the place of each camera, and {counted(len(homeless), 'folder')} "
            f"{'has' if len(homeless) == 1 else 'have'} none, first {homeless[0] or 'the top folder'}. "
            "Give latitude, longitude and time zone of all, or a table of folder, latitude, longitude and "
            "time_zone."
        )
    site_of = {folder: sites.get(folder) or sites[""] for folder in folders}
    stamps = [_stamp(str(row.photo.metadata.taken_at), site_of[row.folder]) for row in kept]
    event = sequences_of([row.folder for row in kept], [row.photo.metadata.taken_at for row in kept]).tolist()
    names = _scientific_names(row.label for row in kept if row.label is not None)
    deployments: list[dict[str, Cell]] = []
    media: list[dict[str, Cell]] = []
    observations: list[dict[str, Cell]] = []
    of_folder = itertools.groupby(zip(kept, stamps, event, strict=True), lambda photo: photo[0].folder)
    for folder, group in of_folder:
        photos, deployment = list(group), _id("deployment", folder)
        deployments.append(
            {
                "deploymentID": deployment,
                "locationID": _id("location", folder),
                "locationName": folder or title,
                "latitude": site_of[folder].latitude,
                "longitude": site_of[folder].longitude,
                "deploymentStart": photos[0][1],
                "deploymentEnd": photos[-1][1],
                "cameraModel": photos[0][0].photo.metadata.camera,
            }
        )
        for _, burst in itertools.groupby(photos, lambda photo: photo[2]):
            sequence = list(burst)
            of_event: dict[str, Cell] = {
                "eventID": _id("event", sequence[0][0].relative),
                "eventStart": sequence[0][1],
                "eventEnd": sequence[-1][1],
                "observationLevel": "media",
            }
            for row, stamp, _number in sequence:
                key = _id("media", row.relative)
                common: dict[str, Cell] = {"mediaID": key, "deploymentID": deployment}
                media.append(
                    common
                    | {
                        "timestamp": stamp,
                        "filePath": row.relative,
                        "filePublic": "false",
                        "fileName": row.place[-1],
                        "fileMediatype": _MEDIA.get(row.photo.metadata.image_format, "image/jpeg"),
                    }
                )
                observations.append(common | {"observationID": f"{key}_1"} | of_event | _observed(row, names))
    files = {
        "deployments.csv": _table(DEPLOYMENTS, deployments),
        "media.csv": _table(MEDIA, media),
        "observations.csv": _table(OBSERVATIONS, observations),
        _DATA: json.dumps(
            _description(stamps, list(site_of.values()), names, title, person, made_at),
            ensure_ascii=False,
            indent=2,
        ),
    }
    return Package(files, tuple(left_out))


def _left_out(rows: Sequence[PredictionRow]) -> list[str]:
    sentences = []
    undated = [row for row in rows if not row.photo.metadata.taken_at]
    if undated:
        sentences.append(
            f"{counted(len(undated), 'photo')} without a date left out, the first is {undated[0].relative}."
        )
    odd = [row for row in rows if row.photo.metadata.taken_at and not _PLACE.fullmatch(row.relative)]
    if odd:
        sentences.append(
            f"{counted(len(odd), 'photo')} left out, because the standard allows no path that begins with . "
            f"or ~ or holds two points; the first is {odd[0].relative}."
        )
    return sentences


def _observed(row: PredictionRow, names: Mapping[str, str]) -> dict[str, Cell]:
    """Return what a photo shows, and who says so."""
    label = row.label
    if label is None:
        return {"observationType": "unclassified"}
    kind = KINDS.get(label, "animal")
    found: dict[str, Cell] = {
        "observationType": kind,
        "scientificName": names[label] if kind == "animal" else None,
        "count": row.animals or None,
        "observationTags": f"label:{label.replace('%', '%25').replace('|', '%7C')}",
    }
    if row.model_label is not None:
        found["observationComments"] = f"{row.model_id}: {row.model_label} {row.confidence:.3f}"
    if row.given is not None and row.source == PERSON:
        return found | {
            "classificationMethod": "human",
            "classifiedBy": row.given.person,
            "classificationTimestamp": _utc(row.given.made_at),
        }
    return found | {
        "classificationMethod": "machine",
        "classifiedBy": row.model_id,
        "classificationProbability": row.confidence,
    }


def _scientific_names(labels: Iterable[str]) -> dict[str, str]:
    """Return the scientific name of each label that is an animal; no two labels share one."""
    used = set(labels)
    return {
        label: label if SCIENTIFIC.get(label, label) in used else SCIENTIFIC[label]
        for label in sorted(used - KINDS.keys())
    }


def _description(
    stamps: Sequence[str],
    sites: Sequence[Site],
    names: Mapping[str, str],
    title: str,
    person: str,
    made_at: str,
) -> dict[str, Any]:
    west, east = (pick(site.longitude for site in sites) for pick in (min, max))
    south, north = (pick(site.latitude for site in sites) for pick in (min, max))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shape = {"type": "Point", "coordinates": [west, south]} if (west, south) == (east, north) else {
        "type": "Polygon", "coordinates": [ring],
    }  # fmt: skip
    days = sorted(stamp[:10] for stamp in stamps)
    name = re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-._") or "photos"
    return {
        "resources": [
            {
                "name": table, "path": f"{table}.csv", "profile": "tabular-data-resource", "format": "csv",
                "mediatype": "text/csv", "encoding": "utf-8",
                "schema": f"{_SCHEMAS}/{table}-table-schema.json",
            }
            for table in ("deployments", "media", "observations")
        ],
        "profile": f"{_SCHEMAS}/camtrap-dp-profile.json",
        "name": name,
        "id": str(uuid.uuid4()),
        "created": _utc(made_at),
        "title": title,
        "contributors": [{"title": person, "role": "contributor"}],
        "project": {
            "title": title, "samplingDesign": "opportunistic", "captureMethod": ["activityDetection"],
            "individualAnimals": False, "observationLevel": ["media"],
        },
        "spatial": shape,
        "temporal": {"start": days[0], "end": days[-1]},
        "taxonomic": [
            {"scientificName": scientific, "vernacularNames": {"eng": label}}
            for label, scientific in names.items()
        ],
    }  # fmt: skip


def _table(columns: str, rows: Iterable[Mapping[str, Cell]]) -> str:
    header = columns.split()
    lines = csv_lines(header, ([row.get(name) for name in header] for row in rows))
    return "".join(lines).removeprefix(BYTE_ORDER_MARK)


def _stamp(taken_at: str, site: Site) -> str:
    moment = datetime.datetime.fromisoformat(taken_at).replace(tzinfo=zone_of(site.time_zone), microsecond=0)
    return moment.isoformat()


def _utc(text: str) -> str:
    moment = datetime.datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _id(kind: str, name: str) -> str:
    """Return an id that is the same whenever the same folder or photo is written."""
    return hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()[:16]


def may_write(folder: Path) -> bool:
    """Return whether a package can go into a folder: there is none yet, or one that this program wrote."""
    if not any((folder / name).exists() for name in _FILES):
        return True
    try:
        first = _rows(folder / "media.csv")[0]
        return first["mediaID"] == _id("media", first["filePath"])
    except (OSError, ValueError, LookupError, csv.Error):
        return False


def read_camtrap_dp(package: Path) -> Iterator[ReadLabel]:
    """Yield the label of each photo of a package: of its own observations, else of its event's.

    Args:
        package: datapackage.json, or the folder that holds it.

    Raises:
        ExchangeError: it is no such package, or a table cannot be read.
    """
    file = package / _DATA if package.is_dir() else package
    try:
        about = json.loads(file.read_bytes())
        tables = {
            one["name"]: file.parent / one["path"]
            for one in about["resources"]
            if isinstance(one.get("path"), str)
        }
        media, observations = (_rows(tables[name]) for name in ("media", "observations"))
        common = {
            str(one["scientificName"]): str(
                (one.get("vernacularNames") or {}).get("eng") or one["scientificName"]
            )
            for one in about.get("taxonomic") or ()
        }
        of_media: dict[str, list[dict[str, str]]] = {}
        of_event: dict[str, list[dict[str, str]]] = {}
        events: dict[str, str] = {}
        for row in observations:
            if row.get("mediaID"):
                of_media.setdefault(row["mediaID"], []).append(row)
                events[row["mediaID"]] = row.get("eventID", "")
            elif row.get("eventID"):
                of_event.setdefault(row["eventID"], []).append(row)
        within = _by_time(observations)
        for photo in media:
            key = photo["mediaID"]
            event = events.get(key) or photo.get("eventID") or within(photo)
            found = of_media.get(key) or of_event.get(event, [])
            for row in found:
                label = _label(row, common)
                if label:
                    human = row.get("classificationMethod") == "human"
                    person = row.get("classifiedBy", "") if human else ""
                    place = photo["filePath"]
                    if re.match(r"[a-z]+://", place):  # on the web: the file's own name is what is left
                        place = photo.get("fileName") or place.rsplit("/", 1)[-1]
                    yield ReadLabel(place, label, PERSON if human else MODEL, person)
                    break
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as exc:
        raise ExchangeError(
            f"{display_path(file)} cannot be read as a Camtrap DP package ({type(exc).__name__}: {exc}). "
            "Give its datapackage.json, beside which media.csv and observations.csv lie."
        ) from exc


def _by_time(observations: Sequence[Mapping[str, str]]) -> Callable[[Mapping[str, str]], str]:
    """Return what finds the event of a photo by deployment and time, where no observation names the photo."""
    spans: dict[str, list[tuple[datetime.datetime, datetime.datetime, str]]] = {}
    for row in observations:
        if not row.get("mediaID") and row.get("eventID"):
            span = (
                datetime.datetime.fromisoformat(row["eventStart"]),
                datetime.datetime.fromisoformat(row["eventEnd"]),
            )
            spans.setdefault(row["deploymentID"], []).append((*span, row["eventID"]))

    def event(photo: Mapping[str, str]) -> str:
        when = datetime.datetime.fromisoformat(photo["timestamp"])
        known = spans.get(photo["deploymentID"], ())
        return next((number for start, end, number in known if start <= when <= end), "")

    return event


def _rows(table: Path) -> list[dict[str, str]]:
    text = table.read_text(encoding="utf-8-sig")
    return [
        {key: plain_text(value or "") for key, value in row.items() if key}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def _label(row: Mapping[str, str], common: Mapping[str, str]) -> str:
    for tag in row.get("observationTags", "").split("|"):
        if tag.strip().startswith("label:"):
            return tag.strip().removeprefix("label:").replace("%7C", "|").replace("%25", "%")
    kind, name = row.get("observationType", ""), row.get("scientificName", "")
    if kind == "unclassified":
        return ""
    return common.get(name, name) if kind == "animal" and name else kind
