"""What commands print: one JSON object or text on standard output, progress and notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
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


def note_skipped(skipped: Iterable[SkippedFile]) -> None:
    """List files that could not be read on standard error, each with its reason."""
    for file in skipped:
        note(f"  {display_path(file.path)}: {file.reason}. {file.detail}")


class ProgressBar:
    """A tagging's progress on standard error; call it with each `TaggingProgress`.

    Args:
        only: photos that are looked at, where they are fewer than the folder has.
    """

    def __init__(self, only: int | None = None) -> None:
        self._only = only
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: TaggingProgress) -> None:
        total, done = progress.total, progress.done
        if self._only is not None and progress.stage != LOOKING:
            total, done = self._only, max(0, done - (total - self._only))
        if self._bar is None:
            from tqdm import tqdm

            interval = REDRAW_S if sys.stderr.isatty() else REDRAW_IN_A_LOG_S
            self._bar = tqdm(
                total=total, initial=done, unit=" photos", mininterval=interval,
                file=sys.stderr, ascii=not _has_blocks(), dynamic_ncols=True,
            )  # fmt: skip
        bar = self._bar
        if bar.total != total:  # still looking, or just over: what was known before counts for no rate
            bar.reset(total)
            bar.initial = bar.n = bar.last_print_n = done
        bar.set_description_str(progress.stage, refresh=False)
        if progress.skipped:
            bar.set_postfix_str(f"{progress.skipped} unreadable", refresh=False)
        bar.update(done - bar.n)


def _has_blocks() -> bool:
    try:
        "█".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
