"""The review queue: what comes next, why, and how far people have come; photos like one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.learning.queue import Reason, contradicted, margins, review_order
from gallery.models.store import TRAINING_FEATURES_FILE
from gallery.services import review, similar, wiring
from tests.fast.unit.learnt_place import BASE, LearntPlace, features_of


@pytest.fixture
def place(tmp_path: Path) -> LearntPlace:
    return LearntPlace(tmp_path)


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
        waiting = review.queue(parts, where)
        assert {one.photo_id for one in waiting} == {*dogs[6:], *cats[6:]}
        reasons = {one.photo_id: one.reason for one in waiting if one.reason is not Reason.RANDOM}
        assert {reasons[photo] for photo in cats[6:] if photo in reasons} == {Reason.CONTRADICTED}
        assert {reasons[photo] for photo in dogs[6:] if photo in reasons} == {Reason.UNSURE}
        assert review.progress(parts, where) == review.Reviewed(labelled=12, corrected=6, total=24)


def test_a_photo_unlike_anything_learnt_says_so(place: LearntPlace) -> None:
    file = place.settings.shipped_models / BASE / TRAINING_FEATURES_FILE
    with np.load(file) as known:
        np.savez(file, **dict(known), unlike_below=np.float32(0.55))
    with wiring.composed(place.settings) as parts:
        strange = place.tag(parts.catalog, "strange", 5)
        dogs = place.tag(parts.catalog, "dog", 5)
        reasons = {one.photo_id: one.reason for one in review.queue(parts, place.collection.collection_id)}
        assert sum(reasons[photo] is Reason.ODD for photo in strange) >= 4, "one may be a random check"
        assert not [photo for photo in dogs if reasons[photo] is Reason.ODD]


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
