"""The lock of a training's folder: who holds it, who only looks, and a disk that knows no locks."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from gallery.jobs.lock import is_held, sole_process

from gallery.errors import TrainingError
from gallery.jobs import lock as run_lock


def test_those_who_look_at_the_same_time_do_not_take_each_other_for_the_training(tmp_path: Path) -> None:
    with sole_process(tmp_path):
        assert is_held(tmp_path)
    looks: list[list[bool]] = [[] for _ in range(4)]

    def look(seen: list[bool]) -> None:
        seen += [is_held(tmp_path) for _ in range(500)]

    threads = [threading.Thread(target=look, args=(seen,)) for seen in looks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(map(any, looks))
    assert not is_held(tmp_path / "none")


def test_a_disk_without_locks_is_said_and_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (tmp_path / "lock").touch()
    for name in ("_lock", "_share"):
        monkeypatch.setattr(run_lock, name, refuse)
    with pytest.raises(TrainingError, match=r"cannot lock files .*GALLERY_HOME"), sole_process(tmp_path):
        pass
    assert not is_held(tmp_path)


def test_a_lock_that_cannot_be_looked_at_counts_as_held_and_looking_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_held(tmp_path)
    assert not (tmp_path / "lock").exists()

    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(run_lock.os, "open", refuse)
    assert is_held(tmp_path)
