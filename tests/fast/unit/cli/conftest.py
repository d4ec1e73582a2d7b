"""The place that commands run in, and how they are run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gallery import cli
from gallery.services import wiring
from tests.fast.unit.cli.colour_place import ColourClassifier, Place, Run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: ColourClassifier())
    return Place(tmp_path)


@pytest.fixture
def run(place: Place, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json; gives exit code, the object on standard output, standard error."""

    def run_json(*words: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = cli.main([*map(str, words), "--home", str(place.home), "--json"])
        printed = capsys.readouterr()
        assert printed.out.count("\n") == 1, printed.out
        return code, json.loads(printed.out), printed.err

    return run_json
