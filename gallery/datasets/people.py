"""Labels that people gave in the gallery itself, so that any collection can be evaluated on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.datasets.class_names import class_of_name
from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.types import PhotoId, PredictionTable


def labels_of_people(
    table: PredictionTable, standing: Mapping[PhotoId, str], class_names: Sequence[str]
) -> ModelLabels:
    """Return the labels that people gave to the photos of a collection.

    Args:
        table: the collection's photos that a model has tagged.
        standing: the label in force of each photo that a person has labelled.
        class_names: the model's classes; labels that are none of them are left out.

    Raises:
        DatasetError: no photo has such a label.
    """
    of_name = {name: class_of_name(name, class_names) for name in set(standing.values())}
    labels: dict[Path, int] = {}
    others = 0
    for path, photo_id in zip(table.paths, table.photo_ids, strict=True):
        if photo_id in standing:
            index = of_name[standing[photo_id]]
            if index is None:
                others += 1
            else:
                labels[path] = index
    if not labels:
        raise DatasetError(
            "Nobody has named a photo of this collection yet. Open photos in Browse and set their class "
            "(keys 1 to 9 and 0), also where the model is right; then evaluate."
        )
    problems = []
    if len(labels) < len(table):
        problems.append(
            f"People have named {len(labels):,} of {len(table):,} photos. If they looked mostly for errors, "
            "the model is better on all photos than these numbers say."
        )
    if others:
        problems.append(f"Left out, because people's label is no class of this model: {others:,}.")
    return ModelLabels(labels, tuple(problems))
