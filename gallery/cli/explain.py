"""``explain PHOTO``: the photo with the heatmap of a class laid over it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gallery import composition
from gallery.cli.output import answer, say
from gallery.errors import CamError, DatasetError, ExchangeError, PhotoError
from gallery.evaluation.labels import class_of_name, listed_names, nearest_class_name
from gallery.settings import LARGE_VIEW_PX, PHOTO_SUFFIXES, Settings
from gallery.types import BatchPrediction, DecodedPhoto, ModelCard, SkippedFile, display_path


def explain(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the overlay as a PNG, and print what the model says of the photo.

    Raises:
        GalleryError: the photo cannot be read, there is no such class, the
            model has no maps, or the PNG cannot be written or would replace a photo.
    """
    from gallery.photos import heatmap
    from gallery.photos.decode import picture_from_jpeg

    models = composition.model_store(settings)
    card = composition.chosen_card(models, arguments.model)
    asked = None if arguments.class_name is None else class_index(arguments.class_name, card.class_names)
    photo: Path = arguments.photo.expanduser().absolute()
    _keep_photos(arguments.out, photo)
    with composition.decode_pool(card.input_px) as pool:
        (decoded,) = pool.decode([photo])
        if isinstance(decoded, SkippedFile):
            raise PhotoError(f"{display_path(photo)} cannot be explained: {decoded.reason}. {decoded.detail}")
        picture = picture_from_jpeg(pool.large_jpeg(photo, LARGE_VIEW_PX, photo_id=decoded.photo_id))
    said = _said(settings, card, decoded)
    if said.cams is None:
        raise CamError(f"The model {card.model_id} gives no heatmaps. Choose another one with --model.")
    probabilities = said.probabilities[0]
    predicted = int(probabilities.argmax())
    shown = predicted if asked is None else asked
    cam = said.cams[0, shown]
    hot = heatmap.cam_to_heatmap(cam, size_px=(picture.shape[1], picture.shape[0]))
    overlay = heatmap.overlay(picture, hot, opacity=arguments.opacity, colour_map=arguments.colour_map)
    _write(arguments.out, heatmap.png(overlay))
    evidence = heatmap.has_evidence(cam)
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
                "evidence": evidence,
                "out": display_path(arguments.out),
            }
        )
        return 0
    say(f"{display_path(photo)}: {best} ({probabilities[predicted]:.1%})")
    of_class = f"why {name} ({probabilities[shown]:.1%})"
    if evidence:
        say(f"{display_path(arguments.out)} shows {of_class}.")
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


def _said(settings: Settings, card: ModelCard, photo: DecodedPhoto) -> BatchPrediction:
    """Return what the model says of a photo: kept from a tagging if it was tagged, else computed now."""
    import numpy as np

    if (settings.catalog_dir / "catalog.sqlite3").is_file():
        with composition.composed(settings) as parts:
            kept = parts.catalog.prediction(photo.photo_id, card.model_id)
            cams = parts.catalog.cams(photo.photo_id, card.model_id)
        if kept is not None and cams is not None and kept.class_names == card.class_names:
            return BatchPrediction(kept.probabilities[None], np.zeros((1, 0), np.float32), cams[None])
    classifier = composition.load_classifier(composition.model_store(settings), card.model_id)
    return classifier.classify(photo.model_input[None])


def _keep_photos(out: Path, photo: Path) -> None:
    other_kind = out.suffix.lower() in PHOTO_SUFFIXES - {".png"}
    if other_kind or (out.exists() and photo.exists() and out.samefile(photo)):
        raise ExchangeError(
            f"{display_path(out)} may be a photo of yours, and photos are never written over. "
            "Give the heatmap another name, which ends with .png."
        )


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as exc:
        raise ExchangeError(
            f"{display_path(file)} cannot be written: {exc.strerror or exc}. Choose a folder that exists and "
            "that you may write to."
        ) from exc
