"""All that is known of a labelled folder in one object, with what is stored in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.errors import DatasetError
from gallery.evaluation import Evaluation, EvaluationReport
from gallery.evaluation.overlap import SeenPhotos
from gallery.evaluation.report import ALL_PHOTOS, Cell
from gallery.types import GivenVerdict, PhotoMetadata, Verdict
from tests.fast.unit.evaluation.fakes import ROOT, FakeStored, made_evaluation

NAMES = ("dog", "cat", "cow", "sheep", "horse")
EACH = 6
Y_TRUE = np.repeat(np.arange(5), EACH)
SAID = np.where(np.arange(5 * EACH) == 0, 1, Y_TRUE)  # the first dog is taken for a cat
IDS = tuple(f"{row:064x}" for row in range(len(Y_TRUE)))


def about(count: int = len(Y_TRUE), **changes: object) -> dict[str, PhotoMetadata]:
    return {
        IDS[row]: PhotoMetadata(1000, 1000 * (1 + row % 4), 5, "JPEG", **changes)  # type: ignore[arg-type]
        for row in range(count)
    }


def evaluation(
    *,
    trained: tuple[str, ...] = (),
    validated: tuple[str, ...] = (),
    photo_ids: tuple[str, ...] = IDS,
    **stored: object,
) -> Evaluation:
    shares = np.full((len(SAID), 5), 0.05, np.float32)
    shares[np.arange(len(SAID)), SAID] = 0.8
    parts: dict[str, object] = {
        "rows": {one: row for row, one in enumerate(IDS)}, "feature": np.eye(5)[SAID], "about": about(),
    }  # fmt: skip
    return made_evaluation(
        EvaluationReport.from_predictions(Y_TRUE, shares, NAMES, "m"),
        photo_ids=photo_ids,
        paths=[ROOT / NAMES[t] / f"{r}.jpg" for r, t in enumerate(Y_TRUE)],
        stored=FakeStored(**(parts | stored)),  # type: ignore[arg-type]
        seen=SeenPhotos(frozenset(trained), frozenset(validated)),
    )


def test_some_of_the_photos_are_an_evaluation_of_their_own() -> None:
    some = evaluation(trained=IDS[:1]).only(np.array([7, 0]))
    assert some.report.y_true.tolist() == [1, 0]
    assert (some.file_ids.tolist(), some.photo_ids) == ([7, 0], (IDS[7], IDS[0]))
    assert [some.relative(path) for path in some.paths] == ["cat/7.jpg", "dog/0.jpg"]
    assert some.overlap.trained_on.tolist() == [1]
    assert some.diagnosis.features().tolist() == [np.eye(5)[1].tolist(), np.eye(5)[1].tolist()]
    with pytest.raises(DatasetError, match="no labelled photos"):
        some.only(np.zeros(0, np.int64))


def test_slices_are_of_what_divides_the_photos_only() -> None:
    assert {one.dimension for one in evaluation().slices_by()} == {"Folder", "Longer side"}
    assert [one.name for one in evaluation().slices_by("Hour")] == ["not known"]
    with_time = evaluation(about=about(7, taken_at="2024-05-01T06:12:09", brightness=3.0))
    assert {"Day or night", "Brightness"} <= {one.dimension for one in with_time.slices_by()}
    assert {one.name for one in with_time.slices_by("Day or night")} == {"day (06-18 h)", "not known"}


def test_photos_that_lack_a_measure_are_counted() -> None:
    assert evaluation().unmeasured == 30
    assert evaluation(about=about(brightness=3.0, sharpness=1.0)).unmeasured == 0
    assert evaluation(about=about(7, brightness=3.0)).unmeasured == 7


def test_the_photos_that_the_model_has_not_seen_are_scored_alone() -> None:
    for all_or_none in (evaluation(), evaluation(trained=IDS)):
        assert all_or_none.unseen is all_or_none
    unseen = evaluation(trained=IDS[1:]).unseen
    assert (unseen.report.n, unseen.report.accuracy) == (1, 0.0)
    assert unseen.left_out is not None
    assert unseen.left_out.photo_ids == IDS[1:]
    assert unseen.overlap.training_known


def test_photos_that_the_model_was_validated_on_are_named_but_those_trained_on_only_once() -> None:
    found = evaluation(trained=IDS[:3], validated=IDS[2:5]).overlap
    assert found.chosen_by.tolist() == [3, 4]
    assert any(
        sentence.startswith("2 of these 30 photos were used as validation data")
        for sentence in found.sentences()
    )


def test_copies_come_group_by_group_with_contradicting_labels_first() -> None:
    twice = list(IDS)
    twice[1] = twice[0]  # both dogs
    twice[20] = twice[3]  # a dog and a sheep
    assert evaluation(photo_ids=tuple(twice)).copies().tolist() == [3, 20, 0, 1]
    assert evaluation().copies().tolist() == []


def test_a_cell_that_looks_at_the_border_stands_out_and_others_have_their_average() -> None:
    maps = np.zeros((len(Y_TRUE), 2, 14, 14))
    maps[:, :, 7, 7] = 1
    of_cows = Y_TRUE == 2
    maps[of_cows, 1] = 0
    maps[of_cows, 1, 0, 0] = 1
    found = evaluation(maps=maps).evidence
    assert found is not None
    assert {group.cell for group in found.outstanding} == {Cell(2, 2), Cell(2, None), Cell(None, 2)}
    assert found.averages(np.flatnonzero(Y_TRUE == 1))[1].heat[7, 7] == 1
    for_true, for_predicted = found.averages(np.flatnonzero(of_cows))
    assert for_predicted.border_share == 1
    assert for_true.border_share < 1e-12
    assert found.border_first(np.array([0, 12, 1, 13])).tolist() == [12, 13, 0, 1]
    assert evaluation().evidence is None


def test_verdicts_count_where_they_are_on_the_label_of_the_photo() -> None:
    given = {
        (IDS[0], "dog"): GivenVerdict(IDS[0], "dog", Verdict.LABEL_WRONG, "cat", "me", "", None, None),
        (IDS[3], "cow"): GivenVerdict(IDS[3], "cow", Verdict.CANNOT_TELL, None, "me", "", None, None),
    }
    whole = evaluation(given=given)
    judged = whole.judged(whole.verdicts())
    assert (judged.after.n, judged.after.accuracy) == (30, 1.0)
    assert judged.changed_cells() == [(Cell(0, 1), 1, 0), (Cell(1, 1), 6, 7)]
    assert judged.moved.tolist() == [0]
    assert judged.true_after(judged.moved).tolist() == [1]
    assert judged.cell(Cell(1, 1), after=True)[0].tolist() == [0, *range(6, 12)]
    assert judged.cell(Cell(1, 1), after=False)[0].tolist() == [*range(6, 12)]
    assert not whole.judged({}).judgements


def test_the_worst_cell_is_the_error_with_most_photos() -> None:
    report = evaluation().report
    assert report.worst_cell() == Cell(0, 1)
    assert report.wrong_in(Cell(0, None)).tolist() == [0]
    assert report.wrong_in(Cell(1, None)).tolist() == []
    assert evaluation().only(np.arange(1, 30)).report.worst_cell() == ALL_PHOTOS


def test_a_file_elsewhere_is_named_with_its_whole_path() -> None:
    assert evaluation().relative(Path("/elsewhere/1.jpg")).endswith("/elsewhere/1.jpg")
