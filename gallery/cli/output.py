"""What commands print: one JSON object or text on standard output, progress and notes on standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from gallery.tagging.parts import LOOKING, TaggingProgress
from gallery.types import SkippedFile, display_path
from gallery.words import NO_BREAK

if TYPE_CHECKING:
    from tqdm import tqdm

REDRAW_S = 0.2
REDRAW_IN_A_LOG_S = 5.0
"""A file that collects standard error gets a line now and then, not a flood."""


def answer(data: Mapping[str, Any]) -> None:
    """Print the one JSON object; in ASCII, so that every console takes it."""
    print(json.dumps(data, allow_nan=False))


def tell(
    arguments: argparse.Namespace, data: Mapping[str, Any], *lines: str, notes: Iterable[str] = ()
) -> None:
    """Print what a command came to: the object with --json, else the notes and the lines for people."""
    if arguments.json:
        answer(data)
        return
    for sentence in notes:
        note(sentence)
    for line in lines:
        say(line)


def skipped_lines(skipped: Iterable[SkippedFile]) -> list[str]:
    """Return a line for each file that could not be read, with the reason."""
    return [f"  {display_path(file.path)}: {file.reason}. {file.detail}" for file in skipped]


def say(text: str) -> None:
    """Print text on standard output."""
    print(_in_encoding(text, sys.stdout.encoding))


def note(text: str) -> None:
    """Print a sentence on standard error."""
    print(_in_encoding(text, sys.stderr.encoding), file=sys.stderr, flush=True)


def _in_encoding(text: str, encoding: str | None) -> str:
    """Return text with what the console's encoding lacks as ``?``, and with spaces that people can type."""
    encoding = encoding or "utf-8"
    return text.replace(NO_BREAK, " ").encode(encoding, "replace").decode(encoding)


def skipped_json(skipped: Iterable[SkippedFile]) -> list[dict[str, str]]:
    """Return skipped files as ``--json`` gives them."""
    return [
        {"path": display_path(file.path), "reason": str(file.reason), "detail": file.detail}
        for file in skipped
    ]


class ProgressBar:
    """Progress on standard error, from the first step on."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(
        self,
        done: int,
        total: int,
        stage: str = "",
        *,
        beside: str = "",
        unit: str = "photos",
        keep: bool = False,
    ) -> None:
        """Show how much is done.

        Args:
            done: so much.
            total: of so much; another total begins the bar anew, and what was done before counts for no rate.
            stage: what is being done.
            beside: what else there is to say.
            unit: of both.
            keep: leave the old bar where a new one begins.
        """
        if self._bar is not None and keep and (self._bar.total != total or done < self._bar.n):
            self._bar.close()
            self._bar = None
        if self._bar is None:
            from tqdm import tqdm

            interval = REDRAW_S if sys.stderr.isatty() else REDRAW_IN_A_LOG_S
            self._bar = tqdm(
                total=total, initial=done, unit=f" {unit}", mininterval=interval, file=sys.stderr,
                dynamic_ncols=True,
            )  # fmt: skip
        bar = self._bar
        if bar.total != total:
            bar.reset(total)
            bar.initial = bar.n = bar.last_print_n = done
        bar.set_description_str(stage, refresh=False)
        if beside:
            bar.set_postfix_str(beside, refresh=False)
        bar.update(done - bar.n)


class TaggingBar(ProgressBar):
    """A tagging's progress; call it with each `TaggingProgress`.

    Args:
        only: photos that are looked at, where they are fewer than the folder has.
    """

    def __init__(self, only: int | None = None) -> None:
        super().__init__()
        self._only = only

    def __call__(self, progress: TaggingProgress) -> None:
        total, done = progress.total, progress.done
        if self._only is not None and progress.stage != LOOKING:
            total, done = self._only, max(0, done - (total - self._only))
        unreadable = f"{progress.skipped} unreadable" if progress.skipped else ""
        self.step(done, total, progress.stage, beside=unreadable)
