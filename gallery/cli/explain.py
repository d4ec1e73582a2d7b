"""``explain PHOTO``: the photo with the heatmap of a class laid over it, by any method and for any layer."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from gallery.cli.output import answer, note, say
from gallery.services import explain as service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import percent

TOLD_EVERY_S = 5.0
"""Methods of many passes say how far they are this often."""


def explain(arguments: argparse.Namespace, settings: Settings) -> int:
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
    found = service.explain_file(
        settings,
        photo,
        service.Choice(card, method, layer),
        class_index=index,
        exact=arguments.npy is not None,
        on_pass=_Passes(method.title),
    )
    found.write(arguments.out, arguments.npy, opacity=arguments.opacity, colour_map=arguments.colour_map)
    probabilities, shown, evidence = found.probabilities, found.class_index, found.has_evidence
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
                "layer": layer,
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
        say(f"There is no evidence for {name} in the photo; {display_path(arguments.out)} has no heat.")
    return 0


class _Passes:
    """Says now and then how many passes of a method are done."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= TOLD_EVERY_S:
            self._told = time.monotonic()
            note(f"{self._title}: {done} of {total} passes")
