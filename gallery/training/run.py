"""A training from data to model: read, decode, look, split, fit, measure, save."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from gallery.datasets.duplicates import duplicate_groups
from gallery.datasets.inspection import Inspection, inspect_set
from gallery.datasets.labelled import Part
from gallery.datasets.pixel_store import DecodedSet, decode_set
from gallery.datasets.reader import read_data
from gallery.datasets.split import Split, split_set
from gallery.datasets.unlabelled import Unlabelled, read_unlabelled, unknown_rows
from gallery.errors import GalleryError, TrainingError
from gallery.evaluation.calibration import fit_temperature, platt_targets
from gallery.jobs.lock import sole_process
from gallery.training.history import Progress, write_progress
from gallery.training.new_card import new_card, photo_counts
from gallery.training.request import TrainingParts, TrainingRequest, TrainingResult, remember
from gallery.types import PhotoId

if TYPE_CHECKING:
    from gallery.training.starting_weights import Start

PROGRESS_FILE, SPLIT_FILE, STOP_FILE = "progress.json", "split.csv", "stop"

HEED_STOP = "GALLERY_HEED_STOP"
"""Set for a process whose starter removed an old stop file: one that is there came while it was starting."""

_SETTLING = 32
"""Photos by which the size of the values is known that layers at random begin with."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data set ready to be trained on."""

    decoded: DecodedSet
    split: Split
    inspection: Inspection
    unlabelled: Unlabelled | None = None


def train(
    request: TrainingRequest, parts: TrainingParts, *, on_progress: Tell = lambda _: None
) -> TrainingResult:
    """Train a network as asked, save it as a model, and return what it came to.

    Asked again with the same folder, a training that was killed goes on after
    its last whole epoch. In the folder lie ``progress.json``, ``history.csv``
    and ``split.csv``; a file ``stop`` ends it with the best epoch so far.

    Args:
        request: what.
        parts: the adapters.
        on_progress: is told about every second.

    Raises:
        GalleryError: the data, the weights or the disk do not allow it; the
            sentence stands in ``progress.json`` too.
    """
    if parts.taken(request.model_id):
        raise TrainingError(
            f"There is a model called {request.model_id} already, or there was one. Choose another id."
        )
    remember(request)
    told_at = 0.0
    state = ""

    def tell(progress: Progress) -> None:
        nonlocal told_at, state
        on_progress(progress)
        if time.monotonic() - told_at >= 1 or progress.state != state:
            told_at, state = time.monotonic(), progress.state
            write_progress(request.folder / PROGRESS_FILE, progress)

    with sole_process(request.folder, patience_s=1.0), _failures_told(request.folder):
        forget_old_stop(request.folder)
        tell(Progress("preparing", epochs=request.recipe.epochs))
        _check_files(request)
        prepared = prepare(request, parts, tell)
        result = _train(request, parts, prepared, tell)
        message = "" if result.ended == "finished" else result.ended
        done = len(result.history)
        write_progress(
            request.folder / PROGRESS_FILE,
            Progress("finished", done, request.recipe.epochs, 0, 0, 0.0, message),
        )
        for file in request.folder.glob("*.npz"):
            file.unlink(missing_ok=True)  # the model has what they were for
    return result


def forget_old_stop(folder: Path) -> None:
    """Remove the stop file of an earlier time, but not one that came while this process was starting."""
    if not os.environ.pop(HEED_STOP, ""):
        (folder / STOP_FILE).unlink(missing_ok=True)


def prepare(request: TrainingRequest, parts: TrainingParts, tell: Tell = lambda _: None) -> Prepared:
    """Return the photos of a request decoded, split and looked at; the Train page shows this beforehand.

    Raises:
        GalleryError: the data cannot be read, or not be split as planned.
    """
    data = read_data(request.data, scan=parts.scan, unzip=parts.unzip, translate=parts.translate)

    def told(done: int, total: int) -> None:
        if (request.folder / STOP_FILE).exists():
            raise TrainingError("Stopped while the photos were being read; nothing was learnt yet.")
        tell(Progress("preparing", 0, request.recipe.epochs, done, total))

    more = read_unlabelled(request.unlabelled, scan=parts.scan) if request.unlabelled else None
    side, unlabelled = request.recipe.input_px, None
    with parts.decode(side) as decode:
        decoded = decode_set(data, input_px=side, decode=decode, folder=request.cache, on_progress=told)
        if more is not None:
            unlabelled = decode_set(
                more, input_px=side, decode=decode, folder=request.cache, on_progress=told
            )
    request.folder.mkdir(parents=True, exist_ok=True)
    copies = duplicate_groups(decoded)
    split = split_set(decoded, request.plan, copies, stored=request.folder / SPLIT_FILE)
    inspection = inspect_set(decoded, copies, split.parts)
    if unlabelled is None:
        return Prepared(decoded, split, inspection)
    inspection = replace(inspection, skipped=(*inspection.skipped, *unlabelled.skipped))
    rows = unknown_rows(unlabelled, decoded, split)
    return Prepared(decoded, split, inspection, Unlabelled(unlabelled, rows))


def _check_files(request: TrainingRequest) -> None:
    """Refuse files that are not there before the photos are read, which may take long."""
    for option, named in (("weights", request.weights), ("teacher", request.teacher)):
        if named not in (None, "imagenet", "none") and not Path(named).expanduser().exists():
            raise TrainingError(f"There is no file {named}. Give --{option} another path, or imagenet.")


def _train(request: TrainingRequest, parts: TrainingParts, prepared: Prepared, tell: Tell) -> TrainingResult:
    from gallery.network.architectures import architecture_named, build, get_weights, set_weights
    from gallery.network.engine import keras
    from gallery.network.precision import best_precision
    from gallery.training.fit import FitData, predict_logits
    from gallery.training.learning import learn, network_options
    from gallery.training.starting_weights import fill, settle

    recipe, decoded, split = request.recipe, prepared.decoded, prepared.split
    architecture = architecture_named(recipe.architecture)
    keras.utils.set_random_seed(recipe.seed)
    conv_dtype = "mixed_bfloat16" if best_precision() == "bfloat16" else "float32"
    class_names = decoded.data.class_names
    network = build(
        architecture.name,
        len(class_names),
        recipe.input_px,
        conv_dtype=conv_dtype,
        options=network_options(recipe),
    )
    start = fill(network, architecture, request.weights)
    data = FitData(
        inputs=decoded.images,
        labels=decoded.data.labels,
        train=split.rows(Part.TRAIN),
        validation=split.rows(Part.VALIDATION),
        class_count=len(class_names),
        preprocessing=architecture.preprocessing,
    )
    if architecture.preprocessing == "caffe":  # its values are hundreds, as ImageNet's blocks have them
        settle(network, start, data.given(data.inputs(data.train[:_SETTLING])))
    target_layer = architecture.target_layer or start.last_convolution
    learnt = learn(network, data, request, prepared, start=start, target_layer=target_layer, tell=tell)
    fitted, judging = learnt.fitted, learnt.network
    tell(Progress("measuring", len(fitted.history), recipe.epochs))
    stored = {name: tensor.astype(np.float16) for name, tensor in get_weights(network).items()}
    set_weights(judging, stored, only=frozenset(layer.name for layer in judging.layers))  # as it is kept
    judged = predict_logits(judging, learnt.data, data.validation)
    temperature = fit_temperature(judged, platt_targets(data.labels[data.validation], len(class_names)))
    part, rows = Part.VALIDATION, data.validation
    if len(split.rows(Part.TEST)):
        part, rows = Part.TEST, split.rows(Part.TEST)
        judged = predict_logits(judging, learnt.data, rows)
    probabilities = softmax(judged.astype(np.float64) / temperature, axis=1)
    evaluation = dict(parts.evaluate(data.labels[rows], probabilities, class_names, request.model_id))
    evaluation["part"] = part.value
    card = new_card(
        request,
        class_names,
        photo_counts(split),
        fitted,
        source=start.source,
        evaluation=evaluation,
        temperature=temperature,
        precision=conv_dtype,
        target_layer=target_layer,
        teaching=learnt.teaching,
    )
    folder = parts.save(
        card,
        stored,
        evaluation=evaluation,
        history=[asdict(row) for row in fitted.history],
        training_photos=_learnt_from(prepared),
        validation_photos=[decoded.photo_ids[row] for row in data.validation],
    )
    return TrainingResult(
        model_id=request.model_id,
        model_folder=folder,
        recipe=recipe.name,
        parameter_count=network.count_params(),
        photos=photo_counts(split),
        history=fitted.history,
        best=fitted.best,
        measured_on=part.value,
        evaluation=evaluation,
        temperature=temperature,
        ended=fitted.ended,
        seconds=sum(row.seconds for row in fitted.history),
        inspection=prepared.inspection,
        notes=(*split.notes, *_start_notes(request, start)),
    )


def _learnt_from(prepared: Prepared) -> list[PhotoId]:
    """Return the hashes of all photos that the network was trained on, labelled or not."""
    ids = [prepared.decoded.photo_ids[row] for row in prepared.split.rows(Part.TRAIN)]
    more = prepared.unlabelled
    return ids if more is None else [*ids, *(more.decoded.photo_ids[row] for row in more.rows)]


def _start_notes(request: TrainingRequest, start: Start) -> list[str]:
    if not start.missing or (start.source == "none" and request.recipe.trainable == "all"):
        return []
    what = "All convolutions" if start.source == "none" else f"{len(start.missing)} convolutions"
    how = "stay random" if request.recipe.trainable == "top" else "begin at random and learn"
    return [f"{what} {how}: {start.source} has no weights for them."]


@contextlib.contextmanager
def _failures_told(folder: Path) -> Iterator[None]:
    """Leave the sentence of an error where those who watch will find it."""
    try:
        yield
    except GalleryError as exc:
        write_progress(folder / PROGRESS_FILE, Progress("failed", message=str(exc)))
        raise
