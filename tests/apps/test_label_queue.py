"""What people say by key is kept, also by a server that was restarted in between."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.services import labelling, photo_lists, wiring
from gallery.ui.components import events
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, fill_the_disk

FORGOTTEN = "0" * 32


class Grid:
    """A grid in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state: dict[str, Any] = {}
        self.toasts: list[str] = []
        monkeypatch.setattr(events.st, "session_state", self.state)
        monkeypatch.setattr(events.st, "toast", lambda text, **_: self.toasts.append(text))
        gallery.draw("a.png", (200, 0, 0))
        gallery.draw("b.png", (0, 0, 200))
        collection = gallery.tag({"a.png": {"cat": 0.9}, "b.png": {"dog": 0.9}})
        table = wiring.catalog().prediction_table(collection.collection_id, MODEL_ID)
        self.file_ids, self.photo_ids = table.file_ids, table.photo_ids

    def sends(self, *entries: dict[str, Any], client: str = "c") -> None:
        self.state["grid"] = {"queue": {"client": client, "entries": list(entries)}}
        self.receives()

    def receives(self) -> None:
        keep = functools.partial(labelling.keep_label, model_id=MODEL_ID, class_names=CLASS_NAMES)
        events.receive_queue("grid", "The label", keep)

    def server_restarts(self) -> None:
        self.state.clear()

    @property
    def labels(self) -> dict[str, str]:
        """The labels that stand, by the photos' places in the list."""
        standing = wiring.catalog().labels(self.photo_ids)
        return {"ab"[self.photo_ids.index(photo)]: label for photo, label in standing.items()}


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    return Grid(SmallGallery.make(tmp_path, monkeypatch), monkeypatch)


def said(sequence: int, label: str | None, *, token: str = FORGOTTEN, **parts: Any) -> dict[str, Any]:
    return {"sequence": sequence, "token": token, "ranges": [[1, 1]], "label": label, "files": [], **parts}


def test_a_label_is_kept_once_however_often_it_is_sent(grid: Grid) -> None:
    listed = photo_lists.register(grid.file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)
    for _ in range(3):
        grid.sends(said(1, "cow", token=listed.token))
    assert grid.labels == {"b": "cow"}
    assert len(wiring.catalog().all_corrections()) == 1
    assert events.receipts("grid") == {"client": "c", "upto": 1}


def test_a_label_for_a_list_that_the_server_has_forgotten_is_kept(grid: Grid) -> None:
    grid.sends(said(1, "cow", files=[int(grid.file_ids[0])]))
    assert grid.labels == {"a": "cow"}
    assert not grid.toasts


def test_a_label_that_cannot_be_kept_is_said_to_be_lost(grid: Grid) -> None:
    grid.sends(said(1, "cow"), said(2, "sheep", files=["1", -1, None, 1 << 70, True]))
    assert grid.labels == {}
    assert len(grid.toasts) == 2
    assert all("was not kept" in toast for toast in grid.toasts)


def test_what_is_no_class_is_no_label(grid: Grid) -> None:
    grid.sends(said(1, "zebra", files=np.asarray(grid.file_ids).tolist()))
    assert grid.labels == {}


def test_labels_and_undos_that_a_restarted_server_gets_again_are_kept_once(grid: Grid) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    entries = [
        said(1, "cow", files=[first]),
        said(2, "sheep", files=[first, second]),
        said(3, None, files=[second]),
        {"sequence": 4, "undo": 3},
        {"sequence": 5, "undo": 2},
    ]
    grid.sends(*entries[:3])
    assert grid.labels == {"a": "sheep"}
    for _ in range(2):
        grid.server_restarts()  # and the acknowledgement never reached the browser
        grid.sends(*entries)
        grid.sends(*entries)
    assert grid.labels == {"a": "cow"}
    assert len(wiring.catalog().all_corrections()) == 7
    assert events.receipts("grid")["upto"] == 5
    assert not grid.toasts


def test_another_tab_counts_its_own_labels_and_takes_back_its_own(grid: Grid) -> None:
    first = int(grid.file_ids[0])
    grid.sends(said(1, "cow", files=[first]))
    grid.sends(said(1, "sheep", files=[first]), {"sequence": 2, "undo": 1}, client="d")
    assert grid.labels == {"a": "cow"}


@pytest.mark.parametrize("undone", [9, 2, None, [1]])
def test_undo_of_what_was_never_kept_is_said_to_be_lost(grid: Grid, undone: object) -> None:
    grid.sends(said(1, "cow", files=[int(grid.file_ids[0])]), {"sequence": 2, "undo": undone})
    assert grid.labels == {"a": "cow"}
    (toast,) = grid.toasts
    assert "was not kept" in toast


@pytest.mark.parametrize("queue", [None, [], {"client": "x"}, {"client": "<b>", "entries": [said(1, "cow")]}])
def test_a_queue_of_another_form_is_passed_over(grid: Grid, queue: object) -> None:
    grid.state["grid"] = {"queue": queue}
    grid.receives()
    assert (grid.labels, grid.toasts) == ({}, [])


def test_labels_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    entries = [said(1, "cow", files=[first]), said(2, "sheep", files=[first]), said(3, "cow", files=[second])]
    fill_the_disk(monkeypatch, 1)
    grid.sends(*entries)
    assert grid.labels == {}  # the second is not kept before the first, though the disk has room for it
    assert events.receipts("grid") == {"client": "c", "upto": 0}
    (toast,) = grid.toasts
    assert "is sent again" in toast
    grid.sends(*entries)
    grid.sends(*entries)
    assert [one.label for one in wiring.catalog().all_corrections()] == ["cow", "sheep", "cow"]
    assert events.receipts("grid")["upto"] == 3
    assert len(grid.toasts) == 1


def test_an_undo_that_finds_the_disk_full_takes_back_all_photos_or_none(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    grid.sends(said(1, "cow", files=[first]), said(2, "sheep", files=[first, second]))
    fill_the_disk(monkeypatch, 1)
    grid.sends({"sequence": 3, "undo": 2})
    assert grid.labels == {"a": "sheep", "b": "sheep"}
    for _ in range(2):
        grid.sends({"sequence": 3, "undo": 2})
    assert grid.labels == {"a": "cow"}
    last = [one.label for one in wiring.catalog().all_corrections()]
    assert last == ["cow", "sheep", "sheep", "cow", None]
    assert len(grid.toasts) == 1
