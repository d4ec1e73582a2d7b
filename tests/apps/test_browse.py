"""The Browse page: empty, sorted, filtered, by address, while tagging, and what goes wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gallery.errors import PhotoError
from gallery.services import collections, evaluate, photo_lists, wiring
from gallery.services import tagging as tagging_service
from gallery.settings import Settings
from gallery.types import CollectionKind, FileEntry, Job, JobState, PhotoQuery, SkippedFile, SkipReason
from gallery.ui.components import job_card
from tests.apps.small_gallery import MODEL_ID, REPOSITORY, SmallGallery, components, model_card, texts

SAID = {
    "field/cat_sure.png": {"cat": 0.95, "dog": 0.05},
    "field/cat_less.png": {"cat": 0.7, "cow": 0.3},
    "zoo/dog.png": {"dog": 0.9, "cat": 0.1},
    "zoo/who.png": {"cow": 0.4, "sheep": 0.35, "dog": 0.25},
}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    return SmallGallery.make(tmp_path, monkeypatch)


@pytest.fixture
def gallery(empty: SmallGallery) -> SmallGallery:
    """Two cats, a dog, one that is unsure, and one that waits."""
    empty.add_model()
    for shade, path in enumerate([*SAID, "zoo/late.png"]):
        empty.draw(path, (40 * shade, 120, 220 - 30 * shade))
    empty.tag(SAID)
    return empty


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The collections whose jobs were queued; their process does not run."""
    collections: list[int] = []

    def queue(collection_id: int, model_id: str | None = None) -> Job:
        collections.append(collection_id)
        return wiring.catalog().queue_job(collection_id, model_id or MODEL_ID)

    monkeypatch.setattr(tagging_service, "start_job", queue)
    return collections


def open_browse(**query: str) -> AppTest:
    """The whole app, which opens on Browse."""
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def open_dialog(name: str) -> AppTest:
    """Browse with one of the dialogs of a collection's menu."""
    page = open_browse()
    page.button(key="open_folder").click().run()
    place, _ = page.session_state["dialog:open"]
    page.session_state["dialog:open"] = (place, name)
    return page.run()


def shown(page: AppTest) -> list[str]:
    """The names in the grid, in its order."""
    grids = components(page, "gallery_photo_grid")
    if not grids:
        return []
    (data,) = grids
    listed = photo_lists.find(data["list"]["token"])
    assert listed is not None
    return [item.name for item in wiring.catalog().grid_items(listed.file_ids, MODEL_ID)]


def counts(page: AppTest) -> dict[str, int]:
    (data,) = components(page, "gallery_shelf_strip")
    return {shelf["name"]: shelf["count"] for shelf in data["shelves"] if shelf["count"]}


def test_without_a_collection_the_page_says_how_to_begin(empty: SmallGallery) -> None:
    page = open_browse()
    assert not page.exception
    assert "Open a folder and see it sorted" in texts(page)
    assert "dog, cat, horse, spider, butterfly, chicken, sheep, cow, squirrel and elephant" in texts(page)
    assert {"first_folder", "first_upload", "first_samples"} <= {button.key for button in page.button}


def test_the_sample_photos_are_a_collection_like_any_other(
    empty: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.add_model()
    monkeypatch.setattr(tagging_service, "start_job", lambda _collection_id: None)
    page = open_browse()
    page.button(key="first_samples").click().run()
    assert not page.exception
    assert counts(page) == {"all": 9, "waiting": 9}
    assert "Sample photos." in texts(page)
    (collection,) = wiring.catalog().collections()
    assert collections.are_samples(collection)


def test_where_only_some_folders_may_be_opened_there_are_no_samples(
    empty: SmallGallery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GALLERY_ROOTS", str(tmp_path))
    page = open_browse()
    assert not page.exception
    assert "first_samples" not in {button.key for button in page.button}


def test_photos_stand_on_the_shelves_that_the_model_chose(gallery: SmallGallery) -> None:
    page = open_browse()
    assert not page.exception
    assert counts(page) == {"all": 5, "cat": 2, "dog": 1, "unsure": 1, "waiting": 1}
    assert len(shown(page)) == 5
    assert page.query_params["collection"] == "1"


def test_the_address_gives_the_view_again(gallery: SmallGallery) -> None:
    page = open_browse(collection="1", shelf="cat", sort="uncertain", sure="0.5-0.9")
    assert not page.exception
    assert shown(page) == ["cat_less.png"]
    assert page.selectbox(key="filter:sort").value.value == "least certain first"
    assert page.slider(key="filter:confidence").value == (0.5, 0.9)


def test_an_address_that_makes_no_sense_shows_all_photos(gallery: SmallGallery) -> None:
    page = open_browse(collection="999", sort="sideways", sure="9-x", photo="nobody", unsure="7")
    assert not page.exception
    assert len(shown(page)) == 5


def test_an_open_photo_is_in_the_address_even_when_its_shelf_has_lost_it(gallery: SmallGallery) -> None:
    file_id = wiring.catalog().prediction_table(1, MODEL_ID).file_ids[0]
    page = open_browse(collection="1", shelf="dog", photo=str(file_id))
    (data,) = components(page, "gallery_photo_grid")
    assert data["open"]["file_id"] == file_id
    assert data["open"]["list"]["token"] != data["list"]["token"], "it is shown alone"


def test_changing_a_filter_narrows_the_grid_and_the_address(gallery: SmallGallery) -> None:
    page = open_browse()
    page.selectbox(key="filter:folder").select("zoo").run()
    assert sorted(shown(page)) == ["dog.png", "late.png", "who.png"]
    assert page.query_params["folder"] == "zoo"
    assert counts(page) == {"all": 3, "dog": 1, "unsure": 1, "waiting": 1}
    page.text_input(key="filter:name_contains").input("DOG").run()
    assert shown(page) == ["dog.png"]
    page.button(key="filter:drop:folder").click().run()
    assert page.query_params["name"] == "DOG"
    page.button(key="filter:clear").click().run()
    assert len(shown(page)) == 5
    assert "folder" not in page.query_params


def test_filters_that_nothing_matches_offer_the_way_back(gallery: SmallGallery) -> None:
    page = open_browse(shelf="cat")
    page.date_input(key="filter:taken_from").set_value(date(2031, 1, 1)).run()
    assert "No photo matches these filters" in texts(page)
    page.button(key="empty:clear").click().run()
    assert len(shown(page)) == 2


def test_the_threshold_moves_photos_to_the_unsure_shelf(gallery: SmallGallery) -> None:
    page = open_browse(shelf="unsure")
    assert shown(page) == ["who.png"]
    page.slider(key="filter:unsure_below").set_value(0.8).run()
    assert sorted(shown(page)) == ["cat_less.png", "who.png"]
    assert counts(page)["cat"] == 1


def test_a_corrected_photo_moves_and_is_counted_as_a_persons(gallery: SmallGallery) -> None:
    wiring.catalog().correct([gallery.photo_id("zoo/who.png")], "elephant", person="eva", model_id=MODEL_ID)
    page = open_browse(shelf="elephant")
    assert shown(page) == ["who.png"]
    (strip,) = components(page, "gallery_shelf_strip")
    (elephants,) = [shelf for shelf in strip["shelves"] if shelf["name"] == "elephant"]
    assert "1 labelled by people" in elephants["tooltip"]


def test_a_folder_without_photos_says_what_counts_as_one(empty: SmallGallery) -> None:
    empty.add_model()
    empty.photos.mkdir()
    wiring.catalog().add_collection(empty.photos, CollectionKind.FOLDER)
    page = open_browse()
    assert not page.exception
    assert "There are no photos in this folder" in texts(page)


def test_an_empty_shelf_is_said_to_be_empty(gallery: SmallGallery) -> None:
    page = open_browse(shelf="spider")
    assert "No photos on the shelf Spider" in texts(page)


def test_a_vanished_folder_keeps_its_photos_and_names_the_remedy(gallery: SmallGallery) -> None:
    gallery.photos.rename(gallery.folder / "elsewhere")
    page = open_browse()
    assert not page.exception
    assert "5 photos that were in" in texts(page)
    assert "are gone; is the disk connected?" in texts(page)
    assert len(shown(page)) == 5
    page.button(key="gone_move").click().run()
    assert components(page, "gallery_folder_box"), "it can be found at its new place"


def test_an_empty_mount_point_is_no_empty_collection(gallery: SmallGallery) -> None:
    shutil.rmtree(gallery.photos)
    gallery.photos.mkdir()
    page = open_browse()
    assert "5 photos that were in" in texts(page)
    assert len(shown(page)) == 5


def test_the_first_line_says_how_many_photos_of_what(gallery: SmallGallery) -> None:
    assert "5 photos in photos: 2 cat, 1 dog; 1 unsure; 1 not tagged yet" in texts(open_browse())


def test_an_open_dialog_stays_when_the_page_is_drawn_anew(gallery: SmallGallery) -> None:
    """As it is when a tagging ends, or the connection comes back."""
    catalog = wiring.catalog()
    catalog.queue_job(1, MODEL_ID)
    page = open_browse()
    page.button(key="open_folder").click().run()
    assert components(page, "gallery_folder_box")
    job = catalog.claim_job(1)
    assert job is not None
    catalog.finish_job(job.job_id, JobState.DONE)
    page.run()
    assert components(page, "gallery_folder_box")
    assert "Up to date" in texts(page)


@pytest.fixture
def dated(gallery: SmallGallery) -> SmallGallery:
    """The two cats were taken in one go."""
    catalog = wiring.catalog()
    cats = catalog.photos(catalog.find_files(PhotoQuery(1, MODEL_ID, shelf="cat")))
    about = [replace(photo.metadata, taken_at="2023-05-01T06:00:00") for photo in cats]
    catalog.record_photos(
        1, [(one.path, one.photo_id, facts) for one, facts in zip(cats, about, strict=True)]
    )
    return gallery


def test_sequences_are_stacked_by_a_switch_that_is_there_where_dates_are(dated: SmallGallery) -> None:
    page = open_browse()
    assert len(shown(page)) == 5
    page.toggle(key="filter:stacked").set_value(True).run()
    assert shown(page) == ["cat_less.png", "dog.png", "late.png", "who.png"]
    (grid,) = components(page, "gallery_photo_grid")
    assert grid["stacked"] == {"photos": 5}
    assert page.query_params["stacked"] == "1"


def test_without_dates_there_is_nothing_to_stack(gallery: SmallGallery) -> None:
    assert not open_browse().toggle


def test_a_clock_is_corrected_for_a_station_with_an_example_before(dated: SmallGallery) -> None:
    page = open_dialog("clock")
    page.selectbox(key="clock_folder").set_value("field").run()
    page.text_input(key="clock_shift field").set_value("+1 year -2 h").run()
    assert "cat_less.png: 2023-05-01 06:00:00 becomes 2024-05-01 04:00:00." in texts(page)
    page.button(key="clock_keep").click().run()
    assert wiring.catalog().clock_shifts(1) == {"field": "+1 year -2 h"}


def test_labels_are_taken_from_a_file_beside_the_photos(gallery: SmallGallery) -> None:
    (gallery.photos / "labels.csv").write_text("path,class\nzoo/who.png,fox\ngone.png,fox\n")
    page = open_dialog("take")
    page.selectbox(key="take_file").set_value(str(gallery.photos / "labels.csv")).run()
    page.button(key="take_yes").click().run()
    assert "1 photo of 2 labelled. 1 of 2 rows name no photo here; the first is gone.png." in texts(page)
    assert wiring.catalog().labels([gallery.photo_id("zoo/who.png")]) == {
        gallery.photo_id("zoo/who.png"): "fox"
    }


def test_without_a_model_the_page_points_to_models(empty: SmallGallery) -> None:
    empty.draw("a.png", (1, 2, 3))
    empty.tag({})
    page = open_browse()
    assert not page.exception
    assert "There is no usable model" in texts(page)
    assert shown(page) == ["a.png"]


def test_unreadable_files_are_listed_with_reason_and_remedy(gallery: SmallGallery) -> None:
    broken = gallery.photos / "zoo" / "broken.jpg"
    broken.write_bytes(b"no photo")
    catalog = wiring.catalog()
    stat = broken.stat()
    entries = [FileEntry(broken, stat.st_size, stat.st_mtime_ns)]
    for path in (*SAID, "zoo/late.png"):
        about = (gallery.photos / path).stat()
        entries.append(FileEntry(gallery.photos / path, about.st_size, about.st_mtime_ns))
    catalog.record_scan(1, entries)
    catalog.record_skipped(1, [SkippedFile(broken, SkipReason.DAMAGED, "Copy it from the card again.")])
    page = open_browse(shelf="unreadable")
    assert not page.exception
    table = page.dataframe[0].value
    assert table["File"].tolist() == [str(Path("zoo") / "broken.jpg")]
    assert table["Reason"].tolist() == ["damaged or truncated"]
    assert table["What to do"].tolist() == ["Copy it from the card again."]


def test_a_running_job_shows_progress_speed_and_remaining_time(gallery: SmallGallery) -> None:
    catalog = wiring.catalog()
    catalog.queue_job(1, MODEL_ID)
    job = catalog.claim_job(1)
    assert job is not None
    catalog.update_job(job.job_id, stage="tagging", total=600, done=100, tagged=100, photos_per_second=5.0)
    page = open_browse()
    assert "100 / 600 photos · 5 photos/s · about 2 min left" in texts(page)
    page.button(key="job_cancel").click().run()
    assert catalog.cancel_requested(job.job_id)


@pytest.mark.parametrize(
    ("state", "message", "sentence"),
    [
        (JobState.CANCELLED, None, "Tagging was cancelled"),
        (JobState.INTERRUPTED, None, "Tagging was interrupted"),
        (JobState.FAILED, "The disk is full. Make room.", "The disk is full. Make room."),
    ],
)
def test_a_stopped_job_says_why_and_resumes(
    gallery: SmallGallery, started: list[int], state: JobState, message: str | None, sentence: str
) -> None:
    catalog = wiring.catalog()
    catalog.queue_job(1, MODEL_ID)
    job = catalog.claim_job(1)
    assert job is not None
    catalog.update_job(job.job_id, total=600, done=100)
    catalog.finish_job(job.job_id, state, message)
    page = open_browse()
    assert sentence in texts(page)
    assert "100 of 600 photos are done and kept" in texts(page)
    page.button(key="job_resume").click().run()
    assert started == [1]
    assert "job_cancel" in {button.key for button in page.button}


def test_a_stopped_job_of_a_second_model_is_resumed_with_that_model(
    gallery: SmallGallery, started: list[int]
) -> None:
    gallery.add_model(model_card("second-model"), own=True)
    catalog = wiring.catalog()
    catalog.queue_job(1, "second-model")
    job = catalog.claim_job(1)
    assert job is not None
    catalog.finish_job(job.job_id, JobState.CANCELLED, None)
    page = open_browse()
    assert "It used Model second-model, which is not the active model." in texts(page)
    page.button(key="job_resume").click().run()
    assert started == [1]
    resumed = catalog.latest_job(1)
    assert resumed is not None
    assert resumed.model_id == "second-model"


def test_the_job_of_another_collection_is_seen_too(gallery: SmallGallery) -> None:
    catalog = wiring.catalog()
    other = catalog.add_collection(gallery.folder, CollectionKind.FOLDER, "the other trip")
    catalog.queue_job(other.collection_id, MODEL_ID)
    page = open_browse(collection="1")
    assert "Tagging the other trip: starting" in texts(page)


def test_another_collection_is_shown_by_its_address(gallery: SmallGallery) -> None:
    gallery.draw("a.png", (9, 9, 9))
    (gallery.folder / "empty trip").mkdir()
    wiring.catalog().add_collection(gallery.folder / "empty trip", CollectionKind.FOLDER)
    assert len(shown(open_browse(collection="1"))) == 5
    page = open_browse(collection="2")
    assert not page.exception
    assert shown(page) == []
    assert page.query_params["collection"] == "2"


def test_time_left_is_said_in_a_unit_that_fits() -> None:
    def left(seconds: float) -> str:
        job = Job(1, 1, "m", JobState.RUNNING, "tagging", 1000, 0, 0, 0, 0, 1000 / seconds, None, None, None)
        return job_card.time_left(job)

    assert [left(12), left(300), left(9000)] == ["about 10 s left", "about 5 min left", "about 2.5 h left"]


def test_a_folder_outside_the_roots_is_refused(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    monkeypatch.setenv("GALLERY_ROOTS", str(gallery.photos))
    with pytest.raises(PhotoError, match="may not be opened on this server"):
        collections.open_folder(str(gallery.folder))
    assert Settings.from_environment().roots == (gallery.photos.resolve(),)
    assert started == []


def test_opening_a_folder_starts_tagging_at_once(gallery: SmallGallery, started: list[int]) -> None:
    collection = collections.open_folder(f" {gallery.photos / 'zoo'} ")
    assert started == [collection.collection_id]
    assert np.array_equal(wiring.catalog().collections()[0].root, (gallery.photos / "zoo").resolve())


def test_photos_of_another_collection_are_on_their_shelves_before_a_job_has_started(
    gallery: SmallGallery, started: list[int]
) -> None:
    copied = shutil.copytree(gallery.photos, gallery.folder / "copied")
    collection = collections.open_folder(str(copied))
    page = open_browse(collection=str(collection.collection_id))
    assert counts(page) == {"all": 5, "cat": 2, "dog": 1, "unsure": 1, "waiting": 1}
    shutil.copytree(copied / "zoo", gallery.folder / "labelled" / "cow")
    evaluated = evaluate.open_folder(gallery.folder / "labelled", model_card())
    assert len(wiring.catalog().prediction_table(evaluated.collection_id, MODEL_ID)) == 2
    assert started == [collection.collection_id, evaluated.collection_id]


def test_photos_tagged_by_another_model_are_not_said_to_be_up_to_date(
    gallery: SmallGallery, started: list[int]
) -> None:
    catalog = wiring.catalog()
    for model_id, sentence in ((MODEL_ID, "Up to date"), ("an-older-one", "Tagged with a different model")):
        catalog.queue_job(1, model_id)
        job = catalog.claim_job(1)
        assert job is not None
        catalog.finish_job(job.job_id, JobState.DONE)
        app = open_browse(collection="1")
        assert sentence in texts(app)
    app.button(key="job_again").click().run()
    assert started == [1]


def test_a_collection_that_a_command_tagged_can_be_searched_for_new_photos(
    gallery: SmallGallery, started: list[int]
) -> None:
    assert wiring.catalog().latest_job(1) is None
    open_browse(collection="1").button(key="job_again").click().run()
    assert started == [1]


def test_a_later_tagging_by_another_model_leaves_the_active_ones_up_to_date(empty: SmallGallery) -> None:
    empty.add_model()
    empty.draw("a.png", (10, 20, 30))
    number = empty.tag({"a.png": {"dog": 0.9, "cat": 0.1}}).collection_id
    catalog = wiring.catalog()
    catalog.queue_job(number, "second-model")
    job = catalog.claim_job(1)
    assert job is not None
    catalog.finish_job(job.job_id, JobState.DONE)
    assert "Up to date: tagged with the active model" in texts(open_browse(collection=str(number)))


def test_a_threshold_chosen_for_the_model_sorts_the_shelves_until_it_is_given_up(
    gallery: SmallGallery,
) -> None:
    wiring.catalog().choose_unsure_threshold(MODEL_ID, 0.85)
    page = open_browse(shelf="unsure")
    assert sorted(shown(page)) == ["cat_less.png", "who.png"]
    assert page.slider(key="filter:unsure_below").value == 0.85
    wiring.catalog().choose_unsure_threshold(MODEL_ID, None)
    page.run()
    assert shown(page) == ["who.png"]
    assert page.slider(key="filter:unsure_below").value == 0.6
