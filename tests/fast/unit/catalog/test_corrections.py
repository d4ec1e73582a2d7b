"""Corrections: only added to, they win, and can be taken back many steps."""

from __future__ import annotations

import pytest

from gallery.errors import CatalogError


@pytest.fixture
def open_shop(shop):
    shop.scan("a.jpg", "b.jpg", "c.jpg")
    shop.a, shop.b, shop.c = shop.read("a.jpg", "b.jpg", "c.jpg")
    shop.tag({"a.jpg": [0.75, 0.25, 0]})
    return shop


def test_a_correction_notes_what_was_shown_and_leaves_the_prediction(open_shop) -> None:
    open_shop.catalog.correct([open_shop.a], "cow", person="Ada", model_id=open_shop.model)
    (said,) = open_shop.catalog.corrections(open_shop.a)
    assert (said.label, said.person, said.photo_id) == ("cow", "Ada", open_shop.a)
    assert (said.shown_model_id, said.shown_label, said.shown_confidence) == (open_shop.model, "dog", 0.75)
    assert said.made_at.endswith("+00:00")
    assert open_shop.catalog.prediction(open_shop.a, open_shop.model).label == "dog"


def test_an_untagged_photo_can_be_labelled(open_shop) -> None:
    open_shop.catalog.correct([open_shop.b], "cow", person="Ada", model_id=open_shop.model)
    (said,) = open_shop.catalog.corrections(open_shop.b)
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
    assert [said.label for said in open_shop.catalog.corrections(open_shop.a)] == ["cow", None]


def test_undo_goes_back_many_steps_and_is_noted_too(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    for n, label in enumerate(("cow", "cat", None)):
        catalog.correct([a], label, person="Ada", model_id=None, token=f"tab:{n}")
    standing = []
    for n in (2, 1, 0):
        catalog.take_back(f"tab:{n}", person="Ada", token=f"tab:undo {n}")
        standing.append(catalog.labels([a]).get(a))
    assert standing == ["cat", "cow", None]
    assert [said.label for said in catalog.corrections(a)] == ["cow", "cat", None, "cat", "cow", None]


def test_a_correction_after_an_undo_is_the_next_to_be_undone(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.correct([a], "cow", person="Ada", model_id=None, token="1")
    catalog.correct([a], "cat", person="Ada", model_id=None, token="2")
    catalog.take_back("2", person="Ada", token="3")
    catalog.correct([a], "dog", person="Ada", model_id=None, token="4")
    catalog.take_back("4", person="Ada", token="5")
    assert catalog.labels([a]) == {a: "cow"}
    catalog.take_back("1", person="Ada", token="6")
    assert catalog.labels([a]) == {}


def test_photos_corrected_together_are_taken_back_together(open_shop) -> None:
    catalog = open_shop.catalog
    catalog.correct([open_shop.a], "cat", person="Ada", model_id=None)
    catalog.correct([open_shop.a, open_shop.b, open_shop.a], "cow", person="Ada", model_id=None, token="1")
    catalog.take_back("1", person="Ada", token="2")
    assert catalog.labels([open_shop.a, open_shop.b]) == {open_shop.a: "cat"}


def test_what_others_said_meanwhile_stays_when_one_takes_back_ones_own(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.correct([a], "cow", person="Ada", model_id=None, token="ada")
    catalog.correct([a], "cat", person="Bob", model_id=None, token="bob")
    catalog.take_back("ada", person="Ada", token="ada undoes")
    assert catalog.labels([a]) == {a: "cat"}
    catalog.take_back("bob", person="Bob", token="bob undoes")
    assert catalog.labels([a]) == {}


def test_a_key_press_that_is_sent_twice_counts_once(open_shop) -> None:
    catalog, a, b = open_shop.catalog, open_shop.a, open_shop.b
    for _ in range(2):
        catalog.correct([a, b], "cow", person="Ada", model_id=None, token="1")
    assert len(catalog.all_corrections()) == 2
    catalog.correct([a], "cat", person="Ada", model_id=None, token="2")
    for _ in range(2):
        catalog.take_back("1", person="Ada", token="3")
    assert catalog.labels([a, b]) == {a: "cat"}
    assert len(catalog.all_corrections()) == 5


def test_only_what_is_kept_and_was_not_taken_back_can_be_taken_back(open_shop) -> None:
    catalog = open_shop.catalog
    catalog.correct([open_shop.a], "cow", person="Ada", model_id=None, token="1")
    catalog.take_back("1", person="Ada", token="2")
    for token in ("1", "2", "never pressed"):  # taken back already; an undo; unknown
        with pytest.raises(CatalogError, match="nothing kept"):
            catalog.take_back(token, person="Ada", token="3")
    assert len(catalog.all_corrections()) == 2


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
