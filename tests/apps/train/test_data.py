"""Train's first step: empty states, each way to give photos, each wrong data set, and the split."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.datasets.labelled import Part
from gallery.datasets.split import SplitPlan
from gallery.services import training_sets, wiring
from gallery.training.data_sets import DataSet
from tests.apps.small_gallery import SmallGallery, open_page, texts
from tests.apps.train.owls import button, draw, give_path, labels, looked_at
from tests.stored_splits import read_split


def test_each_step_says_what_comes_first(gallery: SmallGallery) -> None:
    page = open_page("train")
    assert not page.exception
    assert "Choose photos to train a new model on" in texts(page)
    for step, sentence in (
        ("recipe", "Choose photos first"),
        ("run", "Nothing has been trained yet"),
        ("search", "Choose photos first"),
        ("no such step", "Choose photos to train"),
    ):
        page = open_page("train", step=step)
        assert not page.exception
        assert sentence in texts(page)
    page = open_page("train", set="0123456789ab")
    assert "no longer known" in texts(page)


def test_a_folder_is_opened_looked_at_and_remembered(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = give_path(monkeypatch, gallery.photos)
    set_id = page.query_params["set"]
    chosen = training_sets.known_set(set_id)
    assert chosen is not None
    looked_at(chosen)
    page = open_page("train", set=set_id)
    assert not page.exception
    shown = texts(page)
    assert "24 photos in 2 classes, 8 to 16 each" in shown
    assert "Class imbalance: 2.0 photos of tawny_owl for each one of barn_owl" in shown
    assert "1 file could not be read and is left out." in shown
    counts = page.dataframe[0].value
    assert counts["Class"].tolist() == ["Barn owl", "Tawny owl"]
    assert counts[["Photos", "training", "validation"]].values.tolist() == [[8, 7, 1], [16, 14, 2]]
    assert "All 24 photos: 21 training, 3 validation." in shown
    assert "Next: choose a recipe" in labels(page)
    assert [tab.label for tab in page.tabs] == ["Photos", "Duplicates (0)", "Unreadable (1)", "Small (0)"]
    assert any("photos" in one.label for one in open_page("train").button)  # offered again


@pytest.mark.skipif(sys.platform != "linux", reason="names are text on this system")
def test_a_class_whose_name_is_no_text_is_shown_all_the_same(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gallery.photos / "barn_owl").rename(gallery.photos / os.fsdecode(b"caf\xe9"))
    page = give_path(monkeypatch, gallery.photos)
    chosen = training_sets.known_set(page.query_params["set"])
    assert chosen is not None
    looked_at(chosen)
    page = open_page("train", set=chosen.set_id)
    assert not page.exception
    assert page.dataframe[0].value["Photos"].tolist() == [8, 16]
    assert page.dataframe[0].value["Class"].tolist()[0].startswith("Caf")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/no/such/folder", "There is no folder /no/such/folder"), (__file__, "is a file, not a folder")],
)
def test_a_path_that_is_no_folder_gets_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    assert sentence in texts(give_path(monkeypatch, path))


def test_a_file_that_is_no_zip_or_table_gets_a_sentence_and_a_zip_is_opened(
    gallery: SmallGallery, tmp_path: Path
) -> None:
    page = open_page("train")
    page = page.segmented_control(key="train_kind").set_value("Zip or table").run()
    page.text_input(key="train_file").input("/no/such.zip")
    page = button(page, "Open the file").click().run()
    assert "is no zip or CSV file" in texts(page)
    with zipfile.ZipFile(tmp_path / "owls.zip", "w") as archive:
        for path in gallery.photos.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    page.text_input(key="train_file").input(str(tmp_path / "owls.zip"))
    page = button(page, "Open the file").click().run()
    assert not page.exception
    chosen = training_sets.known_set(page.query_params["set"])
    assert chosen is not None
    looked_at(chosen)
    assert "24 photos in 2 classes" in texts(open_page("train", set=chosen.set_id))


def test_one_class_alone_and_a_class_of_one_photo_get_a_sentence_with_the_remedy(
    gallery: SmallGallery, tmp_path: Path
) -> None:
    for name, sentence in (
        ("alone", "only the class 'alone'; a training needs two classes"),
        ("few", "The class 'b' would have no validation photo. Add photos"),
    ):
        root = tmp_path / name
        for number in range(4):
            draw(root / ("alone" if name == "alone" else "a") / f"{number}.png", number)
        if name == "few":
            draw(root / "b" / "9.png", 9)
        chosen = training_sets.open_set(root)
        looked_at(chosen)
        page = open_page("train", set=chosen.set_id)
        assert not page.exception
        assert sentence in texts(page)
        assert "Read again" in labels(page)


def test_what_people_labelled_in_the_gallery_becomes_a_data_set(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take() -> AppTest:
        page = open_page("train")
        page = page.segmented_control(key="train_kind").set_value("Manual labels").run()
        return button(page, "Use these photos").click().run()

    assert "Nobody has labelled a photo in this gallery yet" in texts(take())
    (gallery.photos / "barn_owl" / "empty.png").unlink()
    gallery.tag({})
    for folder, label in (("barn_owl", "cat"), ("tawny_owl", "dog")):
        ids = [gallery.photo_id(f"{folder}/{path.name}") for path in (gallery.photos / folder).iterdir()]
        wiring.catalog().correct(ids, label, person="me", model_id=None)
    wiring.catalog().correct(ids[:2], "cannot tell", person="me", model_id=None)
    wiring.catalog().correct(ids[2:6], "blank", person="me", model_id=None)
    page = take()
    assert not page.exception
    chosen = training_sets.known_set(page.query_params["set"])
    assert chosen is not None
    looked_at(chosen)
    shown = texts(open_page("train", set=chosen.set_id))
    assert "22 photos in 3 classes, 4 to 10 each" in shown
    assert "Cat" in shown


def test_a_lone_label_and_a_photo_that_is_gone_are_left_out_and_named(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gallery.photos / "barn_owl" / "empty.png").unlink()
    for name in ("lone.png", "gone.png"):
        draw(gallery.photos / name, 900 + len(name) + ord(name[0]))
    gallery.tag({})
    for folder, label in (("barn_owl", "cat"), ("tawny_owl", "dog")):
        ids = [gallery.photo_id(f"{folder}/{path.name}") for path in (gallery.photos / folder).iterdir()]
        wiring.catalog().correct(ids, label, person="me", model_id=None)
    wiring.catalog().correct([gallery.photo_id("lone.png")], "magpie", person="me", model_id=None)
    gone = gallery.photo_id("gone.png")
    wiring.catalog().correct([gone], "cat", person="me", model_id=None)
    draw(gallery.photos / "gone.png", 77)  # another picture under its name
    gallery.tag({})

    page = open_page("train")
    page = page.segmented_control(key="train_kind").set_value("Manual labels").run()
    page = button(page, "Use these photos").click().run()
    assert not page.exception
    chosen = training_sets.known_set(page.query_params["set"])
    assert chosen is not None
    looked_at(chosen)
    shown = texts(open_page("train", set=chosen.set_id))
    assert "24 photos in 2 classes" in shown
    assert "The class 'magpie' has a single photo, lone.png: left out." in shown
    assert f"photo {gone[:12]}, which no opened folder holds any more" in shown


def test_another_split_is_drawn_shown_and_kept(opened: DataSet) -> None:
    page = open_page("train", set=opened.set_id)
    page = page.segmented_control(key="train_shares").set_value("70 / 15 / 15").run()
    assert not page.exception
    changed = training_sets.known_set(opened.set_id)
    assert changed is not None
    assert changed.plan == SplitPlan(0.15, 0.15)
    looked_at(changed)
    table = open_page("train", set=opened.set_id).dataframe[0].value
    assert table["test"].tolist() == [1, 2]
    parts = list(read_split(changed.split_file).values())
    assert parts.count(Part.TEST) == 3  # 15 % of 8 and of 16: 1 and 2
    page = open_page("train", set=opened.set_id).toggle(key="train_by_group").set_value(True).run()
    assert training_sets.known_set(opened.set_id).plan.by_group  # type: ignore[union-attr]
