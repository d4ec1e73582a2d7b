"""What people say by key is kept, also by a server that was restarted in between."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.catalog.database import Database
from gallery.errors import CatalogError
from gallery.services import labelling, photo_lists, wiring
from gallery.services.labelling import Answer
from gallery.types import PhotoQuery
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery, fill_the_disk, model_card


class Grid:
    """A grid in a browser, as its queue reaches the server."""

    def __init__(self, gallery: SmallGallery) -> None:
        gallery.draw("a.png", (200, 0, 0))
        gallery.draw("b.png", (0, 0, 200))
        collection = gallery.tag({"a.png": {"cat": 0.9}, "b.png": {"dog": 0.9}})
        self.collection_id = collection.collection_id
        table = wiring.catalog().prediction_table(self.collection_id, MODEL_ID)
        self.file_ids, self.photo_ids = table.file_ids, table.photo_ids
        self.first, self.second = np.asarray(table.file_ids).tolist()

    def sends(self, *entries: dict[str, Any], client: str = "c") -> Answer:
        catalog = labelling.catalog_name()
        return labelling.receive({"catalog": catalog, "client": client, "entries": list(entries)})

    def says(self, sequence: int, label: str | None, *files: int, **parts: Any) -> dict[str, Any]:
        entry = {"sequence": sequence, "kind": "label", "person": "Ada", "label": label, "model": MODEL_ID}
        return entry | {"collection": self.collection_id, "files": list(files)} | parts

    def undoes(self, sequence: int, **parts: Any) -> dict[str, Any]:
        entry = {"sequence": sequence, "kind": "undo", "person": "Ada", "collection": self.collection_id}
        return entry | parts

    @property
    def labels(self) -> dict[str, str]:
        """The labels that stand, by the photos' places in the list."""
        standing = wiring.catalog().labels(self.photo_ids)
        return {"ab"[self.photo_ids.index(photo)]: label for photo, label in standing.items()}


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grid:
    return Grid(SmallGallery.make(tmp_path, monkeypatch))


def fail_to_write(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every write of the catalog meet an error."""

    @contextlib.contextmanager
    def writing(database: Database, **_options: bool) -> Iterator[sqlite3.Connection]:
        with database._converted():
            raise error
        yield

    monkeypatch.setattr(Database, "writing", writing)


def problems(answer: Answer) -> list[str]:
    return [told["problem"] for told in answer.answers.values() if "problem" in told]


def test_a_label_is_kept_once_however_often_it_is_sent_under_the_persons_name(grid: Grid) -> None:
    for _ in range(3):
        assert grid.sends(grid.says(1, "cow", grid.second)).upto == 1
    assert grid.labels == {"b": "cow"}
    (kept,) = wiring.catalog().all_corrections()
    assert (kept.person, kept.shown_model_id, kept.shown_label) == ("Ada", MODEL_ID, "dog")


def test_photos_that_are_too_many_to_name_are_found_by_their_places(grid: Grid) -> None:
    listed = photo_lists.register(grid.file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)
    grid.sends(grid.says(1, "cow", list=listed.token, ranges=[[1, 1]]))
    assert grid.labels == {"b": "cow"}


def test_a_label_that_can_never_be_kept_says_why_and_is_not_sent_again(grid: Grid) -> None:
    answer = grid.sends(
        grid.says(1, "cow", list="0" * 32, ranges=[[0, 1]]),
        grid.says(2, "sheep", files=["1", -1, None, 1 << 70, True]),
        grid.says(3, "unsure", grid.first),
    )
    assert (grid.labels, answer.upto) == ({}, 3)
    assert ["Select them again" in one for one in problems(answer)] == [True, True, False]
    assert "name of a shelf" in problems(answer)[2]


def test_any_word_may_be_a_label_and_is_spelt_as_it_was_before(grid: Grid) -> None:
    grid.sends(grid.says(1, "Red  fox", grid.first), grid.says(2, "red fox", grid.second))
    assert grid.labels == {"a": "Red fox", "b": "Red fox"}
    grid.sends(grid.says(3, "BLANK", grid.first))
    assert grid.labels["a"] == "blank"
    grid.sends(grid.says(4, "badger", grid.first))
    assert labelling.words_in_use(CLASS_NAMES) == ["Red fox", "badger"]
    grid.sends(grid.says(5, "badger", grid.second), grid.says(6, "lynx", grid.first))
    assert labelling.words_in_use(CLASS_NAMES) == ["badger", "lynx"]


def test_labels_and_undos_that_a_restarted_server_gets_again_are_kept_once(grid: Grid) -> None:
    first, second = grid.first, grid.second
    entries = [
        grid.says(1, "cow", first),
        grid.says(2, "sheep", first, second),
        grid.says(3, None, second),
        grid.undoes(4),
        grid.undoes(5),
    ]
    grid.sends(*entries[:3])
    assert grid.labels == {"a": "sheep"}
    for _ in range(3):  # and the acknowledgement never reached the browser
        answer = grid.sends(*entries)
    assert grid.labels == {"a": "cow"}
    assert len(wiring.catalog().all_corrections()) == 7
    assert answer.upto == 5
    assert not problems(answer)


def test_an_undo_says_what_it_undid_and_where_that_stands(grid: Grid) -> None:
    shown = photo_lists.register(grid.file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)
    other = photo_lists.register(grid.file_ids[:1], model_id=MODEL_ID, class_names=CLASS_NAMES)
    grid.sends(grid.says(1, "cow", grid.second), grid.says(2, "sheep", grid.second))
    told = grid.sends(grid.undoes(3, list=shown.token)).answers[3]["undone"]
    assert (told["label"], told["count"], told["name"], told["index"]) == ("sheep", 1, "b.png", 1)
    told = grid.sends(grid.undoes(4, list=other.token)).answers[4]["undone"]
    assert (told["label"], told["index"]) == ("cow", None)
    alone = photo_lists.find(told["list"]["token"])
    assert alone is not None
    assert alone.file_ids.tolist() == [grid.second]
    assert grid.sends(grid.undoes(5, list=shown.token)).answers[5] == {"undone": None}


def test_one_person_has_one_history_in_all_tabs_and_another_person_another(grid: Grid) -> None:
    grid.sends(grid.says(1, "cow", grid.first))
    grid.sends(grid.says(1, "sheep", grid.first, person="Bob"), client="d")
    grid.sends(grid.undoes(1), client="e")
    assert grid.labels == {"a": "sheep"}
    grid.sends(grid.undoes(2, person="Bob"), client="e")
    assert grid.labels == {}


def test_a_browser_that_was_not_asked_for_a_name_labels_under_the_servers(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_USER", "Eve")
    grid.sends(grid.says(1, "cow", grid.first, person=""), grid.says(2, "cow", grid.second, person=7))
    assert {said.person for said in wiring.catalog().all_corrections()} == {"Eve"}


def test_browsers_without_a_name_have_a_history_each_that_goes_on_once_a_name_is_given(grid: Grid) -> None:
    mine, theirs = "a" * 12, "b" * 12
    grid.sends(grid.says(1, "cow", grid.first, person=""), client=f"{mine}1")
    grid.sends(grid.says(1, "sheep", grid.second, person=""), client=f"{theirs}1")
    undo = {"browser": mine, "person": ""}
    assert grid.sends(grid.undoes(1, **undo), client=f"{mine}2").answers[1]["undone"]["label"] == "cow"
    assert grid.sends(grid.undoes(2, **undo), client=f"{mine}2").answers[2] == {"undone": None}
    assert grid.labels == {"b": "sheep"}
    grid.sends(grid.says(3, "horse", grid.first, person="Ada"), client=f"{mine}2")
    undo = {"browser": theirs, "person": "Bob"}
    assert grid.sends(grid.undoes(1, **undo), client=f"{theirs}2").answers[1]["undone"]["label"] == "sheep"
    assert grid.labels == {"a": "horse"}


def test_a_page_s_own_buttons_share_the_history_of_their_browser(grid: Grid) -> None:
    mine, theirs, nobody = "a" * 12, "b" * 12, wiring.person()
    undo = functools.partial(labelling.undo_last, grid.collection_id, nobody, named=False)
    for photo_id, label, browser in zip(grid.photo_ids, ("cow", "sheep"), (mine, theirs), strict=True):
        labelling.label_photo(
            photo_id, label, model_card(), collection_id=grid.collection_id, person=nobody, browser=browser
        )
    assert grid.sends(grid.undoes(1, browser=mine, person=""), client=f"{mine}2").answers[1]["undone"]
    assert grid.labels == {"b": "sheep"}
    assert undo(browser=mine) is None
    undone = undo(browser=theirs)
    assert undone is not None
    assert undone.label == "sheep"
    assert grid.labels == {}


def test_labels_that_meet_a_damaged_or_a_closed_catalog_wait(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [grid.says(1, "cow", grid.first)]
    with monkeypatch.context() as damaged:
        fail_to_write(damaged, sqlite3.DatabaseError("database disk image is malformed"))
        answer = grid.sends(*entries)
        assert (answer.upto, "is damaged" in (answer.waits or "")) == (0, True)
    with monkeypatch.context() as closed:
        fail_to_write(closed, CatalogError("The catalog has been closed. Open it again."))
        assert grid.sends(*entries).waits == "The catalog has been closed. Open it again."
    assert grid.sends(*entries).upto == 1
    assert grid.labels == {"a": "cow"}


@pytest.mark.parametrize("queue", [{}, {"client": "x"}, {"client": "<b>", "entries": [{"sequence": 1}]}])
def test_a_queue_of_another_form_is_passed_over(grid: Grid, queue: dict[str, object]) -> None:
    assert labelling.receive(queue | {"catalog": labelling.catalog_name()}) == Answer()


@pytest.mark.parametrize("named", [{}, {"catalog": "0" * 32}])
def test_what_was_meant_for_another_catalog_waits_in_the_browser(grid: Grid, named: dict[str, str]) -> None:
    entries = [grid.says(1, "cow", grid.first), grid.undoes(2)]
    answer = labelling.receive({"client": "c", "entries": entries} | named)
    assert (grid.labels, answer.upto, answer.answers) == ({}, 0, {})
    assert "another catalog" in (answer.waits or "")
    assert labelling.receive(None).upto == 0


def test_files_that_are_not_read_yet_are_named_and_the_others_get_their_label(grid: Grid) -> None:
    place = wiring.catalog().collection(grid.collection_id).root / "c.png"
    place.write_bytes(b"not read yet")
    wiring.catalog().record_scan(grid.collection_id, list(wiring.scan(place.parent)))
    listed = wiring.catalog().find_files(PhotoQuery(grid.collection_id, MODEL_ID)).tolist()
    (unread,) = {*listed} - {grid.first, grid.second}
    answer = grid.sends(
        grid.says(1, "cow", grid.first, unread), grid.says(2, "sheep", unread), grid.undoes(3)
    )
    assert ["1 photo of 2, not read yet" in one for one in problems(answer)] == [True, False]
    assert "1 photo of 1, not read yet" in problems(answer)[1]
    assert (grid.labels, answer.answers[3]["undone"]["label"]) == ({}, "cow")


@pytest.mark.parametrize("parts", [{"label": 7}, {"model": None}, {"kind": "wish"}, {"sequence": True}])
def test_an_entry_of_another_form_is_passed_over(grid: Grid, parts: dict[str, object]) -> None:
    grid.sends(grid.says(1, "cow", grid.first) | parts)
    assert grid.labels == {}


def test_labels_that_find_the_disk_full_wait_and_arrive_in_order_and_once(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = grid.first, grid.second
    entries = [grid.says(1, "cow", first), grid.says(2, "sheep", first), grid.says(3, "cow", second)]
    fill_the_disk(monkeypatch, 1)
    answer = grid.sends(*entries)
    assert grid.labels == {}  # the second is not kept before the first, though the disk has room for it
    assert answer.upto == 0
    assert "The disk of the catalog" in (answer.waits or "")
    grid.sends(*entries)
    answer = grid.sends(*entries)
    assert [one.label for one in wiring.catalog().all_corrections()] == ["cow", "sheep", "cow"]
    assert (answer.upto, answer.waits) == (3, None)


def test_an_undo_that_finds_the_disk_full_undoes_all_photos_or_none(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = grid.first, grid.second
    grid.sends(grid.says(1, "cow", first), grid.says(2, "sheep", first, second))
    fill_the_disk(monkeypatch, 1)
    grid.sends(grid.undoes(3))
    assert grid.labels == {"a": "sheep", "b": "sheep"}
    for _ in range(2):
        grid.sends(grid.undoes(3))
    assert grid.labels == {"a": "cow"}
    last = [one.label for one in wiring.catalog().all_corrections()]
    assert last == ["cow", "sheep", "sheep", "cow", None]
