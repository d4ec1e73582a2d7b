"""What a training is asked, what it is handed, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.inspection import Inspection
from gallery.datasets.labelled import Scan
from gallery.datasets.pixel_store import Decode
from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import TrainingError
from gallery.files import write_atomic
from gallery.training.history import FitResult
from gallery.training.recipes import Recipe
from gallery.types import MODEL_ID, JobKind, ModelCard, PhotoId

REQUEST_FILE, SPLIT_FILE = "request.json", "split.csv"

SEARCH_SUFFIX = "-search"
"""Ends the name of a search's folder; the rest is the id of the model that its best trial would become."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train, on what, and where it is kept while it lasts.

    Attributes:
        data: folder of class sub-folders, zip of one, or CSV of path and label.
        weights: "imagenet", "none", a path, or None for the architecture's usual.
        model_id: of the model it becomes.
        folder: of this training: split, history, progress, checkpoints.
        cache: of decoded photos and saved outputs, shared by trainings.
        plan: how photos are split where the data do not say.
        teacher: of a recipe that has one: "imagenet", a path, or None for "imagenet".
        unlabelled: a folder of photos that the teacher alone speaks of.
        name: of the model as people read it; "" for one made from recipe and classes.
    """

    data: Path
    recipe: Recipe
    weights: str | None
    model_id: str
    folder: Path
    cache: Path
    plan: SplitPlan = USUAL
    teacher: str | None = None
    unlabelled: Path | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.recipe.distillation is None and (self.teacher or self.unlabelled):
            raise TrainingError(
                f"{self.recipe.name} learns from labels alone: leave out the teacher and the unlabelled "
                "photos, or take the recipe vgg16-distilled."
            )
        if not MODEL_ID.fullmatch(self.model_id):
            raise TrainingError(
                f"{self.model_id!r} cannot be a model's id: 2 to 64 small letters, digits, '.', '_' or '-', "
                "beginning and ending with a letter or digit."
            )

    @property
    def kind(self) -> JobKind:
        """Of the jobs that work in its folder."""
        is_search = self.folder.name == f"{self.model_id}{SEARCH_SUFFIX}"
        return JobKind.SEARCH if is_search else JobKind.TRAINING

    def to_json(self) -> dict[str, Any]:
        """Return what `from_folder` reads: all but the places that the folder itself tells."""
        values = {name: value for name, value in asdict(self).items() if name not in ("folder", "cache")}
        if not self.name:
            del values["name"]  # as in the files from before models had names
        stored: dict[str, Any] = json.loads(json.dumps(values, default=str))
        return stored

    @classmethod
    def from_folder(cls, folder: Path, *, cache: Path) -> TrainingRequest:
        """Return what a training in a folder was asked.

        Raises:
            TrainingError: there is none, or its file is damaged.
        """
        try:
            stored = json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8"))
            return cls(
                data=Path(stored["data"]),
                recipe=Recipe.from_json(stored["recipe"]),
                weights=stored["weights"],
                model_id=stored["model_id"],
                folder=folder,
                cache=cache,
                plan=SplitPlan(**stored["plan"]),
                teacher=stored.get("teacher"),
                unlabelled=Path(stored["unlabelled"]) if stored.get("unlabelled") else None,
                name=str(stored.get("name", "")),
            )
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise TrainingError(f"There is no training in {folder} ({exc}). Start a new one.") from exc


ShippedImagenet = Callable[[str], tuple[str, Mapping[str, NDArray[np.floating[Any]]]] | None]


class SaveModel(Protocol):
    """`models.ModelStore.save`."""

    def __call__(
        self,
        card: ModelCard,
        weights: Mapping[str, NDArray[np.floating[Any]]],
        *,
        evaluation: Mapping[str, Any] | None = None,
        history: Sequence[Mapping[str, Any]] | None = None,
        training_photos: Iterable[PhotoId] | None = None,
        validation_photos: Iterable[PhotoId] | None = None,
    ) -> Path: ...


@dataclass(frozen=True)
class TrainingParts:
    """The adapters that a training uses.

    Attributes:
        scan: lists photos below a folder.
        unzip: unpacks a zip file into a folder of the home and returns it.
        decode: opens a decoder to a given input size.
        taken: whether there is a model of an id.
        save: stores a new model.
        shipped_imagenet: the id and the tensors of a shipped model that keeps ImageNet's convolutions of a
            backbone, None where there is none.
    """

    scan: Scan
    unzip: Callable[[Path], Path]
    decode: Callable[[int], AbstractContextManager[Decode]]
    taken: Callable[[str], bool]
    save: SaveModel
    shipped_imagenet: ShippedImagenet = lambda _: None


@dataclass(frozen=True, slots=True)
class TrainingResult(FitResult):
    """What a training came to.

    Attributes:
        model_folder: where the new model lies.
        photos: how many each part has.
        evaluation: of its "part", the test photos or else the validation photos.
        notes: a sentence for each thing worth knowing.
    """

    request: TrainingRequest
    model_folder: Path
    parameter_count: int
    photos: Mapping[str, int]
    evaluation: Mapping[str, Any]
    temperature: float
    inspection: Inspection
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what ``train --json`` prints."""
        looked = self.inspection.to_json()
        return {
            "model_id": self.request.model_id,
            "folder": str(self.model_folder),
            "recipe": self.request.recipe.name,
            "parameter_count": self.parameter_count,
            "photos": dict(self.photos),
            "epochs": len(self.history),
            "best_epoch": self.best.epoch,
            "ended": self.ended,
            "seconds": self.seconds,
            "validation_accuracy": self.best.val_accuracy,
            "validation_loss": self.best.val_loss,
            "temperature": self.temperature,
            "measured_on": self.evaluation["part"],
            "measured_photos": self.evaluation.get("n"),
            **{name: self.evaluation.get(name) for name in ("accuracy", "accuracy_interval", "macro_f1")},
            "skipped": looked.pop("skipped"),
            "data": looked,
            "notes": list(self.notes),
        }


def refuse_taken(request: TrainingRequest, parts: TrainingParts) -> None:
    """Refuse to train a model whose name another one has.

    Raises:
        TrainingError: it is taken.
    """
    if parts.taken(request.model_id):
        raise TrainingError(
            f"There is a model called {request.model_id} already, or there was one. Choose another id."
        )


def remember(request: TrainingRequest) -> bool:
    """Store what is asked in the training's folder, and return whether it was there: this is a resumption.

    The number of epochs may differ, so that a training can be made longer; the last one asked is stored.

    Raises:
        TrainingError: the folder belongs to another training.
    """
    request.folder.mkdir(parents=True, exist_ok=True)
    file, asked = request.folder / REQUEST_FILE, request.to_json()
    if not file.is_file():
        write_atomic(file, json.dumps(asked, indent=1), durable=False)
        return False
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
        different = sorted(
            [key for key in asked if key != "recipe" and asked[key] != before.get(key)]
            + [k for k, v in asked["recipe"].items() if k != "epochs" and v != before["recipe"].get(k)]
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise TrainingError(
            f"{file} cannot be read ({exc}). Remove {request.folder} and train again."
        ) from exc
    if different:
        raise TrainingError(
            f"{request.model_id} was begun with another {different[0]}. Take up that training as it was, or "
            f"choose another id, or remove {request.folder}."
        )
    if asked != before:  # who takes it up later from this file gets as many
        write_atomic(file, json.dumps(asked, indent=1), durable=False)
    return True
