"""A training from data to model: read, decode, split, fit, measure, save."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from gallery.datasets.labelled import Part
from gallery.errors import TrainingError
from gallery.evaluation.calibration import fit_temperature, platt_targets
from gallery.evaluation.report import EvaluationReport
from gallery.jobs.progress import Stopped
from gallery.training.history import MEASURING, PREPARING, Tell, TrainingProgress
from gallery.training.new_card import new_card, photo_counts
from gallery.training.preparing import Prepared, prepare
from gallery.training.request import TrainingParts, TrainingRequest, TrainingResult, refuse_taken, remember
from gallery.types import PhotoId

if TYPE_CHECKING:
    from gallery.training.checkpoint import Tensors
    from gallery.training.learning import Learnt


def train(
    request: TrainingRequest, parts: TrainingParts, *, on_progress: Tell = lambda _: None
) -> TrainingResult:
    """Train a network as asked, save it as a model, and return what it came to.

    Asked again with the same folder, a training that was killed goes on after
    its last whole epoch. In the folder lie ``history.csv`` and ``split.csv``.

    Args:
        request: what.
        parts: the adapters.
        on_progress: is told about every second; raises `Stopped` to end with the best epoch so far.

    Raises:
        GalleryError: the data, the weights or the disk do not allow it.
    """
    refuse_taken(request, parts)
    remember(request)
    _check_files(request)
    try:
        on_progress(TrainingProgress(PREPARING, epochs=request.recipe.epochs))
        prepared = prepare(request, parts, on_progress)
        from gallery.training.learning import learn  # TensorFlow comes with it

        learnt = learn(request, prepared, on_progress, shipped=parts.shipped_imagenet)
    except Stopped:
        raise TrainingError("Stopped while the photos were being read; nothing was learnt yet.") from None
    with contextlib.suppress(Stopped):  # what was learnt is kept
        epochs = len(learnt.fitted.history)
        on_progress(TrainingProgress(MEASURING, epoch=epochs, epochs=request.recipe.epochs))
    result = _save(request, parts, prepared, learnt)
    for file in request.folder.glob("*.npz"):
        file.unlink(missing_ok=True)  # the model has what they were for
    return result


def _check_files(request: TrainingRequest) -> None:
    """Refuse files that are not there before the photos are read, which may take long."""
    for option, named in (("weights", request.weights), ("teacher", request.teacher)):
        if named not in (None, "imagenet", "none") and not Path(named).expanduser().exists():
            raise TrainingError(f"There is no file {named}. Give --{option} another path, or imagenet.")


def _save(
    request: TrainingRequest, parts: TrainingParts, prepared: Prepared, learnt: Learnt
) -> TrainingResult:
    """Measure the network as it is kept, with weights in float16, and save it."""
    from gallery.network.architectures import get_weights

    fitted, split = learnt.fitted, prepared.split
    stored = {name: tensor.astype(np.float16) for name, tensor in get_weights(learnt.network).items()}
    temperature, evaluation = _measured(request.model_id, prepared, learnt, stored)
    folder = parts.save(
        new_card(request, prepared, learnt, evaluation, temperature),
        stored,
        evaluation=evaluation,
        history=[asdict(row) for row in fitted.history],
        training_photos=_trained_on(prepared),
        validation_photos=[prepared.decoded.photo_ids[row] for row in split.rows(Part.VALIDATION)],
    )
    return TrainingResult(
        fitted.history,
        fitted.best,
        fitted.ended,
        request=request,
        model_folder=folder,
        parameter_count=learnt.network.count_params(),
        photos=photo_counts(split),
        evaluation=evaluation,
        temperature=temperature,
        inspection=prepared.inspection,
        notes=(*split.notes, *_start_notes(request, learnt)),
    )


def _measured(
    model_id: str, prepared: Prepared, learnt: Learnt, stored: Tensors
) -> tuple[float, dict[str, Any]]:
    """Return the temperature, fitted on the validation photos, and the scores on the test photos, if any."""
    from gallery.network.architectures import set_weights
    from gallery.training.fit import predict

    data, split = learnt.data, prepared.split
    set_weights(learnt.judged, stored, only=frozenset(layer.name for layer in learnt.judged.layers))
    logits = predict(learnt.judged, data, data.validation)
    targets = platt_targets(data.labels[data.validation], data.class_count)
    temperature = fit_temperature(logits, targets)
    part, rows = Part.VALIDATION, data.validation
    if len(split.rows(Part.TEST)):
        part, rows = Part.TEST, split.rows(Part.TEST)
        logits = predict(learnt.judged, data, rows)
    report = EvaluationReport.from_predictions(
        data.labels[rows],
        softmax(logits.astype(np.float64) / temperature, axis=1),
        prepared.decoded.data.class_names,
        model_id,
    )
    return temperature, {**report.to_json(), "part": part.value}


def _trained_on(prepared: Prepared) -> list[PhotoId]:
    """Return the hashes of all photos that the network was trained on, labelled or not."""
    ids = [prepared.decoded.photo_ids[row] for row in prepared.split.rows(Part.TRAIN)]
    more = prepared.unlabelled
    return ids if more is None else [*ids, *(more.decoded.photo_ids[row] for row in more.rows)]


def _start_notes(request: TrainingRequest, learnt: Learnt) -> list[str]:
    start = learnt.start
    if start.source.startswith("imagenet"):
        return [f"The convolutions began from {start.source}."]
    if not start.missing or (start.source == "none" and request.recipe.trainable == "all"):
        return []
    what = "All convolutions" if start.source == "none" else f"{len(start.missing)} convolutions"
    how = "stay random" if request.recipe.trainable == "top" else "begin at random and learn"
    return [f"{what} {how}: {start.source} has no weights for them."]
