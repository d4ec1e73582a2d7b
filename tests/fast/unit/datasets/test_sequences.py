"""Photos taken in one go, and what a model says of them together."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.datasets.sequences import mean_of_sequences, sequences_of
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.sequences import by_sequence
from gallery.exchange.rows import with_sequences
from tests.fast.unit.exchange.made_rows import made_row

DAY = "2024-05-01T"


def test_a_sequence_goes_on_as_long_as_its_gaps_are_short_and_its_folder_the_same() -> None:
    times = ["06:02:00", "06:00:00", "06:01:00", "06:03:01", "06:00:30", None, None]
    folders = ["a", "a", "a", "a", "b", "a", "a"]
    taken = [None if time is None else DAY + time for time in times]
    assert sequences_of(folders, taken).tolist() == [0, 0, 0, 1, 2, 3, 4]
    assert sequences_of([], []).tolist() == []


def test_the_mean_is_of_logits_so_a_sure_photo_weighs_more_than_two_unsure_ones() -> None:
    shares = np.array([[0.01, 0.99], [0.6, 0.4], [0.6, 0.4]], np.float32)
    mean = mean_of_sequences(shares, np.zeros(3, np.int64))
    # logits of the second class against the first: ln 99, ln 2/3, ln 2/3; their mean is 1.2613
    assert mean[0, 1] == pytest.approx(1 / (1 + np.exp(-1.2613)), abs=1e-4)
    certain = mean_of_sequences(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.zeros(2, np.int64))
    assert np.allclose(certain, 0.5)


def test_an_evaluation_by_sequence_counts_each_once_and_the_photos_that_differ() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    report = EvaluationReport.from_predictions(np.array([0, 0, 1, 1]), shares, ("dog", "cat"), "m")
    taken = [DAY + time for time in ("06:00:00", "06:00:10", "06:00:20", "06:00:30")]
    found = by_sequence(report, ["a"] * 4, taken)  # the labels part what the clock does not
    assert found.report.confusion_matrix.tolist() == [[1, 0], [0, 1]]
    assert (found.photos, found.report.n, found.dissenting) == (4, 2, 2)
    assert "4 photos in 2 sequences" in found.sentence()


def test_photos_go_out_with_the_opinion_of_their_sequence_and_their_own_label() -> None:
    first = made_row("a/1.jpg", shares=(0.9, 0.05, 0.05), number=1)
    second = made_row("a/2.jpg", shares=(0.3, 0.6, 0.1), number=2, person_label="cow")
    waiting = made_row("a/3.jpg", shares=None, number=3)
    found = with_sequences([first, second, waiting])
    assert [row.model_label for row in found] == ["dog", "dog", None]
    assert [row.label for row in found] == ["dog", "cow", None]
    assert with_sequences([waiting]) == [waiting]
