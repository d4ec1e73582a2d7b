"""What follows from the recorded epochs, by hand calculations."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gallery.training.history import (
    Epoch,
    TrainingProgress,
    best_epoch,
    next_rate,
    photos_per_second,
    read_history,
    stops_early,
    write_history,
)
from gallery.training.recipes import recipe_named


def epochs(*losses: float, seconds: float = 10) -> list[Epoch]:
    return [Epoch(i, 1.0, 0.5, loss, 0.5, 1e-3, seconds) for i, loss in enumerate(losses, start=1)]


def test_the_best_epoch_is_the_earliest_lowest_and_never_one_without_a_number() -> None:
    assert best_epoch(epochs(3, math.nan, 1, 2, 1)) == 2
    assert best_epoch([]) == -1


def test_it_stops_when_the_patience_is_used_up() -> None:
    assert [stops_early(epochs(*[1.0] + [2.0] * bad), 5) for bad in (0, 4, 5)] == [False, False, True]


def test_the_rate_is_halved_after_three_epochs_without_progress_and_again_after_three_more() -> None:
    recipe = recipe_named("cnn-small").changed(learning_rate=0.8)
    rates = [next_rate(recipe, epochs(*[1.0] * done)) for done in range(8)]
    assert rates == [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]


def test_the_remaining_time_is_of_the_epochs_to_come() -> None:
    assert photos_per_second([], 100, share_done=0, elapsed_s=3) is None
    assert photos_per_second([], 60, share_done=0.25, elapsed_s=3) == 5  # an epoch takes 12 s
    rate = photos_per_second(epochs(1, 1, seconds=8), 40, share_done=0.5, elapsed_s=1)
    assert TrainingProgress("training", 2 * 40 + 20, 5 * 40, rate=rate).remaining_s == 8 * 2.5


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [Epoch(1, 0.1 + 0.2, 1 / 3, 2e-9, 0.0, 1e-4, 12.5), Epoch(2, 1, 1, 1, 1, 1, 1)]
    write_history(tmp_path / "history.csv", rows)
    assert read_history(tmp_path / "history.csv") == rows
    assert read_history(tmp_path / "none.csv") == []


def test_a_reader_that_holds_the_file_for_a_moment_is_waited_for_and_then_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a file that somebody reads cannot be replaced."""
    rows, held = epochs(1, 2), [2]
    replace = Path.replace

    def refuses(staging: Path, target: Path) -> Path:
        if held[0] > 0:
            held[0] -= 1
            raise PermissionError("somebody reads it")
        return replace(staging, target)

    monkeypatch.setattr(Path, "replace", refuses)
    write_history(tmp_path / "history.csv", rows[:1])
    assert read_history(tmp_path / "history.csv") == rows[:1]
    held[0] = 10_000
    write_history(tmp_path / "history.csv", rows)  # given up: the next epoch writes all rows again
    assert read_history(tmp_path / "history.csv") == rows[:1]
    assert [place.name for place in tmp_path.iterdir()] == ["history.csv"]
