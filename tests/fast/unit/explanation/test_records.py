"""What tests of heatmaps found is kept for its map alone, and damage is as if nothing had been kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gallery.errors import CamError
from gallery.explanation.perturbation import Curve
from gallery.explanation.randomisation import RandomisationTest
from gallery.explanation.records import ExplanationRecords, MapOf
from gallery.explanation.trust import TrustReport

WHICH = MapOf("ab" * 32, "0f" * 32, "grad-cam++", "block5_conv3", 3)


def found(whole: float = 0.9) -> TrustReport:
    curve = Curve((0.0, 1.0), (0.9, 0.1))
    return TrustReport(
        curve,
        curve,
        curve,
        curve,
        curve,
        curve,
        (0.5, 0.4),
        (0.3, 0.2),
        whole,
        0.3,
        RandomisationTest((0.25,)),
    )


def test_what_was_found_of_a_map_is_kept_for_that_map_alone(tmp_path: Path) -> None:
    records = ExplanationRecords(tmp_path / "not made yet")
    assert records.trust(WHICH) is None
    records.keep_trust(WHICH, found())
    assert ExplanationRecords(tmp_path / "not made yet").trust(WHICH) == found()
    for other in (
        {"class_index": 4}, {"layer": "block4_conv3"}, {"method": "grad-cam"}, {"photo_id": "1e" * 32},
        {"weights_sha256": "cd" * 32},
    ):  # fmt: skip
        assert records.trust(dataclasses.replace(WHICH, **other)) is None


def test_all_tests_of_a_method_are_found_and_damaged_ones_left_out(tmp_path: Path) -> None:
    records = ExplanationRecords(tmp_path)
    records.keep_seconds(WHICH.weights_sha256, WHICH.method, WHICH.layer, 12.5)
    for number, whole in enumerate((0.2, 0.4, 0.8)):
        records.keep_trust(dataclasses.replace(WHICH, class_index=number), found(whole))
    (damaged,) = tmp_path.rglob("*-1.json")
    damaged.write_text('{"whole": 1')
    assert records.trust(dataclasses.replace(WHICH, class_index=1)) is None
    reports = records.tested(WHICH.weights_sha256, WHICH.method, WHICH.layer)
    assert [report.whole for report in reports] == [0.2, 0.8]
    assert list(records.tested(WHICH.weights_sha256, "occlusion", None)) == []


def test_how_long_a_method_took_is_kept(tmp_path: Path) -> None:
    records = ExplanationRecords(tmp_path)
    assert records.seconds("ab" * 32, "occlusion", None) is None
    records.keep_seconds("ab" * 32, "occlusion", None, 3.25)
    assert records.seconds("ab" * 32, "occlusion", None) == 3.25


@pytest.mark.parametrize(
    "change", [{"layer": "../../x"}, {"method": "a/b"}, {"weights_sha256": ".."}, {"photo_id": "../x"}]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(CamError):
        ExplanationRecords(tmp_path).keep_trust(dataclasses.replace(WHICH, **change), found())
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CamError, match="cannot be kept"):
        ExplanationRecords(tmp_path / "file").keep_trust(WHICH, found())
