"""What holds for every command: options, refusals, help; and ``benchmark``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery import cli
from gallery.services import benchmark
from gallery.settings import Settings
from gallery.types import ModelCard
from tests.fast.unit.cli.colour_place import RED, Place, Run


def test_benchmark_times_both_on_the_same_readable_photos(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.labelled()
    (place.photos / "broken.jpg").write_bytes(b"no photo")
    seen: list[list[Path]] = []

    def fake_loop(settings: Settings, card: ModelCard, paths: list[Path]) -> tuple[Any, benchmark.Timing]:
        def loop() -> Any:
            seen.append(paths)
            return np.zeros(len(paths), np.int64)

        return loop, benchmark.Timing(len(paths), loading_s=1.0, precision="float32")

    monkeypatch.setattr(benchmark, "plain_loop", fake_loop)
    code, answer, _ = run("benchmark", place.photos, "--runs", "3")
    assert code == 0
    (said,) = answer["tables"]
    assert (said["photos"], said["skipped"], [len(paths) for paths in seen]) == (4, 1, [4, 4, 4])
    assert said["timings"].keys() >= {"plain loop", "tagger", "forward pass", "decoding"}
    assert all(
        len(one["photos_per_second"]) == 3 for name, one in said["timings"].items() if "steady" not in name
    )
    plain, tagger = (said["timings"][name]["median"] for name in ("plain loop", "tagger"))
    assert said["ratio"] == pytest.approx(tagger / plain)
    assert said["same_label"] == 0.25  # one of four is called dog
    assert not place.settings.catalog_dir.exists()  # the home stays as it was


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tag", "/no/such/folder"], "There is no folder"),
        (["tag", __file__], "is a file, not a folder"),
        (["tag", ".", "--model", "none"], "There is no model called 'none'"),
        (["benchmark", "{empty}"], "no readable photos"),
        (["evaluate", "{empty}"], "no photos"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_code_2(
    place: Place, run: Run, words: list[str], sentence: str
) -> None:
    code, said, err = run(*(word.format(empty=place.photos) for word in words))
    assert code == 2
    assert sentence in said["error"]
    assert err.strip().endswith(said["error"])
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["evaluate", "tag", "predict"])
def test_the_names_that_a_home_leaves_out_hold_for_a_command_with_that_home(
    place: Place, run: Run, command: str, tmp_path: Path
) -> None:
    place.labelled()
    place.photo("proofs/1.png", RED)  # no class of the model: evaluate would refuse it
    (place.home / "left-out.txt").write_text("proofs\n")
    out = ("--out", tmp_path / "predicted.csv") if command == "predict" else ()
    code, answer, _ = run(command, place.photos, *out)
    assert code == 0, answer
    assert answer["n" if command == "evaluate" else "tagged" if command == "tag" else "photos"] == 4


def test_folders_outside_the_allowed_roots_are_refused(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_ROOTS", str(place.home))
    assert "may not be opened" in run("tag", place.photos)[1]["error"]


@pytest.mark.parametrize("name", ["tag", "evaluate", "explain", "export", "check", "benchmark"])
def test_every_command_takes_home_model_and_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.build_parser().parse_args([name, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--home DIR", "--model ID", "--json"))


@pytest.mark.parametrize("name", ["train", "tune"])
def test_a_model_is_no_start_of_a_training_and_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"train": ["--recipe", "cnn-small"], "tune": []}[name]
    with pytest.raises(SystemExit):
        cli.build_parser().parse_args([name, "--data", "x", "--model", "animals10-vgg16-3", *words])
    assert "--model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["explain", "x.jpg", "--opacity", "2"], ["benchmark", "x", "--photos", "0"]]
)
def test_values_out_of_range_are_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.build_parser().parse_args(words)
    assert "must be" in capsys.readouterr().err


def test_help_answers_without_any_heavy_library(repository: Path) -> None:
    code = (
        "import sys\nfrom gallery import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'PIL', 'cv2', 'pandas', 'streamlit', 'numpy'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, timeout=60, check=True
    )
    assert "benchmark" in done.stdout
    assert done.stdout.rstrip().endswith("HEAVY []")


def test_the_module_runs_as_a_program_and_finds_no_job(repository: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gallery", "tag-job", "--home", str(tmp_path)],
        capture_output=True, text=True, cwd=repository, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 jobs done" in done.stderr
