"""Verdicts pressed in a panel are kept once, also by a server that was restarted in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.services import labelling, wiring
from gallery.services.labelling import Answer
from tests.apps.small_gallery import MODEL_ID, SmallGallery, fill_the_disk


class Panel:
    """A panel in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery) -> None:
        gallery.add_model()
        gallery.draw("a.png", (200, 0, 0))
        gallery.tag({"a.png": {"cat": 0.9}})
        self.photo = gallery.photo_id("a.png")

    def sends(self, *entries: dict[str, Any], client: str = "panel1") -> Answer:
        catalog = labelling.catalog_name()
        return labelling.receive({"catalog": catalog, "client": client, "entries": list(entries)})

    def says(self, sequence: int, verdict: object, other: object = None, **parts: object) -> dict[str, Any]:
        entry = {"sequence": sequence, "kind": "verdict", "person": "Ada", "model": MODEL_ID}
        entry |= {"photo": self.photo, "label": "dog", "shown": "cat"}
        return entry | {"verdict": verdict, "other": other} | parts

    def undoes(self, sequence: int) -> dict[str, Any]:
        return self.says(sequence, None, undo=True)

    @property
    def standing(self) -> tuple[str, str | None] | None:
        given = wiring.catalog().standing_verdicts().get((self.photo, "dog"))
        return None if given is None else (given.verdict.value, given.other)


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Panel:
    return Panel(SmallGallery.make(tmp_path, monkeypatch))


def test_rapid_verdicts_all_arrive_in_their_order_and_are_acknowledged(panel: Panel) -> None:
    answer = panel.sends(panel.says(1, "model wrong"), panel.says(2, "label wrong", "cat"))
    assert panel.standing == ("label wrong", "cat")
    assert answer == Answer(upto=2)
    (given,) = wiring.catalog().standing_verdicts().values()
    assert (given.person, given.shown_model_id, given.shown_label) == ("Ada", MODEL_ID, "cat")


def test_what_is_sent_again_counts_once_also_after_a_restart(panel: Panel) -> None:
    first, second, undo = panel.says(1, "model wrong"), panel.says(2, "cannot tell"), panel.undoes(3)
    for _ in range(3):  # the acknowledgement never reached the browser
        panel.sends(first, second, undo)
    assert panel.standing == ("model wrong", None)
    panel.sends(panel.undoes(4))
    assert panel.standing is None


def test_an_undo_that_found_nothing_does_not_undo_what_came_later_when_it_is_sent_again(panel: Panel) -> None:
    for _ in range(2):
        panel.sends(panel.undoes(1), panel.says(2, "model wrong"))
    assert panel.standing == ("model wrong", None)


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
    answer = panel.sends(panel.says(1, "label wrong", "cat") | nonsense)
    assert wiring.catalog().standing_verdicts() == {}
    assert not answer.answers


def test_a_verdict_that_can_never_be_kept_says_why(panel: Panel) -> None:
    answer = panel.sends(panel.says(1, "label wrong", "dog"), panel.says(2, "cannot tell", photo="0" * 64))
    assert panel.standing is None
    assert [bool(told["problem"]) for told in answer.answers.values()] == [True, True]
    assert answer.upto == 2


def test_a_verdict_on_a_model_that_is_not_there_just_now_waits(panel: Panel) -> None:
    answer = panel.sends(panel.says(1, "model wrong", model="elsewhere"))
    assert (answer.upto, answer.answers, panel.standing) == (0, {}, None)
    assert "elsewhere" in (answer.waits or "")


def test_verdicts_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        panel.says(1, "model wrong"),
        panel.says(2, "label wrong", "cat"),
        panel.says(3, "cannot tell"),
    ]
    fill_the_disk(monkeypatch, 1, 3)
    answer = panel.sends(*entries)
    assert panel.standing is None  # the second is not kept before the first, though the disk has room for it
    assert answer.upto == 0
    assert "disk" in (answer.waits or "")
    answer = panel.sends(*entries)
    assert (panel.standing, answer.upto) == (("model wrong", None), 1)
    panel.sends(*entries[1:])
    assert panel.sends(*entries[1:]).upto == 3
    said = []
    for sequence in (4, 5, 6):
        assert panel.standing is not None
        said.append(panel.standing[0])
        panel.sends(panel.undoes(sequence))
    assert said == ["cannot tell", "label wrong", "model wrong"]
    assert panel.standing is None
