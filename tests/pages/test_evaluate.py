"""The Evaluate page: empty, a good folder, each wrong folder, each door, and what is in the downloads."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.errors import JobError
from gallery.types import CollectionKind, JobState
from gallery.ui import evaluate_choice, evaluations, folder_box, wiring
from gallery.ui.evaluated_folder import EvaluatedFolder, Labels, matrix_csv, predictions_csv, report_csv
from tests.pages.small_gallery import MODEL_ID, SmallGallery, matrices, model_card, open_page, texts, written

SAID = {
    "cane/1.png": {"dog": 0.9, "cat": 0.1},
    "cane/2.png": {"cat": 0.8, "dog": 0.2},  # the surest error
    "cane/3.png": {"cat": 0.6, "dog": 0.4},
    "Cats/1.png": {"cat": 1.0},
    "Cats/2.png": {"cat": 0.7, "cow": 0.3},
}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    monkeypatch.setattr(wiring, "start_job", lambda collection_id: gallery.tag(SAID))
    return gallery


@pytest.fixture
def gallery(empty: SmallGallery) -> SmallGallery:
    """Five photos in an Italian and an English folder; two dogs are taken for cats: 3 of 5 are right."""
    empty.add_model()
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    return empty


@pytest.fixture
def evaluated(gallery: SmallGallery) -> AppTest:
    collection = gallery.tag(SAID)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    return page


def test_of_many_photos_the_slow_tabs_are_computed_before_they_are_opened(
    empty: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluations, "MANY", 1)
    monkeypatch.setattr(evaluations, "FIRST_S", 0.0)
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id("Cats/2.png")])
    collection = empty.tag(SAID)
    open_page("evaluate", collection=str(collection.collection_id))
    for thread in threading.enumerate():
        if thread.name == "look-ahead":
            thread.join(30)
    shown = evaluations.find(collection.collection_id, MODEL_ID, Labels.FOLDERS).unseen
    assert shown.report.n == 4, "what is shown is looked at: without the photo that was trained on"
    assert "slices" in vars(shown)
    assert {"curves", "bins_after", "coverage", "suspects"} <= set(vars(shown.diagnosis))
    assert set(shown.diagnosis._area_intervals) == {0, 1}  # dog and cat


def test_nothing_is_computed_ahead_of_few_photos_or_while_a_tagging_runs(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(evaluations, "_look", begun.append)
    monkeypatch.setattr(evaluations, "_newest", [])
    collection = gallery.tag(SAID)
    folder = evaluations.find(collection.collection_id, MODEL_ID, Labels.FOLDERS)
    evaluations.look_ahead(folder)
    assert not begun
    monkeypatch.setattr(evaluations, "MANY", 1)
    job = wiring.catalog().queue_job(collection.collection_id, MODEL_ID)
    evaluations.look_ahead(folder)
    assert not begun
    wiring.catalog().finish_job(job.job_id, JobState.DONE)
    evaluations.look_ahead(folder)
    evaluations.look_ahead(folder)  # as on the next run of the page
    for thread in threading.enumerate():
        if thread.name == "look-ahead":
            thread.join(30)
    assert begun == [folder]


def give_path(monkeypatch: pytest.MonkeyPatch, path: object) -> AppTest:
    """Open the page and give it a path, once, as the folder box does."""
    given = [str(path)]
    monkeypatch.setattr(folder_box, "show", lambda **_: given.pop() if given else None)
    return open_page("evaluate")


def test_without_a_model_the_page_leads_to_models(empty: SmallGallery) -> None:
    page = open_page("evaluate")
    assert not page.exception
    assert "There is no usable model yet" in texts(page)


def test_at_first_the_page_says_what_a_labelled_folder_looks_like(empty: SmallGallery) -> None:
    empty.add_model()
    page = open_page("evaluate")
    assert not page.exception
    assert "one sub-folder a class" in texts(page)
    assert "cane/" in page.code[0].value


def test_a_folder_is_opened_tagged_and_evaluated(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "collection" in page.query_params
    shown = {metric.label: metric.value for metric in page.metric}
    # macro F1: dog 1/2, cat 2/3, no other occurs; loss: -(ln .9 + ln .2 + ln .4 + ln .7) / 5
    # balanced: (1/3 + 1) / 2; weighted F1: (3 * 1/2 + 2 * 2/3) / 5; all five are among the first two
    assert shown == {
        "Accuracy": "60.0 %", "Balanced accuracy": "66.7 %", "Macro F1": "0.583", "Weighted F1": "0.567",
        "Top 2": "100.0 %", "Log loss": "0.598", "Photos": "5",
    }  # fmt: skip
    assert "95 % interval 23.1 to 88.2 %" in texts(page)  # Wilson, 3 of 5
    assert "only 5 photos: a rough guess" in texts(page)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/no/such/folder", "There is no folder /no/such/folder"),
        (__file__, "is a file, not a folder"),
        ("~nobody-of-this-name/x", "There is no folder"),
    ],
)
def test_a_path_that_is_no_folder_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    page = give_path(monkeypatch, path)
    assert not page.exception
    assert sentence in texts(page)
    assert wiring.catalog().collections() == []


def test_an_unknown_sub_folder_is_named_before_anything_is_tagged(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.draw("hors/1.png", (1, 2, 3))
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "hors" in texts(page)
    assert "(did you mean horse" in texts(page)
    assert wiring.catalog().collections() == []


def test_photos_without_class_folders_get_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos / "cane")
    assert not page.exception
    assert "nothing says what they show" in texts(page)


def test_a_folder_without_photos_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    page = give_path(monkeypatch, tmp_path / "nothing")
    assert not page.exception
    assert "There are no photos in" in texts(page)


def test_a_job_that_cannot_start_is_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(collection_id: int) -> None:
        raise JobError("The tagging process cannot be started. Try again.")

    monkeypatch.setattr(wiring, "start_job", refuse)
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "cannot be started" in texts(page)


def test_a_collection_without_predictions_offers_to_tag(gallery: SmallGallery) -> None:
    collection = wiring.catalog().add_collection(gallery.photos, CollectionKind.FOLDER)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    page.button(key="evaluate_tag").click().run()
    assert not page.exception
    assert page.metric[0].value == "60.0 %"


@pytest.mark.parametrize("value", ["999", "x", "", "-1", "²"])
def test_an_address_of_no_collection_starts_over(gallery: SmallGallery, value: str) -> None:
    page = open_page("evaluate", collection=value)
    assert not page.exception
    assert "one sub-folder a class" in texts(page)


def test_the_largest_error_is_open_at_first(evaluated: AppTest) -> None:
    assert "True Dog, model says Cat: 2 photos" in texts(evaluated)


def test_the_address_opens_a_cell_a_row_and_a_column(gallery: SmallGallery) -> None:
    number = str(gallery.tag(SAID).collection_id)
    cell = open_page("evaluate", collection=number, true="dog", said="dog")
    assert "True Dog, recognised: 1 photo**" in texts(cell)
    row = open_page("evaluate", collection=number, true="cat")
    assert "True Cat: 2 photos" in texts(row)
    column = open_page("evaluate", collection=number, said="cat")
    assert "Model says Cat: 4 photos" in texts(column)
    nobody = open_page("evaluate", collection=number, true="cow", said="sheep")
    assert "No photo is in this cell" in texts(nobody)
    nonsense = open_page("evaluate", collection=number, true="<b>", said="")
    assert not nonsense.exception
    assert "All photos: 5 photos" in texts(nonsense)


@pytest.mark.parametrize(
    ("door", "label", "sentence"),
    [
        ("recognised", "3 right", "Photos that the model recognised, least certain first: 3 photos"),
        ("wrong", "2 wrong", "Photos that the model got wrong, most certain first: 2 photos"),
        ("all", "See all", "All photos: 5 photos"),
    ],
)
def test_every_count_on_top_opens_its_photos(
    evaluated: AppTest, door: str, label: str, sentence: str
) -> None:
    button = evaluated.button(key=f"evaluate_door_{door}")
    assert button.label == label
    button.click().run()
    assert not evaluated.exception
    assert sentence in texts(evaluated)


def test_the_matrix_holds_the_numbers_and_frames_the_largest_error(evaluated: AppTest) -> None:
    (matrix,) = matrices(evaluated)
    numbers = written(matrix)
    assert (numbers[0][1], numbers[0][10], numbers[10][10]) == ("2", "3", "5")
    assert matrix["chosen"] == [0, 1]
    assert matrix["clickable"]


def test_the_report_has_a_row_a_class_and_says_where_photos_are_few(evaluated: AppTest) -> None:
    report = evaluated.dataframe(key="evaluate_report").value.set_index("Class")
    dog = report.loc["🐶 Dog"]
    assert (dog["Precision"], dog["Photos"]) == (1.0, 3)
    assert dog["Recall"] == pytest.approx(1 / 3)
    assert dog["95 % interval of recall"] == "0.06 to 0.79 (few photos)"  # Wilson, 1 of 3
    assert report.loc["🐮 Cow", "95 % interval of recall"] == "no photos"
    assert list(report.index[-2:]) == ["Macro average", "Weighted average"]


def test_shares_of_the_true_class_replace_the_counts(evaluated: AppTest) -> None:
    evaluated.segmented_control(key="evaluate_confusion_numbers").set_value("Shares of the true class").run()
    assert not evaluated.exception
    numbers = written(matrices(evaluated)[0])
    assert numbers[0][:2] == ["33%", "67%"]
    assert numbers[0][10] == "3"  # sums stay counts


def test_unreadable_files_and_loose_photos_are_problems_and_not_in_the_numbers(
    gallery: SmallGallery,
) -> None:
    gallery.draw("loose.png", (9, 9, 9))
    collection = gallery.tag(SAID | {"loose.png": {"cow": 1.0}})
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert page.metric[6].value == "5"
    page.session_state["evaluate_tab"] = next(t.label for t in page.tabs if t.label.startswith("Problems"))
    page.run()
    assert not page.exception
    assert "1 photo lies outside the class folders" in texts(page)


def test_photos_that_the_model_was_trained_on_are_counted_and_warned_of(empty: SmallGallery) -> None:
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id("Cats/1.png"), "f" * 64])
    page = open_page("evaluate", collection=str(empty.tag(SAID).collection_id))
    assert not page.exception
    assert "1 of these 5 photos were used to train the model" in texts(page)
    assert (page.metric[0].value, page.metric[6].value) == ("50.0 %", "4"), "2 of 4: it is left out"
    page.button(key="evaluate_door_trained_on").click().run()
    assert "Photos that the model was trained on: 1 photo**" in texts(page)
    page.segmented_control(key="evaluate_trained").set_value("Count them too").run()
    assert not page.exception
    assert (page.metric[0].value, page.metric[6].value) == ("60.0 %", "5")
    assert page.query_params["trained"] == "count"
    page.button(key="evaluate_door_trained_on").click().run()
    assert "Photos that the model was trained on: 1 photo**" in texts(page)
    page.segmented_control(key="evaluate_trained").set_value("Leave them out").run()
    assert page.metric[6].value == "4"


def test_where_the_model_was_trained_on_every_photo_that_is_said_and_nothing_left_out(
    empty: SmallGallery,
) -> None:
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id(path) for path in SAID])
    page = open_page("evaluate", collection=str(empty.tag(SAID).collection_id))
    assert not page.exception
    assert "trained on all of these 5 photos" in texts(page)
    assert page.metric[6].value == "5"


def test_copies_and_contradicting_labels_are_told_before_the_scores_with_their_photos(
    gallery: SmallGallery,
) -> None:
    shutil.copy(gallery.photos / "cane/1.png", gallery.photos / "Cats/copy.png")
    said = SAID | {"Cats/copy.png": {"dog": 0.9, "cat": 0.1}}
    page = open_page("evaluate", collection=str(gallery.tag(said).collection_id))
    assert not page.exception
    assert "1 photo is a copy of another" in texts(page)
    assert "1 of them lies in folders of different classes" in texts(page)
    page.button(key="evaluate_door_copies").click().run()
    assert "Photos that are there more than once: 2 photos**" in texts(page)


def test_each_class_has_its_number_of_photos_and_says_where_they_are_few(evaluated: AppTest) -> None:
    (matrix,) = matrices(evaluated)
    assert [written(matrix)[k][10] for k in (0, 1, 7)] == ["3", "2", "0"]
    assert [matrix["few"][k] for k in (0, 1, 7, 10)] == [True, True, False, True]


def test_photos_that_were_right_at_the_second_guess_open(evaluated: AppTest) -> None:
    button = evaluated.button(key="evaluate_door_top_2")
    assert button.label == "2 second choices"
    button.click().run()
    assert "second choice, most certain first: 2 photos**" in texts(evaluated)


def test_photos_that_people_labelled_are_evaluated_with_a_warning(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID)
    photo_ids = [gallery.photo_id(path) for path in ("cane/1.png", "cane/2.png", "Cats/1.png")]
    for photo_id, label in zip(photo_ids, ("dog", "cat", "dog"), strict=True):
        wiring.catalog().correct([photo_id], label, person="eva", model_id="drawn-vgg16")
    page = open_page("evaluate", collection=str(collection.collection_id), labels="people")
    assert not page.exception
    assert "Evaluated on 3 photos that people labelled in this gallery" in texts(page)
    assert "biased sample" in texts(page)
    assert (page.metric[0].value, page.metric[6].value) == ("66.7 %", "3")  # people call cane/2.png a cat
    page.segmented_control(key="evaluate_labels").set_value("folders").run()
    assert page.metric[6].value == "5"


def test_without_a_label_of_people_the_page_says_how_to_give_one(gallery: SmallGallery) -> None:
    page = open_page("evaluate", collection=str(gallery.tag(SAID).collection_id), labels="people")
    assert not page.exception
    assert "Nobody has named a photo of this collection yet" in texts(page)


def test_where_the_folders_are_no_classes_the_labels_of_people_are_offered(gallery: SmallGallery) -> None:
    gallery.draw("2024 May/1.png", (1, 2, 3))
    said = SAID | {"2024 May/1.png": {"cow": 1.0}}
    collection = gallery.tag(said)
    wiring.catalog().correct([gallery.photo_id("2024 May/1.png")], "cow", person="eva", model_id=None)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    page.button(key="evaluate_offer_people").click().run()
    assert not page.exception
    assert "Evaluated on 1 photo that people labelled" in texts(page)
    assert page.metric[0].value == "100.0 %"


def test_a_model_of_other_classes_evaluates_its_own(gallery: SmallGallery) -> None:
    gallery.add_model(model_card("second"), own=True)
    wiring.models().activate("second")
    collection = gallery.tag(SAID, model_id="second")
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    assert page.metric[0].value == "60.0 %"


def test_a_folder_that_vanished_is_still_evaluated_from_the_catalog(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID)
    shutil.rmtree(gallery.photos)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    assert page.metric[0].value == "60.0 %"


def test_a_folder_outside_the_allowed_ones_is_refused(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GALLERY_ROOTS", str(tmp_path / "allowed"))
    page = give_path(monkeypatch, gallery.photos)
    assert not page.exception
    assert "may not be opened on this server" in texts(page)


def evaluated_folder(gallery: SmallGallery) -> EvaluatedFolder:
    collection = gallery.tag(SAID)
    folder = evaluate_choice.evaluated(collection, wiring.models().card("drawn-vgg16"))
    assert folder is not None
    return folder


def test_the_predictions_file_has_a_line_a_photo(gallery: SmallGallery) -> None:
    text = predictions_csv(evaluated_folder(gallery)).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == [
        "Cats/1.png",
        "Cats/2.png",
        "cane/1.png",
        "cane/2.png",
        "cane/3.png",
    ]
    wrong = rows[3]
    assert (wrong["true"], wrong["predicted"], wrong["correct"]) == ("dog", "cat", "0")
    assert float(wrong["confidence"]) == pytest.approx(0.8)
    assert float(wrong["probability_dog"]) == pytest.approx(0.2)


def test_a_file_that_is_named_like_a_formula_cannot_compute_in_a_spreadsheet(gallery: SmallGallery) -> None:
    folder = evaluated_folder(gallery)
    paths = (folder.root / "=1+1.png", *folder.paths[1:])
    evil = dataclasses.replace(folder, evaluation=dataclasses.replace(folder.evaluation, paths=paths))
    assert predictions_csv(evil).splitlines()[1].startswith("'=1+1.png,")


def test_the_matrix_and_report_files_say_the_same_as_the_page(gallery: SmallGallery) -> None:
    report = evaluated_folder(gallery).report
    matrix = list(csv.reader(io.StringIO(matrix_csv(report).removeprefix("\ufeff"))))
    assert matrix[0][:3] == ["true \\ predicted", "dog", "cat"]
    assert matrix[1][:3] == ["dog", "1", "2"]
    rows = {row["class"]: row for row in csv.DictReader(io.StringIO(report_csv(report)))}
    assert float(rows["cat"]["precision"]) == pytest.approx(0.5)
    assert rows["weighted avg"]["support"] == "5"


def test_classes_that_are_predicted_and_have_no_photos_are_explained(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID | {"cane/1.png": {"sheep": 0.9, "dog": 0.1}})
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert "One class without photos here was predicted and counts as 0" in texts(page)
