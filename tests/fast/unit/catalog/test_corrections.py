"""Corrections: only added to, they win, and can be taken back many steps."""

from __future__ import annotations

import pytest

from gallery.catalog import Catalog
from gallery.errors import CatalogError
from gallery.types import CollectionKind, Correction, Undone


def said_of(catalog: Catalog, photo_id: str) -> list[Correction]:
    return [one for one in catalog.all_corrections() if one.photo_id == photo_id]


@pytest.fixture
def open_shop(shop):
    shop.scan("a.jpg", "b.jpg", "c.jpg")
    shop.a, shop.b, shop.c = shop.read("a.jpg", "b.jpg", "c.jpg")
    shop.tag({"a.jpg": [0.75, 0.25, 0]})
    return shop


def test_a_correction_notes_what_was_shown_and_leaves_the_prediction(open_shop) -> None:
    open_shop.catalog.correct([open_shop.a], "cow", person="Ada", model_id=open_shop.model)
    (said,) = said_of(open_shop.catalog, open_shop.a)
    assert (said.label, said.person, said.photo_id) == ("cow", "Ada", open_shop.a)
    assert (said.shown_model_id, said.shown_label, said.shown_confidence) == (open_shop.model, "dog", 0.75)
    assert said.made_at.endswith("+00:00")
    assert open_shop.catalog.prediction(open_shop.a, open_shop.model).label == "dog"


def test_an_untagged_photo_can_be_labelled(open_shop) -> None:
    open_shop.catalog.correct([open_shop.b], "cow", person="Ada", model_id=open_shop.model)
    (said,) = said_of(open_shop.catalog, open_shop.b)
    assert (said.shown_label, said.shown_confidence) == (None, None)


def test_tagging_again_never_touches_a_label(open_shop) -> None:
    open_shop.catalog.correct([open_shop.a], "cow", person="Ada", model_id=open_shop.model)
    open_shop.tag({"a.jpg": [0, 1, 0]})
    open_shop.tag({"a.jpg": [0, 1, 0]}, model="another")
    assert open_shop.catalog.labels([open_shop.a, open_shop.b]) == {open_shop.a: "cow"}


def test_none_takes_a_label_back(open_shop) -> None:
    open_shop.catalog.correct([open_shop.a], "cow", person="Ada", model_id=None)
    open_shop.catalog.correct([open_shop.a], None, person="Bob", model_id=None)
    assert open_shop.catalog.labels([open_shop.a]) == {}
    assert [said.label for said in said_of(open_shop.catalog, open_shop.a)] == ["cow", None]


def test_each_person_has_one_opinion_the_latest_last_and_none_that_was_taken_back(open_shop) -> None:
    a = open_shop.a
    for token, (person, label) in enumerate(
        [("Ada", "cow"), ("Bob", "cat"), ("Eve", "dog"), ("Ada", "sheep"), ("Bob", None), ("Ada", "dog")]
    ):
        say(open_shop, [a], label, str(token), person=person)
    undo(open_shop, "undo")  # Ada's dog
    opinions = open_shop.catalog.opinions(a)
    assert [(one.person, one.label) for one in opinions] == [("Eve", "dog"), ("Ada", "sheep")]
    assert open_shop.catalog.labels([a]) == {}  # Bob's removal is the last word
    undo(open_shop, "undo too", person="Bob")
    assert [(one.person, one.label) for one in open_shop.catalog.opinions(a)] == [
        ("Bob", "cat"), ("Eve", "dog"), ("Ada", "sheep"),
    ]  # fmt: skip


def say(shop, photos, label, token, *, person="Ada", collection=None) -> None:
    place = shop.collection if collection is None else collection
    shop.catalog.correct(photos, label, person=person, model_id=None, collection_id=place, token=token)


def undo(shop, token, *, person="Ada", collection=None):
    place = shop.collection if collection is None else collection
    return shop.catalog.undo(person=person, collection_id=place, token=token)


def test_undo_goes_back_many_steps_says_what_it_undid_and_is_noted_too(open_shop) -> None:
    a = open_shop.a
    for n, label in enumerate(("cow", "cat", None)):
        say(open_shop, [a], label, f"tab:{n}")
    standing, undone = [], []
    for n in range(3):
        undone.append(undo(open_shop, f"tab:undo {n}"))
        standing.append(open_shop.catalog.labels([a]).get(a))
    assert standing == ["cat", "cow", None]
    assert undone == [Undone(label, (a,)) for label in (None, "cat", "cow")]
    said = [said.label for said in said_of(open_shop.catalog, a)]
    assert said == ["cow", "cat", None, "cat", "cow", None]
    assert undo(open_shop, "tab:undo 4") is None


def test_a_correction_after_an_undo_is_the_next_to_be_undone(open_shop) -> None:
    a = open_shop.a
    say(open_shop, [a], "cow", "1")
    say(open_shop, [a], "cat", "2")
    undo(open_shop, "3")
    say(open_shop, [a], "dog", "4")
    undo(open_shop, "5")
    assert open_shop.catalog.labels([a]) == {a: "cow"}
    undo(open_shop, "6")
    assert open_shop.catalog.labels([a]) == {}


def test_photos_corrected_together_are_undone_together(open_shop) -> None:
    a, b = open_shop.a, open_shop.b
    say(open_shop, [a], "cat", "0")
    say(open_shop, [a, b, a], "cow", "1")
    assert undo(open_shop, "2") == Undone("cow", (a, b))
    assert open_shop.catalog.labels([a, b]) == {a: "cat"}


def test_what_others_said_meanwhile_stays_when_one_undoes_ones_own(open_shop) -> None:
    a = open_shop.a
    say(open_shop, [a], "cow", "ada")
    say(open_shop, [a], "cat", "bob", person="Bob")
    undo(open_shop, "ada undoes")
    assert open_shop.catalog.labels([a]) == {a: "cat"}
    assert undo(open_shop, "ada undoes more") is None
    undo(open_shop, "bob undoes", person="Bob")
    assert open_shop.catalog.labels([a]) == {}


def test_each_collection_has_a_history_of_its_own(open_shop, tmp_path) -> None:
    other = open_shop.catalog.add_collection(tmp_path / "other", CollectionKind.FOLDER).collection_id
    say(open_shop, [open_shop.a], "cow", "1")
    say(open_shop, [open_shop.b], "cat", "2", collection=other)
    assert undo(open_shop, "3") == Undone("cow", (open_shop.a,))
    assert undo(open_shop, "4") is None
    assert undo(open_shop, "5", collection=other) == Undone("cat", (open_shop.b,))


def test_a_key_press_that_is_sent_twice_counts_once(open_shop) -> None:
    a, b = open_shop.a, open_shop.b
    for _ in range(2):
        say(open_shop, [a, b], "cow", "1")
    assert len(open_shop.catalog.all_corrections()) == 2
    say(open_shop, [a], "cat", "2")
    for _ in range(2):
        assert undo(open_shop, "3") == Undone("cat", (a,))
    assert open_shop.catalog.labels([a, b]) == {a: "cow", b: "cow"}
    assert len(open_shop.catalog.all_corrections()) == 4


def test_an_undo_that_found_nothing_does_not_undo_what_came_later_when_it_is_sent_again(open_shop) -> None:
    assert undo(open_shop, "1") is None
    say(open_shop, [open_shop.a], "cow", "2")
    assert undo(open_shop, "1") is None
    assert open_shop.catalog.labels([open_shop.a]) == {open_shop.a: "cow"}


@pytest.mark.parametrize("label", ["", "   ", "unsure", "waiting", "unreadable", "all", "x" * 101])
def test_what_is_no_label_is_refused(open_shop, label: str) -> None:
    with pytest.raises(CatalogError, match="label"):
        open_shop.catalog.correct([open_shop.a], label, person="Ada", model_id=None)


def test_an_unknown_photo_keeps_the_whole_correction_out(open_shop) -> None:
    with pytest.raises(CatalogError, match="nothing was noted"):
        open_shop.catalog.correct([open_shop.a, "00" * 32], "cow", person="Ada", model_id=None)
    assert open_shop.catalog.all_corrections() == []


def test_all_corrections_come_in_the_order_they_were_made(open_shop) -> None:
    open_shop.catalog.correct([open_shop.b], "cow", person="Ada", model_id=None)
    open_shop.catalog.correct([open_shop.a], "cat", person="Bob", model_id=None)
    open_shop.catalog.remove_collection(open_shop.collection)
    said = open_shop.catalog.all_corrections()
    assert [(one.photo_id, one.label) for one in said] == [(open_shop.b, "cow"), (open_shop.a, "cat")]


def test_a_label_given_in_another_collection_is_named_as_such(open_shop) -> None:
    catalog = open_shop.catalog
    other = catalog.add_collection(open_shop.root / "other", CollectionKind.FOLDER)
    say(open_shop, [open_shop.a], "cow", "tab:1", collection=other.collection_id)
    say(open_shop, [open_shop.b], "cow", "tab:2")
    (a, b, c) = catalog.grid_items([1, 2, 3], open_shop.model)
    assert (a.labelled_in, b.labelled_in, c.labelled_in) == (other.name, None, None)
    say(open_shop, [open_shop.a], "cat", "tab:3")  # and now here
    assert catalog.grid_items([1], open_shop.model)[0].labelled_in is None
