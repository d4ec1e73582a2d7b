"""Two models on the same photos: by hand, and McNemar's test against scipy's binomial test."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from gallery.errors import DatasetError
from gallery.evaluation.comparison import (
    EvaluationPair,
    ModelComparison,
    mcnemar_p_value,
    paired_difference_interval,
)
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import EvaluationReport
from tests.fast.unit.evaluation.fakes import made_evaluation

TRUE = np.array([0, 0, 1, 1, 1, 0])
A = np.array([0, 0, 1, 0, 0, 1])
B = np.array([0, 1, 1, 1, 0, 0])


def report(
    true: np.ndarray, said: np.ndarray, names: tuple[str, ...] = ("dog", "cat"), model_id: str = "m"
) -> EvaluationReport:
    probabilities = np.full((len(said), len(names)), 0.1 / (len(names) - 1))
    probabilities[np.arange(len(said)), said] = 0.9
    return EvaluationReport.from_predictions(true, probabilities, names, model_id)


def folder(file_ids: list[int], true: np.ndarray, said: np.ndarray, model_id: str) -> Evaluation:
    return made_evaluation(report(true, said, model_id=model_id), file_ids=file_ids)


@pytest.fixture
def comparison() -> ModelComparison:
    return ModelComparison("a", "b", ("dog", "cat"), TRUE, A, B)


def test_counts_by_hand(comparison: ModelComparison) -> None:
    data = comparison.to_json()
    assert list(data)[:7] == [
        "accuracy_a", "accuracy_b", "both_right", "only_a", "only_b", "both_wrong", "p_value",
    ]  # fmt: skip
    assert (data["accuracy_a"], data["accuracy_b"]) == (0.5, pytest.approx(4 / 6))
    assert [data[key] for key in ("both_right", "only_a", "only_b", "both_wrong")] == [2, 1, 2, 1]
    assert data["p_value"] == 1.0  # 2 * (1 + 3) / 8
    assert data["agreement"] == [[2, 2], [1, 1]]
    assert json.loads(json.dumps(data)) == data


def test_every_number_opens_its_photos(comparison: ModelComparison) -> None:
    assert comparison.rows(True, True).tolist() == [0, 2]
    assert comparison.rows(True, False).tolist() == [1]
    assert comparison.rows(False, True).tolist() == [3, 5]
    assert comparison.rows(False, False).tolist() == [4]
    assert comparison.differing().tolist() == [1, 3, 5]
    assert comparison.one_right(0).tolist() == [1, 5]
    assert comparison.one_right(1).tolist() == [3]


@pytest.mark.parametrize(
    ("only_a", "only_b"), [(0, 0), (1, 0), (3, 3), (1, 5), (10, 25), (40, 41), (400, 500), (2500, 2400)]
)
def test_the_p_value_is_the_share_of_splits_as_uneven(only_a: int, only_b: int) -> None:
    total, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(total, k) for k in range(fewer + 1))
    assert mcnemar_p_value(only_a, only_b) == pytest.approx(min(1.0, 2 * tail / 2**total), rel=1e-9)
    assert mcnemar_p_value(only_a, only_b) == mcnemar_p_value(only_b, only_a)


def test_models_with_their_classes_in_another_order_are_compared_by_name() -> None:
    swapped = report(1 - TRUE, 1 - B, ("cat", "dog"), "b")
    found = ModelComparison.of_reports(report(TRUE, A, model_id="a"), swapped)
    assert found.class_names == ("dog", "cat")
    assert found.said_b.tolist() == B.tolist()


def test_a_model_that_knows_more_classes_is_compared_too() -> None:
    more = report(TRUE, np.array([2, 0, 1, 1, 1, 0]), ("dog", "cat", "cow"), "b")
    found = ModelComparison.of_reports(report(TRUE, A, model_id="a"), more)
    assert found.class_names == ("dog", "cat", "cow")
    assert found.agreement.tolist() == [[1, 2, 1], [1, 1, 0], [0, 0, 0]]


def test_a_folder_is_compared_on_the_photos_that_both_have_tagged() -> None:
    a = folder([7, 8, 9], np.array([0, 1, 0]), np.array([0, 1, 1]), "a")
    b = folder([9, 10, 8], np.array([0, 0, 1]), np.array([0, 0, 0]), "b")
    pair = EvaluationPair.of(a, b)
    found = pair.comparison
    assert pair.a.file_ids.tolist() == pair.b.file_ids.tolist() == [8, 9]
    assert [path.name for path in pair.b.paths] == ["8.jpg", "9.jpg"]
    assert pair.rows.tolist() == [1, 2]
    assert found.y_true.tolist() == [1, 0]
    assert (found.said_a.tolist(), found.said_b.tolist()) == ([1, 1], [0, 0])


def test_no_common_photo_and_other_labels_are_refused_with_a_sentence() -> None:
    a = folder([1], np.array([0]), np.array([0]), "a")
    with pytest.raises(DatasetError, match=r"a and b have no labelled photo in common\. Tag"):
        EvaluationPair.of(a, folder([2], np.array([0]), np.array([0]), "b"))
    with pytest.raises(DatasetError, match="not on the same labelled photos"):
        EvaluationPair.of(a, folder([1], np.array([1]), np.array([0]), "b"))


def test_the_text_says_whether_it_is_more_than_chance() -> None:
    true = np.zeros(20, int)
    sure = ModelComparison("old", "new", ("dog", "cat"), true, np.array([1] * 8 + [0] * 12), true)
    assert "60.0\u00a0% (old) and 100.0\u00a0% (new), p = 0.0078" in str(sure)
    assert "more than chance" in str(sure)
    unsure = ModelComparison("old", "new", ("dog", "cat"), true, np.array([1] * 2 + [0] * 18), true)
    assert "may be chance" in str(unsure)


def test_the_difference_and_its_interval_by_hand(comparison: ModelComparison) -> None:
    assert comparison.difference == pytest.approx(1 / 6)
    # p12 = 2/8, p21 = 3/8: 1/8 +- 1.959964 * sqrt((5/8 - 1/64) / 8)
    half = 1.959964 * ((5 / 8 - 1 / 64) / 8) ** 0.5
    assert comparison.difference_interval == pytest.approx((1 / 8 - half, 1 / 8 + half), abs=1e-6)
    assert paired_difference_interval(0, 10, 10)[1] == 1.0
    # 0 +- 1.959964 * sqrt(8/52 / 52)
    assert paired_difference_interval(3, 3, 50) == pytest.approx((-0.106608, 0.106608), abs=1e-6)


def test_each_accuracy_has_its_wilson_interval(comparison: ModelComparison) -> None:
    for right, found in ((3, comparison.interval_a), (4, comparison.interval_b)):
        known = binomtest(right, 6).proportion_ci(method="wilson")
        assert found == pytest.approx((known.low, known.high))


def test_each_class_tells_which_model_does_better_the_largest_change_first() -> None:
    changes = ModelComparison("a", "b", ("dog", "cat", "cow"), TRUE, A, B).class_changes()
    # dogs 0, 1, 5: A names 0 and 1, B 0 and 5; cats 2, 3, 4: A names 2, B names 2 and 3
    assert [(c.class_index, c.n, c.right_a, c.right_b, c.only_a, c.only_b) for c in changes] == [
        (1, 3, 1, 2, 0, 1),
        (0, 3, 2, 2, 1, 1),
    ]
    assert [c.difference for c in changes] == [pytest.approx(1 / 3), 0.0]
    assert changes[0].p_value == 1  # a single photo may fall either way
