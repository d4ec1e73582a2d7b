"""What Browse shows comes from arrays in memory that follow every change; no question walks a whole table."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from gallery.catalog import Catalog, listing_reading
from gallery.catalog import database as database_module
from gallery.datasets.sequences import mean_of_sequences, sequences_of
from gallery.types import Detections, PhotoQuery, Review, SkippedFile, SkipReason, SortOrder
from tests.fast.unit.catalog.conftest import Shop

TABLES = "files|photos|predictions|labels|corrections|verdicts"


def seen(catalog: Catalog, shop: Shop) -> list[object]:
    """Return all that Browse shows of a collection."""
    usual = PhotoQuery(shop.collection, shop.model)
    orders = [catalog.find_files(PhotoQuery(shop.collection, shop.model, sort=s)).tolist() for s in SortOrder]
    reviews = [catalog.find_files(PhotoQuery(shop.collection, shop.model, review=r)).tolist() for r in Review]
    named = catalog.find_files(PhotoQuery(shop.collection, shop.model, name_contains="1")).tolist()
    shelves = catalog.shelves(shop.collection, shop.model, shop.classes, 0.6, usual)
    stacked = PhotoQuery(shop.collection, shop.model, stacked=True)
    shelves += catalog.shelves(shop.collection, shop.model, shop.classes, 0.6, stacked)
    orders += [catalog.find_files(replace(stacked, sort=sort)).tolist() for sort in SortOrder]
    figures = (catalog.reviewed(shop.collection, shop.model), catalog.untagged(shop.collection, shop.model))
    return [orders, reviews, named, shelves, figures, catalog.folders(shop.collection)]


@pytest.mark.parametrize("least", [1, 1000])
@pytest.mark.parametrize("seed", range(6))
def test_a_listing_in_memory_or_saved_is_what_a_fresh_one_is_after_any_change(
    shop: Shop, tmp_path, seed: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.catalog.shelf_queries.WORTH_SAVING", least)
    rng = random.Random(seed)
    names = [f"{rng.choice('xyz')}/{n}.jpg" for n in range(30)]
    shop.scan(*names)
    read: list[str] = []

    def some(of: list[str]) -> list[str]:
        return rng.sample(of, min(len(of), rng.randint(1, 4)))

    def change_a_label() -> None:
        ids = [shop.photo_id(name) for name in some(read)]
        shop.catalog.correct(ids, rng.choice(["dog", "goat", None]), person="Ada", model_id=shop.model)

    def read_some() -> None:
        for name in some(names):
            shop.read(name, taken_at=rng.choice([None, f"2024-05-0{rng.randint(1, 9)}T10:00:00"]))
            read.append(name)

    def skip_one() -> None:
        gone = rng.choice(names)
        shop.catalog.record_skipped(shop.collection, [SkippedFile(shop.root / gone, SkipReason.EMPTY, "")])
        read[:] = [name for name in read if name != gone]

    def scan_others() -> None:
        names.append(f"w/{len(names)}.jpg")
        left = [name for name in names if rng.random() < 0.9]
        shop.scan(*left)
        names[:] = left
        read[:] = [name for name in read if name in left]

    def add_files() -> None:
        new = [
            f"{rng.choice('awxz')}/{rng.choice('0m9')}{len(names) + n}.jpg" for n in range(rng.randint(1, 3))
        ]
        shop.catalog.add_files(shop.collection, [shop.entry(name) for name in new])
        names.extend(new)

    def tag_some() -> None:
        shop.tag({name: [rng.random() / 3 for _ in range(3)] for name in some(read)})

    def undo() -> None:
        token = str(rng.random())
        shop.catalog.undo(person="Ada", collection_id=shop.collection, token=token)

    def shift_the_clock() -> None:
        folder = names[0].split("/")[0]
        shop.catalog.shift_clock(shop.collection, folder, rng.choice(["+2 day", "-1 year", None]))

    def find_sequences() -> None:
        shop.catalog.settle_sequences(shop.collection, shop.model, sequences_of, mean_of_sequences)

    def detect() -> None:
        words = ["human", "blank", None]
        found = [Detections(shop.photo_id(name), rng.choice(words), None, ()) for name in some(read)]
        shop.catalog.record_detections(found)

    read_some()
    changes: list[Callable[[], None]] = [change_a_label, read_some, skip_one, scan_others, tag_some, undo]
    changes += [add_files, add_files]
    changes += [shift_the_clock, find_sequences, detect]
    with Catalog.open(tmp_path / "catalog") as other:  # as another process sees what this one writes
        for _ in range(15):
            rng.choice(changes)()
            if not read:
                read_some()
            with Catalog.open(tmp_path / "catalog") as fresh:  # of a listing on the disk, if there is one
                shown = seen(fresh, shop)
            shutil.rmtree(tmp_path / "catalog" / "listings", ignore_errors=True)
            with Catalog.open(tmp_path / "catalog") as fresh:
                assert seen(shop.catalog, shop) == seen(other, shop) == seen(fresh, shop) == shown


@pytest.mark.parametrize("few", [5_000, 2])
def test_added_files_take_their_places_without_reading_the_others_again(
    shop: Shop, tmp_path, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.scan("b/1.jpg", "b/2.jpg", "d/1.jpg")
    shop.read("b/1.jpg", "b/2.jpg", "d/1.jpg", taken_at="2024-05-02T10:00:00")
    shop.tag({"d/1.jpg": [1, 0, 0]})
    seen(shop.catalog, shop)
    anew: list[int] = []
    read = listing_reading.read_listing
    monkeypatch.setattr(listing_reading, "_FEW_FILES", few)
    monkeypatch.setattr(listing_reading, "read_listing", lambda *asked: anew.append(1) or read(*asked))
    added = ["0.jpg", "a/3.jpg", "b/11.jpg", "c/4.jpg", "d/5.jpg"]
    shop.catalog.add_files(shop.collection, [shop.entry(name) for name in added])
    shop.read("c/4.jpg", "0.jpg", taken_at="2023-05-02T10:00:00")
    shop.tag({"c/4.jpg": [0, 1, 0]})
    found = shop.catalog.find_files(PhotoQuery(shop.collection, shop.model))
    folders = [("0.jpg", ""), ("3.jpg", "a"), ("1.jpg", "b"), ("11.jpg", "b"), ("2.jpg", "b")]
    folders += [("4.jpg", "c"), ("1.jpg", "d"), ("5.jpg", "d")]
    items = shop.catalog.grid_items(found, shop.model)
    assert [(item.name, item.folder) for item in items] == folders
    assert bool(anew) == (few == 2)
    with Catalog.open(tmp_path / "catalog") as fresh:
        assert seen(shop.catalog, shop) == seen(fresh, shop)


def test_many_changes_in_a_collection_whose_clock_was_wrong_are_followed(
    shop: Shop, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"a/{n}.jpg" for n in range(8)]
    shop.scan(*names)
    shop.read(*names, taken_at="2024-05-02T10:00:00")
    shop.tag({name: [1, 0, 0] for name in names})
    shop.catalog.shift_clock(shop.collection, "a", "+2 day")
    seen(shop.catalog, shop)
    monkeypatch.setattr(listing_reading, "_FEW_FILES", 3)  # dates are asked of all files for more changes
    ids = [shop.photo_id(name) for name in names[::2]]
    shop.catalog.correct(ids, "dog", person="Ada", model_id=shop.model)
    with Catalog.open(tmp_path / "catalog") as fresh:
        assert seen(shop.catalog, shop) == seen(fresh, shop)


def test_more_changes_than_are_kept_are_no_problem(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.scan("a.jpg", "b.jpg")
    shop.read("a.jpg", "b.jpg")
    shop.tag({"a.jpg": [1, 0, 0]})
    assert shop.catalog.untagged(shop.collection, shop.model) == 1
    shop.tag({"b.jpg": [1, 0, 0]})
    with shop.catalog._database.writing() as connection:
        connection.execute("INSERT INTO changes (change_id, photo_key) VALUES (4096 * 40, 0)")
        assert connection.execute("SELECT count(*) FROM changes").fetchone() == (1,)
    assert shop.catalog.untagged(shop.collection, shop.model) == 0


def test_removing_a_collection_empties_its_listing_and_leaves_others(shop: Shop, new_shop, tmp_path) -> None:
    shop.scan("a.jpg")
    assert len(shop.catalog.find_files(PhotoQuery(shop.collection, shop.model))) == 1
    shop.catalog.remove_collection(shop.collection)
    assert len(shop.catalog.find_files(PhotoQuery(shop.collection, shop.model))) == 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent to any catalog that is opened in the test, values filled in."""
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: object, **named: object) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(database_module.sqlite3, "connect", traced)
    return statements


def is_table(name: str, question: str) -> bool:
    """Return whether a name, or what it stands for in a question, is a table that grows with the photos."""
    return re.search(rf"\b({TABLES})( AS)? {name}\b", question) is not None or name in TABLES.split("|")


def plans(catalog: Catalog, asked: list[str]) -> tuple[set[str], list[tuple[str, str]]]:
    """Return the questions that were asked, and those parts of their plans that walk a table of photos."""
    questions = {one for one in asked if one.lstrip().startswith(("SELECT", "WITH"))}
    with catalog._database.reading() as connection:
        return questions, [
            (plan[3], question)
            for question in questions
            for plan in connection.execute("EXPLAIN QUERY PLAN " + question).fetchall()
            if plan[3].startswith("SCAN")
            and "USING" not in plan[3]
            and is_table(plan[3].split()[1], question)
        ]


def test_every_question_of_a_page_uses_an_index(tmp_path, new_shop, asked: list[str]) -> None:
    with Catalog.open(tmp_path / "catalog") as catalog:
        shop = new_shop(catalog)
        names = [f"{station}/{n}.jpg" for station in "abc" for n in range(40)]
        shop.scan(*names)
        shop.read(*names, taken_at="2024-05-02T10:00:00")
        shop.tag({name: [0.9, 0.1, 0] for name in names[:60]})
        shop.catalog.correct([shop.photo_id(names[0])], "cat", person="Ada", model_id=shop.model)
        other = catalog.add_collection(tmp_path / "other", shop.catalog.collection(1).kind).collection_id
        seen(catalog, shop)  # the listing is in memory from here on
        shop.catalog.correct([shop.photo_id(names[1])], "cat", person="Ada", model_id=shop.model)
        asked.clear()
        seen(catalog, shop)
        ids = catalog.find_files(PhotoQuery(shop.collection, shop.model))
        photo_id = shop.photo_id(names[3])
        catalog.collections(), catalog.collection(other), catalog.label_count(shop.collection)
        catalog.grid_items(ids[:20], shop.model), catalog.photos(ids[:20]), catalog.photo(int(ids[0]))
        catalog.photo_at(photo_id), catalog.files_of([photo_id], shop.collection)
        catalog.prediction(photo_id, shop.model), catalog.cams(photo_id, shop.model)
        catalog.features(shop.model, [photo_id]), catalog.metadata([photo_id])
        catalog.labels([photo_id]), catalog.standing_labels([photo_id]), catalog.opinions(photo_id)
        catalog.skipped_files(shop.collection), catalog.unread_files(shop.collection, 5)
        catalog.live_job(), catalog.latest_job(shop.collection), catalog.unsure_threshold(shop.model)
        catalog.undo(person="Ada", collection_id=shop.collection, token="t")
        questions, walks = plans(catalog, asked)
        assert len(questions) > 25
        assert walks == []


def test_the_questions_of_the_other_pages_use_an_index(shop: Shop, asked: list[str], tmp_path) -> None:
    names = [f"{station}/{n}.jpg" for station in "abc" for n in range(40)]
    shop.scan(*names)
    shop.read(*names, taken_at="2024-05-02T10:00:00")
    shop.tag({name: [0.9, 0.1, 0] for name in names[:60]})
    ids = [shop.photo_id(name) for name in names[:5]]
    shop.catalog.correct(ids, "cat", person="Ada", model_id=shop.model)
    shop.catalog.record_detections([Detections(ids[0], "human", 0.9, ())])
    shop.catalog.settle_sequences(shop.collection, shop.model, sequences_of, mean_of_sequences)
    with Catalog.open(tmp_path / "catalog") as catalog:
        files = catalog.find_files(PhotoQuery(shop.collection, shop.model))
        asked.clear()
        catalog.opinions(ids[0]), catalog.standing_verdicts(ids), catalog.label_counts(), catalog.class_map()
        catalog.prediction_table(shop.collection, shop.model, with_paths=False)
        catalog.predicted(shop.model, ids), catalog.class_cams(shop.model, ids, np.zeros((5, 1), np.int64))
        catalog.vectors_of_files(shop.model, shop.collection), catalog.photos_of_vectors(shop.model, 10)
        catalog.file_of_each(np.arange(1, 6), shop.collection), catalog.frames(files[:5])
        catalog.sequence_tags(files[:5], shop.model), catalog.may_have_sequences(shop.collection)
        catalog.detections(ids), catalog.photos_named(ids), catalog.awaits_model(shop.collection, shop.model)
        catalog.clock_shifts(shop.collection), catalog.clock_of(int(files[0]))
        catalog.models_used(), catalog.named_photos(shop.model)
        catalog.pending_files(shop.collection, shop.model), catalog.unmeasured(shop.model)
        catalog.unnamed_by(shop.model)
        questions, walks = plans(catalog, asked)
    assert len(questions) > 20
    by_people = {"SCAN v", "SCAN l", "SCAN labels"}  # all that people said is asked for: thousands of rows
    assert [walk for walk in walks if walk[0] not in by_people] == []


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every listing is worth saving."""
    monkeypatch.setattr("gallery.catalog.shelf_queries.WORTH_SAVING", 1)


@pytest.fixture
def large(shop: Shop, saved: None) -> Shop:
    """A collection whose listing was saved, some of it tagged and labelled."""
    names = [f"{station}/é{n}.jpg" for station in "ab" for n in range(30)]
    shop.scan(*names)
    shop.read(*names, taken_at="2024-05-02T10:00:00")
    shop.tag({name: [0.9, 0.1, 0] for name in names[:40]})
    shop.catalog.correct([shop.photo_id(names[0])], "a fox", person="Ada", model_id=shop.model)
    seen(shop.catalog, shop)
    shop.catalog.finish_saving()
    return shop


def test_a_new_process_takes_a_saved_listing_and_what_has_changed_since(
    large: Shop, tmp_path, asked: list[str]
) -> None:
    (file,) = (tmp_path / "catalog" / "listings").iterdir()
    large.catalog.correct([large.photo_id("a/é1.jpg")], "cat", person="Ada", model_id=large.model)
    with Catalog.open(tmp_path / "catalog") as fresh:
        asked.clear()
        shown = seen(fresh, large)
        assert [one for one in asked if "sqlite_autoindex_files_1" in one and "ORDER BY path" in one] == []
    file.unlink()
    with Catalog.open(tmp_path / "catalog") as fresh:
        assert seen(fresh, large) == shown == seen(large.catalog, large)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and nothing more", None, "version"])
def test_a_damaged_saved_listing_is_read_anew_and_saved_again(
    large: Shop, tmp_path, damage: bytes | str | None
) -> None:
    shown = seen(large.catalog, large)
    folder = tmp_path / "catalog" / "listings"
    (file,) = folder.iterdir()
    if damage is None:  # the head of an array does not end
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b"}", b" ", 1))
    elif isinstance(damage, str):
        with np.load(file) as stored:
            arrays = {name: stored[name] for name in stored.files}
        np.savez(file, **arrays | {damage: np.array(99)})
    else:
        file.write_bytes(damage)
    with Catalog.open(tmp_path / "catalog") as fresh:
        assert seen(fresh, large) == shown
    (other,) = folder.iterdir()
    assert other.name != file.name
    assert other.stat().st_size > 1000


def test_a_catalog_of_another_day_does_not_take_what_was_saved_later(large: Shop, tmp_path) -> None:
    shown = seen(large.catalog, large)
    older = tmp_path / "older.sqlite3"
    with (
        closing(sqlite3.connect(tmp_path / "catalog" / "catalog.sqlite3")) as now,
        closing(sqlite3.connect(older)) as then,
    ):
        now.backup(then)
    large.scan("a/other.jpg", "b/other.jpg")
    assert seen(large.catalog, large) != shown
    large.catalog.close()
    for file in (tmp_path / "catalog").glob("catalog.sqlite3*"):
        file.unlink()
    older.rename(tmp_path / "catalog" / "catalog.sqlite3")
    with Catalog.open(tmp_path / "catalog") as restored:
        assert seen(restored, large) == shown


def test_a_listing_is_saved_again_after_many_changes_and_not_after_few(large: Shop, tmp_path) -> None:
    (file,) = (tmp_path / "catalog" / "listings").iterdir()
    large.catalog.correct([large.photo_id("a/é1.jpg")], "cat", person="Ada", model_id=large.model)
    seen(large.catalog, large)
    large.catalog.finish_saving()
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    for n in range(20):
        large.tag({name: [0.9 - n / 100, 0.1, 0] for name in ("a/é1.jpg", "a/é2.jpg")})
    with large.catalog._database.writing() as connection:
        connection.executemany("INSERT INTO changes (photo_key) VALUES (?)", [(1,)] * 500)
    seen(large.catalog, large)
    large.catalog.finish_saving()
    (later,) = file.parent.iterdir()
    assert later.name != file.name


def test_what_no_note_names_is_removed_when_it_is_old_and_with_its_collection(large: Shop, tmp_path) -> None:
    folder = tmp_path / "catalog" / "listings"
    for name, age in (("old.npz", 7200), (".killed.npz.part", 7200), ("being-written.npz", 0)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age,) * 2)
    large.scan("a/other.jpg")
    seen(large.catalog, large)
    large.catalog.finish_saving()
    assert len(list(folder.iterdir())) == 2
    assert (folder / "being-written.npz").exists()
    large.catalog.remove_collection(large.collection)
    assert [file.name for file in folder.iterdir()] == ["being-written.npz"]


def test_a_writer_at_work_keeps_no_reader_waiting_for_the_saving(large: Shop, tmp_path) -> None:
    with Catalog.open(tmp_path / "catalog") as other, other._database.writing():
        large.catalog._listings.clear()
        large.catalog._saved.clear()
        began = time.monotonic()
        (tmp_path / "catalog" / "listings").rename(tmp_path / "gone")
        seen(large.catalog, large)
        assert time.monotonic() - began < 10  # SQLite would wait for a minute
    large.catalog.finish_saving()
    assert len(list((tmp_path / "catalog" / "listings").iterdir())) == 1
