"""Explain one photo: its stored maps or computed ones, by any method, and how far to trust them.

Pages ask step by step, for what takes long as work in the background; `explain_file` does all of it at once.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gallery.datasets.class_names import class_of_name, listed_names, nearest_class_name
from gallery.errors import DatasetError, ExchangeError, PhotoError
from gallery.explanation import methods, trust
from gallery.explanation import perturbation as pixels
from gallery.explanation.methods import GRAD_CAM, METHODS, Method
from gallery.explanation.perturbation import Region
from gallery.explanation.randomisation import compared_classes, randomisation_test
from gallery.explanation.records import ExplanationRecords, MapOf
from gallery.explanation.trust import Trust, TrustReport
from gallery.network import layouts
from gallery.services import wiring
from gallery.services.explained_photo import ExplainedPhoto, picture
from gallery.settings import LARGE_VIEW_PX, Settings
from gallery.tagging.parts import LOADING
from gallery.types import (
    DecodedPhoto,
    FloatArray,
    ImageBatch,
    ModelCard,
    RgbImage,
    SkippedFile,
    display_path,
)

if TYPE_CHECKING:
    from gallery.jobs.task import Report, Task

SCRAMBLED, SCRAMBLED_SLOW = 2, 1
"""Networks with scrambled weights; one is enough where each costs hundreds of passes."""

method_named = methods.method_named
layer_in_words = layouts.layer_in_words


@dataclass(frozen=True, slots=True)
class Choice:
    """A method at a layer of a model.

    Attributes:
        layer: None for a method that uses none.
    """

    card: ModelCard
    method: Method
    layer: str | None

    @classmethod
    def of(cls, card: ModelCard, method_name: str, layer: str) -> Choice:
        """Return what an address asks for: Grad-CAM, or the model's own layer, where it names none."""
        method = METHODS.get(method_name, METHODS[GRAD_CAM])
        layer = layer if layer in layers_of(card) else card.target_layer
        return cls(card, method, layer if method.by_layer else None)

    @property
    def is_stored(self) -> bool:
        """Whether tagging keeps these maps."""
        return self.method.name == GRAD_CAM and self.layer == self.card.target_layer

    @property
    def passes(self) -> int | None:
        """How many forward passes it takes; None where that follows from the model's weights."""
        channels = layouts.channels_of(self.layer or self.card.target_layer)
        return methods.passes_of(self.method, self.card.input_px, channels)

    @property
    def seconds(self) -> float | None:
        """How long it took on this computer the last time, None where it has not run yet."""
        if self.is_stored:
            return 0.0
        return _records().seconds(self.card.weights_sha256, self.method.name, self.layer)

    def map_of(self, photo: ExplainedPhoto, class_index: int) -> MapOf:
        """Return the name of a map, under which what is found out of it is kept."""
        return MapOf(self.card.weights_sha256, photo.photo_id, self.method.name, self.layer, class_index)


def layers_of(card: ModelCard) -> tuple[str, ...]:
    """Return the layers of a card's network that can be explained, from the photo to the head."""
    return layouts.explainable_layers(card.architecture, card.target_layer)


def _records() -> ExplanationRecords:
    return ExplanationRecords(wiring.settings().explanations)


def maps_task(
    photo: ExplainedPhoto,
    choice: Choice,
    class_index: int,
    known: Callable[[tuple[object, ...]], Task[FloatArray] | None],
) -> Task[FloatArray]:
    """Return the work on a map, (h, w), or on those of all classes where one costs as much as all.

    Args:
        photo: whose map.
        choice: how.
        class_index: of which class.
        known: gives the work of a key that need not be begun.

    Raises:
        PhotoError: the photo's file is gone, or another one has taken its place.
    """
    card, method = choice.card, choice.method
    one_for_all = method.is_slow or not method.by_class
    indices = range(len(card.class_names)) if one_for_all else [class_index]
    key = (card.weights_sha256, photo.photo_id, method.name, choice.layer, tuple(indices))
    if (task := known(key)) is not None:
        return task
    image = photo.model_input()

    def work(report: Report) -> FloatArray:
        report(0, 0, LOADING)
        explainer = wiring.explainer(card.model_id)
        report(0, choice.passes or 0)
        began = time.monotonic()
        cams = explainer.explain_classes(
            image, indices, method=method.name, layer=choice.layer, on_pass=report
        )
        seconds = time.monotonic() - began
        _records().keep_seconds(card.weights_sha256, method.name, choice.layer, seconds)
        return np.asarray(cams if one_for_all else cams[0], np.float32)

    return wiring.tasks().ask(key, work, lane="slow" if method.is_slow else "quick")


def trust_of(which: MapOf) -> TrustReport | None:
    """Return what a test of a map found, None where it was not tested."""
    return _records().trust(which)


def trust_key(which: MapOf) -> tuple[object, ...]:
    """Return the key of the work on a test."""
    return "trust", which


def trust_passes(choice: Choice) -> int:
    """Return how many altered photos a test classifies."""
    return trust.passes() + (choice.passes or 0) * _scrambled_networks(choice)


def _scrambled_networks(choice: Choice) -> int:
    return SCRAMBLED_SLOW if choice.method.is_slow else SCRAMBLED


def trust_task(photo: ExplainedPhoto, choice: Choice, cam: FloatArray, class_index: int) -> Task[TrustReport]:
    """Return the work on a test of a map; what it finds is kept.

    Raises:
        PhotoError: the photo's file is gone, or another one has taken its place.
    """
    card, which = choice.card, choice.map_of(photo, class_index)
    image = photo.model_input()
    total = trust_passes(choice)

    def work(report: Report) -> TrustReport:
        from gallery.photos.heatmap import cam_to_heatmap

        report(0, 0, LOADING)
        explainer = wiring.explainer(card.model_id)
        report(0, total)  # a scrambled network takes seconds to make, and is no pass
        done = 0

        def passed(count: int) -> None:
            nonlocal done
            done += count
            report(min(done, total), total)

        def classify(images: ImageBatch) -> FloatArray:
            probabilities = explainer.probabilities(images)
            passed(len(images))
            return probabilities

        classes = compared_classes(which.class_index, len(card.class_names))

        def scrambled_maps(seed: int) -> FloatArray:
            before = done

            def on_pass(now: int, _: int) -> None:
                passed(before + now - done)

            network = explainer.scrambled(seed, image)
            found = network.explain_classes(
                image, classes, method=which.method, layer=which.layer, on_pass=on_pass
            )
            passed(0 if choice.method.is_slow else 1)
            return found

        same = randomisation_test(cam, [scrambled_maps(seed) for seed in range(_scrambled_networks(choice))])
        heat = cam_to_heatmap(cam, size_px=(card.input_px, card.input_px))
        found = trust.measure_trust(image, heat, which.class_index, classify, randomisation=same)
        _records().keep_trust(which, found)
        return found

    return wiring.tasks().ask(trust_key(which), work, lane="slow")


@dataclass(frozen=True, slots=True)
class TrustAverages:
    """How a method does on all maps that were tested with it, each value in [0, 1] but the counts.

    The average drop, lower is better, and the average increase, higher is better, are those of Chattopadhay
    et al. 2018, section 4.1.
    """

    tested: int
    passed: int
    drop: float
    increase: float
    deletion: float
    insertion: float


def trust_averages(choice: Choice) -> TrustAverages | None:
    """Return the averages of a method at a layer, None while fewer than two maps were tested."""
    reports = list(_records().tested(choice.card.weights_sha256, choice.method.name, choice.layer))
    if len(reports) < 2:
        return None
    return TrustAverages(
        tested=len(reports),
        passed=sum(report.verdict is Trust.PASSES for report in reports),
        drop=float(np.mean([report.drop for report in reports])),
        increase=float(np.mean([report.increased for report in reports])),
        deletion=float(np.mean([report.deletion.area for report in reports])),
        insertion=float(np.mean([report.insertion.area for report in reports])),
    )


def loading_task(card: ModelCard) -> Task[None]:
    """Return the work of making a model ready to classify altered photos."""

    def load(report: Report) -> None:
        report(0, 0, LOADING)
        explainer = wiring.explainer(card.model_id)
        report(1, 2)
        explainer.probabilities(np.zeros((2, card.input_px, card.input_px, 3), np.uint8))  # the first is slow

    return wiring.tasks().ask(loading_key(card), load)


def loading_key(card: ModelCard) -> tuple[object, ...]:
    """Return the key of that work."""
    return "explainer", card.weights_sha256


def greyed_out(model_id: str, image: RgbImage, regions: Sequence[Region]) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities of the whole photo and of the one with regions greyed out, each (classes,).

    Raises:
        CamError: a region is empty or leaves the photo.
        ModelError: the model cannot be loaded or run.
    """
    images = np.stack([image, pixels.greyed_out(image, regions)])
    before, after = wiring.explainer(model_id).probabilities(images)
    return before, after


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model gives a photo one of its classes.

    Attributes:
        choice: by which method, at which layer.
        probabilities: (classes,) as tagging gives them.
        class_index: the class explained.
        cam: (h, w).
        picture: the photo, (height, width, 3).
    """

    choice: Choice
    probabilities: FloatArray
    class_index: int
    cam: FloatArray
    picture: RgbImage

    @property
    def has_evidence(self) -> bool:
        from gallery.photos.heatmap import has_evidence

        return has_evidence(self.cam)

    def write(self, out: Path, npy: Path | None, *, opacity: float, colour_map: str) -> None:
        """Write the photo with the heatmap over it as PNG, and the raw map.

        Raises:
            ExchangeError: see `check_places`, or a place cannot be written.
        """
        from gallery.exchange.heatmap_files import write_heatmap, write_map
        from gallery.photos import heatmap

        hot = heatmap.cam_to_heatmap(self.cam, size_px=(self.picture.shape[1], self.picture.shape[0]))
        overlay = heatmap.overlay(self.picture, hot, opacity=opacity, colour_map=colour_map)
        write_heatmap(out, heatmap.marked_png(overlay), heatmap.is_marked)
        if npy is not None:
            write_map(npy, self.cam)


def check_places(out: Path, npy: Path | None, photo: Path) -> None:
    """Refuse places that cannot be meant before the long work; they are asked again when it is done.

    Raises:
        ExchangeError: another file than an earlier explanation is there, or a name has the wrong ending.
    """
    from gallery.exchange.heatmap_files import check_heatmap_place, check_map_place
    from gallery.photos.heatmap import is_marked

    check_heatmap_place(out, is_marked)
    if out.exists() and photo.exists() and out.samefile(photo):  # a heatmap of a heatmap
        raise ExchangeError(
            f"{display_path(out)} is the photo itself, and photos are never written over. "
            "Give the heatmap another name, which ends with .png."
        )
    if npy is not None:
        check_map_place(npy)


def explain_file(
    settings: Settings,
    path: Path,
    choice: Choice,
    *,
    class_index: int | None = None,
    exact: bool = False,
    on_pass: Callable[[int, int], None],
) -> Explanation:
    """Return why a model gives a photo a class: kept from a tagging if it was tagged, else computed now.

    Args:
        settings: where the catalog and the models are.
        path: of the photo.
        choice: the method and the layer.
        class_index: the class; None for the predicted one.
        exact: whether a stored map, which has 256 steps, is not enough.
        on_pass: see `Explainer.explain`.

    Raises:
        GalleryError: the photo cannot be read, the model cannot be run, or there is no such layer.
    """
    card = choice.card
    models = wiring.model_store(settings)
    with wiring.new_decode_pool(card.input_px) as pool:
        (decoded,) = pool.decode([path])
        if isinstance(decoded, SkippedFile):
            raise PhotoError(f"{display_path(path)} cannot be explained: {decoded.reason}. {decoded.detail}")
        shown = picture(pool.large_jpeg(path, LARGE_VIEW_PX, photo_id=decoded.photo_id))
    classifier = functools.cache(lambda: wiring.load_classifier(models, card.model_id))
    tagged = _tagged(settings, card, decoded)
    if tagged is None:
        batch = classifier().classify(decoded.model_input[None])
        tagged = batch.probabilities[0], None if batch.cams is None else batch.cams[0]
    probabilities, cams = tagged
    index = int(probabilities.argmax()) if class_index is None else class_index
    if choice.is_stored and not exact and cams is not None:
        cam = cams[index]
    else:
        explainer = wiring.explainer_of(classifier(), models)
        cam = explainer.explain(
            decoded.model_input, index, method=choice.method.name, layer=choice.layer, on_pass=on_pass
        )
    return Explanation(choice, probabilities, index, cam, shown)


def _tagged(
    settings: Settings, card: ModelCard, photo: DecodedPhoto
) -> tuple[FloatArray, FloatArray | None] | None:
    """Return a photo's probabilities and maps of all classes as the catalog has them, None if it has none."""
    if not (settings.catalog_dir / "catalog.sqlite3").is_file():
        return None
    with wiring.composed(settings) as parts:
        prediction = parts.catalog.prediction(photo.photo_id, card.model_id)
        cams = parts.catalog.cams(photo.photo_id, card.model_id)
    if prediction is None or prediction.class_names != card.class_names:
        return None
    return prediction.probabilities, cams


def class_index(name: str, class_names: Sequence[str]) -> int:
    """Return the class that a user named, in English or Italian.

    Raises:
        DatasetError: there is no such class.
    """
    index = class_of_name(name, class_names)
    if index is None:
        near = nearest_class_name(name, class_names)
        hint = f" Did you mean {near}?" if near else ""
        raise DatasetError(f'There is no class "{name}".{hint} Classes: {listed_names(class_names)}.')
    return index
