"""The formats' own validators read what is written; their environment is tests/validators.txt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gallery.exchange.camtrap_dp import Site, camtrap_dp
from gallery.exchange.megadetector_json import megadetector_json
from gallery.exchange.rows import PredictionRow
from gallery.exchange.xmp_sidecars import Naming, write_sidecars
from tests.fast.unit.exchange.made_rows import NAMES, WHEN, made_row

LABELS = (None, "cat", "fox", "blank", "human", "vehicle", "cannot tell", "Füchsin | jung", "=1+1")

pytestmark = pytest.mark.slow


def missing(what: str) -> None:
    if os.environ.get("GALLERY_REQUIRE_VALIDATORS"):
        pytest.fail(f"GALLERY_REQUIRE_VALIDATORS is set, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="module")
def rows() -> list[PredictionRow]:
    return [
        made_row(
            f"Site {site}/IMG_{n:04}.JPG",
            person_label=label,
            taken_at=f"2024-05-{1 + site:02}T06:{n:02}:09",
            number=100 * site + n,
        )
        for site in range(3)
        for n, label in enumerate(LABELS)
    ]


def test_megadetectors_validator_and_frictionless_find_no_error(
    rows: list[PredictionRow], tmp_path: Path, formats_of_the_field: Path
) -> None:
    python = os.environ.get("GALLERY_VALIDATORS", "")
    if not Path(python).is_file():
        missing("no environment with the validators: set GALLERY_VALIDATORS to its python")
    results = tmp_path / "results.json"
    results.write_text("".join(megadetector_json(rows, NAMES, "m", made_at=WHEN)), "utf-8")
    sites = {"Site 0": Site(45.07, 7.69, "+01:00"), "": Site(46.0, 8.0, "Europe/Rome")}
    package = tmp_path / "package"
    package.mkdir()
    made = camtrap_dp(rows, sites, title="Gran Paradiso", person="Ada", made_at=WHEN)
    for name, text in made.files.items():
        (package / name).write_text(text, "utf-8", newline="")
    asked = Path(__file__).with_name("ask_validators.py")
    schemas = formats_of_the_field / "camtrap-dp-1.0.2"
    done = subprocess.run(
        [python, "-P", asked, results, package, schemas], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["megadetector"] == {"errors": [], "warnings": []}
    assert said["camtrap-dp"] == []
    assert said["rows"] == 3 + 2 * len(rows)


@pytest.mark.parametrize("naming", list(Naming))
def test_exiftool_and_exiv2_read_the_keywords_of_a_sidecar(
    rows: list[PredictionRow], tmp_path: Path, naming: Naming
) -> None:
    for tool in ("exiftool", "exiv2"):
        if shutil.which(tool) is None:
            missing(f"{tool} is not installed")
    write_sidecars(rows[: len(LABELS)], tmp_path, naming=naming, rating=True)
    shown = subprocess.run(
        ["exiftool", "-json", "-r", "-ext", "xmp", "-Subject", "-HierarchicalSubject", "-Rating",
         "-Warning", "-Error", tmp_path], capture_output=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(shown.stdout)
    subjects = {Path(one["SourceFile"]).name: one["Subject"] for one in found}
    ending = ".JPG.xmp" if naming is Naming.WHOLE else ".xmp"
    assert subjects == {f"IMG_{n:04}{ending}": label or "dog" for n, label in enumerate(LABELS)}
    assert {one["Rating"] for one in found} == {4}
    assert not any("Warning" in one or "Error" in one for one in found)
    of_one = tmp_path / "Site 0" / f"IMG_0001{ending}"
    printed = subprocess.run(
        ["exiv2", "-K", "Xmp.dc.subject", "-K", "Xmp.lr.hierarchicalSubject", "-Pkt", "pr", of_one],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert printed.returncode == 0, (printed.stdout, printed.stderr)
    assert [line.split()[-1] for line in printed.stdout.splitlines()] == ["cat", "Animals|cat"]
