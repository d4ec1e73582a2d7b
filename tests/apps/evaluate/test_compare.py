"""Two models side by side: the choice, the tagging, the numbers, and the photos behind each."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.errors import JobError
from gallery.evaluation import LabelSource
from gallery.services import compare, evaluate, wiring
from gallery.services import tagging as tagging_service
from gallery.ui.components import photo_grid
from gallery.ui.evaluate import compare as evaluate_compare
from gallery.ui.evaluate.numbers import COUNT
from tests.apps.small_gallery import MODEL_ID, SmallGallery, model_card, open_page, texts

SECOND = "second-model"
SAID = {
    "dog/1.png": {"dog": 0.9, "cat": 0.1},
    "dog/2.png": {"cat": 0.8, "dog": 0.2},
    "dog/3.png": {"cat": 0.6, "dog": 0.4},
    "cat/1.png": {"cat": 0.95, "dog": 0.05},
    "cat/2.png": {"dog": 0.7, "cat": 0.3},
}
SAID_BY_SECOND = {
    "dog/1.png": {"dog": 0.6, "cat": 0.4},
    "dog/2.png": {"dog": 0.7, "cat": 0.3},  # only the second is right
    "dog/3.png": {"dog": 0.8, "cat": 0.2},  # only the second is right
    "cat/1.png": {"dog": 0.9, "cat": 0.1},  # only the first is right
    "cat/2.png": {"cow": 0.6, "cat": 0.4},  # both are wrong, in different ways
}


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    small = SmallGallery.make(tmp_path, monkeypatch)
    small.add_model()
    for shade, path in enumerate(SAID):
        small.draw(path, (40 * shade, 90, 200))
    return small


@pytest.fixture
def two(gallery: SmallGallery) -> SmallGallery:
    gallery.add_model(model_card(SECOND), own=True)
    return gallery


@pytest.fixture
def grids(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Whose tags the grid of the tab shows, of how many photos: AppTest cannot see into the component."""
    seen: list[tuple[str, int]] = []
    real = photo_grid.show

    def show(file_ids, *, model_id: str, key: str, **others: object) -> object:
        if key == "evaluate_compare_grid":
            seen.append((model_id, len(file_ids)))
        return real(file_ids, model_id=model_id, key=key, **others)

    monkeypatch.setattr(photo_grid, "show", show)
    return seen


def open_tab(gallery: SmallGallery, **query: str) -> AppTest:
    number = str(gallery.tag(SAID).collection_id)
    page = open_page("evaluate", collection=number, **query)
    page.session_state["evaluate_tab"] = evaluate_compare.TAB
    page.run()
    assert not page.exception
    return page


def test_without_a_second_model_the_tab_says_where_one_comes_from(gallery: SmallGallery) -> None:
    assert "There is no second model to compare with" in texts(open_tab(gallery))


def test_the_chosen_model_is_kept_in_the_address(two: SmallGallery) -> None:
    page = open_tab(two)
    page.selectbox(key="evaluate_other_model").set_value(SECOND).run()
    assert not page.exception
    assert page.query_params["other"] == SECOND
    assert "has tagged 0 of these 5 photos" in texts(page)


def test_a_button_has_the_folder_tagged_by_the_second_model_which_stays_inactive(
    two: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[int, str | None]] = []

    def start(collection_id: int, model_id: str | None = None) -> None:
        started.append((collection_id, model_id))
        two.tag(SAID_BY_SECOND, SECOND)

    monkeypatch.setattr(tagging_service, "start_job", start)
    page = open_tab(two, other=SECOND)
    page.button(key="evaluate_tag_other").click().run()
    assert not page.exception
    assert started == [(1, SECOND)]
    assert "##### Agreement" in texts(page)
    assert wiring.models().active_id() == "drawn-vgg16"


def test_a_job_that_cannot_start_leaves_the_page_as_it_is(
    two: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JobError("The tagging process cannot be started. Try again.")

    monkeypatch.setattr(tagging_service, "start_job", refuse)
    page = open_tab(two, other=SECOND)
    page.button(key="evaluate_tag_other").click().run()
    assert not page.exception
    assert "cannot be started" in page.error[0].value


def test_both_scores_and_the_paired_test_are_shown(two: SmallGallery) -> None:
    two.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(two, other=SECOND)
    values = [(metric.label, metric.value) for metric in page.metric][-3:]
    assert values == [
        ("Model drawn\\-vgg16", "40.0\u00a0%"),
        ("Model second\\-model", "60.0\u00a0%"),
        ("Difference (second minus first)", "+20.0 points"),
    ]
    # 2 against 1: p = 2 * (1 + 3) / 8
    assert "McNemar's exact paired test: p = 1; the difference may be chance" in texts(page)


@pytest.mark.parametrize(
    ("button_name", "label", "sentence"),
    [
        ("right_right", "1 (20.0\u00a0%)", "Both are right: 1 photo"),
        ("right_wrong", "1 (20.0\u00a0%)", "Only Model drawn-vgg16 is right: 1 photo"),
        ("wrong_right", "2 (40.0\u00a0%)", "Only Model second-model is right: 2 photos"),
        ("wrong_wrong", "1 (20.0\u00a0%)", "Both are wrong: 1 photo"),
    ],
)
def test_every_count_of_the_agreement_opens_its_photos(
    two: SmallGallery, grids: list[tuple[str, int]], button_name: str, label: str, sentence: str
) -> None:
    two.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(two, other=SECOND)
    assert "The models disagree: 4 photos" in texts(page)
    button = page.button(key=f"evaluate_compare_{button_name}")
    assert button.label == label
    button.click().run()
    assert not page.exception
    assert sentence in texts(page)
    assert grids[-1] == ("drawn-vgg16", int(label[0]))
    page.segmented_control(key="evaluate_compare_whose").set_value(1).run()
    assert grids[-1] == (SECOND, int(label[0]))


def test_the_classes_tell_which_got_better_and_which_worse(two: SmallGallery) -> None:
    two.tag(SAID_BY_SECOND, SECOND)
    table = open_tab(two, other=SECOND).dataframe(key="evaluate_compare_classes").value
    assert table["Class"].tolist() == ["Dog", "Cat"]
    assert table["The second is"].tolist() == ["better (few photos)", "worse (few photos)"]
    assert table["Change"].tolist() == [pytest.approx(200 / 3), -50.0]
    assert table[["Only first right", "Only second right"]].values.tolist() == [[0, 2], [1, 0]]
    assert table["p"].tolist() == ["0.5", "1"]


def test_a_class_opens_the_photos_on_which_one_model_is_right(two: SmallGallery) -> None:
    two.tag(SAID_BY_SECOND, SECOND)
    first = evaluate.find(two.tag(SAID).collection_id, MODEL_ID, LabelSource.FOLDERS)
    second = compare.with_model(first, SECOND)
    assert second is not None
    found = compare.pair(first, second)
    assert found is compare.pair(first, second), "computed once, as long as the catalog stays as it is"
    rows, sentence = evaluate_compare.chosen_rows(found.comparison, 0, ["A", "B"])
    assert sentence == "True Dog, exactly one model is right"
    assert [found.a.paths[row].name for row in rows] == ["2.png", "3.png"]


def test_photos_that_the_second_model_was_trained_on_are_left_out_unless_wanted(
    gallery: SmallGallery,
) -> None:
    gallery.tag(SAID)
    gallery.add_model(model_card(SECOND), own=True, training_photos=[gallery.photo_id("dog/2.png")])
    gallery.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(gallery, other=SECOND)
    assert "1 of these 5 photos were used to train Model second" in texts(page)
    assert page.metric[-2].value == "50.0\u00a0%"  # 2 of 4
    page.segmented_control(key="evaluate_other_trained").set_value(COUNT).run()
    assert page.metric[-2].value == "60.0\u00a0%"


def test_photos_that_the_second_model_was_chosen_by_are_counted_and_told_of(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    seen = [gallery.photo_id(path) for path in ("dog/2.png", "cat/1.png")]
    gallery.add_model(model_card(SECOND), own=True, training_photos=seen[:1], validation_photos=seen)
    gallery.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(gallery, other=SECOND)
    assert "1 of these 5 photos were used as validation data for Model second" in texts(
        page
    )  # the other was trained on
    assert "1 of these 5 photos were used to train Model second" in texts(page)


def test_a_model_trained_on_all_of_them_is_compared_with_a_warning(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    known = [gallery.photo_id(path) for path in SAID]
    gallery.add_model(model_card(SECOND), own=True, training_photos=known)
    gallery.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(gallery, other=SECOND)
    assert "All of these 5 photos were used to train Model second" in texts(page)
    assert page.metric[-2].value == "60.0\u00a0%"


def test_labels_of_people_are_compared_on_as_well(two: SmallGallery) -> None:
    two.tag(SAID)
    for path in ("dog/1.png", "dog/2.png"):
        wiring.catalog().correct([two.photo_id(path)], "dog", person="Bob", model_id=None)
    two.tag(SAID_BY_SECOND, SECOND)
    page = open_tab(two, other=SECOND, labels="people")
    assert [metric.value for metric in page.metric][-3:] == ["50.0\u00a0%", "100.0\u00a0%", "+50.0 points"]


def test_an_address_of_no_model_leaves_the_choice_open(two: SmallGallery) -> None:
    page = open_tab(two, other="no-such-model")
    assert page.selectbox(key="evaluate_other_model").value is None
