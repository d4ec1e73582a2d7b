"""``explain PHOTO``: the photo with the heatmap of a class laid over it, by any method and for any layer."""

from __future__ import annotations

import argparse
from pathlib import Path

from gallery.cli.output import ProgressBar, tell
from gallery.services import explain as service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import percent


def explain(arguments: argparse.Namespace, settings: Settings) -> None:
    """Write the overlay as a PNG, and print the prediction.

    Raises:
        GalleryError: the photo cannot be read, there is no such class, method or layer, the
            model has no maps, or a file cannot be written or would replace another one than
            of an earlier explanation.
    """
    method = service.method_named(arguments.method)
    card = wiring.chosen_card(wiring.model_store(settings), arguments.model)
    asked = arguments.class_name
    index = None if asked is None else service.class_index(asked, card.class_names)
    photo: Path = arguments.photo.expanduser().absolute()
    service.check_places(arguments.out, arguments.npy, photo)
    layer = arguments.layer or (card.target_layer if method.by_layer else None)
    with ProgressBar() as bar:
        found = service.explain_file(
            settings,
            photo,
            service.Choice(card, method, layer),
            class_index=index,
            exact=arguments.npy is not None,
            on_pass=lambda done, total: bar.step(done, total, method.title, unit="passes"),
        )
    found.write(arguments.out, arguments.npy, opacity=arguments.opacity, colour_map=arguments.colour_map)
    probabilities, shown, evidence = found.probabilities, found.class_index, found.has_evidence
    predicted = int(probabilities.argmax())
    name, best, out = card.class_names[shown], card.class_names[predicted], display_path(arguments.out)
    of_class = (
        f"why {name} ({percent(probabilities[shown])})"
        if method.by_class
        else "what stands out to the network"
    )
    tell(
        arguments,
        {
            "model_id": card.model_id,
            "photo": display_path(photo),
            "class": name,
            "confidence": float(probabilities[shown]),
            "predicted": best,
            "probabilities": dict(zip(card.class_names, map(float, probabilities), strict=True)),
            "method": method.name,
            "layer": layer,
            "evidence": evidence,
            "out": out,
            "npy": None if arguments.npy is None else display_path(arguments.npy),
        },
        f"{display_path(photo)}: {best} ({percent(probabilities[predicted])})",
        f"{out} shows {of_class}, by {method.title} ({method.source})."
        if evidence
        else f"There is no evidence for {name} in the photo; {out} has no heat.",
    )
