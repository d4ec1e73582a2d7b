"""The command line with real photos files, a real catalog and a fake network that looks at colours."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery import cli, composition
from gallery.catalog import Catalog
from gallery.cli import benchmark, check
from gallery.errors import ModelError
from gallery.model_files import ModelStore
from gallery.settings import Settings
from gallery.types import BatchPrediction, CollectionKind, JobState, ModelCard, Verdict

NAMES = ("dog", "cat", "horse")
RED, GREEN, BLUE, BLACK = (250, 10, 10), (10, 250, 10), (10, 10, 250), (0, 0, 0)


class ColourClassifier:
    """Takes red for dogs, green for cats and blue for horses; its heat is all in the left upper cell."""

    model_id = "colours"
    class_names = NAMES
    input_px = 32
    precision = "float32"

    def classify(self, images: np.ndarray) -> BatchPrediction:
        mean = images.reshape(len(images), -1, 3).mean(axis=1) + 1
        probabilities = (mean / mean.sum(axis=1, keepdims=True)).astype(np.float32)
        cams = np.zeros((len(images), 3, 2, 2), np.float32)
        cams[:, :, 0, 0] = np.where(probabilities > 0.34, probabilities, 0)
        return BatchPrediction(probabilities, mean.astype(np.float32), cams)


class Place:
    """A home with the fake model, and a folder for photos."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.photos = folder / "photos"
        self.photos.mkdir()
        self.settings = Settings.from_environment(self.home)
        self.models = ModelStore(self.settings.shipped_models, self.settings.own_models)
        card = ModelCard(
            model_id="colours", name="Colours", architecture="vgg16-gap", class_names=NAMES, input_px=32,
            preprocessing="caffe", resize="squash", target_layer="block5_conv3", temperature=1.0,
            weights_file="", weights_sha256="", parameter_count=0, created_at="2024-01-01T00:00:00Z",
        )  # fmt: skip
        self.models.save(card, {"fc1/kernel": np.ones((2, 2), np.float32)})

    def photo(self, name: str, colour: tuple[int, int, int], side: int = 40) -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (side, side), colour).save(path)
        return path

    def labelled(self) -> None:
        self.photo("Cane/1.png", RED)
        self.photo("Cane/2.png", GREEN)
        self.photo("cats/1.png", GREEN, 41)
        self.photo("horse_/1.png", BLUE)

    def catalog(self) -> Catalog:
        return Catalog.open(self.settings.catalog_dir)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    monkeypatch.setattr(composition, "load_classifier", lambda models, model_id: ColourClassifier())
    return Place(tmp_path)


Run = Callable[..., tuple[int, Any, str]]


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


def text(place: Place, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main([*map(str, words), "--home", str(place.home)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_tag_says_what_it_did_and_names_what_it_could_not_read(place: Place, run: Run) -> None:
    place.labelled()
    (place.photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    code, said, _ = run("tag", place.photos)
    assert code == 0
    assert list(said) == [
        "photos", "tagged", "unchanged", "skipped", "seconds", "photos_per_second", "model_id",
    ]  # fmt: skip
    assert (said["photos"], said["tagged"], said["unchanged"], said["model_id"]) == (5, 4, 0, "colours")
    (skipped,) = said["skipped"]
    assert skipped["path"] == str(place.photos / "broken.jpg")
    assert skipped["reason"] == "damaged or truncated"
    assert skipped["detail"]


def test_tagging_again_finds_everything_unchanged(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    _, said, _ = run("tag", place.photos)
    assert (said["tagged"], said["unchanged"]) == (0, 4)


def test_tag_without_json_prints_a_sentence_and_a_bar_on_standard_error(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.labelled()
    code, out, err = text(place, capsys, "tag", place.photos)
    assert code == 0
    assert "4 photos, 4 tagged now with colours" in out
    assert "4/4" in err


def test_ctrl_c_ends_after_the_batch_and_keeps_it(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ColourClassifier):
        def classify(self, images: np.ndarray) -> BatchPrediction:
            signal.raise_signal(signal.SIGINT)
            return super().classify(images)

    monkeypatch.setattr(composition, "load_classifier", lambda models, model_id: Interrupted())
    for n in range(40):
        place.photo(f"{n:02}.png", RED, side=n + 8)
    before = signal.getsignal(signal.SIGINT)
    code, said, err = run("tag", place.photos)
    assert code == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert "Stopping; what is tagged is kept" in err
    assert 0 < said["tagged"] < 40
    monkeypatch.setattr(composition, "load_classifier", lambda models, model_id: ColourClassifier())
    _, rest, _ = run("tag", place.photos)
    assert rest["tagged"] == 40 - said["tagged"]


def test_a_second_ctrl_c_stops_at_once_without_a_traceback(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(ColourClassifier):
        def classify(self, images: np.ndarray) -> BatchPrediction:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not reached")

    monkeypatch.setattr(composition, "load_classifier", lambda models, model_id: Stuck())
    place.labelled()
    code, said, err = run("tag", place.photos)
    assert (code, said) == (130, {"error": "stopped"})
    assert "Traceback" not in err


def test_evaluate_gives_the_promised_keys_and_the_matrix_by_hand(place: Place, run: Run) -> None:
    place.labelled()
    code, said, _ = run("evaluate", place.photos)
    assert code == 0
    assert list(said) == [
        "model_id", "n", "accuracy", "accuracy_interval", "loss", "macro_f1", "class_names",
        "confusion_matrix", "per_class", "skipped",
        "balanced_accuracy", "top_2", "ece_before", "ece_after", "coverage_at_95",
        "threshold_at_95", "suspects",
    ]  # fmt: skip
    assert said["confusion_matrix"] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert (said["n"], said["accuracy"], said["skipped"]) == (4, 0.75, [])
    # cat and dog: precision 1/2, 1; recall 1, 1/2; so F1 2/3 both
    assert said["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_evaluate_without_json_prints_the_report_and_says_what_is_odd(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.photo("dog/1.png", RED)
    place.photo("cat/1.png", GREEN)
    place.photo("loose.png", BLUE)
    code, out, err = text(place, capsys, "evaluate", place.photos)
    assert code == 0
    assert "colours on 2 photos: accuracy 100.0%" in out
    assert "1 photo lies outside the class folders" in err
    assert "no folder of horse" in err


def test_evaluate_refuses_an_unknown_folder_before_any_work(place: Place, run: Run) -> None:
    place.labelled()
    place.photo("zebra/1.png", RED)
    code, said, err = run("evaluate", place.photos)
    assert code == 2
    assert '"zebra" is not the name of a class' in said["error"]
    assert said["error"] in err
    with place.catalog() as catalog:
        assert catalog.collections() == []


def test_evaluate_takes_labels_from_a_table_and_reads_only_those_photos(place: Place, run: Run) -> None:
    place.labelled()
    table = place.photos / "labels.csv"
    table.write_text("path,class,split\nCane/1.png,dog,test\nCane/2.png,gatto,test\ncats/1.png,cat,train\n")
    code, said, _ = run("evaluate", place.photos, "--labels", table, "--split", "test")
    assert code == 0
    assert (said["n"], said["accuracy"]) == (2, 1.0)
    with place.catalog() as catalog:
        (collection,) = catalog.collections()
        assert len(catalog.prediction_table(collection.collection_id, "colours")) == 2
        assert len(catalog.pending_files(collection.collection_id, "colours")) == 2


def test_a_split_without_a_table_and_a_table_of_other_photos_are_refused(place: Place, run: Run) -> None:
    place.labelled()
    assert "--labels" in run("evaluate", place.photos, "--split", "test")[1]["error"]
    table = place.home / "labels.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("path,class\n1.png,dog\n")
    code, said, _ = run("evaluate", place.photos, "--labels", table)
    assert code == 2
    assert "None of the 1 photos listed" in said["error"]


def test_explain_lays_the_heat_where_the_network_looked(place: Place, run: Run, tmp_path: Path) -> None:
    photo = place.photo("1.png", RED, side=64)
    out = tmp_path / "why.png"
    code, said, _ = run("explain", photo, "--class", "cane", "--out", out)
    assert code == 0
    assert (said["class"], said["predicted"], said["evidence"]) == ("dog", "dog", True)
    assert sum(said["probabilities"].values()) == pytest.approx(1)
    picture = np.asarray(Image.open(out)).astype(int)
    change = np.abs(picture - np.array(RED)).sum(axis=2)
    assert change[:8, :8].mean() > 100
    assert change[-8:, -8:].max() <= 6  # what JPEG costs


def test_explain_of_a_class_without_evidence_says_so(
    place: Place, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    photo = place.photo("1.png", RED)
    _, out, _ = text(place, capsys, "explain", photo, "--class", "horse", "--out", tmp_path / "why.png")
    assert "No evidence" in out


def test_explain_of_a_tagged_photo_needs_no_network(
    place: Place, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = place.photo("1.png", RED)
    _, before, _ = run("explain", photo, "--out", tmp_path / "before.png")
    run("tag", place.photos)

    def refuse(models: object, model_id: str) -> None:
        raise ModelError("not needed")

    monkeypatch.setattr(composition, "load_classifier", refuse)
    code, after, _ = run("explain", photo, "--out", tmp_path / "after.png")
    assert code == 0
    assert {**before, "out": ""} == {**after, "out": ""}
    assert (tmp_path / "before.png").read_bytes() == (tmp_path / "after.png").read_bytes()


def test_explain_names_an_unreadable_photo_an_unknown_class_and_a_place_it_cannot_write(
    place: Place, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "why.png"
    code, said, _ = run("explain", place.photos / "none.jpg", "--out", out)
    assert code == 2
    assert "none.jpg cannot be explained" in said["error"]
    photo = place.photo("1.png", RED)
    assert "Did you mean horse?" in run("explain", photo, "--class", "hors", "--out", out)[1]["error"]
    assert "cannot be written" in run("explain", photo, "--out", tmp_path / "no" / "x.png")[1]["error"]


@pytest.mark.parametrize("name", ["1.png", "../photos/1.png", "link.png", "other.JPG", "new.jpeg"])
def test_no_output_replaces_a_photo(place: Place, run: Run, name: str) -> None:
    photo = place.photo("1.png", RED)
    other = place.photo("other.jpg", GREEN).rename(place.photos / "other.JPG")
    (place.photos / "link.png").symlink_to(photo)
    before = {path: path.read_bytes() for path in (photo, other)}
    code, said, _ = run("explain", photo, "--out", place.photos / name)
    assert (code, "never written over" in said["error"]) == (2, True)
    code, said, _ = run("export", "--out", place.photos / name)
    assert (code, "never written over" in said["error"]) == (2, True)
    assert before == {path: path.read_bytes() for path in before}


def test_explain_replaces_its_own_heatmap_and_no_other_picture(
    place: Place, run: Run, tmp_path: Path
) -> None:
    photo, other = place.photo("1.png", RED), place.photo("other.png", GREEN)
    before = other.read_bytes()
    code, said, _ = run("explain", photo, "--out", other)
    assert (code, "never written over" in said["error"]) == (2, True)
    assert other.read_bytes() == before
    out = tmp_path / "why.png"
    assert run("explain", photo, "--class", "cane", "--out", out)[0] == 0
    first = out.read_bytes()
    assert run("explain", photo, "--class", "horse", "--out", out)[0] == 0
    assert out.read_bytes() != first
    assert run("explain", out, "--out", tmp_path / "of-why.png")[0] == 0
    code, said, _ = run("explain", out, "--out", out)
    assert (code, "is the photo itself" in said["error"]) == (2, True)
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


@pytest.mark.parametrize("name", ["t.csv", "model.npz", "why", "why.png.txt"])
def test_a_heatmap_goes_to_no_name_that_is_not_a_pictures(
    place: Place, run: Run, tmp_path: Path, name: str
) -> None:
    code, said, _ = run("explain", place.photo("1.png", RED), "--out", tmp_path / name)
    assert (code, "Give one that ends with .png" in said["error"]) == (2, True)
    assert not (tmp_path / name).exists()


def test_export_writes_labels_of_people_and_of_the_model(place: Place, run: Run, tmp_path: Path) -> None:
    place.labelled()
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(catalog.collections()[0].collection_id, "colours")
        wrong = table.paths.index(place.photos / "Cane" / "2.png")
        catalog.correct([table.photo_ids[wrong]], "dog", person="Ada", model_id="colours")
    out = tmp_path / "tags.csv"
    code, said, _ = run("export", "--out", out)
    assert (code, said["photos"], said["collections"]) == (0, 4, 1)
    with out.open(encoding="utf-8-sig", newline="") as lines:
        rows = {Path(row["path"]).relative_to(place.photos).as_posix(): row for row in csv.DictReader(lines)}
    assert [rows["Cane/2.png"][k] for k in ("label", "source", "model_label")] == ["dog", "person", "cat"]
    assert [rows["Cane/1.png"][k] for k in ("label", "source", "model_label")] == ["dog", "model", "dog"]


def test_export_of_verdicts_is_a_line_each_with_the_label_that_it_leaves(
    place: Place, run: Run, tmp_path: Path
) -> None:
    place.labelled()
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(1, "colours")
        photo_of = {path.relative_to(place.photos).as_posix(): n for n, path in enumerate(table.paths)}
        photo_id = table.photo_ids[photo_of["Cane/2.png"]]
        catalog.give_verdict(photo_id, "dog", Verdict.LABEL_WRONG, other="cat", person="Ada")
    out = tmp_path / "verdicts.csv"
    code, said, _ = run("export", "--verdicts", "--out", out)
    assert (code, said) == (0, {"out": str(out), "verdicts": 1, "collections": 1})
    (line,) = csv.DictReader(out.read_text("utf-8-sig").splitlines())
    assert (line["label"], line["verdict"], line["label_after"]) == ("dog", "label wrong", "cat")
    assert line["path"] == str(place.photos / "Cane" / "2.png")
    shutil.copy(place.photos / "Cane" / "2.png", place.photos / "cats" / "copy.png")
    run("tag", place.photos)
    with place.catalog() as catalog:
        catalog.give_verdict(photo_id, "cat", Verdict.MODEL_WRONG, person="Ada")
    run("export", "--verdicts", "--out", out)
    lines = csv.DictReader(out.read_text("utf-8-sig").splitlines())
    of_label = {line["label"]: Path(line["path"]).parent.name for line in lines}
    assert of_label == {"dog": "Cane", "cat": "cats"}  # of two copies the one that bears the judged label
    (place.photos / "cats" / "copy.png").unlink()
    run("tag", place.photos / "cats")
    assert (
        run("export", "--verdicts", "--out", out, "--collection", place.photos / "cats")[1]["verdicts"] == 0
    )


def test_export_of_one_folder_leaves_out_the_others_and_an_unopened_one_is_named(
    place: Place, run: Run, tmp_path: Path
) -> None:
    place.photo("a/1.png", RED)
    place.photo("b/1.png", GREEN)
    run("tag", place.photos / "a")
    run("tag", place.photos / "b")
    run("tag", place.photos)
    assert run("export", "--out", tmp_path / "x.csv")[1]["photos"] == 2
    assert run("export", "--out", tmp_path / "x.csv", "--collection", place.photos / "a")[1]["photos"] == 1
    code, said, _ = run("export", "--out", tmp_path / "x.csv", "--collection", tmp_path)
    assert code == 2
    assert "has not been opened yet" in said["error"]


def test_check_of_a_sound_place_finds_nothing_wrong(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    code, said, _ = run("check")
    wrong = [one for one in said["checks"] if not one["ok"]]
    assert (code, said["ok"], wrong) == (0, True, [])
    details = {one["name"]: one["detail"] for one in said["checks"]}
    assert "4 photos in 1 opened folders" in details["catalog"]
    assert details["model colours"] == "weights match SHA-256, active"
    assert details["network"].startswith("runs in float32")


def test_check_names_each_thing_that_is_wrong_with_its_remedy(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.settings.own_models / "colours" / "weights.npz").write_bytes(b"other weights")
    place.settings.catalog_dir.mkdir(parents=True)
    (place.settings.catalog_dir / "catalog.sqlite3").write_bytes(b"no database" * 1000)
    monkeypatch.setattr(check, "FREE_DISK_BYTES", 10**18)
    monkeypatch.setattr(check, "required_versions", lambda: {"numpy": "99.0", "no-such-package": "1"})
    code, said, _ = run("check")
    wrong = {one["name"]: one["detail"] for one in said["checks"] if not one["ok"]}
    assert code == 1
    assert not said["ok"]
    assert {"model colours", "catalog", "disk", "numpy", "no-such-package"} <= set(wrong)
    assert "train or import it again" in wrong["model colours"]
    assert "Move the folder" in wrong["catalog"]
    assert "pip install -r requirements.txt" in wrong["numpy"]


def test_check_without_any_model_says_where_one_belongs(place: Place, run: Run) -> None:
    place.models.remove("colours")
    code, said, _ = run("check")
    assert code == 1
    assert "Restore model_store" in next(one["detail"] for one in said["checks"] if one["name"] == "model")


def test_check_of_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    finding = check.check_home(tmp_path / "file" / "home")
    assert not finding.ok
    assert "Set GALLERY_HOME" in finding.detail
    assert check.check_disk(tmp_path / "file" / "home").ok


def test_check_reads_the_versions_that_requirements_ask_for() -> None:
    asked = check.required_versions()
    assert asked["streamlit"].startswith("1.")
    assert "tensorflow" in asked


def test_benchmark_times_both_on_the_same_readable_photos(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.labelled()
    (place.photos / "broken.jpg").write_bytes(b"no photo")
    seen: list[Path] = []

    def fake_loop(settings: Settings, card: ModelCard, paths: list[Path]) -> tuple[benchmark.Timing, Any]:
        seen.extend(paths)
        timing = benchmark.Timing(len(paths), 2.0, len(paths) / 2.0, 1.0, "float32")
        return timing, np.zeros(len(paths), np.int64)

    monkeypatch.setattr(benchmark, "time_plain_loop", fake_loop)
    code, said, _ = run("benchmark", place.photos)
    assert code == 0
    assert (said["photos"], said["skipped"], len(seen)) == (4, 1, 4)
    assert said["plain"]["photos_per_second"] == 2.0
    assert said["ratio"] == pytest.approx(said["gallery"]["photos_per_second"] / 2.0)
    assert said["same_label"] == 0.25  # one of four is called dog
    assert not place.settings.catalog_dir.exists()  # the home stays as it was


def test_the_child_process_runs_the_jobs_that_wait(place: Place) -> None:
    place.labelled()
    with place.catalog() as catalog:
        collection = catalog.add_collection(place.photos.resolve(), CollectionKind.FOLDER)
        job = catalog.queue_job(collection.collection_id, "colours")
    assert composition.run_waiting_jobs(place.settings) == 1
    with place.catalog() as catalog:
        done = catalog.job(job.job_id)
        assert (done.state, done.tagged, done.total) == (JobState.DONE, 4, 4)


def test_a_job_whose_model_is_gone_fails_with_its_sentence(place: Place) -> None:
    place.labelled()
    with place.catalog() as catalog:
        collection = catalog.add_collection(place.photos.resolve(), CollectionKind.FOLDER)
        job = catalog.queue_job(collection.collection_id, "no-such-model")
    composition.run_waiting_jobs(place.settings)
    with place.catalog() as catalog:
        failed = catalog.job(job.job_id)
        assert failed.state == JobState.FAILED
        assert "There is no model called 'no-such-model'" in str(failed.message)


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
        cli.build_parser().parse_args([name, "--data", "x", "--model", "animals10-vgg16-2", *words])
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
