"""The review queue: what comes next, why, and how far people have come; photos like one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.learning.likeness import NEAR_COSINE, near_photos
from gallery.learning.queue import Reason, contradicted, margins, review_order
from gallery.models.store import TRAINING_FEATURES_FILE
from gallery.services import heads, learn, own_classes, review, similar, wiring
from gallery.types import UNLIKE, PhotoQuery
from tests.fast.unit.learnt_place import BASE, CLASSES, LearntPlace, features_of


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LearntPlace:
    made = LearntPlace(tmp_path)
    monkeypatch.setenv("GALLERY_HOME", str(made.settings.home))
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(made.settings.shipped_models))
    return made


def test_the_least_certain_come_first_and_every_tenth_is_drawn() -> None:
    sure = np.linspace(0.51, 0.99, 40)
    probabilities = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
    asked = review_order(probabilities, 40)
    assert sorted(one.row for one in asked) == list(range(40))
    assert [place for place, one in enumerate(asked) if one.random] == [9, 19, 29, 39]
    certain = [one.row for one in asked if not one.random]
    assert certain == sorted(certain)
    assert asked[0].row == 0


def test_margins_are_the_lead_of_the_first_class() -> None:
    found = margins(np.array([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], np.float32))
    np.testing.assert_allclose(found, [0.2, 0.0], atol=1e-6)


def test_a_tag_is_contradicted_by_the_nearest_labelled_photos() -> None:
    photos = np.array([[1, 0], [0, 1]], np.float32)
    labelled = np.array([[1, 0.1], [1, 0.2], [0.1, 1]], np.float32)
    assert contradicted(np.array([0, 1]), photos, labelled, np.array([1, 1, 1])).tolist() == [True, False]
    assert not contradicted(np.array([0, 1]), photos, labelled[:0], np.array([], np.int64)).any()


def test_the_queue_says_why_and_leaves_out_what_is_labelled(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        dogs, cats = place.tag(parts.catalog, "dog", 12), place.tag(parts.catalog, "new cat", 12)
        parts.catalog.correct(cats[:6], "cat", person="Ada", model_id=BASE)
        parts.catalog.correct(dogs[:6], "dog", person="Ada", model_id=BASE)
        where = place.collection.collection_id
        waiting = review.next_photos(where, seed=0)
        assert {one.photo_id for one in waiting} == {*dogs[6:], *cats[6:]}
        reasons = {one.photo_id: one.reason for one in waiting if one.reason is not Reason.RANDOM}
        assert {reasons[photo] for photo in cats[6:] if photo in reasons} == {Reason.CONTRADICTED}
        assert {reasons[photo] for photo in dogs[6:] if photo in reasons} == {Reason.UNSURE}
        assert review.so_far(where) == review.Reviewed(labelled=12, corrected=6, total=24)


def test_a_photo_unlike_anything_learnt_says_so(place: LearntPlace) -> None:
    file = place.settings.shipped_models / BASE / TRAINING_FEATURES_FILE
    with np.load(file) as known:
        np.savez(file, **dict(known), unlike_below=np.float32(0.55))
    with wiring.composed(place.settings) as parts:
        strange = place.tag(parts.catalog, "strange", 5)
        dogs = place.tag(parts.catalog, "dog", 5)
        waiting = {one.photo_id: one for one in review.next_photos(place.collection.collection_id, seed=0)}
        found = [waiting[photo] for photo in strange if photo in waiting]
        assert found
        assert {one.reason for one in found} == {Reason.ODD}
        assert not [photo for photo in dogs if waiting[photo].reason is Reason.ODD]


def test_photos_unlike_anything_learnt_have_a_shelf_until_their_class_is_learnt(place: LearntPlace) -> None:
    file = place.settings.shipped_models / BASE / TRAINING_FEATURES_FILE
    with np.load(file) as known:
        np.savez(file, **dict(known), unlike_below=np.float32(0.55))
    where = place.collection.collection_id

    def on_shelf(model_id: str, names: tuple[str, ...]) -> tuple[dict[str, int], set[int]]:
        shelves = parts.catalog.shelves(where, model_id, names, 0.0, unlike_below=0.55)
        query = PhotoQuery(where, model_id, shelf=UNLIKE, unsure_below=0.0, unlike_below=0.55)
        counts = {one.name: one.count for one in shelves if one.count}
        return counts, set(parts.catalog.find_files(query).tolist())

    with wiring.composed(place.settings) as parts:
        strange, dogs = place.tag(parts.catalog, "strange", 30), place.tag(parts.catalog, "dog", 6)
        files = set(parts.catalog.files_of(strange, where).tolist())
        assert on_shelf(BASE, CLASSES)[1] == set(), "not measured yet"
        heads.measure_likeness(parts, parts.models.card(BASE))
        counts, found = on_shelf(BASE, CLASSES)
        assert (counts[UNLIKE], found) == (30, files)
        items = parts.catalog.grid_items(sorted(files), BASE, unlike_below=0.55)
        assert all(item.unlike for item in items)
        parts.catalog.correct(strange[:20], "newt", person="Ada", model_id=BASE)
        assert on_shelf(BASE, CLASSES)[0] == {"newt": 20, UNLIKE: 10, "dog": 6}
        parts.catalog.correct(dogs, "dog", person="Ada", model_id=BASE)
        own_classes.add(parts, "newt")
        kept = learn.keep(parts, learn.preview(parts).id)
        counts, found = on_shelf(kept.model_id, (*CLASSES, "newt"))
        assert (counts, found) == ({"newt": 30, "dog": 6}, set()), "a class that was added is like something"


def test_one_photo_of_the_queue_stands_for_its_near_duplicates(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        burst, dogs = place.tag(parts.catalog, "strange", 5), place.tag(parts.catalog, "dog", 5)
        where = place.collection.collection_id
        files = dict(zip(burst + dogs, parts.catalog.files_of(burst + dogs, where).tolist(), strict=True))
        features = parts.catalog.features(BASE, burst)
        units = features / np.linalg.norm(features, axis=1, keepdims=True)
        near = units @ units.T >= NEAR_COSINE
        waiting = review.next_photos(where, seed=0)
        shown = {burst.index(one.photo_id): one for one in waiting if one.photo_id in burst}
        behind = {file for one in waiting for file in one.together}
        assert behind, "some of the made photos are near duplicates"
        for row, one in shown.items():
            assert set(one.together) <= {files[burst[other]] for other in np.flatnonzero(near[row])}
        assert not behind & {one.file_id for one in waiting}
        assert {one.file_id for one in waiting} | behind == set(files.values())


def test_look_alikes_are_the_nearest_of_the_same_predicted_class() -> None:
    features = np.array([[10, 0, 0], [9, 3, 0], [9, 5, 0], [9, 6, 0], [9, 5.5, 0], [0, 0, 9]], np.float32)
    classes = np.array([0, 0, 0, 0, 1, 0])
    chunks = [(slice(0, 3), features[:3]), (slice(3, 6), features[3:])]
    (found,) = near_photos(np.array([0]), features[:1], classes, chunks, count=8)
    assert found.together == (1,)  # cosine 0.95
    assert found.alike == (2, 3)  # 0.87 and 0.83; row 4 is of another class, row 5 is like nothing


def test_the_photos_most_like_one_come_first(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        alike, dogs = place.tag(parts.catalog, "strange", 6), place.tag(parts.catalog, "dog", 6)
        parts.catalog.correct(alike[1:2], "fox", person="Ada", model_id=BASE)
        found = similar.similar_photos(parts, alike[0], count=8)
        features = features_of("strange", 6, seed=9)
        nearest = features @ features[0] / np.linalg.norm(features, axis=1) / np.linalg.norm(features[0])
        assert found[0].photo_id == alike[1 + int(nearest[1:].argmax())]
        assert found[0].similarity == pytest.approx(nearest[1:].max(), abs=1e-3)
        assert {one.photo_id for one in found[:5]} == set(alike[1:])
        assert {one.label for one in found if one.photo_id == alike[1]} == {"fox"}
        assert len(found) == 8
        assert set(dogs) & {one.photo_id for one in found}


def test_among_very_many_photos_an_index_finds_the_same(
    place: LearntPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    with wiring.composed(place.settings) as parts:
        alike = place.tag(parts.catalog, "strange", 40)
        place.tag(parts.catalog, "dog", 40)
        where = parts.catalog.collection(place.collection.collection_id)
        read = similar.similar_photos(parts, alike[0], count=10)
        monkeypatch.setattr(similar, "READ_THROUGH_UP_TO", 10)
        kept = similar.Indices()
        by_reading = similar.similar_photos(parts, alike[0], count=10, collection=where, kept=kept)
        kept.wait()
        from_index = similar.similar_photos(parts, alike[0], count=10, collection=where, kept=kept)
        for found in (by_reading, from_index):
            assert [one.photo_id for one in found] == [one.photo_id for one in read]
            assert [one.similarity for one in found] == pytest.approx([one.similarity for one in read])
        newest = place.tag(parts.catalog, "strange", 3)  # read, until the index has them too
        similar.similar_photos(parts, alike[0], count=10, kept=kept)
        kept.wait()
        monkeypatch.setattr(similar, "nearest", lambda *_: pytest.fail("the features were read again"))
        found = similar.similar_photos(parts, newest[0], count=60, kept=kept)
        assert set(newest[1:]) <= {one.photo_id for one in found}
