"""Trust measures on classifiers whose every answer can be worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage, stats

from gallery.errors import CamError
from gallery.explanation.perturbation import (
    Curve,
    blurred,
    exchange_curve,
    explained_image,
    greyed_out,
    neutral,
)
from gallery.explanation.randomisation import (
    RandomisationTest,
    compared_classes,
    randomisation_test,
    rank_correlation,
)
from gallery.explanation.trust import Trust, TrustReport, measure_trust, passes, random_order

SIDE = 28
IMAGE = np.full((SIDE, SIDE, 3), (124, 117, 104), np.uint8)  # neutral grey ...
IMAGE[:14, :14] = (255, 0, 0)  # ... but for a quarter of red


def looks_at_red(images: np.ndarray) -> np.ndarray:
    """Class 1's probability is the share of the left upper quarter that is pure red."""
    red = (images[:, :14, :14] == (255, 0, 0)).all(axis=3).mean(axis=(1, 2))
    return np.stack([1 - red, red], axis=1).astype(np.float32)


def heat(rows: slice, columns: slice) -> np.ndarray:
    heatmap = np.zeros((SIDE, SIDE), np.float32)
    heatmap[rows, columns] = 1
    return heatmap


def deletion_curve(image: np.ndarray, *others: object, **how: int) -> Curve:
    return exchange_curve(image, neutral(image), *others, **how)  # type: ignore[arg-type]


def insertion_curve(image: np.ndarray, *others: object, **how: int) -> Curve:
    return exchange_curve(blurred(image), image, *others, **how)  # type: ignore[arg-type]


RIGHT = heat(slice(0, 14), slice(0, 14))
WRONG = heat(slice(14, 28), slice(14, 28))


def test_deleting_the_evidence_first_ends_the_answer_after_a_quarter() -> None:
    curve = deletion_curve(IMAGE, RIGHT, 1, looks_at_red, steps=4)
    assert curve.shares == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert curve.probabilities == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert curve.area == 0.125  # a triangle of 1 by 1/4


def test_inserting_the_evidence_first_gives_the_whole_answer_after_a_quarter() -> None:
    # blurring leaves red pure only where no grey is within 5 pixels: rows and columns 0 to 8, 81 of 196
    curve = insertion_curve(IMAGE, RIGHT, 1, looks_at_red, steps=4)
    assert curve.probabilities == pytest.approx((81 / 196, 1.0, 1.0, 1.0, 1.0))


def test_a_map_that_points_elsewhere_deletes_late() -> None:
    curve = deletion_curve(IMAGE, WRONG, 1, looks_at_red, steps=4)
    assert curve.probabilities[:2] == (1.0, 1.0)
    assert curve.probabilities[2] == pytest.approx(
        2 / 3, abs=0.08
    )  # the rest is even, and goes in random order
    assert curve.area > 0.5


def test_the_area_is_that_of_trapezoids() -> None:
    assert Curve((0.0, 0.5, 1.0), (1.0, 0.5, 0.25)).area == pytest.approx(0.375 + 0.1875)


def test_a_faithful_map_is_told_from_one_that_points_elsewhere() -> None:
    faithful = measure_trust(IMAGE, RIGHT, 1, looks_at_red, steps=8)
    assert faithful.points_at_evidence
    assert (faithful.drop, faithful.increased) == (0.0, False)
    assert faithful.deletion.area < 0.2 < 0.5 < faithful.deletion_elsewhere.area
    assert faithful.verdict is Trust.PASSES
    mistaken = measure_trust(IMAGE, WRONG, 1, looks_at_red, steps=8)
    assert not mistaken.points_at_evidence
    assert mistaken.drop == 1.0
    assert mistaken.verdict is Trust.FAILS


def curve(*probabilities: float) -> Curve:
    return Curve(tuple(np.linspace(0, 1, len(probabilities)).tolist()), probabilities)


def report(**changes: object) -> TrustReport:
    """One that passes every check, but for what is changed."""
    fields: dict[str, object] = {
        "deletion": curve(0.9, 0.1), "deletion_elsewhere": curve(0.9, 0.5),
        "deletion_random": curve(0.9, 0.3),
        "insertion": curve(0.1, 0.9), "insertion_elsewhere": curve(0.1, 0.5),
        "insertion_random": curve(0.1, 0.7), "whole": 0.9, "kept": 0.45,
        "deletion_others": (0.7, 0.6, 0.8, 0.65, 0.6), "insertion_others": (0.2, 0.3, 0.4, 0.35, 0.4),
        "randomisation": RandomisationTest((0.1, -0.1)),
    }  # fmt: skip
    return TrustReport(**(fields | changes))  # type: ignore[arg-type]


def test_the_verdict_follows_from_the_checks() -> None:
    assert report().verdict is Trust.PASSES
    assert report(randomisation=None).verdict is Trust.PASSES
    assert report(insertion=curve(0.1, 0.58)).verdict is Trust.DOUBTFUL  # leads by 0.04 of a spread of 0.4
    assert report(deletion=curve(0.9, 0.9)).verdict is Trust.FAILS
    assert report(whole=0.04).verdict is Trust.DOUBTFUL
    # a map that is the same without learning is none, however well it points
    assert report(randomisation=RandomisationTest((0.9, 0.7))).verdict is Trust.FAILS
    assert report(randomisation=RandomisationTest((0.9, None))).verdict is Trust.FAILS
    # scrambled networks without a map have shown nothing
    assert report(randomisation=RandomisationTest((None, None))).verdict is Trust.DOUBTFUL


def test_every_shifted_map_must_be_led_by_a_quarter_of_their_spread() -> None:
    # by trapezoids the map's own areas are 0.5 and 0.5, so its lead is 0
    kept = report()
    assert kept.lead == pytest.approx(0.0)
    assert kept.other_leads == pytest.approx((-0.5, -0.3, -0.4, -0.3, -0.2))
    ahead = report(deletion_others=(0.6, 0.9), insertion_others=(0.56, 0.1))  # -0.04 and -0.8: 0.15 asked
    assert ahead.is_ahead
    assert not ahead.points_at_evidence
    clearly = report(deletion_others=(0.66, 0.9), insertion_others=(0.5, 0.3))  # -0.16 and -0.6: 0.11 asked
    assert clearly.points_at_evidence
    assert not report(deletion_others=(0.5, 0.9), insertion_others=(0.5, 0.1)).is_ahead  # one is as good


def test_a_map_that_beats_every_place_both_ways_does_not_fail() -> None:
    # seen on a photo: deletion 0.22 against 0.30, insertion 0.94 against 0.92
    seen = report(
        deletion=curve(0.22, 0.22), deletion_others=(0.30, 0.7), insertion=curve(0.94, 0.94),
        insertion_others=(0.92, 0.68),
    )  # fmt: skip
    assert seen.deletes_early
    assert seen.inserts_early
    assert seen.verdict is Trust.DOUBTFUL


def test_few_maps_that_mean_nothing_pass() -> None:
    dice, passed = np.random.default_rng(0), 0
    for _ in range(20):
        evidence = np.kron(dice.normal(0, 1, (14, 14)), np.ones((2, 2)))
        grey = np.kron(dice.normal(120, 50, (14, 14)), np.ones((2, 2))).clip(0, 255)
        photo = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.uint8)
        whole = ((grey - 117) * evidence).mean()

        def classify(images: np.ndarray, evidence: np.ndarray = evidence, whole: float = whole) -> np.ndarray:
            logits = 2 * np.sign(whole) * ((images.mean(axis=3) - 117) * evidence).mean((1, 2)) / abs(whole)
            yes = 1 / (1 + np.exp(-logits))
            return np.stack([1 - yes, yes], axis=1)

        map_ = np.kron(np.maximum(dice.normal(0, 1, (7, 7)), 0), np.ones((4, 4)))
        passed += measure_trust(photo, map_ / map_.max(), 1, classify, steps=4).verdict is Trust.PASSES
    assert passed <= 4  # of 150 such maps 11 did


def test_drop_and_increase_by_hand() -> None:
    found = [report(whole=a, kept=b) for a, b in ((0.8, 0.2), (0.5, 0.6), (0.0, 0.1), (0.4, 0.4))]
    assert [one.drop for one in found] == pytest.approx([0.75, 0.0, 0.0, 0.0])
    assert [one.increased for one in found] == [False, True, True, False]


def test_a_kept_report_is_read_as_it_was_written() -> None:
    untested = RandomisationTest((None, 0.25))
    for written in (report(), report(randomisation=None), report(randomisation=untested)):
        assert TrustReport.from_json(json.loads(json.dumps(written.to_json()))) == written


@pytest.mark.parametrize(
    "damage",
    [
        {"whole": "x"},
        {"deletion": [1.0]},
        {"shares": None},
        {"deletion_areas_of_others": []},
        {"deletion_areas_of_others": [0.5]},
    ],
)
def test_a_damaged_report_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(CamError, match="Test it again"):
        TrustReport.from_json(report().to_json() | damage)


def test_the_random_baseline_exchanges_whole_cells_each_once() -> None:
    heat = random_order((28, 28), seed=0)
    cells = heat.reshape(14, 2, 14, 2).transpose(0, 2, 1, 3).reshape(196, 4)
    assert (cells == cells[:, :1]).all()
    assert sorted(cells[:, 0]) == pytest.approx(np.arange(196) / 195)
    assert (random_order((28, 28), seed=1) != heat).any()


def test_as_many_photos_are_classified_as_is_said() -> None:
    seen = 0

    def classify(images: np.ndarray) -> np.ndarray:
        nonlocal seen
        seen += len(images)
        return looks_at_red(images)

    measure_trust(IMAGE, RIGHT, 1, classify, steps=3)
    assert seen == passes(3) == 2 + 22 * 4


def test_the_report_is_plain_numbers() -> None:
    test = randomisation_test(RIGHT, [WRONG[np.newaxis]])
    found = measure_trust(IMAGE, RIGHT, 1, looks_at_red, steps=4, randomisation=test)
    assert (found.deletion.area, found.verdict, test.passed) == (0.125, Trust.PASSES, True)
    said = found.to_json()
    assert said["deletion"] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert said["scrambled_correlations"] == pytest.approx([-1 / 3])  # phi of two quarters that do not meet
    assert measure_trust(IMAGE, RIGHT, 1, looks_at_red, steps=1).to_json()["scrambled_correlations"] is None


def test_only_hot_pixels_are_kept() -> None:
    image = np.array([[[200, 10, 0], [200, 10, 0], [200, 10, 0]]], np.uint8)
    kept = explained_image(image, np.array([[1.0, 0.0, 0.25]]))
    assert kept.tolist() == [[[200, 10, 0], [124, 117, 104], [143, 90, 78]]]


def test_rectangles_turn_grey_and_nothing_else_does() -> None:
    photo = np.zeros((4, 8, 3), np.uint8)
    covered = greyed_out(photo, [(0.0, 0.5, 0.25, 1.0), (0.125, 0.0, 0.3, 0.6)])
    grey = (covered == (124, 117, 104)).all(axis=2)
    assert grey.astype(int).tolist() == [
        [0, 1, 0, 0, 0, 0, 0, 0],  # the middle of column 2 lies at 0.3125
        [0, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
    ]
    assert not covered[~grey].any()
    assert not photo.any()  # the photo itself is left alone
    for region in ((0.5, 0.0, 0.5, 1.0), (-0.1, 0.0, 0.5, 1.0), (0.0, 0.0, float("nan"), 1.0)):
        with pytest.raises(CamError, match="0 to 1"):
            greyed_out(photo, [region])


def test_rank_correlation_is_scipys_also_with_ties() -> None:
    dice = np.random.default_rng(3)
    one, other = dice.integers(0, 5, (14, 14)).astype(float), dice.integers(0, 9, (14, 14)).astype(float)
    expected = stats.spearmanr(one.ravel(), other.ravel()).statistic
    assert rank_correlation(one, other) == pytest.approx(expected, abs=1e-12)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(one, np.exp(one)) == pytest.approx(1)


def test_a_map_without_heat_orders_nothing() -> None:
    assert rank_correlation(np.zeros((2, 2)), np.eye(2)) is None
    assert rank_correlation(np.eye(2), np.full((2, 2), 3.0)) is None


def test_empty_maps_of_scrambled_networks_are_no_proof_and_are_left_out() -> None:
    map_ = np.random.default_rng(0).random((14, 14))
    nearly_empty = np.zeros((14, 14))
    nearly_empty.flat[:19] = 1  # 19.6 of 196 cells are a tenth
    none = randomisation_test(map_, [np.zeros((3, 14, 14)), nearly_empty[np.newaxis]])
    assert none.correlations == (None, None)
    assert (none.mean, none.passed) == (None, None)
    one = randomisation_test(map_, [np.stack([np.zeros((14, 14)), map_, -map_ + 1]), np.zeros((1, 14, 14))])
    assert one.correlations == (pytest.approx(0.0), None)  # 1 and -1; nothing of the empty ones
    assert one.passed
    same = randomisation_test(map_, [np.stack([np.zeros((14, 14)), map_])])
    assert (same.mean, same.passed) == (pytest.approx(1.0), False)


def test_the_classes_of_a_scrambled_network_that_are_compared_go_round() -> None:
    assert compared_classes(2, 3) == [2, 0, 1]
    assert compared_classes(99, 100) == [99, *range(9)]


def test_a_map_that_scrambling_does_not_change_fails_the_randomisation_test() -> None:
    map_ = np.random.default_rng(0).random((14, 14))
    same = randomisation_test(map_, [np.stack([map_ * 2]), np.stack([map_ + 1])])
    assert same.correlations == pytest.approx((1, 1))
    assert not same.passed
    other = randomisation_test(map_, [np.random.default_rng(seed).random((1, 14, 14)) for seed in (1, 2)])
    assert other.mean is not None
    assert abs(other.mean) < 0.2
    assert other.passed


def test_the_blur_is_a_gaussian_of_eleven_by_eleven() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    expected = ndimage.gaussian_filter(image.astype(float), sigma=(5, 5, 0), radius=(5, 5, 0), mode="nearest")
    np.testing.assert_array_equal(blurred(image), np.rint(expected))


@pytest.mark.parametrize("curve", [deletion_curve, insertion_curve])
def test_heatmaps_that_do_not_fit_are_refused(curve: object) -> None:
    assert callable(curve)
    with pytest.raises(CamError, match="as large as the photo"):
        curve(IMAGE, RIGHT[:14], 1, looks_at_red)
    with pytest.raises(CamError, match="between 0 and 1"):
        curve(IMAGE, RIGHT * 2, 1, looks_at_red)
    with pytest.raises(CamError, match="between 0 and 1"):
        curve(IMAGE, RIGHT * np.nan, 1, looks_at_red)
    with pytest.raises(CamError, match="0 to 1, got 2"):
        curve(IMAGE, RIGHT, 2, looks_at_red)
    with pytest.raises(CamError, match="at least 1 step"):
        curve(IMAGE, RIGHT, 1, looks_at_red, steps=0)


def test_measures_of_nothing_are_refused() -> None:
    with pytest.raises(CamError, match="at least one scrambled"):
        randomisation_test(RIGHT, [])
    with pytest.raises(CamError, match="equally large"):
        rank_correlation(np.zeros((2, 2)), np.zeros((2, 3)))
