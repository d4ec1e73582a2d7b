"""``export --out PLACE``: photos and labels in the formats of other programs, or people's verdicts."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, note, say
from gallery.errors import ExchangeError
from gallery.services import export as export_service
from gallery.services import formats, wiring
from gallery.settings import Settings
from gallery.types import display_path


def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write what is known of the photos of one collection or of all in a format, or the verdicts.

    Raises:
        GalleryError: the folder was never opened, or the place cannot be written.
    """
    if arguments.out is None and not (arguments.format == "xmp" and arguments.beside):
        raise ExchangeError("Say where to write with --out PLACE.")
    if arguments.beside and arguments.format != "xmp":
        raise ExchangeError("Only sidecars go beside the photos: choose --format xmp, or --out PLACE.")
    with wiring.composed(settings) as parts:
        if arguments.verdicts:
            return _verdicts(arguments, parts)
        made = formats.write(
            parts,
            arguments.format,
            None if arguments.beside else arguments.out,
            folder=arguments.collection,
            model_id=arguments.model,
            options=_options(arguments),
        )
    out = "beside the photos" if arguments.beside else display_path(arguments.out)
    if arguments.json:
        answer(
            {
                "out": out,
                "format": arguments.format,
                "photos": made.photos,
                "collections": made.collections,
                "model_id": made.model_id,
                "notes": list(made.notes),
            }
        )
        return 0
    for sentence in made.notes:
        note(sentence)
    say(f"{out}: {made.photos:,} photos, with the tags of {made.model_id}.")
    if not made.photos:
        say("No photo has been read yet: run `python -m gallery tag DIR` first.")
    return 0


def _options(arguments: argparse.Namespace) -> formats.Options:
    given = {
        "separator": arguments.separator,
        "below": "1" if arguments.below else "",
        "naming": arguments.naming,
        "rating": "1" if arguments.rating else "",
        "latitude": arguments.latitude or "",
        "longitude": arguments.longitude or "",
        "time_zone": arguments.time_zone or "",
        "title": arguments.title or "",
        "by_sequence": "1" if arguments.by_sequence else "",
    }
    if arguments.location is not None:
        given["location"] = arguments.location
    places = {} if arguments.places is None else formats.read_sites(arguments.places)
    return formats.options_of(given, links=arguments.links, sites=places)


def _verdicts(arguments: argparse.Namespace, parts: wiring.Parts) -> int:
    made = export_service.verdicts(
        parts, arguments.out, folder=arguments.collection, model_id=arguments.model
    )
    out = display_path(arguments.out)
    if arguments.json:
        answer({"out": out, "verdicts": made.rows, "collections": made.collections})
        return 0
    say(f"{out}: {made.rows:,} verdicts on labels.")
    if not made.rows:
        say(
            "Nobody has judged a label yet: do so on the Evaluate page, under “Labels that are probably "
            "wrong”."
        )
    return 0
