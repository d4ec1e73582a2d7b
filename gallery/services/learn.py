"""Learn from people's labels: fit a head on stored features, show what it would change, keep it or not."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError, TrainingError
from gallery.learning.classes import LearntClasses
from gallery.learning.fit import OPINION_COUNTS, Examples, Scale, labelled
from gallery.learning.head import Head
from gallery.learning.lessons import Lessons, learn_head, said_by, taken_together
from gallery.network.layouts import BACKBONES
from gallery.services import candidates, wiring
from gallery.services.candidates import ChangedPhotos, LearnPreview
from gallery.services.heads import features_in_chunks, head_of, name_from_features
from gallery.types import Collection, FloatArray, ModelCard, PhotoId
from gallery.words import counted

if TYPE_CHECKING:
    from gallery.catalog.head_store import NamedPhoto
    from gallery.models.parts import TrainingFeatures

OPINIONS = 500
"""Photos without a label on which a head without training photos keeps its opinion."""


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A learnt head that became a model of the store and is the one that tags now."""

    model_id: str
    photos: int  # named from stored features
    seconds: float


def why_not(card: ModelCard) -> str | None:
    """Return why a model cannot learn from labels in seconds, None where it can."""
    if card.architecture in BACKBONES:
        return None
    return (
        f"{card.model_id} has no head on pooled features ({card.architecture}), so its head cannot be fitted "
        "to labels alone. Train it anew on the Train page, or activate a model that can learn, such as the "
        "shipped ones."
    )


def preview(
    parts: wiring.Parts, *, model_id: str | None = None, collection: Collection | None = None
) -> LearnPreview:
    """Fit a head to all that people labelled, and return what it would change; nothing is changed yet.

    Args:
        parts: real or fake ones.
        model_id: whose tags people see; the active model's if left out.
        collection: whose photos are looked through for changed tags; None for all collections.

    Raises:
        TrainingError: there is nothing to learn from, or the model has no pooled head.
        GalleryError: the model is damaged, features are lost, or the disk refuses.
    """
    started = time.monotonic()
    card = wiring.chosen_card(parts.models, model_id)
    reason = why_not(card)
    if reason is not None:
        raise TrainingError(reason)
    backbone = card if card.backbone is None else parts.models.card(card.backbone)
    name_from_features(parts, card)
    named = parts.catalog.named_photos(card.model_id)
    lessons, files, classes, notes = _lessons(parts, card, backbone, named)
    shown, base = head_of(parts, card), head_of(parts, backbone)
    tagged = _Tagged.of(parts, card, collection, {one.photo_id for one in named})
    remembered = parts.models.training_features(backbone.model_id)
    if remembered is None:
        opinions = parts.catalog.features(card.model_id, tagged.sample(OPINIONS))
        scale = Scale.of(np.concatenate([opinions, lessons.features]))
        beside = _opinions(shown, opinions, classes)
    else:
        scale = Scale.of(remembered.features)
        beside = _remembered(remembered, classes)
    head, held_back = learn_head(shown, base, classes, lessons, beside, scale)
    held_back_before, held_back_after = held_back.accuracies
    before, after = _remembering(shown, head, remembered, classes)
    found = LearnPreview(
        id=candidates.free_id(parts, backbone.model_id),
        shown_id=card.model_id,
        backbone_id=backbone.model_id,
        class_names=classes.names,
        labels={
            classes.names[index]: count
            for index, count in sorted(Counter(lessons.class_indices.tolist()).items())
        },
        held_back=len(held_back.rows),
        held_back_before=held_back_before,
        held_back_after=held_back_after,
        fixed=tuple(files[row] for row in held_back.fixed.tolist()),
        broken=tuple(files[row] for row in held_back.broken.tolist()),
        remembered_before=before,
        remembered_after=after,
        photos=len(tagged.photo_ids),
        changed=_changed(parts, card, head, tagged),
        seconds=0.0,
        notes=tuple(notes),
    )
    learnt_from = {*lessons.photo_ids}
    if remembered is None and card is not backbone:  # by its opinions it hands on what it has seen
        learnt_from |= parts.models.training_photos(card.model_id)
    candidates.save(parts, found, candidates.new_card(found, card, backbone), head, sorted(learnt_from))
    return dataclasses.replace(found, seconds=time.monotonic() - started)


def keep(parts: wiring.Parts, candidate_id: str) -> KeptHead:
    """Make a learnt head a model of the store and the one that tags; all known photos get its tags at once.

    Raises:
        ModelError: there is no such head, or its backbone has changed since.
        GalleryError: the disk refuses.
    """
    started = time.monotonic()
    folder = candidates.folder_of(parts, candidate_id)
    from gallery.models.card import card_from_json
    from gallery.models.parts import read_json, read_weights

    data = read_json(folder / candidates.CANDIDATE_FILE)
    card = card_from_json(data["card"], candidate_id)
    backbone = parts.models.card(str(card.backbone))
    if backbone.weights_sha256 != card.backbone_sha256:
        raise ModelError(
            f"{backbone.model_id} has changed since {candidate_id} was learnt on it. Learn again from your "
            "labels."
        )
    kept = next((entry.card for entry in parts.models.entries() if entry.model_id == candidate_id), None)
    if kept is None or kept.created_at != card.created_at:  # else keeping it was cut off after this
        parts.models.save(
            card, read_weights(folder / candidates.HEAD_FILE), training_photos=data["training_photos"]
        )
    threshold = parts.catalog.unsure_threshold(str(data["shown_id"]))
    if threshold is not None:
        parts.catalog.choose_unsure_threshold(candidate_id, threshold)
    card = parts.models.card(candidate_id)
    photos = name_from_features(parts, card)
    parts.models.activate(candidate_id)
    shutil.rmtree(folder, ignore_errors=True)
    return KeptHead(candidate_id, photos, time.monotonic() - started)


def discard(parts: wiring.Parts, candidate_id: str) -> None:
    """Forget a learnt head; labels stay.

    Raises:
        ModelError: there is none of this name.
    """
    shutil.rmtree(candidates.folder_of(parts, candidate_id), ignore_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Tagged:
    """The photos without a label that the shown model has named."""

    photo_ids: tuple[PhotoId, ...]
    files: NDArray[np.int64]
    class_indices: NDArray[np.int64]

    @classmethod
    def of(
        cls, parts: wiring.Parts, card: ModelCard, collection: Collection | None, labelled_ids: set[PhotoId]
    ) -> _Tagged:
        chosen = parts.catalog.collections() if collection is None else [collection]
        photo_ids: list[PhotoId] = []
        files: list[int] = []
        classes: list[int] = []
        known = set(labelled_ids)
        for one in chosen:
            table = parts.catalog.prediction_table(one.collection_id, card.model_id, with_paths=False)
            said = table.probabilities.argmax(axis=1) if len(table) else []
            for photo_id, file_id, index in zip(table.photo_ids, table.file_ids, said, strict=True):
                if photo_id not in known:
                    known.add(photo_id)
                    photo_ids.append(photo_id)
                    files.append(int(file_id))
                    classes.append(int(index))
        return cls(tuple(photo_ids), np.array(files, np.int64), np.array(classes, np.int64))

    def sample(self, count: int) -> list[PhotoId]:
        """Return some of the photos, always the same ones."""
        rows = np.random.default_rng(0).permutation(len(self.photo_ids))[:count]
        return [self.photo_ids[row] for row in rows.tolist()]


def _lessons(
    parts: wiring.Parts, card: ModelCard, backbone: ModelCard, named: Sequence[NamedPhoto]
) -> tuple[Lessons, list[int], LearntClasses, list[str]]:
    """Return what labels teach, the files of their photos, the classes, and what should be known of them."""
    classes = LearntClasses.of(backbone.class_names, parts.catalog.class_map())
    counts = Counter(classes.index_of(one.label) for one in named)
    unknown = [
        name
        for index, (name, column) in enumerate(zip(classes.names, classes.columns, strict=True))
        if column is None and not counts[index]
    ]
    classes = classes.without(unknown)
    notes = [f"No photo is labelled {name} yet, so this class is not learnt." for name in unknown]
    of_label = {label: classes.index_of(label) for label in {one.label for one in named}}
    usable = [one for one in named if of_label[one.label] is not None]
    others = Counter(one.label for one in named if of_label[one.label] is None)
    if others:
        words = ", ".join(f"{label} ({count:,})" for label, count in others.most_common(5))
        notes.append(f"Labels that count for no class are not learnt from: {words}.")
    trained = _digests_seen(parts, card)
    photo_ids = tuple(one.photo_id for one in usable)
    features = parts.catalog.features(card.model_id, photo_ids)
    groups = taken_together(features, [one.place for one in usable], [one.taken_at for one in usable])
    known = np.array([photo_id in trained for photo_id in photo_ids], bool)
    lessons = Lessons(
        photo_ids,
        features,
        np.array([of_label[one.label] for one in usable], np.int64),
        groups,
        ~np.isin(groups, groups[known]),
    )
    seen = int((~lessons.unseen).sum())
    if seen:
        notes.append(
            f"{counted(seen, 'label')} of photos that the shown model was trained on, or of ones taken "
            "together with them, say nothing about it."
        )
    return lessons, [one.file_id for one in usable], classes, notes


def _digests_seen(parts: wiring.Parts, card: ModelCard) -> frozenset[PhotoId]:
    listed = parts.models.training_photos(card.model_id)
    return listed | parts.catalog.photos_named(listed)


def _remembered(known: TrainingFeatures, classes: LearntClasses) -> Examples:
    """Return training photos as examples of the new classes; those of a retired class are left out."""
    as_new = np.array([-1 if (k := classes.index_of(name)) is None else k for name in classes.base_names])
    indices = as_new[known.class_indices]
    kept = indices >= 0
    return labelled(known.features[kept], indices[kept], len(classes.names), 1.0)


def _opinions(shown: Head, features: FloatArray, classes: LearntClasses) -> Examples:
    """Return what the shown head says of photos as examples: what no label contradicts shall stay."""
    said = shown.probabilities(features)
    targets = np.zeros((len(features), len(classes.names)), np.float32)
    for column, name in enumerate(shown.class_names):
        index = classes.index_of(name)
        if index is not None:
            targets[:, index] += said[:, column]
    kept = targets.sum(axis=1) > 0
    targets = targets[kept] / targets[kept].sum(axis=1, keepdims=True)
    return Examples(features[kept], targets, np.full(len(targets), OPINION_COUNTS, np.float32))


def _remembering(
    shown: Head, new: Head, known: TrainingFeatures | None, classes: LearntClasses
) -> tuple[float | None, float | None]:
    """Return the shares of remembered training photos that are right by the shown head and by the new one."""
    if known is None:
        return None, None
    examples = _remembered(known, classes)
    truth = examples.targets.argmax(axis=1)
    before = said_by(shown, examples.features, classes)
    after = new.scores(examples.features).argmax(axis=1)
    return float((before == truth).mean()), float((after == truth).mean())


def _changed(parts: wiring.Parts, card: ModelCard, head: Head, tagged: _Tagged) -> tuple[ChangedPhotos, ...]:
    became: dict[tuple[str, str], list[int]] = {}
    for rows, features in features_in_chunks(parts, card.model_id, tagged.photo_ids):
        new = head.scores(features).argmax(axis=1)
        for file_id, was, becomes in zip(
            tagged.files[rows].tolist(), tagged.class_indices[rows].tolist(), new.tolist(), strict=True
        ):
            pair = card.class_names[was], head.class_names[becomes]
            if pair[0] != pair[1]:
                became.setdefault(pair, []).append(file_id)
    most_first = sorted(became.items(), key=lambda item: -len(item[1]))
    return tuple(ChangedPhotos(was, becomes, tuple(files)) for (was, becomes), files in most_first)
