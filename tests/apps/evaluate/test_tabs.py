"""Evaluate's tabs on curves, confidence and slices: as they open, with few photos, and their doors."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.services import photo_lists, wiring
from gallery.services import tagging as tagging_service
from gallery.types import Job
from gallery.ui.evaluate import confidence as evaluate_confidence
from gallery.ui.evaluate import curves as evaluate_curves
from gallery.ui.evaluate import slices as evaluate_slices
from tests.apps.small_gallery import MODEL_ID, SmallGallery, open_page, texts

SAID = {
    "dog/bright.png": {"dog": 0.9, "cat": 0.1},
    "dog/plain.png": {"cat": 0.8, "dog": 0.2},
    "dog/dark.png": {"cat": 0.6, "dog": 0.4},
    "cat/bright.png": {"cat": 1.0},
    "cat/dark.png": {"cat": 0.7, "cow": 0.3},
}
SHADES = {"dark": 0, "plain": 80, "bright": 220}


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """Five photos of dogs and cats; two dogs are taken for cats, with 80 % and 60 %."""
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    gallery.add_model()
    for path in SAID:
        shade = SHADES[Path(path).stem]
        gallery.draw(path, (shade, shade, shade + path.startswith("dog")))
    return gallery


def open_tab(gallery: SmallGallery, tab: str, said: dict[str, dict[str, float]] | None = None) -> AppTest:
    collection = gallery.tag(SAID if said is None else said)
    page = open_page("evaluate", collection=str(collection.collection_id))
    page.session_state["evaluate_tab"] = tab
    page.run()
    assert not page.exception
    return page


def open_curves(gallery: SmallGallery, said: dict[str, dict[str, float]] | None = None) -> AppTest:
    page = open_tab(gallery, evaluate_confidence.TAB, said)
    page.segmented_control(key=evaluate_confidence.PART).set_value(evaluate_confidence.CURVES).run()
    assert not page.exception
    return page


def unfold(page: AppTest, key: str) -> AppTest:
    """Open a table that lies folded under a chart."""
    page.session_state[key] = True
    page.run()
    assert not page.exception
    return page


def listed() -> list[str]:
    """The names of the photos in the list that a grid asked for last."""
    last = next(reversed(photo_lists._lists._kept.values()))
    return [
        "/".join(photo.path.parts[-2:]) for photo in wiring.catalog().photos([int(i) for i in last.file_ids])
    ]


def test_of_five_tabs_the_first_is_open_where_the_remembered_one_is_gone(gallery: SmallGallery) -> None:
    page = open_tab(gallery, "a tab of another version")
    assert [tab.label for tab in page.tabs] == [
        "Report", "Confidence", "By site, time, quality", "Labels", "Compare",
    ]  # fmt: skip
    assert page.dataframe(key="evaluate_report")
    assert not [chart for chart in page.get("plotly_chart") if chart.proto.alt]


def test_the_report_opens_misclassified_and_correct_photos_of_all_and_of_a_class(
    gallery: SmallGallery,
) -> None:
    page = open_tab(gallery, "Report")
    which = page.segmented_control(key="evaluate_report_which")
    assert list(which.options) == ["2 misclassified", "3 correct"]
    which.set_value("misclassified").run()
    assert "All photos, misclassified: 2 photos**, highest confidence first" in texts(page)
    assert listed() == ["dog/plain.png", "dog/dark.png"]
    which.set_value("correct").run()
    assert listed() == ["cat/dark.png", "dog/bright.png", "cat/bright.png"]


def test_curves_open_on_the_class_with_the_lowest_average_precision_and_warn_of_few_photos(
    gallery: SmallGallery,
) -> None:
    page = open_curves(gallery)
    # by their probability for dog: .9 dog, .4 dog, .2 dog, then the cats: every threshold is right
    # for cat: 1 cat, .8 dog, .7 cat, .6 dog, .1 dog: AP = 1/2 * 1/1 + 1/2 * 2/3
    assert page.session_state[evaluate_curves.CLASS] == 1
    assert [option.split()[-1] for option in page.pills(key=evaluate_curves.CLASS).options] == [
        "1.00",
        "0.83",
    ]
    assert "Average precision **0.833**" in texts(page)
    assert "area under the ROC curve **0.833**" in texts(page)  # of 2 x 3 pairs, one is the wrong way round
    assert "Only 2 photos of Cat" in texts(page)
    assert [chart.proto.alt for chart in page.get("plotly_chart") if chart.proto.alt] == [
        "Precision-recall curve of Cat",
        "ROC curve of Cat",
    ]


def test_the_slider_and_the_three_counts_open_the_photos_of_a_threshold(gallery: SmallGallery) -> None:
    page = open_curves(gallery)
    page.slider(key=evaluate_curves.THRESHOLD).set_value(0.75).run()
    counts = page.segmented_control(key="evaluate_curve_which")
    assert list(counts.options) == ["2 above the threshold", "1 false positive", "1 missed cat photo"]
    assert listed() == ["cat/bright.png", "dog/plain.png"]
    counts.set_value("false").run()
    assert listed() == ["dog/plain.png"]
    page.segmented_control(key="evaluate_curve_which").set_value("missed").run()
    assert listed() == ["cat/dark.png"]


def test_with_one_class_there_are_no_curves_and_the_page_says_what_they_need(gallery: SmallGallery) -> None:
    only_dogs = {path: said for path, said in SAID.items() if path.startswith("dog")}
    for path in SAID.keys() - only_dogs.keys():
        (gallery.photos / path).unlink()
    page = open_curves(gallery, only_dogs)
    assert "A curve needs photos of at least two classes" in texts(page)


def test_be_right_as_often_as_asked_gives_the_threshold_and_how_many_it_leaves_out(
    gallery: SmallGallery,
) -> None:
    page = open_tab(gallery, evaluate_confidence.TAB)
    # surest first: 1 right, .9 right, .8 wrong, .7 right, .6 wrong: 95 % only with the first two
    assert "a confidence threshold of **90.0 %** leaves **3 of 5 photos** (60.0 %) to people" in texts(page)
    page.number_input(key=evaluate_confidence.WANTED).set_value(75).run()
    assert "a confidence threshold of **70.0 %** leaves **1 of 5 photos**" in texts(page)
    page.button(key="evaluate_coverage_left_out").click().run()
    assert "Confidence below 70.0 %: 1 photo**" in texts(page)
    assert listed() == ["dog/dark.png"]
    page.button(key="evaluate_coverage_kept").click().run()
    assert listed() == ["cat/dark.png", "dog/plain.png", "dog/bright.png", "cat/bright.png"]


def test_a_point_that_was_clicked_in_another_folder_is_forgotten(gallery: SmallGallery) -> None:
    page = open_tab(gallery, evaluate_confidence.TAB)
    page.session_state[evaluate_confidence.POINT] = ((99, MODEL_ID, "folders"), 0.8)
    page.run()
    assert "For 95 % accuracy: a confidence threshold of **90.0 %**" in texts(page)


def test_the_threshold_is_kept_for_the_unsure_shelf_until_it_is_taken_back(gallery: SmallGallery) -> None:
    page = open_tab(gallery, evaluate_confidence.TAB)
    assert "Unsure shelf now: **60.0 %**" in texts(page)
    page.button(key="evaluate_use_threshold").click().run()
    assert not page.exception
    assert wiring.catalog().unsure_threshold(MODEL_ID) == pytest.approx(0.9)
    assert "Unsure shelf now: **90.0 %**" in texts(page)
    assert page.button(key="evaluate_use_threshold").disabled
    page.button(key="evaluate_reset_threshold").click().run()
    assert wiring.catalog().unsure_threshold(MODEL_ID) is None
    assert "Unsure shelf now: **60.0 %**" in texts(page)


def test_what_no_threshold_reaches_is_said(gallery: SmallGallery) -> None:
    wrong = {path: {"cow": 0.9, "dog": 0.1} for path in SAID}
    page = open_tab(gallery, evaluate_confidence.TAB, wrong)
    assert "No confidence threshold reaches 95 % accuracy" in texts(page)
    assert page.button(key="evaluate_use_threshold").disabled


def test_confidence_of_few_photos_is_called_a_guess_and_the_errors_are_told_before_and_after(
    gallery: SmallGallery,
) -> None:
    page = open_tab(gallery, evaluate_confidence.TAB)
    assert "Only 5 photos: these figures are rough guesses" in texts(page)
    # each photo alone in its bin: (|1 - 1| + |1 - .9| + |0 - .8| + |1 - .7| + |0 - .6|) / 5
    error, scaled = (
        metric
        for metric in page.metric
        if metric.label in ("Calibration error (ECE)", "After temperature scaling")
    )
    assert error.value == "36.0\u00a0%"
    assert scaled.value.endswith("%")
    page.segmented_control(key="evaluate_scaled").set_value(evaluate_confidence.AFTER).run()
    assert not page.exception


def test_a_single_photo_has_no_temperature(gallery: SmallGallery) -> None:
    for path in list(SAID)[1:]:
        (gallery.photos / path).unlink()
    page = open_tab(gallery, evaluate_confidence.TAB, {"dog/bright.png": {"dog": 0.9, "cat": 0.1}})
    assert "Temperature scaling needs at least two photos" in texts(page)


def test_slices_are_the_worst_first_with_their_number_and_interval(gallery: SmallGallery) -> None:
    page = unfold(open_tab(gallery, evaluate_slices.TAB), "evaluate_slices_table_open")
    table = page.dataframe(key="evaluate_slices_table").value
    dog = table[table["Group"] == "dog"].iloc[0]
    assert (dog["Photos"], dog["Correct"], dog["95 % CI"]) == (3, 1, "6 to 79\u00a0%")  # Wilson, 1 of 3
    assert dog[""] == "few photos: a rough guess"
    assert list(table["Accuracy"]) == sorted(table["Accuracy"]), "all have few photos here"
    assert set(table["Grouped by"]) == {"Folder", "Brightness", "Sharpness"}, "one hour and size for all"


def test_slices_of_one_kind_and_the_photos_of_one(gallery: SmallGallery) -> None:
    page = open_tab(gallery, evaluate_slices.TAB)
    page.segmented_control(key="evaluate_slices_by").set_value("Folder").run()
    unfold(page, "evaluate_slices_table_open")
    table = page.dataframe(key="evaluate_slices_table").value
    assert list(table["Group"]) == ["dog", "cat"]
    page.session_state[evaluate_slices.CHOSEN] = ("Folder", "dog")
    page.run()
    assert not page.exception
    assert "Folder: dog: 3 photos" in texts(page)
    assert "of all others 100.0 %" in texts(page)
    assert listed() == ["dog/plain.png", "dog/dark.png", "dog/bright.png"]


def test_photos_read_before_there_were_measures_are_counted_and_measured_on_request(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def queue(collection_id: int) -> Job:
        started.append(collection_id)
        return wiring.catalog().queue_job(collection_id, MODEL_ID)

    monkeypatch.setattr(tagging_service, "start_job", queue)
    collection = gallery.tag(SAID)
    with wiring.catalog()._database.writing() as connection:
        connection.execute("UPDATE photos SET brightness = NULL, sharpness = NULL")
    page = open_page("evaluate", collection=str(collection.collection_id))
    page.session_state["evaluate_tab"] = evaluate_slices.TAB
    page.run()
    assert not page.exception
    assert "5 photos were read before brightness and sharpness were measured" in texts(page)
    unfold(page, "evaluate_slices_table_open")
    table = page.dataframe(key="evaluate_slices_table").value
    assert "Brightness" not in set(table["Grouped by"])
    page.button(key="evaluate_measure").click().run()
    assert not page.exception
    assert started == [collection.collection_id]
    assert len(wiring.catalog().pending_files(collection.collection_id, MODEL_ID)) == 5


def test_the_tables_under_curves_and_confidence_are_there_when_unfolded(gallery: SmallGallery) -> None:
    page = open_curves(gallery)
    assert not [one for one in page.dataframe if "AUC" in one.value.columns]
    unfold(page, "evaluate_curves_table_open")
    (curves,) = [one.value for one in page.dataframe if "AUC" in one.value.columns]
    assert curves.set_index("Class").loc["Cat", "AUC"] == pytest.approx(5 / 6)
    page.segmented_control(key=evaluate_confidence.PART).set_value(evaluate_confidence.CALIBRATION).run()
    unfold(page, "evaluate_bins_open")
    assert page.dataframe(key="evaluate_bins").value["Photos"].sum() == len(SAID)
    unfold(page, "evaluate_coverage_table_open")
    kept = page.dataframe(key="evaluate_coverage_table").value.set_index("Confidence at least")
    assert kept.loc[0.8, "Photos"] == 3  # 1 right, .9 right, .8 wrong
    assert kept.loc[0.8, "Accuracy"] == pytest.approx(2 / 3)
