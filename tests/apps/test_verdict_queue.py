"""Verdicts pressed on a desk are kept once, also by a server that was restarted in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.services import wiring
from gallery.ui.components import resent
from gallery.ui.components.verdict_desk import verdict_queue
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, fill_the_disk


class Desk:
    """A desk in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state: dict[str, Any] = {}
        self.toasts: list[str] = []
        monkeypatch.setenv("GALLERY_USER", "Ada")
        monkeypatch.setattr(verdict_queue.st, "session_state", self.state)
        monkeypatch.setattr(verdict_queue.st, "toast", lambda text, **_: self.toasts.append(text))
        gallery.draw("a.png", (200, 0, 0))
        gallery.tag({"a.png": {"cat": 0.9}})
        self.photo = gallery.photo_id("a.png")

    def sends(self, *entries: dict[str, Any], client: str = "desk1") -> None:
        self.state["desk"] = {"queue": {"client": client, "entries": list(entries)}}
        verdict_queue.apply_queue("desk", MODEL_ID, CLASS_NAMES)

    def says(self, sequence: int, verdict: object, other: object = None, **parts: object) -> dict[str, Any]:
        entry = {"sequence": sequence, "photo": self.photo, "label": "dog", "shown": "cat"}
        return entry | {"verdict": verdict, "other": other} | parts

    @property
    def standing(self) -> tuple[str, str | None] | None:
        given = wiring.catalog().standing_verdicts().get((self.photo, "dog"))
        return None if given is None else (given.verdict.value, given.other)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(SmallGallery.make(tmp_path, monkeypatch), monkeypatch)


def test_rapid_verdicts_all_arrive_in_their_order_and_are_acknowledged(desk: Desk) -> None:
    desk.sends(desk.says(1, "model wrong"), desk.says(2, "label wrong", "cat"))
    assert desk.standing == ("label wrong", "cat")
    assert verdict_queue.receipts("desk") == {"client": "desk1", "upto": 2}
    (given,) = wiring.catalog().standing_verdicts().values()
    assert (given.person, given.shown_model_id, given.shown_label) == ("Ada", MODEL_ID, "cat")


def test_what_is_sent_again_counts_once_also_after_a_restart(desk: Desk) -> None:
    first, second = desk.says(1, "model wrong"), desk.says(2, "cannot tell")
    undo = {"sequence": 3, "photo": desk.photo, "label": "dog", "undo": True}
    desk.sends(first, second, undo)
    desk.sends(first, second, undo)
    desk.state.clear()  # the server is restarted, and the acknowledgement never reached the browser
    desk.sends(first, second, undo)
    assert desk.standing == ("model wrong", None)
    desk.sends(undo | {"sequence": 4})
    assert desk.standing is None


def test_another_tab_counts_its_own_verdicts(desk: Desk) -> None:
    desk.sends(desk.says(1, "model wrong"))
    desk.sends(desk.says(1, "cannot tell"), client="desk2")
    assert desk.standing == ("cannot tell", None)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"verdict": "model is wrong"}, {"verdict": ["model wrong"]}, {"other": "zebra"}, {"label": "zebra"},
        {"photo": "../../etc"}, {"photo": 7}, {"sequence": True}, {"sequence": "1"}, {"label": None},
    ],
)  # fmt: skip
def test_what_no_desk_would_send_is_passed_over(desk: Desk, nonsense: dict[str, object]) -> None:
    desk.sends(desk.says(1, "label wrong", "cat") | nonsense)
    assert wiring.catalog().standing_verdicts() == {}
    assert not desk.toasts


@pytest.mark.parametrize("queue", [None, [], {"client": "x"}, {"client": "<b>", "entries": [{}]}])
def test_a_queue_of_another_form_is_passed_over(desk: Desk, queue: object) -> None:
    desk.state["desk"] = {"queue": queue}
    verdict_queue.apply_queue("desk", MODEL_ID, CLASS_NAMES)
    assert wiring.catalog().standing_verdicts() == {}


def test_a_verdict_that_cannot_be_kept_is_said_to_be_lost(desk: Desk) -> None:
    desk.sends(desk.says(1, "label wrong", "dog"), desk.says(2, "cannot tell", photo="0" * 64))
    assert desk.standing is None
    assert len(desk.toasts) == 2
    assert all("was not kept" in toast for toast in desk.toasts)
    assert verdict_queue.receipts("desk")["upto"] == 2


def test_verdicts_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [desk.says(1, "model wrong"), desk.says(2, "label wrong", "cat"), desk.says(3, "cannot tell")]
    fill_the_disk(monkeypatch, 1, 3)
    desk.sends(*entries)
    assert desk.standing is None  # the second is not kept before the first, though the disk has room for it
    assert verdict_queue.receipts("desk") == {"client": "desk1", "upto": 0}
    (toast,) = desk.toasts
    assert "is sent again" in toast
    assert "disk" in toast
    desk.sends(*entries)
    assert desk.standing == ("model wrong", None)
    assert verdict_queue.receipts("desk")["upto"] == 1
    desk.sends(*entries[1:])
    desk.sends(*entries[1:])
    assert verdict_queue.receipts("desk")["upto"] == 3
    said = []
    for sequence in (4, 5, 6):
        assert desk.standing is not None
        said.append(desk.standing[0])
        desk.sends({"sequence": sequence, "photo": desk.photo, "label": "dog", "undo": True})
    assert said == ["cannot tell", "label wrong", "model wrong"]
    assert desk.standing is None


def test_rapid_keys_on_a_full_disk_show_one_toast_until_it_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(resent.time, "monotonic", lambda: clock[0])
    fill_the_disk(monkeypatch, *range(1, 20))
    for now in (100.0, 100.2, 100.4, 105.4, 110.4):  # three keys, then what the browser sends again
        clock[0] = now
        desk.sends(desk.says(1, "model wrong"), desk.says(2, "cannot tell"))
    assert len(desk.toasts) == 3
