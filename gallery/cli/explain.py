"""``explain PHOTO``: the photo with the heatmap of a class laid over it, by any method and for any layer."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.cli.output import answer, note, say
from gallery.datasets.class_names import class_of_name, listed_names, nearest_class_name
from gallery.errors import CamError, DatasetError, ExchangeError, PhotoError
from gallery.exchange.heatmap_files import check_heatmap_place, check_map_place, write_heatmap, write_map
from gallery.explanation.methods import GRAD_CAM, Method
from gallery.services import wiring
from gallery.services.explain import method_named
from gallery.settings import LARGE_VIEW_PX, Settings
from gallery.types import DecodedPhoto, FloatArray, ModelCard, SkippedFile, display_path
from gallery.words import percent

TOLD_EVERY_S = 5.0
"""Methods of many passes say how far they are this often."""


@dataclass(frozen=True, slots=True)
class _Explained:
    """What there is to show of a photo."""

    probabilities: FloatArray  # (classes,)
    class_index: int  # the one explained
    cam: FloatArray  # (h, w)


def explain(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the overlay as a PNG, and print what the model says of the photo.

    Raises:
        GalleryError: the photo cannot be read, there is no such class, method or layer, the
            model has no maps, or a file cannot be written or would replace another one than
            of an earlier explanation.
    """
    from gallery.photos import heatmap
    from gallery.photos.decode import picture_from_jpeg

    method = method_named(arguments.method)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    asked = None if arguments.class_name is None else class_index(arguments.class_name, card.class_names)
    photo: Path = arguments.photo.expanduser().absolute()
    _check_places(arguments.out, arguments.npy, photo)
    with wiring.new_decode_pool(card.input_px) as pool:
        (decoded,) = pool.decode([photo])
        if isinstance(decoded, SkippedFile):
            raise PhotoError(f"{display_path(photo)} cannot be explained: {decoded.reason}. {decoded.detail}")
        picture = picture_from_jpeg(pool.large_jpeg(photo, LARGE_VIEW_PX, photo_id=decoded.photo_id))
    if method.name == GRAD_CAM and arguments.layer in (None, card.target_layer) and not arguments.npy:
        explained = _as_tagged(settings, card, decoded, asked)
    else:
        explained = _by_method(settings, card, decoded, asked, method, arguments.layer)
    probabilities, shown, cam = explained.probabilities, explained.class_index, explained.cam
    hot = heatmap.cam_to_heatmap(cam, size_px=(picture.shape[1], picture.shape[0]))
    overlay = heatmap.overlay(picture, hot, opacity=arguments.opacity, colour_map=arguments.colour_map)
    write_heatmap(arguments.out, heatmap.marked_png(overlay), heatmap.is_marked)
    if arguments.npy:
        write_map(arguments.npy, cam)
    evidence = heatmap.has_evidence(cam)
    predicted = int(probabilities.argmax())
    name, best = card.class_names[shown], card.class_names[predicted]
    if arguments.json:
        answer(
            {
                "model_id": card.model_id,
                "photo": display_path(photo),
                "class": name,
                "confidence": float(probabilities[shown]),
                "predicted": best,
                "probabilities": dict(zip(card.class_names, map(float, probabilities), strict=True)),
                "method": method.name,
                "layer": arguments.layer or card.target_layer if method.by_layer else None,
                "evidence": evidence,
                "out": display_path(arguments.out),
                "npy": None if arguments.npy is None else display_path(arguments.npy),
            }
        )
        return 0
    say(f"{display_path(photo)}: {best} ({percent(probabilities[predicted])})")
    of_class = (
        f"why {name} ({percent(probabilities[shown])})"
        if method.by_class
        else "what stands out to the network"
    )
    if evidence:
        say(f"{display_path(arguments.out)} shows {of_class}, by {method.title} ({method.source}).")
    else:
        say(
            f"No evidence: nothing in the photo speaks for {name}; {display_path(arguments.out)} has no heat."
        )
    return 0


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


def _as_tagged(settings: Settings, card: ModelCard, photo: DecodedPhoto, asked: int | None) -> _Explained:
    """Return what tagging says of a photo: kept from a tagging if it was tagged, else computed now."""
    kept = _kept(settings, card, photo)
    if kept is None:
        classifier = wiring.load_classifier(wiring.model_store(settings), card.model_id)
        said = classifier.classify(photo.model_input[None])
        if said.cams is None:
            raise CamError(f"The model {card.model_id} gives no heatmaps. Choose another one with --model.")
        kept = said.probabilities[0], said.cams[0]
    probabilities, cams = kept
    shown = int(probabilities.argmax()) if asked is None else asked
    return _Explained(probabilities, shown, cams[shown])


def _kept(settings: Settings, card: ModelCard, photo: DecodedPhoto) -> tuple[FloatArray, FloatArray] | None:
    """Return a photo's probabilities and maps of all classes as the catalog has them, None if it has none."""
    if not (settings.catalog_dir / "catalog.sqlite3").is_file():
        return None
    with wiring.composed(settings) as parts:
        prediction = parts.catalog.prediction(photo.photo_id, card.model_id)
        cams = parts.catalog.cams(photo.photo_id, card.model_id)
    if prediction is None or cams is None or prediction.class_names != card.class_names:
        return None
    return prediction.probabilities, cams


def _by_method(
    settings: Settings,
    card: ModelCard,
    photo: DecodedPhoto,
    asked: int | None,
    method: Method,
    layer: str | None,
) -> _Explained:
    """Return a map that tagging does not keep, or keeps in 256 steps only: computed now, in float32."""
    explainer = wiring.load_explainer(wiring.model_store(settings), card.model_id)
    probabilities = explainer.probabilities(photo.model_input[None])[0]
    shown = int(probabilities.argmax()) if asked is None else asked
    cam = explainer.explain(
        photo.model_input, shown, method=method.name, layer=layer, on_pass=_Passes(method.title)
    )
    return _Explained(probabilities, shown, cam)


class _Passes:
    """Says now and then how many passes of a method are done."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= TOLD_EVERY_S:
            self._told = time.monotonic()
            note(f"{self._title}: {done} of {total} passes")


def _check_places(out: Path, npy: Path | None, photo: Path) -> None:
    """Refuse places that cannot be meant before the long work; they are asked again when it is done."""
    from gallery.photos.heatmap import is_marked

    check_heatmap_place(out, is_marked)
    if out.exists() and photo.exists() and out.samefile(photo):  # a heatmap of a heatmap
        raise ExchangeError(
            f"{display_path(out)} is the photo itself, and photos are never written over. "
            "Give the heatmap another name, which ends with .png."
        )
    if npy is not None:
        check_map_place(npy)
