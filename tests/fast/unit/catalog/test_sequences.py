"""Sequences in the catalog: what they hold, how shelves and queries stack them, and shifted clocks."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.datasets.sequences import mean_of_sequences, sequences_of
from gallery.errors import CatalogError
from gallery.types import DetectedBox, Detections, PhotoQuery, Review, SortOrder
from tests.fast.unit.catalog.conftest import Shop

BURST = ("a/1.jpg", "a/2.jpg", "a/3.jpg")
ALONE = ("a/4.jpg", "b/1.jpg", "undated.jpg")


@pytest.fixture
def trap(shop: Shop) -> Shop:
    """Three photos of one visit, one a minute later, one at the same time elsewhere, one without a date."""
    shop.scan(*BURST, *ALONE)
    for name, second in (("a/2.jpg", 50), ("a/1.jpg", 0), ("a/3.jpg", 59), ("b/1.jpg", 1)):
        shop.read(name, taken_at=f"2024-05-01T06:00:{second:02}")
    shop.read("a/4.jpg", taken_at="2024-05-01T06:02:00")
    shop.read("undated.jpg")
    shop.tag(
        {
            "a/1.jpg": [0.6, 0.4, 0.0],
            "a/2.jpg": [0.1, 0.9, 0.0],
            "a/3.jpg": [0.7, 0.3, 0.0],
            "a/4.jpg": [0.9, 0.1, 0.0],
            "b/1.jpg": [0.0, 0.1, 0.9],
        }
    )
    return shop


def settle(shop: Shop) -> None:
    shop.catalog.settle_sequences(shop.collection, shop.model, sequences_of, mean_of_sequences)


def find(shop: Shop, **query: object) -> list[str]:
    items = shop.catalog.grid_items(
        shop.catalog.find_files(PhotoQuery(shop.collection, shop.model, stacked=True, **query)), shop.model
    )
    return [f"{item.folder}/{item.name}".lstrip("/") for item in items]


def shelves(shop: Shop, **query: object) -> dict[str, int]:
    stacked = PhotoQuery(shop.collection, shop.model, stacked=True, **query)
    found = shop.catalog.shelves(shop.collection, shop.model, shop.classes, 0.6, stacked)
    return {shelf.name: shelf.count for shelf in found if shelf.count}


def ids(shop: Shop, *names: str) -> list[str]:
    return [shop.photo_id(name) for name in names]


def test_a_sequence_is_one_with_the_tag_of_the_mean_of_its_logits(trap: Shop) -> None:
    settle(trap)
    assert find(trap) == ["a/1.jpg", *ALONE]
    logits = np.log(np.array([[0.6, 0.4], [0.1, 0.9], [0.7, 0.3]])).mean(axis=0)
    cat = np.exp(logits[1]) / np.exp(logits).sum()
    first = trap.catalog.find_files(PhotoQuery(trap.collection, trap.model, stacked=True))[:1]
    ((label, confidence),) = trap.catalog.sequence_tags(first, trap.model).values()
    assert (label, confidence) == ("cat", pytest.approx(cat, abs=1e-6))
    assert find(trap, shelf="cat", unsure_below=0.5) == ["a/1.jpg"]
    assert find(trap, shelf="dog") == ["a/4.jpg"]
    assert shelves(trap) == {"dog": 1, "cow": 1, "unsure": 3, "waiting": 1}
    (frames,) = trap.catalog.frames(first)
    assert trap.names(frames) == ["1.jpg", "2.jpg", "3.jpg"]


def test_filters_and_orders_are_those_of_the_sequence(trap: Shop) -> None:
    settle(trap)
    assert find(trap, name_contains="3.jpg") == ["a/1.jpg"]
    assert find(trap, min_confidence=0.8) == ["a/4.jpg", "b/1.jpg"]
    assert find(trap, sort=SortOrder.LEAST_CERTAIN)[0] == "a/1.jpg"
    assert find(trap, sort=SortOrder.NEWEST)[0] == "a/4.jpg"


def test_a_sequence_has_a_label_once_all_its_photos_have_one(trap: Shop) -> None:
    settle(trap)
    trap.catalog.correct(ids(trap, *BURST[:2]), "fox", person="Ada", model_id=trap.model)
    assert find(trap, review=Review.BY_PEOPLE) == []
    trap.catalog.correct(ids(trap, BURST[2]), "blank", person="Ada", model_id=trap.model)
    assert find(trap, review=Review.BY_PEOPLE) == find(trap, shelf="fox") == ["a/1.jpg"]
    assert shelves(trap) == {"dog": 1, "cow": 1, "fox": 3, "waiting": 1}


def test_what_changes_is_found_anew(trap: Shop) -> None:
    settle(trap)
    trap.scan(*BURST[1:], *ALONE)  # the first photo is gone
    settle(trap)
    assert find(trap) == ["a/2.jpg", *ALONE]
    trap.scan(*BURST, *ALONE)
    trap.read("a/new.jpg", taken_at="2024-05-01T06:00:30")
    settle(trap)
    (frames, *_) = trap.catalog.frames(trap.catalog.find_files(PhotoQuery(trap.collection, trap.model)))
    assert trap.names(frames) == ["1.jpg", "new.jpg", "2.jpg", "3.jpg"]
    trap.tag({name: [0.0, 0.0, 1.0] for name in BURST})
    settle(trap)
    assert find(trap, shelf="cow") == ["a/1.jpg", "b/1.jpg"]


def test_nothing_is_written_where_nothing_changed(trap: Shop) -> None:
    settle(trap)
    before = trap.catalog.revision()
    settle(trap)
    assert trap.catalog.revision() == before


def test_a_clock_that_was_set_wrongly_is_shifted_in_dates_and_queries(trap: Shop) -> None:
    trap.catalog.shift_clock(trap.collection, "", "+1 h")
    trap.catalog.shift_clock(trap.collection, "a", "+1 year -2 h")
    assert trap.catalog.clock_shifts(trap.collection) == {"": "+1 h", "a": "+1 year -2 h"}
    found = trap.catalog.find_files(PhotoQuery(trap.collection, trap.model))
    taken = [photo.metadata.taken_at for photo in trap.catalog.photos(found)]
    assert taken == [
        "2025-05-01T04:00:00", "2025-05-01T04:00:50", "2025-05-01T04:00:59", "2025-05-01T04:02:00",
        "2024-05-01T07:00:01", None,
    ]  # fmt: skip
    assert [one.taken_at for one in trap.catalog.metadata(ids(trap, "a/1.jpg"))] == ["2025-05-01T04:00:00"]
    assert find(trap, taken_from="2025-05-01") == [*BURST, "a/4.jpg"]
    settle(trap)
    assert find(trap, taken_from="2025-05-01", sort=SortOrder.NEWEST) == ["a/4.jpg", "a/1.jpg"]
    assert trap.catalog.clock_of(int(found[0]))[1] == "+1 year -2 h"
    trap.catalog.shift_clock(trap.collection, "a", None)
    assert trap.catalog.photo(int(found[0])).metadata.taken_at == "2024-05-01T07:00:00"


def test_a_shift_that_is_none_and_a_folder_without_photos_are_refused(trap: Shop) -> None:
    with pytest.raises(CatalogError, match="no shift of a clock"):
        trap.catalog.shift_clock(trap.collection, "a", "tomorrow")
    with pytest.raises(CatalogError, match="no sub-folder 'c'"):
        trap.catalog.shift_clock(trap.collection, "c", "+1 h")


def test_a_detectors_boxes_put_photos_on_shelves_below_peoples_labels(trap: Shop) -> None:
    box = DetectedBox("animal", 0.9, (0.1, 0.2, 0.3, 0.4), "cat", 0.8)
    blank = [Detections(photo_id, "blank", None, ()) for photo_id in ids(trap, *BURST)]
    seen = Detections(trap.photo_id("b/1.jpg"), "cat", 0.8, (box, box))
    animal = Detections(trap.photo_id("a/4.jpg"), None, None, (box,))
    trap.catalog.record_detections([*blank, seen, animal, Detections("0" * 64, "blank", None, ())])
    assert trap.catalog.detections(ids(trap, "b/1.jpg", "undated.jpg")) == {seen.photo_id: seen}
    assert seen.animals == 2
    trap.catalog.correct(ids(trap, "a/2.jpg"), "fox", person="Ada", model_id=trap.model)

    def counts() -> dict[str, int]:
        found = trap.catalog.shelves(trap.collection, trap.model, trap.classes, 0.6)
        return {shelf.name: shelf.count for shelf in found if shelf.count}

    assert counts() == {"blank": 2, "fox": 1, "dog": 1, "cat": 1, "waiting": 1}
    found = trap.catalog.find_files(PhotoQuery(trap.collection, trap.model, shelf="blank"))
    assert [(one.name, one.source, one.confidence) for one in trap.catalog.grid_items(found, trap.model)] == [
        ("1.jpg", "detector", None), ("3.jpg", "detector", None),
    ]  # fmt: skip
    settle(trap)
    assert shelves(trap) == {"blank": 3, "dog": 1, "cat": 1, "waiting": 1}
    assert shelves(trap, review=Review.OPEN) == shelves(trap)
    trap.catalog.record_detections([Detections(one.photo_id, None, None, (box,)) for one in blank])
    assert counts() == {"dog": 3, "fox": 1, "cat": 1, "waiting": 1}
