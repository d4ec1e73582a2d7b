"""Compare two models on the same labelled photos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation.comparison import EvaluationPair
from gallery.evaluation.evaluation import Evaluation
from gallery.services import evaluate, wiring
from gallery.types import ModelCard


def shared_labels(
    labels: Iterable[tuple[Path, int]], names: Sequence[str], other_names: Sequence[str]
) -> dict[Path, int]:
    """Return the labels that count for a second model: those of the classes that it knows, by its indices.

    Args:
        labels: path and class index of each photo.
        names: the classes that these indices are of.
        other_names: the second model's classes.

    Example:
        >>> shared_labels([(Path("a"), 0), (Path("b"), 1)], ("dog", "cat"), ("cow", "dog"))[Path("a")]
        1
    """
    index = [other_names.index(name) if name in other_names else None for name in names]
    return {path: known for path, true in labels if (known := index[true]) is not None}


def comparable_models(evaluation: Evaluation) -> dict[str, ModelCard]:
    """Return the cards of the other usable models that know a class of the evaluation's, by id."""
    names = set(evaluation.report.class_names)
    return {
        entry.model_id: entry.card
        for entry in wiring.models().entries()
        if entry.ok and entry.card is not None and entry.model_id != evaluation.report.model_id
        if names & set(entry.card.class_names)
    }


def known_to(evaluation: Evaluation, card: ModelCard) -> int:
    """Return how many of the photos have a label that is a class of the model."""
    names, support = evaluation.report.class_names, evaluation.report.scores.support.tolist()
    return sum(count for name, count in zip(names, support, strict=True) if name in card.class_names)


@wiring.until_changed(3)
def with_model(evaluation: Evaluation, model_id: str) -> Evaluation | None:
    """Return another model's evaluation on the same labels; None while it has tagged none of the photos.

    Photos whose label is no class of that model are not in it.

    Raises:
        DatasetError: it tagged the photos when it had other classes.
        GalleryError: there is no such model, or the catalog cannot be read.
    """
    from gallery.evaluation.evaluation import evaluate_collection

    catalog, report = wiring.catalog(), evaluation.report
    names = wiring.models().card(model_id).class_names
    pairs = zip(evaluation.paths, report.y_true.tolist(), strict=True)
    labels = shared_labels(pairs, report.class_names, names)
    if not labels or not catalog.predicted(model_id, evaluation.photo_ids):
        return None
    return evaluate_collection(
        catalog, catalog.collection(evaluation.collection_id), model_id, names,
        labels=ModelLabels(labels), source=evaluation.labels,
        seen=evaluate.seen_photos(wiring.parts(), model_id),
    )  # fmt: skip


@wiring.until_changed(3)
def pair(a: Evaluation, b: Evaluation) -> EvaluationPair:
    """Return two evaluations of one folder side by side.

    Raises:
        DatasetError: no photo is in both.
    """
    return EvaluationPair.of(a, b)


def labels_for_second(
    labels: ModelLabels | None, folder: Path, first: ModelCard, second: ModelCard
) -> ModelLabels | None:
    """Return the labels on which a second model is evaluated, before anything is tagged.

    Args:
        labels: the first one's; None where the folders' names are the labels.
        folder: the labelled folder.
        first: whose classes these labels are.
        second: whose classes the result is in; None where it knows the folders' names as well.

    Raises:
        DatasetError: the second model knows none of the photos' classes.
    """
    from gallery.datasets.folder import labels_of

    if labels is None:
        if set(first.class_names) <= set(second.class_names):
            return None
        labels = ModelLabels(labels_of(folder, evaluate.photo_paths(folder), first.class_names).by_path)
    known = shared_labels(labels.by_path.items(), first.class_names, second.class_names)
    if not known:
        raise DatasetError(
            f"{second.model_id} knows none of the classes of these photos; it knows "
            f"{', '.join(second.class_names)}. Compare {first.model_id} with a model of the same animals."
        )
    return ModelLabels(known, labels.problems)
