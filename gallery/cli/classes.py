"""``classes``: add, rename, merge, retire classes of one's own."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import tell
from gallery.services import own_classes, wiring
from gallery.settings import Settings


def classes(arguments: argparse.Namespace, settings: Settings) -> None:
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
    lines = []
    for one in found.classes:
        others = f", also {', '.join(one.words)}" if one.words else ""
        lines.append(f"{one.name}: {one.labels:,} labelled{', own class' if one.own else ''}{others}")
    for word, count in found.unlearnt.items():
        lines.append(f"{word}: {count:,} labelled, counts for no class")
    tell(arguments, asdict(found), *lines)
