"""Shelves and queries, held against a second, plain reading of the same rules."""

from __future__ import annotations

import random

import pytest

from gallery.settings import CLASS_NAMES
from gallery.types import (
    ALL,
    UNREADABLE,
    UNSURE,
    WAITING,
    PhotoQuery,
    Review,
    SkippedFile,
    SkipReason,
    SortOrder,
)

NAMES = [UNSURE, WAITING, UNREADABLE]


@pytest.fixture
def sorted_shop(shop):
    shop.scan("a.jpg", "b/c.jpg", "b/d.jpg", "b-e/f.jpg", "bad.jpg", "unread.jpg", "Zoë.jpg")
    shop.read("a.jpg", taken_at="2024-05-02T10:00:00")
    shop.read("b/c.jpg", taken_at="2023-12-31T23:59:59")
    shop.read("b/d.jpg", "b-e/f.jpg", "Zoë.jpg")
    shop.tag(
        {
            "a.jpg": [0.9, 0.1, 0],
            "b/c.jpg": [0.55, 0.45, 0],
            "b/d.jpg": [0, 0.3, 0.7],
            "b-e/f.jpg": [0.99, 0, 0],
        }
    )
    shop.catalog.record_skipped(
        shop.collection, [SkippedFile(shop.root / "bad.jpg", SkipReason.DAMAGED, "It is cut short.")]
    )
    return shop


def shelves(shop, unsure_below: float = 0.6) -> dict[str, int]:
    found = shop.catalog.shelves(shop.collection, shop.model, shop.classes, unsure_below)
    return {shelf.name: shelf.count for shelf in found}


def find(shop, **query: object) -> list[str]:
    return shop.names(shop.catalog.find_files(PhotoQuery(shop.collection, shop.model, **query)))


def test_every_file_lies_on_one_shelf(sorted_shop) -> None:
    assert shelves(sorted_shop) == {
        "dog": 2, "cat": 0, "cow": 1, UNSURE: 1, WAITING: 2, UNREADABLE: 1,
    }  # fmt: skip


def test_a_shelf_shows_its_surest_photo_and_how_sure_it_is(sorted_shop) -> None:
    dogs, cats, *_ = sorted_shop.catalog.shelves(
        sorted_shop.collection, sorted_shop.model, sorted_shop.classes, 0.6
    )
    assert dogs.cover_photo_id == sorted_shop.photo_id("b-e/f.jpg")
    assert dogs.mean_confidence == pytest.approx((0.9 + 0.99) / 2)
    assert (cats.cover_photo_id, cats.mean_confidence) == (None, None)


def test_the_threshold_moves_photos_between_a_class_and_unsure(sorted_shop) -> None:
    assert shelves(sorted_shop, 0.5)[UNSURE] == 0
    assert shelves(sorted_shop, 0.95) == {"dog": 1, "cat": 0, "cow": 0, UNSURE: 3, WAITING: 2, UNREADABLE: 1}
    assert find(sorted_shop, shelf=UNSURE, unsure_below=0.95) == ["a.jpg", "c.jpg", "d.jpg"]


def test_a_persons_label_wins_over_the_model_and_the_threshold(sorted_shop) -> None:
    ids = [sorted_shop.photo_id(name) for name in ("b/c.jpg", "a.jpg", "Zoë.jpg")]
    sorted_shop.catalog.correct(ids, "cat", person="Ada", model_id=sorted_shop.model)
    assert shelves(sorted_shop, 1.0) == {"dog": 0, "cat": 3, "cow": 0, UNSURE: 2, WAITING: 1, UNREADABLE: 1}
    assert find(sorted_shop, shelf="cat", unsure_below=1.0) == ["Zoë.jpg", "a.jpg", "c.jpg"]
    cats = sorted_shop.catalog.shelves(sorted_shop.collection, sorted_shop.model, sorted_shop.classes, 0.6)[1]
    assert (cats.corrected, cats.mean_confidence) == (3, None)
    assert cats.cover_photo_id in ids


def test_a_label_beyond_the_classes_has_a_shelf_of_its_own_at_the_end(sorted_shop) -> None:
    sorted_shop.catalog.correct([sorted_shop.photo_id("a.jpg")], "goat", person="Ada", model_id=None)
    found = sorted_shop.catalog.shelves(sorted_shop.collection, sorted_shop.model, sorted_shop.classes, 0.6)
    assert [shelf.name for shelf in found] == [*sorted_shop.classes, *NAMES, "goat"]
    assert find(sorted_shop, shelf="goat") == ["a.jpg"]
    file_ids = sorted_shop.catalog.find_files(
        PhotoQuery(sorted_shop.collection, sorted_shop.model, shelf="goat")
    )
    (item,) = sorted_shop.catalog.grid_items(file_ids, sorted_shop.model)
    assert (item.label, item.source, item.predicted_label) == ("goat", "person", "dog")


def test_before_a_model_has_tagged_all_readable_files_wait(sorted_shop) -> None:
    found = sorted_shop.catalog.shelves(sorted_shop.collection, "unused", CLASS_NAMES, 0.6)
    assert [shelf.name for shelf in found] == [*CLASS_NAMES, *NAMES]
    assert {shelf.name: shelf.count for shelf in found if shelf.count} == {WAITING: 6, UNREADABLE: 1}


def test_files_that_could_not_be_read_are_shown_without_a_photo(sorted_shop) -> None:
    file_ids = sorted_shop.catalog.find_files(
        PhotoQuery(sorted_shop.collection, sorted_shop.model, shelf=UNREADABLE)
    )
    (item,) = sorted_shop.catalog.grid_items(file_ids, sorted_shop.model)
    assert (item.name, item.photo_id, item.label, item.source) == ("bad.jpg", "", None, "waiting")


def test_paths_sort_folder_by_folder(sorted_shop) -> None:
    paths = list(sorted_shop.catalog.prediction_table(sorted_shop.collection, sorted_shop.model).paths)
    assert paths == sorted(paths)
    assert find(sorted_shop) == ["Zoë.jpg", "a.jpg", "c.jpg", "d.jpg", "f.jpg", "unread.jpg"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"sort": SortOrder.NAME}, ["a.jpg", "c.jpg", "d.jpg", "f.jpg", "unread.jpg", "Zoë.jpg"]),
        ({"sort": SortOrder.TAKEN_AT, "folder": "b"}, ["c.jpg", "d.jpg"]),
        ({"sort": SortOrder.MOST_CERTAIN, "min_confidence": 0.01}, ["f.jpg", "a.jpg", "d.jpg", "c.jpg"]),
        ({"sort": SortOrder.LEAST_CERTAIN, "max_confidence": 0.95}, ["c.jpg", "d.jpg", "a.jpg"]),
        ({"folder": "b"}, ["c.jpg", "d.jpg"]),
        ({"folder": "b-e"}, ["f.jpg"]),
        ({"name_contains": "ZOË"}, ["Zoë.jpg"]),
        ({"name_contains": "zoe\u0308"}, ["Zoë.jpg"]),
        ({"name_contains": "%"}, []),
        ({"taken_from": "2024-05-02", "taken_to": "2024-05-02"}, ["a.jpg"]),
        ({"taken_to": "2023-12-31"}, ["c.jpg"]),
        ({"shelf": "no such label"}, []),
        ({"shelf": "cow"}, ["d.jpg"]),
    ],
)  # fmt: skip
def test_filters_and_sorting(sorted_shop, query: dict[str, object], expected: list[str]) -> None:
    assert find(sorted_shop, **query) == expected


def test_newest_first_puts_photos_without_a_date_last(sorted_shop) -> None:
    assert find(sorted_shop, sort=SortOrder.NEWEST)[:2] == ["a.jpg", "c.jpg"]


def test_photos_are_found_by_whether_people_labelled_them_and_whether_the_model_agrees(sorted_shop) -> None:
    for name, label in (("a.jpg", "dog"), ("b/c.jpg", "cat"), ("Zoë.jpg", "fox")):
        sorted_shop.catalog.correct([sorted_shop.photo_id(name)], label, person="Ada", model_id=None)
    assert find(sorted_shop, review=Review.BY_PEOPLE) == ["Zoë.jpg", "a.jpg", "c.jpg"]
    assert find(sorted_shop, review=Review.OPEN) == ["d.jpg", "f.jpg", "unread.jpg"]
    assert find(sorted_shop, review=Review.DISAGREES) == ["c.jpg"]  # of Zoë the model has said nothing


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"folder": "b"}, {UNSURE: 1, "cow": 1}),
        ({"name_contains": "a"}, {"dog": 1, UNREADABLE: 1, WAITING: 1}),
        ({"taken_from": "2024-01-01"}, {"dog": 1}),
        ({"min_confidence": 0.85}, {"dog": 2}),
        ({"review": Review.BY_PEOPLE}, {"fox": 1}),
        ({"review": Review.OPEN, "folder": "b"}, {UNSURE: 1}),
    ],
)
def test_shelves_count_the_photos_that_pass_the_filters(
    sorted_shop, filters: dict[str, object], expected: dict[str, int]
) -> None:
    if "review" in filters:
        sorted_shop.catalog.correct([sorted_shop.photo_id("b/d.jpg")], "fox", person="Ada", model_id=None)
    query = PhotoQuery(sorted_shop.collection, sorted_shop.model, **filters)
    found = sorted_shop.catalog.shelves(
        sorted_shop.collection, sorted_shop.model, sorted_shop.classes, 0.6, query
    )
    assert {shelf.name: shelf.count for shelf in found if shelf.count} == expected
    for name, count in expected.items():
        assert len(find(sorted_shop, shelf=name, **filters)) == count


def test_grid_items_keep_the_order_asked_for(sorted_shop) -> None:
    ids = sorted_shop.catalog.find_files(PhotoQuery(sorted_shop.collection, sorted_shop.model))[::-1]
    items = sorted_shop.catalog.grid_items([*ids, 12345], sorted_shop.model)
    assert [item.file_id for item in items] == ids.tolist()


def test_the_same_photo_at_two_places_counts_twice_and_is_corrected_once(shop) -> None:
    shop.scan("a.jpg", "copy.jpg")
    shop.read("a.jpg", "copy.jpg", content="a.jpg")
    shop.tag({"a.jpg": [1, 0, 0]})
    assert shelves(shop)["dog"] == 2
    shop.catalog.correct([shop.photo_id("a.jpg")], "cow", person="Ada", model_id=shop.model)
    assert shelves(shop)["cow"] == 2


def test_two_collections_do_not_mix(sorted_shop, new_shop, tmp_path) -> None:
    from gallery.types import CollectionKind

    other = sorted_shop.catalog.add_collection(tmp_path / "other", CollectionKind.FOLDER).collection_id
    assert sorted_shop.catalog.find_files(PhotoQuery(other, sorted_shop.model)).tolist() == []
    assert not any(
        s.count for s in sorted_shop.catalog.shelves(other, sorted_shop.model, sorted_shop.classes, 0.6)
    )


def test_the_revision_changes_with_what_browse_shows_and_rests_otherwise(sorted_shop) -> None:
    catalog, seen = sorted_shop.catalog, []

    def moved() -> bool:
        seen.append(catalog.revision())
        return len(seen) < 2 or seen[-1] != seen[-2]

    assert moved()
    catalog.correct([sorted_shop.photo_id("a.jpg")], "cat", person="Ada", model_id=None)
    assert moved()
    sorted_shop.tag({"Zoë.jpg": [1, 0, 0]})
    assert moved()
    job = catalog.queue_job(sorted_shop.collection, sorted_shop.model)
    catalog.claim_job(1)
    catalog.update_job(job.job_id, done=1)
    catalog.shelves(sorted_shop.collection, sorted_shop.model, sorted_shop.classes, 0.6)
    assert not moved()


@pytest.mark.parametrize("seed", range(5))
def test_shelves_and_lists_agree_with_a_plain_reading_of_the_rules(shop, seed: int) -> None:
    rng = random.Random(seed)
    names = [f"{rng.choice('xyz')}/{n}.jpg" for n in range(60)]
    shop.scan(*names)
    unreadable = rng.sample(names, 5)
    read = [name for name in names if name not in unreadable and rng.random() < 0.9]
    for name in read:
        shop.read(name)
    said = {}
    for name in rng.sample(read, 40):
        p = [rng.random() for _ in range(3)]
        said[name] = [value / sum(p) for value in p]
        shop.tag({name: said[name]})
    shop.catalog.record_skipped(
        shop.collection, [SkippedFile(shop.root / name, SkipReason.EMPTY, "") for name in unreadable]
    )
    labels = {name: rng.choice(["dog", "cat", "goat"]) for name in rng.sample(read, 15)}
    for name, label in labels.items():
        shop.catalog.correct([shop.photo_id(name)], label, person="Ada", model_id=shop.model)
    threshold = 0.45

    expected: dict[str, list[str]] = {name: [] for name in (*shop.classes, *NAMES, *labels.values())}
    for name in sorted(names):
        if name in unreadable:
            shelf = UNREADABLE
        elif name in labels:
            shelf = labels[name]
        elif name not in said:
            shelf = WAITING
        else:
            best = max(said[name])
            shelf = shop.classes[said[name].index(best)] if best >= threshold else UNSURE
        expected[shelf].append(name.split("/")[1])
    assert shelves(shop, threshold) == {name: len(files) for name, files in expected.items()}
    for shelf, files in expected.items():
        assert find(shop, shelf=shelf, unsure_below=threshold) == files
    assert len(find(shop, shelf=ALL)) == len(names) - len(unreadable)


def test_photos_come_in_the_order_asked_for_without_files_that_were_not_read(shop) -> None:
    shop.scan("a.jpg", "b.jpg", "c.jpg")
    shop.read("a.jpg", "b.jpg")
    by_name = {item.name: item.file_id for item in shop.catalog.grid_items(range(1, 10), shop.model)}
    asked = [by_name["b.jpg"], by_name["c.jpg"], by_name["a.jpg"], 99]
    assert [photo.path.name for photo in shop.catalog.photos(asked)] == ["b.jpg", "a.jpg"]
