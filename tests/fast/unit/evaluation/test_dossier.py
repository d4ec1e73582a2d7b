"""All that is known of an evaluation in one object."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gallery.evaluation.dossier import Dossier

from gallery.evaluation.labelled_folder import FolderEvaluation
from gallery.evaluation.report import EvaluationReport
from gallery.types import GivenVerdict, Photo, PhotoMetadata, Verdict

NAMES = ("dog", "cat", "cow", "sheep", "horse")
EACH = 6
Y_TRUE = np.repeat(np.arange(5), EACH)
SAID = np.where(np.arange(5 * EACH) == 0, 1, Y_TRUE)  # the first dog is taken for a cat
IDS = tuple(f"{row:064x}" for row in range(len(Y_TRUE)))
ROOT = Path("/photos")


def evaluation(said: np.ndarray = SAID, file_ids: np.ndarray | None = None) -> FolderEvaluation:
    shares = np.full((len(said), 5), 0.05, np.float32)
    shares[np.arange(len(said)), said] = 0.8
    return FolderEvaluation(
        report=EvaluationReport.from_predictions(Y_TRUE[: len(said)], shares, NAMES, "m"),
        file_ids=np.arange(len(said)) if file_ids is None else file_ids,
        photo_ids=IDS[: len(said)],
        paths=tuple(ROOT / NAMES[t] / f"{r}.jpg" for r, t in enumerate(Y_TRUE[: len(said)])),
        skipped=(),
        problems=(),
    )


def photos(**changes: object) -> list[Photo]:
    return [
        Photo(
            row, IDS[row], 1, ROOT / "x.jpg", PhotoMetadata(1000, 1000 * (1 + row % 4), 5, "JPEG", **changes)
        )  # type: ignore[arg-type]
        for row in range(len(Y_TRUE))
    ]


def dossier(**changes: object) -> Dossier:
    parts: dict[str, object] = {"root": ROOT, "photos": photos(), "trained": ()}
    return Dossier.of(evaluation(), np.eye(5)[SAID], **(parts | changes))  # type: ignore[arg-type]


def test_slices_are_of_what_divides_the_photos_only() -> None:
    assert {one.dimension for one in dossier().slices} == {"Folder", "Size of the photo"}
    with_time = dossier(photos=photos(taken_at="2024-05-01T06:12:09", brightness=3.0)[:7])
    assert {"Day or night", "Brightness"} <= {one.dimension for one in with_time.slices}
    assert {one.name for one in with_time.slices if one.dimension == "Day or night"} == {
        "day (06-18 h)",
        "not known",
    }


def test_the_photos_that_the_model_has_not_seen_are_scored_alone() -> None:
    assert dossier().unseen is None
    unseen = dossier(trained=IDS[1:]).unseen
    assert unseen is not None
    assert (unseen.n, unseen.accuracy) == (1, 0.0)
    assert dossier(trained=IDS).unseen is None


def test_photos_that_the_model_was_chosen_by_are_told_of_but_those_trained_on_only_once() -> None:
    found = dossier(trained=IDS[:3], validated=IDS[2:5]).overlap
    assert found.chosen_by.tolist() == [3, 4]
    assert any(sentence.startswith("By 2 of these 30 photos") for sentence in found.sentences())


def test_a_cell_that_looks_at_the_border_stands_out_and_others_have_their_average() -> None:
    maps = np.zeros((len(Y_TRUE), 2, 14, 14))
    maps[:, :, 7, 7] = 1
    of_cows = Y_TRUE == 2
    maps[of_cows, 1] = 0
    maps[of_cows, 1, 0, 0] = 1
    found = dossier(maps=maps)
    assert {(group.true, group.said) for group in found.at_border} == {(2, 2), (2, None), (None, 2)}
    assert found.looks[1, 1].for_answer.heat[7, 7] == 1
    assert found.looks[2, 2].for_answer.border_share == 1
    assert found.looks[2, 2].for_label.border_share < 1e-12


def test_verdicts_count_where_they_are_on_the_label_of_the_photo() -> None:
    given = {
        (IDS[0], "dog"): GivenVerdict(IDS[0], "dog", Verdict.LABEL_WRONG, "cat", "me", "", None, None),
        (IDS[3], "cow"): GivenVerdict(IDS[3], "cow", Verdict.CANNOT_TELL, None, "me", "", None, None),
    }
    judged = dossier(verdicts=given).judged
    assert judged is not None
    assert (judged.after.n, judged.after.accuracy) == (30, 1.0)
    assert dossier(verdicts={}).judged is None


def test_rows_of_the_comparison_lead_to_rows_of_the_report() -> None:
    said = np.array([0, 0, 0, 1])  # the other model has seen files 0 to 3 only, and errs on the last
    other = evaluation(said, np.array([0, 1, 2, 3]))
    found = dossier(other=other)
    assert found.comparison is not None
    assert found.compared.tolist() == [0, 1, 2, 3]
    assert found.compared[found.comparison.rows(False, True)].tolist() == [0]
    assert found.compared[found.comparison.rows(True, False)].tolist() == [3]
