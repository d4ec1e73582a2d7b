"""The order of an epoch and the weight of a class, by counting."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.training.sampling import class_weights, epoch_order

some_labels = st.lists(st.integers(0, 3), min_size=1, max_size=40).map(lambda x: np.array(x, np.int64))


@given(some_labels, st.integers(0, 99))
def test_an_epoch_shows_each_photo_once(labels: np.ndarray, seed: int) -> None:
    order = epoch_order(labels, np.random.default_rng(seed), oversample=False)
    assert sorted(order.tolist()) == list(range(len(labels)))


@given(some_labels, st.integers(0, 99))
def test_oversampled_every_class_is_seen_equally_often_and_every_photo_about_so(
    labels: np.ndarray, seed: int
) -> None:
    order = epoch_order(labels, np.random.default_rng(seed), oversample=True)
    largest = np.bincount(labels).max()
    seen = np.bincount(order, minlength=len(labels))
    for label in np.unique(labels):
        members = seen[labels == label]
        assert members.sum() == largest
        assert members.max() - members.min() <= 1


def test_weights_make_the_classes_equal_as_scikit_learns_do() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0] * 5 + [1] * 2 + [2] * 9)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(class_weights(labels, 3), expected, rtol=1e-6)


def test_a_class_without_photos_weighs_nothing() -> None:
    assert class_weights(np.array([0, 2, 2]), 3).tolist() == [1.5, 0.0, 0.75]
