"""``similar PHOTO``: the photos that are most like one."""

from __future__ import annotations

import argparse

from gallery.cli.output import tell
from gallery.services import similar as service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path


def similar(arguments: argparse.Namespace, settings: Settings) -> None:
    """List the nearest photos by features, the nearest first.

    Raises:
        GalleryError: the photo is not tagged yet, or no such folder was opened.
    """
    with wiring.composed(settings) as parts:
        where = (
            None if arguments.collection is None else wiring.collections_of(parts, arguments.collection)[0]
        )
        found = service.similar_photos(
            parts,
            service.photo_of_file(parts, arguments.photo),
            count=arguments.count,
            model_id=arguments.model,
            collection=where,
        )
    rows = [
        {
            "path": display_path(one.path),
            "picture_sha256": one.photo_id,
            "similarity": round(one.similarity, 5),
            "label": one.label,
            "predicted": one.predicted,
        }
        for one in found
    ]
    lines = []
    for one in found:
        said = f"{one.label} (labelled)" if one.label else one.predicted
        lines.append(f"{one.similarity:.3f}  {said}  {display_path(one.path)}")
    tell(arguments, {"photos": rows}, *lines)
