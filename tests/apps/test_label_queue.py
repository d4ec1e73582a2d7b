"""What people say by key is kept, also by a server that was restarted in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.services import wiring
from gallery.ui.components.photo_grid import label_queue
from gallery.web import lists
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, fill_the_disk

FORGOTTEN = "0" * 32


class Grid:
    """A grid in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state: dict[str, Any] = {}
        self.toasts: list[str] = []
        monkeypatch.setattr(label_queue.st, "session_state", self.state)
        monkeypatch.setattr(label_queue.st, "toast", lambda text, **_: self.toasts.append(text))
        gallery.draw("a.png", (200, 0, 0))
        gallery.draw("b.png", (0, 0, 200))
        collection = gallery.tag({"a.png": {"cat": 0.9}, "b.png": {"dog": 0.9}})
        table = wiring.catalog().prediction_table(collection.collection_id, MODEL_ID)
        self.file_ids, self.photo_ids = table.file_ids, table.photo_ids

    def sends(self, *entries: dict[str, Any]) -> None:
        self.state["grid"] = {"queue": {"client": "c", "entries": list(entries)}}
        label_queue.apply_queue("grid", MODEL_ID, CLASS_NAMES)

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
    listed = lists.register(grid.file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)
    for _ in range(3):
        grid.sends(said(1, "cow", token=listed.token))
    assert grid.labels == {"b": "cow"}
    assert len(wiring.catalog().all_corrections()) == 1
    assert label_queue.receipts("grid") == {"client": "c", "upto": 1}


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


def test_undo_after_a_restart_brings_back_what_the_browser_saw(grid: Grid) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    grid.sends(said(1, "cow", files=[first]), said(2, "sheep", files=[first, second]))
    assert grid.labels == {"a": "sheep", "b": "sheep"}
    grid.server_restarts()
    grid.sends({"sequence": 3, "undo": 2, "before": [[first, "cow"], [second, None], [first, "zebra"], 7]})
    assert grid.labels == {"a": "cow"}


def test_undo_of_what_nobody_remembers_is_said_to_be_lost(grid: Grid) -> None:
    grid.sends({"sequence": 1, "undo": 9})
    assert len(grid.toasts) == 1


def test_labels_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    entries = [said(1, "cow", files=[first]), said(2, "sheep", files=[first]), said(3, "cow", files=[second])]
    fill_the_disk(monkeypatch, 1)
    grid.sends(*entries)
    assert grid.labels == {}  # the second is not kept before the first, though the disk has room for it
    assert label_queue.receipts("grid") == {"client": "c", "upto": 0}
    (toast,) = grid.toasts
    assert "is sent again" in toast
    grid.sends(*entries)
    grid.sends(*entries)
    assert [one.label for one in wiring.catalog().all_corrections()] == ["cow", "sheep", "cow"]
    assert label_queue.receipts("grid")["upto"] == 3
    assert len(grid.toasts) == 1


@pytest.mark.parametrize("remembered", [True, False])
def test_an_undo_that_finds_the_disk_full_half_way_goes_on_where_it_was(
    grid: Grid, monkeypatch: pytest.MonkeyPatch, remembered: bool
) -> None:
    first, second = np.asarray(grid.file_ids).tolist()
    grid.sends(said(1, "cow", files=[first]), said(2, "sheep", files=[first, second]))
    if not remembered:
        grid.server_restarts()
    seen = [] if remembered else [[first, "cow"], [second, None]]
    fill_the_disk(monkeypatch, 2)
    for _ in range(3):
        grid.sends({"sequence": 3, "undo": 2, "before": seen})
    assert grid.labels == {"a": "cow"}
    last = [one.label for one in wiring.catalog().all_corrections()]
    assert last == ["cow", "sheep", "sheep", "cow", None]
    assert len(grid.toasts) == 1
