"""MegaDetector's results file, format 1.6: what MegaDetector, Timelapse and AddaxAI read.

The format is described at lila.science/megadetector-output-format. A photo without a detector is written
as one box around the whole picture, which bears the classification.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ExchangeError
from gallery.exchange.csv_text import shortest
from gallery.exchange.read_labels import ReadLabel
from gallery.exchange.rows import MODEL, PERSON, PredictionRow
from gallery.types import ANIMAL, DetectedBox, display_path

FORMAT_VERSION = "1.6"
KNOWN_VERSIONS = ("1.3", "1.4", "1.5", "1.6")
HUMAN, VEHICLE = "person", "vehicle"
DETECTIONS = {"1": ANIMAL, "2": HUMAN, "3": VEHICLE}
WHOLE = [0.0, 0.0, 1.0, 1.0]

NO_ANIMAL = {"human": "2", "person": "2", "vehicle": "3"}
"""Labels that are a category of the detector's."""

NO_DETECTOR = "none"
"""How the name of the detector begins in a file of ours that is by none."""

EMPTY = "blank"
"""The label of a photo without any detection."""

OWN_FIELD = "smart_gallery"
"""A field beside a photo's detections with what the format has no place for; other programs pass over it."""

LEAST_SHARE = 0.01
"""Classes that the model gives less are left out, as classifiers of this format do."""


def megadetector_json(
    rows: Iterable[PredictionRow], class_names: Sequence[str], model_id: str, *, made_at: str
) -> Iterator[str]:
    """Yield a results file; photos that nobody and no model has named are left out.

    Args:
        rows: the photos.
        class_names: the model's classes.
        model_id: the classifier.
        made_at: when this is written, ISO 8601.
    """
    named = [row for row in rows if row.label is not None]
    inside = {box.label for row in named if row.detections is not None for box in row.detections.boxes}
    labels = {row.label for row in named} | inside
    others = sorted({name for name in labels if name is not None} - {*class_names, *NO_ANIMAL, EMPTY})
    number = {name: str(k) for k, name in enumerate([*class_names, *others])}
    boxed = any(row.detections is not None for row in named)
    head = {
        "info": {
            "format_version": FORMAT_VERSION,
            "classifier": model_id,
            "classification_completion_time": made_at,
            "detector": f"{NO_DETECTOR}: each photo as a whole"
            if not boxed
            else "as the boxes were imported",
        },
        "detection_categories": DETECTIONS,
        "classification_categories": {k: name for name, k in number.items()},
    }
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "images": ['
    for position, row in enumerate(named):
        yield (",\n  " if position else "\n  ") + json.dumps(_image(row, number), ensure_ascii=False)
    yield "\n ]\n}\n"


def _image(row: PredictionRow, number: Mapping[str, str]) -> dict[str, Any]:
    label, shares = str(row.label), row.probabilities
    said = [] if shares is None else [
        [number[name], shortest(share)]
        for name, share in sorted(zip(row.class_names, shares, strict=True), key=lambda pair: -pair[1])
        if share >= LEAST_SHARE
    ]  # fmt: skip
    about = {
        "label": label,
        "source": row.source,
        "model_label": row.model_label,
        "confidence": row.confidence,
        "person": row.person,
        "labelled_at": row.labelled_at,
    }
    detections: list[dict[str, Any]] = []
    if row.detections is not None and row.detections.boxes and label != EMPTY:
        detections = [_detection(box, row, number) for box in row.detections.boxes]
        about["boxes"] = row.animals
    elif label in NO_ANIMAL:
        detections = [{"category": NO_ANIMAL[label], "conf": 1.0, "bbox": WHOLE}]
    elif label != EMPTY:
        by_person = row.source == PERSON
        classes = [[number[label], 1.0]] if by_person else said
        confidence = 1.0 if by_person else row.confidence
        detections = [{"category": "1", "conf": confidence, "bbox": WHOLE, "classifications": classes}]
    return {
        "file": row.relative,
        "detections": detections,
        "width": row.photo.metadata.width_px,
        "height": row.photo.metadata.height_px,
        OWN_FIELD: about,
    }


def _detection(box: DetectedBox, row: PredictionRow, number: Mapping[str, str]) -> dict[str, Any]:
    """Return a detector's box with what is in it: an animal has the person's label, else its own."""
    kinds = {name: key for key, name in DETECTIONS.items()}
    made: dict[str, Any] = {
        "category": kinds.get(box.category, kinds[ANIMAL]), "conf": box.confidence, "bbox": list(box.place)
    }  # fmt: skip
    given = row.person_label
    label, share = (given, 1.0) if given is not None else (box.label, box.label_confidence)
    if box.category == ANIMAL and label is not None and label in number:
        made["classifications"] = [[number[label], share]]
    return made


def classified(
    image: Mapping[str, Any],
    results: Mapping[str, Any],
    shares_of: Callable[[Mapping[str, Any], Sequence[Sequence[float]]], NDArray[np.float32] | None],
    class_names: Sequence[str],
    model_id: str,
    *,
    least: float,
) -> tuple[dict[str, Any], int]:
    """Return a photo of a results file with a model's classes in its animals' boxes, and how many there are.

    Args:
        image: the photo's entry, which stays as it is; what another classifier says in it is left out.
        results: the whole file.
        shares_of: classifies some boxes of the photo, (boxes, K); None where it cannot be read.
        class_names: the model's classes.
        model_id: the model.
        least: confidence below which a box counts for nothing.
    """
    detections = image.get("detections")
    made = {key: value for key, value in image.items() if key != OWN_FIELD}
    if detections is None:
        return made, 0
    kinds = results.get("detection_categories") or DETECTIONS
    sure = [box for box in detections if float(box["conf"]) >= least]
    animals = [box for box in sure if kinds.get(box["category"]) == ANIMAL]
    made["detections"] = [
        {key: value for key, value in box.items() if key != "classifications"} for box in detections
    ]
    if not animals:
        best = max(sure, key=lambda box: float(box["conf"]), default=None)
        kind = EMPTY if best is None else kinds.get(best["category"], EMPTY)
        label = "human" if kind == HUMAN else kind
        return made | {OWN_FIELD: {"label": label, "source": MODEL, "boxes": 0, "model": model_id}}, 0
    shares = shares_of(image, [box["bbox"] for box in animals])
    if shares is None:
        return made, 0
    rows = iter(shares)
    for box in made["detections"]:
        if float(box["conf"]) >= least and kinds.get(box["category"]) == ANIMAL:
            box["classifications"] = [
                [str(k), shortest(share)]
                for k, share in sorted(enumerate(next(rows)), key=lambda pair: -pair[1])
                if share >= LEAST_SHARE
            ]
    # the mean of the boxes, the surer ones weighing more: a herd may have one of another kind in it
    whole = np.average(shares, axis=0, weights=[float(box["conf"]) for box in animals])
    best_class = int(whole.argmax())
    about = {
        "label": class_names[best_class], "source": MODEL, "confidence": shortest(whole[best_class]),
        "boxes": len(animals), "model": model_id,
    }  # fmt: skip
    return made | {OWN_FIELD: about}, len(animals)


def load_results(file: Path) -> Mapping[str, Any]:
    """Return a results file as it is written; each of its images is as the format says.

    Raises:
        ExchangeError: it cannot be read, is no results file, is of another version than `KNOWN_VERSIONS`, or
            an image is not written as the format says.
    """
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as exc:
        raise ExchangeError(f"{display_path(file)} cannot be read as JSON ({exc}).") from exc
    info = data.get("info") if isinstance(data, dict) else None
    if not isinstance(info, dict) or not isinstance(data.get("images"), list):
        raise ExchangeError(
            f'{display_path(file)} is no results file of MegaDetector: it has no "info" and "images". '
            "Give the JSON file that the detector wrote for this folder."
        )
    version = str(info.get("format_version", "1.3"))
    if version not in KNOWN_VERSIONS:
        raise ExchangeError(
            f"{display_path(file)} has format {version}; {KNOWN_VERSIONS[0]} to {KNOWN_VERSIONS[-1]} are "
            "read. Convert it with the megadetector package."
        )
    for names in ("detection_categories", "classification_categories"):
        if not isinstance(data.get(names) or {}, dict):
            raise ExchangeError(f'{display_path(file)}: "{names}" is no object. Write the file again.')
    for number, image in enumerate(data["images"], start=1):
        try:
            _check(image)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as exc:
            raise ExchangeError(
                f"{display_path(file)}: image {number:,} is not written as the format says "
                f"({type(exc).__name__}: {exc}). Correct it, or have the detector write the file again."
            ) from exc
    return dict(data)


def _check(image: Mapping[str, Any]) -> None:
    """Raise one of Python's usual errors where an image is not written as the format says."""
    if not isinstance(image["file"], str):
        raise TypeError("file is no text")
    own = image.get(OWN_FIELD) or {}
    if own.get("confidence") is not None:
        _number(own["confidence"])
    for box in image.get("detections") or ():
        _number(box["conf"])
        hash(box["category"])
        _left, _top, _width, _height = (_number(share) for share in box["bbox"])
        for name, share in box.get("classifications") or ():
            hash(name)
            _number(share)


def _number(told: Any) -> float:
    number = float(told)
    if not math.isfinite(number):
        raise ValueError(f"{told} is no number")
    return number


def read_megadetector(file: Path) -> Iterator[ReadLabel]:
    """Yield the label of each photo: its best animal box's best class, else what the detector says.

    Raises:
        ExchangeError: see `load_results`.
    """
    for place, boxes, own in _read_images(load_results(file)):
        label, source = own.get("label") or _label(boxes), own.get("source") or MODEL
        yield ReadLabel(place, str(label), str(source), str(own.get("person") or ""))


@dataclass(frozen=True, slots=True)
class ReadBoxes:
    """What a results file says of a photo beside a label by people.

    Attributes:
        place: as it is written, "/"-separated: below the folder, or absolute.
        label: by the boxes: no animal, or the classes in them; None for an animal without a class.
        confidence: of a class; None for what the detector tells.
    """

    place: str
    label: str | None
    confidence: float | None
    boxes: tuple[DetectedBox, ...]


def read_boxes(file: Path, *, least: float) -> Iterator[ReadBoxes]:
    """Yield what a detector found in each photo that it could read; nothing of a file without a detector.

    Args:
        file: of format 1.3 to 1.6.
        least: confidence below which a box counts for nothing.

    Raises:
        ExchangeError: see `load_results`.
    """
    data = load_results(file)
    if str(data["info"].get("detector", "")).startswith(NO_DETECTOR):
        return
    for place, boxes, own in _read_images(data, least=least):
        best = max(_animals(boxes), key=lambda box: box.confidence, default=None)
        label: str | None
        if own.get("source") == MODEL and own.get("label"):
            told = own.get("confidence")
            label, confidence = str(own["label"]), None if told is None else float(told)
        elif best is not None:
            label, confidence = best.label, best.label_confidence
        else:
            label, confidence = _label(boxes), None
        yield ReadBoxes(place, label, confidence, boxes)


def _read_images(
    data: Mapping[str, Any], *, least: float = -math.inf
) -> Iterator[tuple[str, tuple[DetectedBox, ...], Mapping[str, Any]]]:
    """Yield of each photo that the detector could read its place, its boxes and what our own field says."""
    kinds = data.get("detection_categories") or DETECTIONS
    classes = data.get("classification_categories") or {}
    for image in data["images"]:
        if image.get("detections") is not None:
            boxes = (_box(box, kinds, classes) for box in image["detections"])
            sure = tuple(box for box in boxes if box.confidence >= least)
            yield image["file"].replace("\\", "/"), sure, image.get(OWN_FIELD) or {}


def _box(box: Mapping[str, Any], kinds: Mapping[str, str], classes: Mapping[str, str]) -> DetectedBox:
    left, top, width, height = (float(share) for share in box["bbox"])
    best = max(box.get("classifications") or [], key=lambda pair: float(pair[1]), default=None)
    return DetectedBox(
        str(kinds.get(box["category"], ANIMAL)),
        float(box["conf"]),
        (left, top, width, height),
        None if best is None else str(classes.get(best[0], ANIMAL)),
        None if best is None else float(best[1]),
    )


def _animals(boxes: Iterable[DetectedBox]) -> list[DetectedBox]:
    return [box for box in boxes if box.category == ANIMAL]


def _label(boxes: Sequence[DetectedBox]) -> str:
    """Return the class of the best animal's box, else what the detector says of the best box."""
    best = max(_animals(boxes) or boxes, key=lambda box: box.confidence, default=None)
    if best is None:
        return EMPTY
    return best.label or ("human" if best.category == HUMAN else best.category)
