"""The card of a freshly trained model: all that must travel with it, and what it reached."""

from __future__ import annotations

import datetime
import importlib.metadata
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gallery.datasets.labelled import Part
from gallery.datasets.split import Split
from gallery.training.preparing import Prepared
from gallery.training.request import TrainingRequest
from gallery.types import ModelCard

if TYPE_CHECKING:
    from gallery.training.learning import Learnt


def photo_counts(split: Split) -> dict[str, int]:
    """Return how many photos each part has."""
    return {part.value: count for part in Part if (count := len(split.rows(part)))}


def made_by(request: TrainingRequest) -> str:
    """Return the command that trains the same again, with this card in place of ``card.json``.

    The recipe, the seed and the split's plan stand on the card; of folders and files only the names do.
    """
    words = ["python -m gallery train --recipe card.json", f"--data {shlex.quote(request.data.name)}"]
    for option in ("weights", "teacher", "unlabelled"):
        named = getattr(request, option)
        if named is not None:
            words.append(f"--{option} {shlex.quote(Path(named).name)}")
    return " ".join([*words, f"--out {shlex.quote(request.model_id + '-again')}"])


def new_card(
    request: TrainingRequest,
    prepared: Prepared,
    learnt: Learnt,
    evaluation: Mapping[str, Any],
    temperature: float,
) -> ModelCard:
    """Return the card, but for what the store fills in: the weights' hash and the number of parameters.

    Args:
        request: what was asked.
        prepared: the photos.
        learnt: what the training did.
        evaluation: as it stands in ``evaluation.json``, with its "part".
        temperature: fitted on the validation photos.
    """
    from gallery.network.architectures import architecture_named

    recipe, part, fitted = request.recipe, str(evaluation["part"]), learnt.fitted
    photos, class_names = photo_counts(prepared.split), prepared.decoded.data.class_names
    architecture = architecture_named(recipe.architecture)
    limits = []
    if part == Part.VALIDATION.value:
        limits.append(
            "Measured on its validation photos, by which the best epoch and the temperature were chosen: "
            "expect a little less on other photos."
        )
    if not request.plan.by_group:
        limits.append("The split did not keep sources apart: photos of another camera or site may do worse.")
    return ModelCard(
        model_id=request.model_id,
        name=request.name or f"{recipe.name}, {len(class_names)} classes",
        architecture=architecture.name,
        class_names=class_names,
        input_px=recipe.input_px,
        preprocessing=architecture.preprocessing,
        resize="squash",
        target_layer=learnt.target_layer,
        temperature=temperature,
        weights_file="weights.npz",
        weights_sha256="",  # filled in by the store, as is the number of parameters
        parameter_count=0,
        created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        description=recipe.description,
        trained_on={
            "data": request.data.name,
            "photos": photos.get("train", 0),
            "validation_photos": photos.get("validation", 0),
            "weights": learnt.start.source,
            **learnt.teaching,
            "epochs": len(fitted.history),
            "best_epoch": fitted.best.epoch,
            "seconds": round(fitted.seconds, 1),
            "precision": learnt.precision,
            "split": asdict(request.plan),
            "recipe": asdict(recipe),
            "made_by": made_by(request),
        },
        tested_on={
            name: evaluation.get(name)
            for name in ("part", "n", "accuracy", "accuracy_interval", "loss", "macro_f1")
        },
        limits=limits,
        library_versions={
            name: importlib.metadata.version(name) for name in ("keras", "numpy", "tensorflow")
        },
    )
