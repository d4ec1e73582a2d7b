"""Scores against hand calculations, and against counting written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from gallery.errors import DatasetError
from gallery.evaluation import metrics

EXACT = 1e-9

CASES = {
    "every class in both": ([0, 1, 2, 2, 1, 0], [0, 2, 2, 2, 1, 1], 3),
    "a class absent from the truth": ([0, 0, 1, 1], [0, 2, 1, 2], 3),
    "a class never predicted": ([0, 1, 2, 2], [0, 1, 1, 0], 3),
    "a class in neither": ([0, 1, 1], [1, 1, 0], 4),
    "a single class": ([1, 1, 1], [1, 1, 1], 3),
    "one right sample": ([2], [2], 3),
    "one wrong sample": ([2], [0], 3),
    "all wrong": ([0, 1, 2], [1, 2, 0], 3),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, int]:
    true, predicted, count = request.param
    return np.array(true), np.array(predicted), count


def test_row_is_the_true_class_and_column_the_predicted_one() -> None:
    matrix = metrics.confusion_matrix(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), 2)
    assert matrix.tolist() == [[1, 2], [0, 1]]


def test_the_matrix_counts_the_photos_of_each_cell(case: tuple[np.ndarray, np.ndarray, int]) -> None:
    true, predicted, count = case
    counted = [[int(((true == i) & (predicted == j)).sum()) for j in range(count)] for i in range(count)]
    assert metrics.confusion_matrix(true, predicted, count).tolist() == counted


def test_scores_of_each_class_follow_from_its_counts(case: tuple[np.ndarray, np.ndarray, int]) -> None:
    true, predicted, count = case
    found = metrics.class_scores(metrics.confusion_matrix(true, predicted, count))
    for k in range(count):
        hits, called, photos = (
            ((true == k) & (predicted == k)).sum(),
            (predicted == k).sum(),
            (true == k).sum(),
        )
        assert found.precision[k] == pytest.approx(hits / called if called else 0, abs=EXACT)
        assert found.recall[k] == pytest.approx(hits / photos if photos else 0, abs=EXACT)
        assert found.f1[k] == pytest.approx(2 * hits / (called + photos) if called + photos else 0, abs=EXACT)
        assert (found.support[k], found.occurs[k]) == (photos, called + photos > 0)


def test_averages_equal_scikit_learns(case: tuple[np.ndarray, np.ndarray, int]) -> None:
    true, predicted, count = case
    ours = metrics.class_scores(metrics.confusion_matrix(true, predicted, count))
    for average, mean in (("macro", ours.macro), ("weighted", ours.weighted)):
        theirs = sk.precision_recall_fscore_support(true, predicted, average=average, zero_division=0)
        assert [mean(s) for s in (ours.precision, ours.recall, ours.f1)] == pytest.approx(
            theirs[:3], abs=EXACT
        )
    matrix = metrics.confusion_matrix(true, predicted, count)  # as of a draw of the bootstrap
    assert metrics.macro_f1(matrix) == pytest.approx(ours.macro(ours.f1), abs=EXACT)
    assert metrics.weighted_f1(matrix) == pytest.approx(ours.weighted(ours.f1), abs=EXACT)


def test_scores_by_hand() -> None:
    # 4 dogs: 3 found, 1 called cat; 2 cats: 1 found, 1 called dog
    scores = metrics.class_scores(np.array([[3, 1], [1, 1]]))
    assert scores.precision.tolist() == [3 / 4, 1 / 2]
    assert scores.recall.tolist() == [3 / 4, 1 / 2]
    assert scores.macro(scores.f1) == (3 / 4 + 1 / 2) / 2
    assert scores.weighted(scores.f1) == (3 / 4 * 4 + 1 / 2 * 2) / 6


def test_no_photos_give_zeros_and_no_warning() -> None:
    assert metrics.log_loss(np.array([], int), np.zeros((0, 3))) == 0
    assert metrics.expected_calibration_error(np.array([], int), np.zeros((0, 3))) == 0


def test_labels_that_are_no_class_are_refused() -> None:
    with pytest.raises(DatasetError, match="a label is 3"):
        metrics.confusion_matrix(np.array([3]), np.array([0]), 3)
    with pytest.raises(DatasetError, match="a prediction is -1"):
        metrics.confusion_matrix(np.array([0]), np.array([-1]), 3)
    with pytest.raises(DatasetError, match="one a photo"):
        metrics.confusion_matrix(np.array([0, 1]), np.array([0]), 3)


def test_wilson_interval_by_hand() -> None:
    # 1 of 4, z = 2: (1/4 + 4/8 +- 2 sqrt(3/64 + 4/64)) / (1 + 4/4) = (3/4 +- sqrt(7)/4) / 2
    low, high = metrics.wilson_interval(1, 4, z=2.0)
    assert low == pytest.approx((3 - math.sqrt(7)) / 8, abs=1e-12)
    assert high == pytest.approx((3 + math.sqrt(7)) / 8, abs=1e-12)


def test_wilson_interval_of_a_published_case() -> None:
    # Newcombe 1998, table I, method 3: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611
    assert metrics.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert metrics.wilson_interval(29, 29) == pytest.approx((0.8830, 1.0), abs=5e-5)
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)


def random_case(seed: int, n: int, classes: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(classes, 0.3), n).astype(dtype)
    return generator.integers(0, classes, n), probabilities


@pytest.mark.parametrize("seed", range(5))
def test_log_loss_is_the_mean_of_the_logarithms(seed: int) -> None:
    true, probabilities = random_case(seed, 200, 10, np.float64)
    by_hand = -np.log(probabilities[np.arange(200), true]).mean()
    assert metrics.log_loss(true, probabilities) == pytest.approx(by_hand, abs=EXACT)


def test_log_loss_of_certain_errors_in_float32_is_clipped() -> None:
    true = np.array([0, 1, 1])
    probabilities = np.array([[1, 0], [1, 0], [0.25, 0.75]], np.float32)
    eps = 2.0**-23  # the machine precision of float32, in which scikit-learn adds up
    by_hand = -(math.log(1 - eps) + math.log(eps) + math.log(0.75)) / 3
    assert metrics.log_loss(true, probabilities) == pytest.approx(by_hand, abs=1e-6)
    low, high = metrics.log_loss_interval(true, probabilities)
    assert (low, (low + high) / 2) == (0, pytest.approx(high / 2))
    assert low <= by_hand <= high


def test_rows_that_miss_1_by_rounding_are_made_to_sum_to_1() -> None:
    probabilities = np.array([[0.5005, 0.5], [0.25, 0.7504]])
    by_hand = -(math.log(0.5005 / 1.0005) + math.log(0.7504 / 1.0004)) / 2
    assert metrics.log_loss(np.array([0, 1]), probabilities) == pytest.approx(by_hand, abs=EXACT)


def test_calibration_error_by_hand() -> None:
    # Bins of 1/5. 0.9 twice, one right: |1 + 0 - 1.8| = 0.8; 0.55 wrong: 0.55; 0.75 right: 0.25.
    # 0.75 and 0.55 lie in different bins (0.6, 0.8] and (0.4, 0.6], so nothing cancels: 1.6 / 4
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.55, 0.45], [0.75, 0.25]])
    true = np.array([0, 0, 1, 0])
    error = metrics.expected_calibration_error(true, probabilities, bins=5)
    assert error == pytest.approx((0.8 + 0.55 + 0.25) / 4, abs=EXACT)


def test_calibration_error_of_a_confident_oracle_is_zero_and_of_its_opposite_one() -> None:
    certain = np.eye(3, dtype=np.float32)
    assert metrics.expected_calibration_error(np.array([0, 1, 2]), certain) == 0
    assert metrics.expected_calibration_error(np.array([1, 2, 0]), certain) == 1


def test_a_confidence_on_a_bins_edge_belongs_to_the_lower_bin() -> None:
    # (0.4, 0.6] holds 0.6: with 0.5 in the same bin the gaps +0.4 and -0.5 cancel to 0.1
    probabilities = np.array([[0.6, 0.4], [0.5, 0.5]])
    error = metrics.expected_calibration_error(np.array([0, 1]), probabilities, bins=5)
    assert error == pytest.approx(abs((1 - 0.6) + (0 - 0.5)) / 2, abs=EXACT)


def test_row_shares_are_shares_of_the_true_class() -> None:
    assert metrics.row_shares(np.array([[3, 1], [0, 0]])).tolist() == [[0.75, 0.25], [0, 0]]


def test_the_loss_interval_is_scipys_normal_interval_of_the_mean() -> None:
    generator = np.random.default_rng(2)
    y_true, probabilities = generator.integers(0, 3, 50), generator.dirichlet(np.ones(3), 50)
    losses = -np.log(probabilities[np.arange(50), y_true])
    low, high = stats.norm.interval(0.95, losses.mean(), stats.sem(losses))
    assert metrics.log_loss_interval(y_true, probabilities) == pytest.approx((low, high), abs=EXACT)
    assert metrics.log_loss_interval(y_true[:1], probabilities[:1]) == (0.0, math.inf)


def accuracy(matrix: np.ndarray) -> float:
    return float(np.trace(matrix) / matrix.sum())


def test_a_resampled_interval_of_the_accuracy_is_about_wilsons() -> None:
    matrix = np.array([[80, 20], [10, 90]])
    low, high = metrics.resampled_interval(matrix, accuracy)
    assert (low, high) == pytest.approx(metrics.wilson_interval(170, 200), abs=0.015)
    assert metrics.resampled_interval(matrix, accuracy) == (low, high), "always the same draws"


def test_a_resampled_interval_is_scipys_bootstrap() -> None:
    matrix = np.array([[60, 15, 5], [4, 40, 6], [2, 8, 60]])
    true, said = np.repeat([np.repeat(range(3), 3), np.tile(range(3), 3)], matrix.ravel(), axis=1)

    def macro_f1(true: np.ndarray, said: np.ndarray) -> float:
        return float(sk.f1_score(true, said, average="macro"))

    found = metrics.resampled_interval(matrix, metrics.macro_f1)
    known = stats.bootstrap(
        (true, said), macro_f1, paired=True, vectorized=False, n_resamples=400, method="percentile", rng=3
    ).confidence_interval
    # a bound of 400 draws has a standard error of about 0.004
    assert found == pytest.approx((known.low, known.high), abs=0.012)


def test_few_photos_or_none_that_is_wrong_have_no_resampled_interval() -> None:
    assert metrics.resampled_interval(np.zeros((2, 2), int), accuracy) is None
    assert metrics.resampled_interval(np.array([[9, 1], [1, 8]]), accuracy) is None  # 19 photos
    assert metrics.resampled_interval(np.diag([25, 25]), accuracy) is None
    uneven = np.array([[90, 10, 0], [1, 18, 0], [0, 0, 0]])
    assert metrics.resampled_interval(uneven, accuracy) is not None
    assert metrics.resampled_interval(uneven, accuracy, by_class=True) is None  # 19 of the second class


def test_the_balanced_accuracy_of_perfect_results_is_not_known_to_the_percent() -> None:
    # Wilson, 5 of 5: 1 / (1 + 3.8415 / 5) = 0.56551; 1 - sqrt(5 * 0.43449^2) / 5
    low, high = metrics.balanced_accuracy_interval(np.diag([5, 5, 5, 5, 5]))
    assert (low, high) == (pytest.approx(0.80569, abs=1e-4), 1.0)
    assert metrics.balanced_accuracy_interval(np.zeros((2, 2), int)) == (0.0, 1.0)
    # one class: Wilson's own; an absent class counts for nothing
    assert metrics.balanced_accuracy_interval(np.array([[8, 2], [0, 0]])) == pytest.approx(
        metrics.wilson_interval(8, 10)
    )


def test_the_balanced_accuracys_interval_holds_it_in_19_of_20_samples() -> None:
    dice, recalls, support = np.random.default_rng(4), np.array([0.95, 0.7, 0.9]), np.array([25, 8, 60])
    held = 0
    for hits in dice.binomial(support, recalls, (2000, 3)):
        matrix = np.diag(hits)
        matrix[:, 0] += support - hits
        matrix[0] = [hits[0], support[0] - hits[0], 0]
        low, high = metrics.balanced_accuracy_interval(matrix)
        held += low <= recalls.mean() <= high
    assert 0.935 <= held / 2000 <= 0.985
