"""Classify what a detector found: each animal's box of MegaDetector's results, and the photo by its boxes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ExchangeError, PhotoError
from gallery.services import wiring
from gallery.settings import LEAST_BOX_CONFIDENCE, TAG_BATCH
from gallery.types import ModelCard, RgbImage, display_path

if TYPE_CHECKING:
    from gallery.models import ModelStore
    from gallery.network.classifier import KerasClassifier

READ_PX = 4096
"""A photo is read so large at most: an animal of a twentieth of its width still fills a network's input."""


@dataclass(frozen=True, slots=True)
class ClassifiedBoxes:
    """What was done.

    Attributes:
        photos: in the results file.
        boxes: animals that were classified.
        labels: how many photos have each label now.
        missing: photos that could not be read, with why.
    """

    photos: int
    boxes: int
    labels: Mapping[str, int]
    missing: tuple[str, ...]


def classify_boxes(
    models: ModelStore,
    card: ModelCard,
    folder: Path,
    results: Path,
    out: Path,
    *,
    least: float = LEAST_BOX_CONFIDENCE,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ClassifiedBoxes:
    """Write a results file anew with the model's classes in each animal's box.

    The photo's label is that of the mean of its boxes, the surer ones weighing more; a photo without an
    animal is "human" or "vehicle" where the detector saw one, else "blank". How many boxes there are stays
    in the file.

    Args:
        models: the store that the model is in.
        card: the model's.
        folder: in which the results' photos lie.
        results: what MegaDetector wrote, format 1.3 to 1.6.
        out: the file to write, whole or not at all.
        least: confidence below which a box counts for nothing.
        on_progress: gets how many photos of how many are done.

    Raises:
        GalleryError: it is no results file, none of its photos is there, or the place cannot be written.
    """
    from gallery.exchange.megadetector_json import classified, load_results
    from gallery.exchange.whole_file import write_whole

    data, missing, labels, count = load_results(results), [], Counter[str](), 0
    images: list[dict[str, Any]] = []
    with wiring.new_decode_pool(card.input_px) as pool:
        classifier = wiring.load_classifier(models, card.model_id)

        def shares_of(
            image: Mapping[str, Any], boxes: Sequence[Sequence[float]]
        ) -> NDArray[np.float32] | None:
            from gallery.photos.crops import square_crop
            from gallery.photos.decode import picture_from_jpeg, squash

            path = folder / str(image["file"]).replace("\\", "/")
            try:
                picture = picture_from_jpeg(pool.large_jpeg(path, READ_PX))
            except PhotoError as exc:
                missing.append(str(exc))
                return None
            return _classified(
                classifier, [squash(square_crop(picture, box), card.input_px) for box in boxes]
            )

        for image in data["images"]:
            made, found = classified(
                image, data, shares_of, classifier.class_names, card.model_id, least=least
            )
            images.append(made)
            labels.update([made["smart_gallery"]["label"]] if "smart_gallery" in made else [])
            count += found
            on_progress(len(images), len(data["images"]))
    if missing and not count:
        raise ExchangeError(
            f"None of the photos of {display_path(results)} could be read in {display_path(folder)}. "
            f"The first: {missing[0]} Give the folder that the detector was run on."
        )
    names = {str(k): name for k, name in enumerate(classifier.class_names)}
    info = {**data["info"], "format_version": "1.6", "classifier": card.model_id}
    whole = {**data, "info": info, "classification_categories": names, "images": images}
    whole.pop("classification_category_descriptions", None)  # of another classifier's classes
    write_whole(out, [json.dumps(whole, ensure_ascii=False, indent=1)])
    return ClassifiedBoxes(len(images), count, dict(labels.most_common()), tuple(missing))


def _classified(classifier: KerasClassifier, crops: Sequence[RgbImage]) -> NDArray[np.float32]:
    batches = [np.stack(crops[first : first + TAG_BATCH]) for first in range(0, len(crops), TAG_BATCH)]
    return np.concatenate([classifier.classify(batch).probabilities for batch in batches])
