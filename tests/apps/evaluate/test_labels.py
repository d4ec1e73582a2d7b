"""Suspicious labels: what is offered, what is said of it, and the scores before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.catalog import Catalog
from gallery.errors import CatalogError
from gallery.evaluation.report import Cell
from gallery.services import photo_lists, wiring
from gallery.types import Verdict
from gallery.ui.evaluate import labels as evaluate_labels
from gallery.ui.evaluate.matrix import WHICH_LABELS
from tests.apps.small_gallery import SmallGallery, components, matrices, open_page, texts, written

SAID = {
    "dog/1.png": {"dog": 0.9, "cat": 0.1},
    "dog/2.png": {"cat": 0.96, "dog": 0.04},  # four of the five others are cats: the label is suspicious
    "cat/1.png": {"cat": 0.9, "dog": 0.1},
    "cat/2.png": {"cat": 0.9, "dog": 0.1},
    "cat/3.png": {"dog": 0.6, "cat": 0.4},  # the neighbours are cats too: the model errs
    "cat/4.png": {"cat": 0.8, "cow": 0.2},
}


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    monkeypatch.setenv("GALLERY_USER", "Ada")
    small = SmallGallery.make(tmp_path, monkeypatch)
    small.add_model(training_photos=["f" * 64])
    for shade, path in enumerate(SAID):
        small.draw(path, (30 * shade, 90, 200))
    return small


def open_tab(gallery: SmallGallery, **query: str) -> AppTest:
    number = str(gallery.tag(SAID).collection_id)
    page = open_page("evaluate", collection=number, **query)
    page.session_state["evaluate_tab"] = evaluate_labels.TAB
    page.run()
    assert not page.exception
    return page


def judge(gallery: SmallGallery, path: str, verdict: Verdict, other: str | None = None) -> None:
    label = path.split("/")[0]
    wiring.catalog().give_verdict(gallery.photo_id(path), label, verdict, other=other, person="Ada")


@dataclass(frozen=True)
class Case:
    """A label that is to be judged, as the panel in the browser gets it."""

    start: int
    near: int
    photo_id: str
    label: int
    said: int
    of_label: float
    sure: float
    why: str


def shown(page: AppTest) -> list[Case]:
    (data,) = components(page, "gallery_verdict_panel")
    return [Case(*one) for one in data["cases"]]


def test_the_suspicious_label_is_offered_with_its_evidence_in_words(gallery: SmallGallery) -> None:
    page = open_tab(gallery)
    (case,) = shown(page)
    assert case.photo_id == gallery.photo_id("dog/2.png")
    assert (case.label, case.said, case.sure) == (0, 1, pytest.approx(0.96))
    # cats get (.9 + .9 + .4 + .8) / 4; the five other photos are four cats and a dog
    assert (
        "The model predicts Cat with 96.0\u00a0% confidence; photos labelled Cat have 75.0\u00a0% on average"
        in case.why
    )
    assert "Of the 5 nearest photos: 4 Cat, 1 Dog. Both contradict the label Dog." in case.why
    (data,) = components(page, "gallery_verdict_panel")
    listed = photo_lists.find(data["list"]["token"])
    assert listed is not None
    assert listed.true_index is not None
    assert sorted(listed.true_index[case.start + 1 :].tolist()) == [0, 1, 1, 1, 1]
    assert "The model was trained on none of these photos" in texts(page)
    assert "None yet: both numbers are the same" in texts(page)


def test_every_contradicted_label_can_be_looked_at(gallery: SmallGallery) -> None:
    page = open_tab(gallery)
    page.segmented_control(key=WHICH_LABELS).set_value(evaluate_labels.ERRORS).run()
    assert not page.exception
    paths = [gallery.photo_id("dog/2.png"), gallery.photo_id("cat/3.png")]
    assert [case.photo_id for case in shown(page)] == paths
    assert "probably an error of the model" in shown(page)[1].why


def test_the_chosen_cell_leads_to_its_labels(gallery: SmallGallery) -> None:
    number = str(gallery.tag(SAID).collection_id)
    page = open_page("evaluate", collection=number, true="cat", said="dog")
    page.button(key="evaluate_judge_cell").click().run()
    assert not page.exception
    assert [case.photo_id for case in shown(page)] == [gallery.photo_id("cat/3.png")]


def test_a_cell_of_right_answers_has_nothing_to_judge(gallery: SmallGallery) -> None:
    page = open_tab(gallery, true="cat", said="cat")
    assert not [button for button in page.button if button.key == "evaluate_judge_cell"]


def test_before_and_after_stand_side_by_side(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    judge(gallery, "dog/2.png", Verdict.LABEL_WRONG, "cat")
    judge(gallery, "cat/3.png", Verdict.CANNOT_TELL)
    page = open_tab(gallery)
    values = {metric.label: metric.value for metric in page.metric}
    assert values["Accuracy with the labels as they are"] == "66.7\u00a0%"  # 4 of 6
    assert values["Accuracy after the verdicts"] == "100.0\u00a0%"  # 5 of 5
    assert "1 label wrong, 1 cannot tell. 1 photo moved to another class, 1 left out." in texts(page)
    assert "true Dog, predicted Cat: 1 → 0" in texts(page)
    assert "is an upper bound" in texts(page)
    _, before, after = (written(matrix) for matrix in matrices(page))
    assert (before[0][1], after[0][1]) == ("1", "")  # true dog, predicted cat
    assert (before[1][1], after[1][1]) == ("3", "4")  # true cat, correct
    assert (before[10][10], after[10][10]) == ("6", "5")
    assert {path.parent.name for path in gallery.photos.rglob("2.png")} == {"dog", "cat"}


def test_a_cell_that_was_clicked_in_another_folder_is_forgotten(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    judge(gallery, "dog/2.png", Verdict.LABEL_WRONG, "cat")
    page = open_tab(gallery)
    page.session_state["evaluate_judged_chosen"] = ((99, "another", "folders"), ("after", Cell(40, 41)))
    page.run()
    assert not page.exception
    assert "Moved to another class by a verdict: 1 photo" in texts(page)


def test_a_verdict_holds_for_the_evaluated_label_only(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    wiring.catalog().give_verdict(
        gallery.photo_id("dog/2.png"), "sheep", Verdict.LABEL_WRONG, other="cat", person="Ada"
    )
    page = open_tab(gallery)
    assert "None yet: both numbers are the same" in texts(page)


def test_labels_of_people_are_judged_as_well(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    for path in SAID:
        wiring.catalog().correct([gallery.photo_id(path)], path[:3], person="Bob", model_id=None)
    judge(gallery, "dog/2.png", Verdict.BOTH_IN_IT, "cat")
    page = open_tab(gallery, labels="people")
    assert [case.photo_id for case in shown(page)] == [gallery.photo_id("dog/2.png")]
    assert "1 both animals in it. 1 photo moved to another class, 0 left out." in texts(page)
    standing = wiring.catalog().labels([gallery.photo_id("dog/2.png")])
    assert list(standing.values()) == ["dog"]


def test_training_photos_among_them_are_said_to_hide_wrong_labels(
    gallery: SmallGallery, tmp_path: Path
) -> None:
    photos = tmp_path / "store" / "drawn-vgg16" / "training_photos.txt"
    photos.write_text(gallery.photo_id("dog/2.png") + "\n", encoding="ascii")
    page = open_tab(gallery, trained="count")
    assert "The model was trained on 1 of these 6 photos" in texts(page)
    assert "so its answer is not independent of the label" in shown(page)[0].why
    photos.write_text("", encoding="ascii")
    assert "training photos of this model are not known" in texts(open_tab(gallery))


def test_lost_features_are_a_sentence(gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise CatalogError("The features of 6 of 6 photos are not stored. Tag the collection again.")

    monkeypatch.setattr(Catalog, "features", lost)
    page = open_tab(gallery)
    assert "Tag the collection again" in texts(page)


def test_nothing_left_to_score_is_a_sentence(gallery: SmallGallery) -> None:
    gallery.tag(SAID)
    for path in SAID:
        judge(gallery, path, Verdict.CANNOT_TELL)
    assert "nothing left to score" in texts(open_tab(gallery))


def test_where_label_and_model_agree_everywhere_there_is_nothing_to_judge(gallery: SmallGallery) -> None:
    right = {path: {path[:3]: 1.0} for path in SAID}
    number = str(gallery.tag(right).collection_id)
    page = open_page("evaluate", collection=number)
    page.session_state["evaluate_tab"] = evaluate_labels.TAB
    page.run()
    assert not page.exception
    assert "Label and prediction agree on all of these photos" in texts(page)


def test_a_photo_that_lies_in_a_folder_twice_is_judged_once(gallery: SmallGallery) -> None:
    copy = gallery.photos / "dog" / "copy.png"
    copy.write_bytes((gallery.photos / "dog" / "2.png").read_bytes())
    number = str(gallery.tag(SAID | {"dog/copy.png": SAID["dog/2.png"]}).collection_id)
    page = open_page("evaluate", collection=number)
    page.session_state["evaluate_tab"] = evaluate_labels.TAB
    page.run()
    page.segmented_control(key=WHICH_LABELS).set_value(evaluate_labels.ERRORS).run()
    assert [case.photo_id for case in shown(page)].count(gallery.photo_id("dog/2.png")) == 1
