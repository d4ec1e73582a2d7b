"""``export --out PLACE``: photos and labels in the formats of other programs, or people's verdicts."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import tell
from gallery.errors import ExchangeError
from gallery.services import export as export_service
from gallery.services import formats, wiring
from gallery.settings import Settings
from gallery.types import display_path


def export(arguments: argparse.Namespace, settings: Settings) -> None:
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
            _verdicts(arguments, parts)
            return
        made = formats.write(
            parts,
            arguments.format,
            None if arguments.beside else arguments.out,
            folder=arguments.collection,
            model_id=arguments.model,
            options=_options(arguments),
        )
    out = "beside the photos" if arguments.beside else display_path(arguments.out)
    unread = [] if made.photos else ["No photo has been read yet: run `python -m gallery tag DIR` first."]
    tell(
        arguments,
        {"out": out, "format": arguments.format, **asdict(made)},
        f"{out}: {made.photos:,} photos, with the tags of {made.model_id}.",
        *unread,
        notes=made.notes,
    )


def _options(arguments: argparse.Namespace) -> formats.Options:
    """Return the options, which the command line calls as a form does."""
    given = {name: "1" if value is True else value for name, value in vars(arguments).items()}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    places = {} if arguments.places is None else formats.read_sites(arguments.places)
    return formats.options_of(texts, links=arguments.links, sites=places)


def _verdicts(arguments: argparse.Namespace, parts: wiring.Parts) -> None:
    verdicts, collections = export_service.verdicts(
        parts, arguments.out, folder=arguments.collection, model_id=arguments.model
    )
    out = display_path(arguments.out)
    lines = [f"{out}: {verdicts:,} verdicts on labels."]
    if not verdicts:
        lines.append(
            "Nobody has judged a label yet: do so on the Evaluate page, under “Labels that are probably "
            "wrong”."
        )
    tell(arguments, {"out": out, "verdicts": verdicts, "collections": collections}, *lines)
