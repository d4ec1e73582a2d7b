"""The pipeline with a real catalog, a fake decoder and a fake classifier."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from gallery.errors import ModelError, PhotoError
from gallery.services import wiring
from gallery.settings import TAG_BATCH
from gallery.tagging import finding, reading
from gallery.tagging.parts import Wanted
from gallery.tagging.pipeline import FIRST_BATCH
from gallery.types import UNREADABLE, WAITING, DecodedPhoto, PhotoQuery, SkippedFile, SkipReason
from tests.fast.unit.tagging import fakes


def test_a_folder_is_tagged_and_every_photo_lies_on_its_shelf(studio) -> None:
    studio.photos(40, "red")
    studio.photos(5, "green", "pond")
    bad = fakes.make_photo(studio.root / "bad.jpg", "purple")
    result = studio.run()
    assert (result.photos, result.tagged, result.unchanged, result.cancelled) == (46, 45, 0, False)
    assert [(file.path, file.reason) for file in result.skipped] == [(bad, SkipReason.DAMAGED)]
    assert (result.model_id, result.photos_per_second > 0) == (fakes.MODEL, True)
    assert studio.shelves() == {"robin": 40, "frog": 5, UNREADABLE: 1}
    assert sum(studio.classifier.batches) == 45
    assert max(studio.classifier.batches) <= TAG_BATCH
    assert len(studio.thumbnails.kept) == 45
    assert studio.decoder.closed == 1


def test_features_and_maps_belong_to_their_photo(studio) -> None:
    studio.photos(3, "red")
    studio.photos(3, "blue")
    studio.run()
    table = studio.catalog.prediction_table(studio.collection.collection_id, fakes.MODEL)
    features = studio.catalog.features(fakes.MODEL, table.photo_ids)
    for path, photo_id, vector in zip(table.paths, table.photo_ids, features, strict=True):
        expected = [0, 0, 0, 0, 1, 1] if "blue" in path.name else [1, 1, 0, 0, 0, 0]
        assert vector.tolist() == expected
        assert studio.catalog.cams(photo_id, fakes.MODEL)[:, 0, 0].tolist() == expected[::2]


def test_a_second_run_reads_nothing_and_loads_no_model(studio) -> None:
    studio.photos(4)
    fakes.make_photo(studio.root / "bad.jpg", "purple")
    studio.run()
    result = studio.run(load=lambda: pytest.fail("no model is needed"))
    assert (result.photos, result.tagged, result.unchanged, len(result.skipped)) == (5, 0, 4, 1)
    assert studio.decoder.read == []
    assert studio.progress[-1].done == studio.progress[-1].total == 5


def test_only_new_and_changed_files_are_read(studio) -> None:
    studio.photos(4)
    studio.run()
    changed = fakes.make_photo(studio.root / "red001.jpg", "blue", "now a whale")
    new = fakes.make_photo(studio.root / "zzz.jpg", "green")
    (studio.root / "red002.jpg").unlink()
    result = studio.run()
    assert sorted(studio.decoder.read) == [changed, new]
    assert (result.photos, result.tagged, result.unchanged) == (4, 2, 2)
    assert studio.shelves() == {"robin": 2, "whale": 1, "frog": 1}


def test_in_a_large_collection_what_is_new_is_tagged_before_the_whole_is_looked_through(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LARGE", 4)
    studio.photos(4)
    studio.photos(3, "blue", "pond")
    studio.run()
    new = fakes.make_photo(studio.root / "pond" / "new.jpg", "green")
    (studio.root / "red000.jpg").unlink()
    swapped = fakes.make_photo(studio.root / "swapped.jpg", "green", "in the place of another")
    frogs: list[int] = []

    def scan(root: Path, wanted: Wanted | None = None):
        if wanted is None:
            frogs.append(studio.shelves().get("frog", 0))
        return wiring.scan(root, wanted)

    result = studio.run(scan=scan)
    assert frogs == [1]  # the new one; the other is found by the whole scan
    assert studio.decoder.read == [new, swapped]
    assert (result.photos, result.tagged, result.unchanged, result.gone) == (8, 2, 6, 1)
    assert studio.shelves() == {"robin": 3, "whale": 3, "frog": 2}
    last = studio.progress[-1]
    assert (last.done, last.total, last.tagged, last.unchanged) == (8, 8, 2, 6)
    again = studio.run(scan=wiring.scan, load=lambda: pytest.fail("no model is needed"))
    assert (again.tagged, again.unchanged, studio.decoder.read) == (0, 8, [])


def test_where_all_that_is_new_was_tagged_ahead_the_last_report_says_so(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LARGE", 4)
    studio.photos(4)
    studio.run()
    fakes.make_photo(studio.root / "new.jpg", "green")
    result = studio.run(scan=wiring.scan)
    last = studio.progress[-1]
    assert (result.photos, result.tagged, result.unchanged) == (5, 1, 4)
    assert (last.done, last.total, last.tagged, last.unchanged) == (5, 5, 1, 4)


def test_photos_of_a_renamed_folder_are_known_ahead_without_being_decoded(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LARGE", 4)
    monkeypatch.setattr(finding, "AHEAD", 3)
    studio.photos(5, "red", "a")
    studio.run()
    (studio.root / "a").rename(studio.root / "b")
    result = studio.run(scan=wiring.scan, load=lambda: pytest.fail("no model is needed"))
    assert (studio.decoder.read, result.tagged, result.unchanged) == ([], 0, 5)


def test_looking_ahead_can_be_stopped_in_a_folder_without_news(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LARGE", 4)
    studio.photos(4)
    studio.run()
    walked: list[Path] = []

    def scan(root: Path, wanted: Wanted | None = None):
        yield from wiring.scan(root, wanted)
        walked.append(root)

    result = studio.run(scan=scan, cancelled=lambda: True)
    assert walked == []
    assert result.cancelled


def test_a_run_that_is_stopped_ahead_of_the_scan_tells_what_it_tagged(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LARGE", 4)
    studio.photos(4)
    studio.run()
    studio.photos(3 * TAG_BATCH, "green", "more")
    result = studio.run(scan=wiring.scan, cancelled=lambda: studio.shelves().get("frog", 0) > 0)
    assert result.cancelled
    assert 0 < result.tagged == studio.shelves()["frog"] < 3 * TAG_BATCH
    rest = studio.run(scan=wiring.scan)
    assert (rest.photos, studio.shelves()) == (4 + 3 * TAG_BATCH, {"robin": 4, "frog": 3 * TAG_BATCH})


def test_a_mended_file_leaves_the_unreadable_shelf(studio) -> None:
    bad = fakes.make_photo(studio.root / "bad.jpg", "purple")
    studio.run()
    fakes.make_photo(bad, "green", "mended")
    result = studio.run()
    assert (result.tagged, result.skipped) == (1, [])
    assert studio.shelves() == {"frog": 1}


def test_the_same_bytes_at_two_places_are_classified_once(studio) -> None:
    studio.photos(2, "red", "a")
    studio.photos(2, "red", "b")
    result = studio.run()
    assert (result.photos, result.tagged, result.unchanged) == (4, 2, 2)
    assert sum(studio.classifier.batches) == 2
    assert studio.shelves() == {"robin": 4}


def test_photos_known_from_another_collection_are_not_classified_again(studio) -> None:
    studio.photos(3)
    studio.run()
    moved = studio.root.with_name("moved")
    studio.root.rename(moved)
    studio.root = moved
    result = studio.run()
    assert (result.tagged, result.unchanged, studio.classifier.batches) == (0, 3, [])
    assert studio.shelves() == {"robin": 3}


def test_bytes_known_from_another_collection_are_not_even_decoded(studio) -> None:
    studio.photos(3)
    studio.run()
    studio.root = shutil.copytree(studio.root, studio.root.with_name("copy"))
    longer = fakes.make_photo(studio.root / "red003.jpg", "red", "of no known length")
    alike = fakes.make_photo(studio.root / "red004.jpg", "red", 7)  # as long as a known one, and another
    result = studio.run()
    assert sorted(studio.decoder.read) == [longer, alike]
    assert (result.tagged, result.unchanged, studio.shelves()) == (2, 3, {"robin": 5})


def test_photos_that_are_all_known_load_no_model_in_a_folder_that_was_only_touched(studio) -> None:
    paths = studio.photos(3)
    studio.run()
    for path in paths:
        os.utime(path, ns=(0, 0))
    result = studio.run(load=lambda: pytest.fail("no model is needed"))
    assert (result.unchanged, studio.decoder.read, studio.shelves()) == (3, [], {"robin": 3})


def test_known_pictures_in_changed_bytes_are_read_and_load_no_model(studio) -> None:
    studio.photos(2)
    studio.run()
    (studio.root / "red000.jpg").rename(studio.root / "moved.jpg")

    class Rated(fakes.Decoder):
        """Reads bytes that are unknown, and finds the picture of a photo that is known."""

        @staticmethod
        def _one(path: Path) -> DecodedPhoto | SkippedFile:
            path.write_text("red 0")
            return fakes.Decoder._one(path)

    (studio.root / "moved.jpg").write_text("red 0 and a rating")
    result = studio.run(decoder=Rated(), load=lambda: pytest.fail("no model is needed"))
    assert (len(studio.decoder.read), result.tagged, result.unchanged) == (1, 0, 2)


def test_an_empty_mount_point_is_no_empty_collection(studio) -> None:
    studio.photos(3)
    studio.run()
    for path in studio.root.iterdir():
        path.unlink()
    with pytest.raises(PhotoError, match=r"3 photos that were in .* are gone: is the disk connected\?"):
        studio.run()
    assert (studio.shelves(), studio.collection.photo_count) == ({"robin": 3}, 3)


def test_another_model_tags_all_again_and_keeps_the_first_ones_word(studio) -> None:
    studio.photos(3)
    studio.run()

    class Other(fakes.Classifier):
        model_id = "other"

    result = studio.run(classifier=Other(), model_id="other")
    assert result.tagged == 3
    assert studio.catalog.models_used() == ["colours", "other"]
    assert studio.shelves() == studio.shelves("other") == {"robin": 3}


def test_photos_are_in_the_catalog_before_the_model_is_loaded(studio) -> None:
    studio.photos(3)
    seen: list[dict[str, int]] = []

    def slow() -> fakes.Classifier:
        deadline = time.monotonic() + 10
        while len(studio.thumbnails.kept) < 3 or studio.catalog.revision() < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        seen.append(studio.shelves())
        items = studio.catalog.grid_items(
            studio.catalog.find_files(PhotoQuery(studio.collection.collection_id, fakes.MODEL)), fakes.MODEL
        )
        assert all(item.photo_id in studio.thumbnails.kept for item in items)
        return studio.classifier

    studio.run(load=slow)
    assert seen == [{WAITING: 3}]
    assert {p.stage for p in studio.progress} >= {"loading the model", "tagging"}


def test_no_more_photos_wait_for_the_model_than_memory_allows(studio, monkeypatch) -> None:
    monkeypatch.setattr(reading, "WAITING_LIMIT", 10)
    studio.photos(100)
    read_by_then: list[int] = []

    def slow() -> fakes.Classifier:
        time.sleep(0.8)
        read_by_then.append(len(studio.decoder.read))
        return studio.classifier

    result = studio.run(load=slow)
    assert result.tagged == 100
    assert read_by_then[0] <= 10 + 2 * reading.RECORD_EVERY


def test_cancelled_half_way_then_run_again_does_only_the_rest(studio) -> None:
    studio.photos(100)
    stop = threading.Event()
    result = studio.run(
        decoder=fakes.Decoder(before=lambda path: stop.set() if path.name == "red070.jpg" else None),
        cancelled=stop.is_set,
    )
    assert result.cancelled
    done = result.tagged
    assert (done - FIRST_BATCH) % TAG_BATCH == 0
    assert done < 100
    assert studio.decoder.closed == 1
    again = studio.run()
    assert (again.photos, again.tagged, again.unchanged, again.cancelled) == (100, 100 - done, done, False)
    assert len(studio.decoder.read) == 100 - done
    assert studio.shelves() == {"robin": 100}


def test_cancelled_while_looking_changes_nothing(studio) -> None:
    studio.photos(3)
    result = studio.run(cancelled=lambda: True)
    assert (result.cancelled, result.tagged) == (True, 0)
    assert studio.run().tagged == 3


def test_a_batch_that_fails_ends_the_run_with_a_sentence_and_earlier_batches_stay(studio) -> None:
    studio.photos(3 * TAG_BATCH)
    with pytest.raises(ModelError, match=r"failed on a batch of \d+ photos \(RuntimeError: out of memory"):
        studio.run(classifier=fakes.Classifier(fail_at_batch=2))
    kept = sum(studio.classifier.batches)
    assert studio.shelves() == {"robin": kept, WAITING: 3 * TAG_BATCH - kept}
    assert studio.decoder.closed == 1
    assert studio.run().tagged == 3 * TAG_BATCH - kept


def test_a_model_that_cannot_be_loaded_ends_the_run_with_its_sentence(studio) -> None:
    studio.photos(3)

    def missing() -> fakes.Classifier:
        raise ModelError("The weights are damaged.")

    with pytest.raises(ModelError, match="weights are damaged"):
        studio.run(load=missing)
    assert not [thread for thread in threading.enumerate() if thread.name in ("photo-reader", "model-loader")]


def test_a_decoder_that_fails_ends_the_run_after_what_was_read_is_tagged(studio) -> None:
    studio.photos(50)

    def fail(path: Path) -> None:
        if path.name == "red040.jpg":
            raise PhotoError("No reading process can be started.")

    with pytest.raises(PhotoError, match="reading process"):
        studio.run(decoder=fakes.Decoder(before=fail))
    assert studio.shelves()["robin"] == 40


def test_a_folder_that_is_not_there_gives_a_sentence(studio) -> None:
    shutil.rmtree(studio.root)
    with pytest.raises(PhotoError, match=r"is not there.*disk connected.*tags and labels are kept"):
        studio.run()


def test_a_folder_that_vanishes_meanwhile_gives_a_sentence_and_is_tagged_when_it_is_back(studio) -> None:
    studio.photos(60)
    hidden = studio.root.with_name("unplugged")

    def unplug(path: Path) -> None:
        if path.name == "red040.jpg":
            studio.root.rename(hidden)

    with pytest.raises(PhotoError, match=r"60 photos that were in .* are gone: is the disk connected"):
        studio.run(decoder=fakes.Decoder(before=unplug))
    assert studio.shelves() == {"robin": 40, UNREADABLE: 20}
    hidden.rename(studio.root)
    result = studio.run()
    assert (result.tagged, result.unchanged, result.skipped) == (20, 40, [])


def test_a_sub_folder_without_permission_is_listed_and_never_read(studio) -> None:
    studio.photos(2)
    locked = SkippedFile(studio.root / "locked", SkipReason.NO_PERMISSION, "You may not look into it.")

    def scan(root: Path):
        yield from fakes.scan(root)
        yield locked

    for _ in range(2):
        result = studio.run(scan=scan)
        assert (result.photos, result.unchanged + result.tagged, result.skipped) == (3, 2, [locked])
        assert studio.root / "locked" not in studio.decoder.read


def test_an_empty_folder_is_done_at_once(studio) -> None:
    result = studio.run()
    assert (result.photos, result.tagged, result.skipped) == (0, 0, [])


def test_progress_only_grows_and_ends_at_the_total(studio) -> None:
    studio.photos(70)
    studio.photos(3, "purple")
    studio.run(decoder=fakes.Decoder(delay_s=0.002), classifier=fakes.Classifier(delay_s=0.05))
    done = [progress.done for progress in studio.progress]
    assert done == sorted(done)
    last = studio.progress[-1]
    assert (last.done, last.total, last.tagged, last.skipped) == (73, 73, 70, 3)
    assert all(p.done == p.tagged + p.unchanged + p.skipped for p in studio.progress if p.stage == "tagging")


def test_slow_photos_do_not_wait_for_a_full_batch(studio) -> None:
    studio.photos(8)
    started = time.monotonic()
    studio.run(decoder=fakes.Decoder(delay_s=0.4))
    assert time.monotonic() - started > 3
    tagged_early = [p.tagged for p in studio.progress if p.tagged < 8]
    assert max(tagged_early) > 0


def test_only_the_named_files_are_read_and_the_rest_wait(studio) -> None:
    first, second, third = studio.photos(3)
    result = studio.run(only={first, third})
    assert (result.photos, result.tagged, sorted(studio.decoder.read)) == (3, 2, sorted([first, third]))
    assert studio.run().tagged == 1
    assert studio.decoder.read == [second]
