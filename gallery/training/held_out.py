"""A new model and the active one on the photos that a training held back: what each says, kept with it."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.datasets.labelled import Part
from gallery.errors import DatasetError, TrainingError
from gallery.files import write_atomic
from gallery.jobs.task import Report
from gallery.training.request import SPLIT_FILE, TrainingParts, TrainingRequest
from gallery.types import Classifier, DecodedPhoto, PhotoId

_BATCH = 32


@dataclass(frozen=True, slots=True)
class HeldOutPhoto:
    """A photo that was held back from a training."""

    photo_id: PhotoId
    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The photos held back: the test part where there is one, else the validation part."""

    part: Part
    photos: tuple[HeldOutPhoto, ...]


def held_out(request: TrainingRequest, unzip: Callable[[Path], Path]) -> HeldOut:
    """Return the photos that a training held back, each once.

    Raises:
        TrainingError: its split is gone.
    """
    file = request.folder / SPLIT_FILE
    try:
        with file.open(newline="", encoding="utf-8", errors="surrogateescape") as rows:
            split = list(csv.DictReader(rows))
        root = _root(request.data, unzip)
        for part in (Part.TEST, Part.VALIDATION):
            found = {
                row["photo_id"]: HeldOutPhoto(row["photo_id"], root / row["path"], row["label"])
                for row in split
                if row["part"] == part.value
            }
            if found:
                return HeldOut(part, tuple(found.values()))
    except (OSError, KeyError, csv.Error, DatasetError) as exc:
        raise TrainingError(f"{file} cannot be read ({exc}), so there is nothing to compare on.") from exc
    raise TrainingError(f"{file} names no photo that was held back, so there is nothing to compare on.")


def _root(data: Path, unzip: Callable[[Path], Path]) -> Path:
    """Return the folder that a split's paths start at, as `labelled_data` has it."""
    if data.suffix.lower() == ".zip" and data.is_file():
        return unzip(data).resolve()
    return data.parent.resolve() if data.suffix.lower() == ".csv" and data.is_file() else data.resolve()


def say(
    classifier: Classifier,
    photos: Sequence[HeldOutPhoto],
    parts: TrainingParts,
    on_progress: Callable[[int], None],
) -> dict[PhotoId, str]:
    """Return what a model calls each photo; files that are gone meanwhile are left out.

    Args:
        classifier: a loaded one.
        photos: held back by a training.
        parts: decode.
        on_progress: is told how many are done.
    """
    said: dict[PhotoId, str] = {}
    with parts.decode(classifier.input_px) as decode:
        decoded = (one for one in decode([photo.path for photo in photos]) if isinstance(one, DecodedPhoto))
        while batch := list(itertools.islice(decoded, _BATCH)):
            probabilities = classifier.classify(np.stack([one.model_input for one in batch])).probabilities
            for one, index in zip(batch, probabilities.argmax(axis=1), strict=True):
                said[one.photo_id] = classifier.class_names[int(index)]
            on_progress(len(said))
    return said


def answers_of(
    folder: Path,
    photos: Sequence[HeldOutPhoto],
    parts: TrainingParts,
    load: Mapping[str, Callable[[], Classifier]],
    report: Report,
) -> dict[str, dict[PhotoId, str]]:
    """Return what each model calls the photos; an answer is kept on disk and asked for once.

    Args:
        folder: of the training; a file a model is kept there.
        photos: to ask about.
        parts: decode.
        load: gives each model, by a key that changes with its weights.
        report: is told how many answers there are, all models together.

    Raises:
        GalleryError: a model cannot be loaded, or the answers cannot be kept.
    """
    said: dict[str, dict[PhotoId, str]] = {}
    total = len(photos) * len(load)
    for before, (name, give) in enumerate(load.items()):
        file = folder / f"said-{name}.json"
        answers = _read(file)
        if answers is None:

            def told(done: int, begun: int = before * len(photos)) -> None:
                report(begun + done, total)

            answers = say(give(), photos, parts, told)
            try:
                write_atomic(file, json.dumps(answers), durable=False)
            except OSError as exc:
                raise TrainingError(f"The comparison could not be kept in {folder}: {exc}.") from exc
        said[name] = answers
    return said


def _read(file: Path) -> dict[PhotoId, str] | None:
    """Return the answers that are kept in a file; None where nobody has asked yet."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {str(photo_id): str(label) for photo_id, label in stored.items()}
    except (OSError, ValueError, AttributeError):
        return None
