"""``classes``: add, rename, merge, retire classes of one's own."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, say
from gallery.services import own_classes, wiring
from gallery.settings import Settings


def classes(arguments: argparse.Namespace, settings: Settings) -> int:
    """Change what words count for, if that was asked, and print the classes that `learn` would fit.

    Raises:
        GalleryError: there is no such class, or a name cannot be one.
    """
    with wiring.composed(settings) as parts:
        if arguments.add:
            own_classes.add(parts, arguments.add)
        elif arguments.rename:
            own_classes.rename(parts, *arguments.rename)
        elif arguments.merge:
            own_classes.merge(parts, *arguments.merge)
        elif arguments.retire:
            own_classes.retire(parts, arguments.retire)
        elif arguments.restore:
            own_classes.restore(parts, arguments.restore)
        found = own_classes.listed(parts)
    if arguments.json:
        answer(
            {
                "classes": [
                    {"name": one.name, "own": one.own, "words": list(one.words), "labels": one.labels}
                    for one in found.classes
                ],
                "unlearnt": dict(found.unlearnt),
            }
        )
        return 0
    for one in found.classes:
        others = f", also {', '.join(one.words)}" if one.words else ""
        say(f"{one.name}: {one.labels:,} labelled{', own class' if one.own else ''}{others}")
    for word, count in found.unlearnt.items():
        say(f"{word}: {count:,} labelled, counts for no class")
    return 0
