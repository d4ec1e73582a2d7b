"""Verdicts pressed in a panel are kept once, also by a server that was restarted in between."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from gallery.services import browser_queue, labelling, wiring
from gallery.ui.components import events
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, fill_the_disk


class Panel:
    """A panel in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state: dict[str, Any] = {}
        self.toasts: list[str] = []
        monkeypatch.setenv("GALLERY_USER", "Ada")
        monkeypatch.setattr(events.st, "session_state", self.state)
        monkeypatch.setattr(events.st, "toast", lambda text, **_: self.toasts.append(text))
        gallery.draw("a.png", (200, 0, 0))
        gallery.tag({"a.png": {"cat": 0.9}})
        self.photo = gallery.photo_id("a.png")

    def sends(self, *entries: dict[str, Any], client: str = "panel1") -> None:
        self.state["panel"] = {"queue": {"client": client, "entries": list(entries)}}
        self.receives()

    def receives(self) -> None:
        keep = functools.partial(labelling.keep_verdict, model_id=MODEL_ID, class_names=CLASS_NAMES)
        events.receive_queue("panel", "The verdict", keep)

    def says(self, sequence: int, verdict: object, other: object = None, **parts: object) -> dict[str, Any]:
        entry = {"sequence": sequence, "photo": self.photo, "label": "dog", "shown": "cat"}
        return entry | {"verdict": verdict, "other": other} | parts

    @property
    def standing(self) -> tuple[str, str | None] | None:
        given = wiring.catalog().standing_verdicts().get((self.photo, "dog"))
        return None if given is None else (given.verdict.value, given.other)


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Panel:
    return Panel(SmallGallery.make(tmp_path, monkeypatch), monkeypatch)


def test_rapid_verdicts_all_arrive_in_their_order_and_are_acknowledged(panel: Panel) -> None:
    panel.sends(panel.says(1, "model wrong"), panel.says(2, "label wrong", "cat"))
    assert panel.standing == ("label wrong", "cat")
    assert events.receipts("panel") == {"client": "panel1", "upto": 2}
    (given,) = wiring.catalog().standing_verdicts().values()
    assert (given.person, given.shown_model_id, given.shown_label) == ("Ada", MODEL_ID, "cat")


def test_what_is_sent_again_counts_once_also_after_a_restart(panel: Panel) -> None:
    first, second = panel.says(1, "model wrong"), panel.says(2, "cannot tell")
    undo = {"sequence": 3, "photo": panel.photo, "label": "dog", "undo": True}
    panel.sends(first, second, undo)
    panel.sends(first, second, undo)
    panel.state.clear()  # the server is restarted, and the acknowledgement never reached the browser
    panel.sends(first, second, undo)
    assert panel.standing == ("model wrong", None)
    panel.sends(undo | {"sequence": 4})
    assert panel.standing is None


def test_another_tab_counts_its_own_verdicts(panel: Panel) -> None:
    panel.sends(panel.says(1, "model wrong"))
    panel.sends(panel.says(1, "cannot tell"), client="panel2")
    assert panel.standing == ("cannot tell", None)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"verdict": "model is wrong"}, {"verdict": ["model wrong"]}, {"other": "zebra"}, {"label": "zebra"},
        {"photo": "../../etc"}, {"photo": 7}, {"sequence": True}, {"sequence": "1"}, {"label": None},
    ],
)  # fmt: skip
def test_what_no_panel_would_send_is_passed_over(panel: Panel, nonsense: dict[str, object]) -> None:
    panel.sends(panel.says(1, "label wrong", "cat") | nonsense)
    assert wiring.catalog().standing_verdicts() == {}
    assert not panel.toasts


@pytest.mark.parametrize("queue", [None, [], {"client": "x"}, {"client": "<b>", "entries": [{}]}])
def test_a_queue_of_another_form_is_passed_over(panel: Panel, queue: object) -> None:
    panel.state["panel"] = {"queue": queue}
    panel.receives()
    assert wiring.catalog().standing_verdicts() == {}


def test_a_verdict_that_cannot_be_kept_is_said_to_be_lost(panel: Panel) -> None:
    panel.sends(panel.says(1, "label wrong", "dog"), panel.says(2, "cannot tell", photo="0" * 64))
    assert panel.standing is None
    assert len(panel.toasts) == 2
    assert all("was not kept" in toast for toast in panel.toasts)
    assert events.receipts("panel")["upto"] == 2


def test_verdicts_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        panel.says(1, "model wrong"),
        panel.says(2, "label wrong", "cat"),
        panel.says(3, "cannot tell"),
    ]
    fill_the_disk(monkeypatch, 1, 3)
    panel.sends(*entries)
    assert panel.standing is None  # the second is not kept before the first, though the disk has room for it
    assert events.receipts("panel") == {"client": "panel1", "upto": 0}
    (toast,) = panel.toasts
    assert "is sent again" in toast
    assert "disk" in toast
    panel.sends(*entries)
    assert panel.standing == ("model wrong", None)
    assert events.receipts("panel")["upto"] == 1
    panel.sends(*entries[1:])
    panel.sends(*entries[1:])
    assert events.receipts("panel")["upto"] == 3
    said = []
    for sequence in (4, 5, 6):
        assert panel.standing is not None
        said.append(panel.standing[0])
        panel.sends({"sequence": sequence, "photo": panel.photo, "label": "dog", "undo": True})
    assert said == ["cannot tell", "label wrong", "model wrong"]
    assert panel.standing is None


def test_rapid_keys_on_a_full_disk_show_one_toast_until_it_is_gone(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(browser_queue.time, "monotonic", lambda: clock[0])
    fill_the_disk(monkeypatch, *range(1, 20))
    for now in (100.0, 100.2, 100.4, 105.4, 110.4):  # three keys, then what the browser sends again
        clock[0] = now
        panel.sends(panel.says(1, "model wrong"), panel.says(2, "cannot tell"))
    assert len(panel.toasts) == 3
