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
    for label in ("cow", "cat", None):
        catalog.correct([a], label, person="Ada", model_id=None)
    standing = []
    while (undone := catalog.undo_last("Ada")) is not None:
        standing.append((undone.label, catalog.labels([a]).get(a)))
    assert standing == [(None, "cat"), ("cat", "cow"), ("cow", None)]
    assert [said.label for said in catalog.corrections(a)] == ["cow", "cat", None, "cat", "cow", None]


def test_a_correction_after_an_undo_is_the_next_to_be_undone(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.correct([a], "cow", person="Ada", model_id=None)
    catalog.correct([a], "cat", person="Ada", model_id=None)
    catalog.undo_last("Ada")
    catalog.correct([a], "dog", person="Ada", model_id=None)
    assert catalog.undo_last("Ada").label == "dog"
    assert catalog.labels([a]) == {a: "cow"}
    assert catalog.undo_last("Ada").label == "cow"
    assert catalog.undo_last("Ada") is None


def test_photos_corrected_together_are_taken_back_together(open_shop) -> None:
    catalog = open_shop.catalog
    catalog.correct([open_shop.a], "cat", person="Ada", model_id=None)
    catalog.correct([open_shop.a, open_shop.b, open_shop.a], "cow", person="Ada", model_id=None)
    assert catalog.undo_last("Ada").label == "cow"
    assert catalog.labels([open_shop.a, open_shop.b]) == {open_shop.a: "cat"}


def test_undo_is_personal_and_what_others_said_meanwhile_stays(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.correct([a], "cow", person="Ada", model_id=None)
    catalog.correct([a], "cat", person="Bob", model_id=None)
    assert catalog.undo_last("Eve") is None
    assert catalog.undo_last("Ada").label == "cow"
    assert catalog.labels([a]) == {a: "cat"}
    assert catalog.undo_last("Bob").label == "cat"
    assert catalog.labels([a]) == {}


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
