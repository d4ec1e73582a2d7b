"""``check``: is everything there that tagging needs, and is it whole?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import tell
from gallery.services.check import findings
from gallery.settings import Settings


def check(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check everything, print all findings, and return 1 if something is wrong."""
    found = list(findings(settings, arguments.model, content=arguments.content, repair=arguments.repair))
    wrong = sum(not finding.ok for finding in found)
    tell(
        arguments,
        {"ok": not wrong, "checks": [asdict(finding) for finding in found]},
        *(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.name}: {finding.detail}" for finding in found),
        "Everything is in order." if not wrong else f"{wrong} of {len(found)} checks found something wrong.",
    )
    return 1 if wrong else 0
