"""``learn [DIR]``: fit the head to people's labels, show what would change, keep it or not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from gallery.cli.output import tell
from gallery.services import learn as service
from gallery.services import wiring
from gallery.services.candidates import LearnPreview
from gallery.settings import Settings
from gallery.words import counted, percent


def learn(arguments: argparse.Namespace, settings: Settings) -> None:
    """Fit and preview, or keep or discard what was fitted before.

    Raises:
        GalleryError: there is nothing to learn from, the model cannot learn, or there is no such head.
    """
    with wiring.composed(settings) as parts:
        if arguments.keep:
            kept = service.keep(parts, arguments.keep)
            tell(
                arguments,
                {"id": kept.model_id, "photos": kept.photos, "seconds": round(kept.seconds, 3)},
                f"{kept.model_id} tags from now on; {counted(kept.photos, 'photo')} named in "
                f"{kept.seconds:.1f} s. Go back by activating another model.",
            )
            return
        if arguments.discard:
            service.discard(parts, arguments.discard)
            tell(
                arguments,
                {"id": arguments.discard, "discarded": True},
                f"{arguments.discard} is forgotten; the labels stay.",
            )
            return
        folder = arguments.folder
        collection = None if folder is None else wiring.collections_of(parts, folder)[0]
        found = service.preview(parts, model_id=arguments.model, collection=collection)
    tell(arguments, found.to_json(), *_changes(found), notes=found.notes)


def _changes(found: LearnPreview) -> Iterator[str]:
    yield f"Learnt from {counted(sum(found.labels.values()), 'label')} in {found.seconds:.1f} s."
    if found.held_back_before is None or found.held_back_after is None:
        yield "No label could be held back to see whether it is better: they were all taken together."
    else:
        yield (
            f"Of {counted(found.held_back, 'label')} held back in turn, {percent(found.held_back_before)} "
            f"were right before and {percent(found.held_back_after)} are after: {len(found.fixed):,} fixed, "
            f"{len(found.broken):,} broken."
        )
    yield f"{found.changed_count:,} of {counted(found.photos, 'photo')} without a label would change:"
    for one in found.changed[:20]:
        yield f"  {one.was} -> {one.becomes}: {len(one.files):,}"
    yield f"Keep it with: python -m gallery learn --keep {found.id}"
