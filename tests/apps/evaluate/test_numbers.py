"""Evaluate's numbers, the cells of its matrix, the labels they count by, and the doors to their photos."""

from __future__ import annotations

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from gallery.services import wiring
from gallery.types import SkippedFile, SkipReason
from tests.apps.evaluate.five_photos import SAID
from tests.apps.small_gallery import SmallGallery, matrices, model_card, open_page, texts, written


def counted(page: AppTest) -> str:
    """How many photos the scores are of, as the first box says."""
    return str(page.button(key="evaluate_open_all").label)


def test_the_largest_error_is_open_at_first(evaluated: AppTest) -> None:
    assert "True Dog, predicted Cat: 2 photos" in texts(evaluated)


def test_the_address_opens_a_cell_a_row_and_a_column(gallery: SmallGallery) -> None:
    number = str(gallery.tag(SAID).collection_id)
    cell = open_page("evaluate", collection=number, true="dog", said="dog")
    assert "True Dog, correct: 1 photo**" in texts(cell)
    row = open_page("evaluate", collection=number, true="cat")
    assert "True Cat: 2 photos" in texts(row)
    column = open_page("evaluate", collection=number, said="cat")
    assert "Predicted Cat: 4 photos" in texts(column)
    nobody = open_page("evaluate", collection=number, true="cow", said="sheep")
    assert "No photo is in this cell" in texts(nobody)
    nonsense = open_page("evaluate", collection=number, true="<b>", said="")
    assert not nonsense.exception
    assert "All photos: 5 photos" in texts(nonsense)


@pytest.mark.parametrize(
    ("button_name", "label", "sentence"),
    [
        ("recognised", "3 correct", "Correctly classified photos, lowest confidence first: 3 photos"),
        ("wrong", "2 wrong", "Misclassified photos, highest confidence first: 2 photos"),
        ("all", "5 photos", "All photos: 5 photos"),
    ],
)
def test_every_count_on_top_opens_its_photos(
    evaluated: AppTest, button_name: str, label: str, sentence: str
) -> None:
    button = evaluated.button(key=f"evaluate_open_{button_name}")
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
    dog = report.loc["Dog"]
    assert (dog["Precision"], dog["Photos"]) == (1.0, 3)
    assert dog["Recall"] == pytest.approx(1 / 3)
    assert dog["95 % CI of recall"] == "0.06 to 0.79 (few photos)"  # Wilson, 1 of 3
    assert report.loc["Cow", "95 % CI of recall"] == "no photos"
    assert list(report.index[-2:]) == ["Macro average", "Weighted average"]


def test_shares_of_the_true_class_replace_the_counts(evaluated: AppTest) -> None:
    evaluated.segmented_control(key="evaluate_confusion_numbers").set_value("Shares of the true class").run()
    assert not evaluated.exception
    numbers = written(matrices(evaluated)[0])
    assert numbers[0][:2] == ["33\u00a0%", "67\u00a0%"]
    assert numbers[0][10] == "3"  # sums stay counts


def test_unreadable_files_and_loose_photos_are_in_one_banner_and_not_in_the_numbers(
    gallery: SmallGallery,
) -> None:
    gallery.draw("loose.png", (9, 9, 9))
    collection = gallery.tag(SAID | {"loose.png": {"cow": 1.0}})
    torn = SkippedFile(gallery.photos / "Cats/torn.png", SkipReason.DAMAGED, "Copy it from the card again.")
    wiring.catalog().record_skipped(collection.collection_id, [torn])
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    assert counted(page) == "5 photos"
    (banner,) = (str(warning.value).replace("\\", "") for warning in page.warning)
    assert "- 1 photo lies outside the class folders" in banner
    assert "- Could not be read and left out: 1 photo." in banner
    page.button(key="evaluate_open_skipped").click().run()
    (files,) = [table.value for table in page.dataframe if "Reason" in table.value.columns]
    assert files.to_dict("records") == [
        {
            "File": "Cats/torn.png",
            "Reason": "damaged or truncated",
            "What to do": "Copy it from the card again.",
        }
    ]


def test_photos_that_the_model_was_trained_on_are_counted_and_warned_of(empty: SmallGallery) -> None:
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id("Cats/1.png"), "f" * 64])
    page = open_page("evaluate", collection=str(empty.tag(SAID).collection_id))
    assert not page.exception
    assert "1 of these 5 photos were used to train the model" in texts(page)
    assert (page.metric[0].value, counted(page)) == ("50.0\u00a0%", "4 photos"), "2 of 4: it is left out"
    page.button(key="evaluate_open_trained_on").click().run()
    assert "Photos that the model was trained on: 1 photo**" in texts(page)
    page.segmented_control(key="evaluate_trained").set_value("Count them too").run()
    assert not page.exception
    assert (page.metric[0].value, counted(page)) == ("60.0\u00a0%", "5 photos")
    assert page.query_params["trained"] == "count"
    page.button(key="evaluate_open_trained_on").click().run()
    assert "Photos that the model was trained on: 1 photo**" in texts(page)
    page.segmented_control(key="evaluate_trained").set_value("Leave them out").run()
    assert counted(page) == "4 photos"


def test_where_the_model_was_trained_on_every_photo_that_is_said_and_nothing_left_out(
    empty: SmallGallery,
) -> None:
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id(path) for path in SAID])
    page = open_page("evaluate", collection=str(empty.tag(SAID).collection_id))
    assert not page.exception
    assert "All of these 5 photos were used to train the model" in texts(page)
    assert counted(page) == "5 photos"


def test_copies_and_contradicting_labels_are_told_before_the_scores_with_their_photos(
    gallery: SmallGallery,
) -> None:
    shutil.copy(gallery.photos / "cane/1.png", gallery.photos / "Cats/copy.png")
    said = SAID | {"Cats/copy.png": {"dog": 0.9, "cat": 0.1}}
    page = open_page("evaluate", collection=str(gallery.tag(said).collection_id))
    assert not page.exception
    assert "1 photo is a copy of another" in texts(page)
    assert "One photo lies in folders of different classes" in texts(page)
    page.button(key="evaluate_open_copies").click().run()
    assert "Photos that are there more than once: 2 photos**" in texts(page)


def test_each_class_has_its_number_of_photos_and_says_where_they_are_few(evaluated: AppTest) -> None:
    (matrix,) = matrices(evaluated)
    assert [written(matrix)[k][10] for k in (0, 1, 7)] == ["3", "2", "0"]
    assert [matrix["few"][k] for k in (0, 1, 7, 10)] == [True, True, False, True]


def test_photos_that_were_right_at_the_second_guess_open(evaluated: AppTest) -> None:
    button = evaluated.button(key="evaluate_open_top_2")
    assert button.label == "2 second choices"
    button.click().run()
    assert "second choice, highest confidence first: 2 photos**" in texts(evaluated)


def test_photos_that_people_labelled_are_evaluated_with_a_warning(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID)
    photo_ids = [gallery.photo_id(path) for path in ("cane/1.png", "cane/2.png", "Cats/1.png")]
    for photo_id, label in zip(photo_ids, ("dog", "cat", "dog"), strict=True):
        wiring.catalog().correct([photo_id], label, person="eva", model_id="drawn-vgg16")
    page = open_page("evaluate", collection=str(collection.collection_id), labels="people")
    assert not page.exception
    assert "Evaluated on 3 photos with manual labels" in texts(page)
    assert "biased sample" in texts(page)
    assert (page.metric[0].value, counted(page)) == (
        "66.7\u00a0%",
        "3 photos",
    )  # to people cane/2.png is a cat
    page.segmented_control(key="evaluate_labels").set_value("folders").run()
    assert counted(page) == "5 photos"


def test_without_a_label_of_people_the_page_says_how_to_give_one(gallery: SmallGallery) -> None:
    page = open_page("evaluate", collection=str(gallery.tag(SAID).collection_id), labels="people")
    assert not page.exception
    assert "Nobody has named a photo of this collection yet" in texts(page)


def test_where_a_folder_s_name_is_misspelt_the_labels_of_people_are_offered(gallery: SmallGallery) -> None:
    gallery.draw("hrose/1.png", (1, 2, 3))
    said = SAID | {"hrose/1.png": {"cow": 1.0}}
    collection = gallery.tag(said)
    wiring.catalog().correct([gallery.photo_id("hrose/1.png")], "cow", person="eva", model_id=None)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    page.button(key="evaluate_offer_people").click().run()
    assert not page.exception
    assert "Evaluated on 1 photo with manual labels" in texts(page)
    assert page.metric[0].value == "100.0\u00a0%"


def test_a_model_of_other_classes_evaluates_its_own(gallery: SmallGallery) -> None:
    gallery.add_model(model_card("second"), own=True)
    wiring.models().activate("second")
    collection = gallery.tag(SAID, model_id="second")
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    assert page.metric[0].value == "60.0\u00a0%"


def test_classes_that_are_predicted_and_have_no_photos_are_explained(gallery: SmallGallery) -> None:
    collection = gallery.tag(SAID | {"cane/1.png": {"sheep": 0.9, "dog": 0.1}})
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert "A class without photos here was predicted and counts as 0" in texts(page)
