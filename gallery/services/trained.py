"""What came of a training: its model, kept or not, beside another on the photos that were held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gallery import settings as limits
from gallery.errors import GalleryError
from gallery.services import wiring
from gallery.services.training_parts import known_to_start, training_parts
from gallery.training.trainings import TrainingRun, candidate_folder
from gallery.types import ModelCard

if TYPE_CHECKING:
    from gallery.evaluation.comparison import ModelComparison
    from gallery.jobs.task import Report, Task
    from gallery.models import ModelStore
    from gallery.training.held_out import HeldOut, HeldOutPhoto
    from gallery.types import Classifier, PhotoId


@dataclass(frozen=True)
class Trained:
    """The model that a training became, kept or not.

    Attributes:
        store: where it lies.
        kept: it is among the home's models.
        active: it tags.
        rival: the model to compare it with: the active one, or the shipped one where it is active itself.
    """

    run: TrainingRun
    store: ModelStore
    card: ModelCard
    kept: bool
    active: bool
    rival: ModelCard | None


def of(run: TrainingRun) -> Trained:
    """Return the model of a finished training.

    Raises:
        ModelError: it is not there any more.
    """
    model_id, kept = run.request.model_id, run.candidate is None
    store = wiring.models() if kept else wiring.candidates(candidate_folder(run.request.folder))
    card, active = store.card(model_id), wiring.active_model()
    rival = active
    if active is None or active.model_id == model_id:
        try:
            rival = wiring.models().card(limits.DEFAULT_MODEL_ID)
        except GalleryError:
            rival = None
    is_active = active is not None and active.model_id == model_id and kept
    return Trained(run, store, card, kept, is_active, rival)


def keep(run: TrainingRun) -> None:
    """Put a training's model among the home's; the active model stays the active one.

    Raises:
        ModelError: the disk refuses.
    """
    if run.candidate is not None:
        wiring.models().adopt(run.candidate)


def held_out(run: TrainingRun) -> HeldOut:
    """Return the photos that a training held back.

    Raises:
        TrainingError: its split is gone.
    """
    from gallery.training.held_out import held_out as read_held_out

    return read_held_out(run.request, training_parts(wiring.settings()).unzip)


Answers = dict[str, dict["PhotoId", str]]
"""What each model calls each photo, by a key that changes with the model's weights."""


def comparison_task(new: Trained, rival: ModelCard, held: HeldOut) -> Task[Answers]:
    """Return the work of asking both models about photos held back: done, under way, failed, or begun now."""
    from gallery.training.held_out import answers_of

    folder = new.run.request.folder
    load: dict[str, Callable[[], Classifier]] = {
        answers_key(rival): lambda: wiring.classifier(rival.model_id),
        answers_key(new.card): lambda: wiring.load_classifier(new.store, new.card.model_id),
    }
    key = ("held-out answers", str(folder), *load)
    known: Task[Answers] | None = wiring.tasks().known(key)
    if known is not None:
        return known

    def work(report: Report) -> Answers:
        return answers_of(folder, held.photos, training_parts(wiring.settings()), load, report)

    return wiring.tasks().ask(key, work, lane=key)


def forget_comparison(run: TrainingRun) -> None:
    """Ask the models anew next time, after a failure."""
    wiring.tasks().forget("held-out answers", str(run.request.folder))


def answers_key(card: ModelCard) -> str:
    """Return the key under which a model's answers are kept."""
    return f"{card.model_id}-{card.weights_sha256[:8]}"


@dataclass(frozen=True)
class HeldOutComparison:
    """Two models on photos that a training held back; model A is the rival, B the new one.

    Attributes:
        photos: those of classes that the rival knows, in the order of `models`' rows.
        left_out: how many others there are.
        known_to_rival, known_to_start: how many photos the rival, and the model that the new one began
            from, were trained on.
    """

    models: ModelComparison
    photos: tuple[HeldOutPhoto, ...]
    left_out: int
    known_to_rival: int
    known_to_start: int

    def matrix(self, *, new: bool) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], list[str]]:
        """Return a model's confusion matrix of the classes that occur, and their names."""
        from gallery.evaluation.metrics import confusion_matrix

        models, all_names = self.models, self.models.class_names
        used = np.unique(np.concatenate([models.y_true, models.said_a, models.said_b]))
        matrix = confusion_matrix(models.y_true, models.said_b if new else models.said_a, len(all_names))
        return matrix[np.ix_(used, used)], [all_names[int(index)] for index in used]


def misclassified(new: Trained, held: HeldOut, answers: Answers) -> list[tuple[HeldOutPhoto, str]]:
    """Return the photos held back that the new model gets wrong, each with the predicted class."""
    predicted = answers[answers_key(new.card)]
    return [
        (photo, predicted[photo.photo_id])
        for photo in held.photos
        if photo.photo_id in predicted and predicted[photo.photo_id] != photo.label
    ]


def compared(new: Trained, rival: ModelCard, held: HeldOut, answers: Answers) -> HeldOutComparison | None:
    """Return both models side by side; None where the rival knows none of the classes."""
    from gallery.evaluation.comparison import ModelComparison

    said_rival, said_new = answers[answers_key(rival)], answers[answers_key(new.card)]
    photos = [
        photo
        for photo in held.photos
        if photo.photo_id in said_rival and photo.photo_id in said_new and photo.label in rival.class_names
    ]
    if not photos:
        return None
    ids = [photo.photo_id for photo in photos]
    truth = [photo.label for photo in photos]
    columns = [truth, [said_rival[each] for each in ids], [said_new[each] for each in ids]]
    names = (*new.card.class_names, *sorted({*truth, *columns[1]} - set(new.card.class_names)))
    place = {name: index for index, name in enumerate(names)}
    y_true, by_rival, by_new = (np.array([place[name] for name in one], np.int64) for one in columns)
    return HeldOutComparison(
        ModelComparison(rival.model_id, new.card.model_id, names, y_true, by_rival, by_new),
        tuple(photos),
        len(held.photos) - len(photos),
        len(wiring.models().training_photos(rival.model_id).intersection(ids)),
        len(known_to_start(new.run.request.weights).intersection(ids)),
    )
