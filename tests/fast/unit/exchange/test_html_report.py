"""The report in one HTML file: its numbers are the evaluation's, and it refers to nothing outside itself."""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import io
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from plotly.offline import get_plotlyjs
from sklearn import metrics as sk

from gallery.errors import ExchangeError
from gallery.evaluation.evidence import Group
from gallery.evaluation.report import Cell
from gallery.exchange.report.album import LEVELS
from gallery.exchange.report.file import check_report_place, html_report, write_html_report
from gallery.types import GivenVerdict, Verdict
from tests.fast.unit.exchange.made_report import (
    MATRIX,
    NAMES,
    FakePictures,
    ParsedPage,
    card,
    contents,
    evaluation,
    photo_id,
)

SCRIPT = len(get_plotlyjs())
"""Bytes of every report: what draws its charts."""

SCORES, CLASSES = "Scores on 60 photos", "Classification report"
LABELLED = "Confusion matrix: rows are true classes, columns predicted classes, numbers count photos"
HOSTILE = (
    "<script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg',
    "a&lt;b'`${x}.jpg",
    "evil\u202egpj.exe",
    "caf\udce9.jpg",
    "line\x00\x1b[31mbreak.jpg",
    "]]></style><style>*{display:none}.jpg",
)


@pytest.fixture(scope="module")
def page() -> ParsedPage:
    return ParsedPage(html_report(contents(), FakePictures()).html)


def data_link(page: ParsedPage, name: str) -> bytes:
    (link,) = [a for a in page.all("a") if a.get("download") == name]
    return base64.b64decode((link["href"] or "").partition(";base64,")[2])


def test_the_scores_are_those_of_scikit_learn_to_the_last_digit(page: ParsedPage) -> None:
    report = evaluation().report
    y_true, y_pred, shares = report.y_true, report.y_pred, report.probabilities
    expected = {
        "Accuracy": 49 / 60,
        "Balanced accuracy": (24 / 30 + 22 / 24 + 3 / 6) / 3,
        "Macro F1": sk.f1_score(y_true, y_pred, average="macro"),
        "Weighted F1": sk.f1_score(y_true, y_pred, average="weighted"),
        "Top-2 accuracy": sk.top_k_accuracy_score(y_true, shares, k=2),
        "Log loss": sk.log_loss(y_true, shares),
        "Calibration error": report.calibration_error,
    }
    for name, value in expected.items():
        tolerance = 1e-6 if name == "Log loss" else 1e-12  # scikit-learn takes float32's logarithms
        assert page.numbers(SCORES, name)[0] == pytest.approx(value, abs=tolerance), name
    assert page.numbers(SCORES, "Accuracy")[1:] == list(report.accuracy_interval)


def test_the_classes_have_their_scores_intervals_and_counts(page: ParsedPage) -> None:
    report = evaluation().report
    precision, recall, f1, support = sk.precision_recall_fscore_support(report.y_true, report.y_pred)
    for k, name in enumerate(("Dog", "Cat", "Guinea pig")):
        n, r, low, high, p, f, average, auc = page.numbers(CLASSES, name)
        assert (n, r, p) == (support[k], pytest.approx(recall[k]), pytest.approx(precision[k]))
        assert f == pytest.approx(f1[k])
        assert (low, high) == report.recall_interval(k)
        of_class = report.y_true == k
        assert average == pytest.approx(
            sk.average_precision_score(of_class, report.probabilities[:, k]), abs=1e-9
        )
        assert auc == pytest.approx(sk.roc_auc_score(of_class, report.probabilities[:, k]), abs=1e-9)


def test_the_matrix_has_every_count_and_each_leads_to_its_photos(page: ParsedPage) -> None:
    rows = page.tables[LABELLED][1:4]
    assert [[int(cell) for cell in row[1:4]] for row in rows] == MATRIX.tolist()
    links = {a["href"] for a in page.all("a")}
    for true, said in np.argwhere(MATRIX > 0).tolist():
        assert f"#cell-{true}-{said}" in links
    assert {"#true-0", "#true-2", "#said-1"} <= links


def test_all_links_lead_into_the_file_and_no_name_is_given_twice(page: ParsedPage) -> None:
    ids = page.ids
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("href", "src", "xlink:href", "action", "poster", "srcset", "data"):
            target = attributes.get(name)
            if target is not None:
                assert target.startswith("data:") or (target[0] == "#" and target[1:] in ids), target[:80]


def test_nothing_refers_to_anything_outside_the_file() -> None:
    html = html_report(contents(), FakePictures()).html
    page = ParsedPage(html)
    own = html.replace(get_plotlyjs(), "")
    assert len(own) == len(html) - len(get_plotlyjs()), "plotly is in the file once"
    addresses = re.findall(r"url\(([^)]*)\)", own)
    assert addresses
    assert all(address.startswith("#") and address[1:] in page.ids for address in addresses)
    assert "@import" not in page.style
    kinds = {name for name, _ in page.elements}
    assert not kinds & {"iframe", "object", "embed", "form", "base", "video", "audio"}
    assert [script.get("type") for script in page.all("script")] == ["application/json", None, None]
    assert page.scripts[1].strip() == get_plotlyjs().strip()
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert not re.findall(r"(?:https?:)?//[a-z]", re.sub(r'(?<=;base64,)[^"]*', "", own))


def test_the_policy_allows_what_is_in_the_file_and_nothing_else(page: ParsedPage) -> None:
    (policy,) = [
        m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    ]

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    _, plotly, script = page.scripts
    assert [rule.strip() for rule in policy.split(";")] == [
        "default-src 'none'",
        "img-src data:",
        f"style-src {digest(page.style)} {digest('')}",  # the empty one is plotly's, which fills it itself
        f"script-src {digest(script)} {digest(plotly)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_hostile_names_are_shown_letter_for_letter_and_do_nothing() -> None:
    hostile = [f"dog/{name}" for name in HOSTILE] + [f"{row}.jpg" for row in range(len(HOSTILE), 60)]
    evil = '<img src="http://evil/x.png">'
    made = contents(
        names=hostile,
        folder=evil,
        card=card(name=evil, description=evil, limits=(evil,), trained_on={evil: [evil, {evil: evil}]}),
        labels_from=evil,
    )
    page = ParsedPage(html_report(made, FakePictures()).html)
    assert len(page.all("script")) == 3
    assert not page.all("img")
    assert "*{display:none}" not in page.style
    for name in HOSTILE[:3]:
        assert f"dog/{name}" in page.text
    assert "evil[U+202E]gpj.exe" in page.text
    assert "caf\ufffd.jpg" in page.text
    assert "line[U+0000][U+001B][31mbreak.jpg" in page.text
    assert page.text.count(evil) >= 6
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ud800-\udfff\x00]", page.text)


def test_a_hostile_class_name_stays_text() -> None:
    evaluated = evaluation()
    evil = '<b id="matrix">'
    report = evaluated.report
    changed = type(report).from_predictions(
        report.y_true, report.probabilities, ("dog", "cat", evil), report.model_id
    )
    object.__setattr__(evaluated, "report", changed)
    page = ParsedPage(html_report(contents(evaluated=evaluated), FakePictures()).html)
    assert not page.all("b")
    assert page.ids.count("matrix") == 1


def test_the_photos_of_a_cell_come_worst_first_and_the_rest_is_counted() -> None:
    made = html_report(contents(), FakePictures(), limit_bytes=SCRIPT + 400_000)
    assert made.level.per_cell < 24
    page = ParsedPage(made.html)
    photos = [a["id"] or "" for a in page.all("figure")]
    report = evaluation().report
    dogs_taken_for_cats = [f"photo-{row}" for row in report.cell(0, 1)]
    assert [p for p in photos if p in dogs_taken_for_cats] == dogs_taken_for_cats[: made.level.per_cell]
    right = report.cell(0, 0).tolist()
    shown = [p for p in photos if int(p[6:]) in right]
    assert shown == [f"photo-{row}" for row in right[: len(shown)]]
    assert made.level.per_cell <= len(shown) < 24
    assert f"and {24 - len(shown)} more, which are in the table of all photos" in page.text
    assert f"at most {made.level.per_cell} of a cell, {made.level.thumbnail_px} pixels" in page.text
    assert "number and size were lowered" in page.text


@pytest.mark.parametrize("limit", [4_000_000, 1_000_000, 400_000, 250_000])
def test_the_file_stays_within_its_limit(limit: int) -> None:
    made = html_report(contents(), FakePictures(), limit_bytes=SCRIPT + limit)
    assert made.size_bytes == len(made.html.encode()) <= SCRIPT + limit
    assert made.photos_shown == made.html.count("<figure")


def test_without_a_limit_in_the_way_the_pictures_are_the_best() -> None:
    made = html_report(contents(), FakePictures())
    assert (made.level, made.photos_shown, made.lowered) == (LEVELS[0], 60, False)


def test_a_limit_that_cannot_be_kept_is_said() -> None:
    with pytest.raises(ExchangeError, match="without a single picture"):
        html_report(contents(), FakePictures(), limit_bytes=1_000)


def test_each_photo_is_embedded_once_with_the_maps_of_label_and_answer(page: ParsedPage) -> None:
    pictures = [image["href"] or "" for image in page.all("image")]
    assert len([p for p in pictures if p.startswith("data:image/jpeg")]) == 60
    decoded = {base64.b64decode(p.partition(";base64,")[2]).decode() for p in pictures if "png" in p}
    wrong = int(evaluation().report.cell(0, 1)[0])
    assert {f"heat {wrong} 0", f"heat {wrong} 1"} <= decoded
    assert "No evidence for Guinea pig in the photo" in page.text
    labels = [svg.get("aria-label") for svg in page.all("svg") if svg.get("role") == "img"]
    assert all(labels)


def test_a_photo_whose_thumbnail_is_gone_is_left_out() -> None:
    made = html_report(contents(), FakePictures(missing=[3, 4]))
    assert made.photos_shown == 58
    assert 'href="#photo-3"' not in made.html


def test_training_photos_and_copies_are_told_before_any_score() -> None:
    evaluated = evaluation()
    copies = (*evaluated.photo_ids[:-1], photo_id(0))  # a dog's copy, labelled guinea pig
    object.__setattr__(evaluated, "photo_ids", copies)
    made = contents(evaluated=evaluated, trained=[photo_id(1), photo_id(2)])
    page = ParsedPage(html_report(made, FakePictures()).html)
    text = page.text
    for sentence in (
        "The model was trained on 2 of these 60 photos",
        "1 photo is a copy of another",
        "One photo lies in folders of different classes",
        "On the 58 photos that it has not seen, its accuracy is 81.0 %",  # 47 of 58
    ):
        assert text.index(sentence) < text.index("49 of 60 photos correct"), sentence
    assert text.index("is a copy of another") < text.index("81.0 %")


def test_a_model_that_hides_its_training_photos_is_told() -> None:
    page = ParsedPage(html_report(contents(trained=()), FakePictures()).html)
    assert "training photos of this model are not known" in page.text


def test_what_rests_on_few_photos_is_marked(page: ParsedPage) -> None:
    rows = {row[0]: row for row in page.tables[CLASSES]}
    assert rows["Guinea pig"][1] == "6 few photos"
    assert rows["Dog"][1] == "30 "


def test_suspicious_labels_come_with_their_evidence(page: ParsedPage) -> None:
    suspects = contents().evaluation.diagnosis.suspects
    assert suspects
    first = suspects[0]
    assert f"Of the 10 photos most alike, {first.neighbours_of_suggested} are labelled" in page.text
    assert f"#photo-{first.row}" in {a["href"] for a in page.all("a") if a.get("class") == "small"}


def test_slices_stand_worst_first_with_their_intervals(page: ParsedPage) -> None:
    caption = "Accuracy by group"
    slices = contents().evaluation.slices_by()
    assert len(page.tables[caption]) == 1 + len(slices)
    for row, one in zip(page.values[caption][1:], slices, strict=True):
        assert row[:4] == [one.n, one.accuracy, *one.interval]


def test_verdicts_show_the_scores_before_and_after() -> None:
    rows = evaluation().report.cell(0, 1).tolist()
    verdicts = {
        (photo_id(row), "dog"): GivenVerdict(
            photo_id(row), "dog", Verdict.LABEL_WRONG, "cat", "me", "2026-01-01", None, "cat"
        )
        for row in rows[:2]
    }
    page = ParsedPage(html_report(contents(verdicts=verdicts), FakePictures()).html)
    caption = "Before and after 2 verdicts"
    assert page.numbers(caption, "As labelled")[:2] == [60, 49 / 60]
    assert page.numbers(caption, "After the verdicts")[:2] == [60, 51 / 60]
    assert ["Dog, predicted Cat", "5", "3"] in page.tables["Cells that the verdicts change"]
    assert ["Cat, predicted Cat", "22", "24"] in page.tables["Cells that the verdicts change"]


def test_another_model_is_compared_only_when_it_is_asked_for(page: ParsedPage) -> None:
    assert "Comparison with another model" not in page.text
    one = evaluation()
    report = one.report
    shares = report.probabilities.copy()
    shares[:3] = [0.1, 0.8, 0.1]  # three dogs that the first model recognises, the other does not
    changed = type(report).from_predictions(report.y_true, shares, NAMES, "other")
    other = evaluation(model_id="other")
    object.__setattr__(other, "report", changed)
    made = contents(other=other, other_card=card(model_id="other", name="Other model"))
    compared = ParsedPage(html_report(made, FakePictures()).html)
    caption = "Accuracy on the 60 photos that both have classified"
    assert compared.numbers(caption, "Made model")[0] == 49 / 60
    assert compared.numbers(caption, "Other model")[0] == 46 / 60
    assert (
        "Other model is right on 5.0 percentage points fewer of the photos than Made model" in compared.text
    )
    assert made.pair is not None
    assert compared.numbers(caption, "Other model")[1:] == list(made.pair.comparison.interval_b)
    assert "p = 0.25" in compared.text  # 2 * (1/2)^3
    assert "Only Made model: 3" in compared.text


def test_the_table_of_all_photos_has_every_hash_and_every_probability(page: ParsedPage) -> None:
    rows = list(csv.DictReader(io.StringIO(data_link(page, "photos.csv").decode("utf-8-sig"))))
    report = evaluation().report
    assert [row["picture_sha256"] for row in rows] == [photo_id(row) for row in range(60)]
    found = np.array([[float(row[f"probability_{name}"]) for name in NAMES] for row in rows], np.float32)
    assert (found == report.probabilities).all()
    assert [row["label"] for row in rows] == [NAMES[k] for k in report.y_true]


def test_the_numbers_are_there_for_programs_too(page: ParsedPage) -> None:
    numbers = json.loads(data_link(page, "numbers.json"))
    assert numbers["confusion_matrix"] == MATRIX.tolist()
    assert numbers["accuracy"] == 49 / 60
    assert str(Path("/data")) not in json.dumps(numbers)


def test_the_card_is_there_with_all_its_fields_and_hashes(page: ParsedPage) -> None:
    for text in ("Drawings confuse it.", "ab" * 32, "cd" * 32, "block5_conv3", "14,982,474", "Phases", "51"):
        assert text in page.text


def test_the_folders_path_is_told_only_when_it_is_asked_for() -> None:
    assert "/data/holiday" not in html_report(contents(), FakePictures()).html
    assert "/data/holiday" in html_report(contents(full_path="/data/holiday"), FakePictures()).html


def test_cells_that_look_at_the_border_are_flagged_with_their_share() -> None:
    made = contents(maps=np.ones((60, 2, 14, 14), np.float32))
    flagged = (Group(Cell(0, 1), 5, 0.81, 0.32, True), Group(Cell(None, 0), 26, 0.6, 0.3, True))
    evidence = made.evaluation.evidence
    assert evidence is not None
    vars(made.evaluation)["evidence"] = dataclasses.replace(evidence, groups=flagged)
    page = ParsedPage(html_report(made, FakePictures()).html)
    assert "Heatmap of Cat, mean of 5 photos" in page.text
    assert "81.0 % of the attention is on the outer frame of these 5 photos" in page.text
    assert "labelled Dog, predicted Cat, 81.0 % of it on the outer frame, usually 32.0 %" in page.text
    assert {"#cell-0-1", "#said-0"} <= {a["href"] for a in page.all("a")}


def test_a_report_is_written_whole_and_never_over_a_photo(tmp_path: Path) -> None:
    made = html_report(contents(), FakePictures())
    photo = tmp_path / "dog.jpg"
    photo.write_bytes(b"original")
    for name in ("dog.jpg", "dog", "report.csv", "no folder/report.html"):
        with pytest.raises(ExchangeError, match=r"\.html|no folder"):
            check_report_place(tmp_path / name)
        with pytest.raises(ExchangeError):
            write_html_report(tmp_path / name, made)
    assert photo.read_bytes() == b"original"
    write_html_report(tmp_path / "report.html", made)
    assert (tmp_path / "report.html").read_bytes() == made.html.encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dog.jpg", "report.html"]


@pytest.mark.parametrize("count", [1, 2, 24])
def test_an_evaluation_of_few_photos_or_without_errors_is_written_too(count: int) -> None:
    made = contents(evaluated=evaluation().only(np.arange(count)))  # dogs only, all right
    page = ParsedPage(html_report(made, FakePictures()).html)
    assert page.numbers(f"Scores on {count} photo{'s' * (count > 1)}", "Accuracy")[0] == 1.0
    assert len(page.all("figure")) == count
    assert "nan" not in re.sub(r"base64,[^\"]*", "", page.text)


def test_a_model_without_maps_says_so_at_its_photos() -> None:
    class WithoutMaps(FakePictures):
        def heatmaps(self, row: int, classes: Sequence[int]) -> list[bytes | None] | None:
            return None

    page = ParsedPage(html_report(contents(), WithoutMaps()).html)
    assert "No heatmap of Dog is stored" in page.text


def test_headings_go_down_one_step_at_a_time(page: ParsedPage) -> None:
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert page.all("html")[0]["lang"] == "en"
