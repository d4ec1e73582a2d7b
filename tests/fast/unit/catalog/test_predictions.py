"""Predictions, features and maps: written is read, and lost is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gallery.catalog.flat_file import FlatFile, file_stem
from gallery.catalog.prediction_records import quantise
from gallery.errors import CatalogError

ROWS = {"a.jpg": [0.7, 0.2, 0.1], "b.jpg": [0.1, 0.1, 0.8], "c.jpg": [0.3, 0.4, 0.3]}


@pytest.fixture
def tagged(shop):
    shop.scan(*ROWS)
    shop.ids = shop.read(*ROWS)
    shop.truth = shop.tag(ROWS)
    return shop


def test_a_prediction_comes_back_with_all_its_probabilities(tagged) -> None:
    prediction = tagged.catalog.prediction(tagged.ids[1], tagged.model)
    assert prediction.probabilities.tolist() == np.array(ROWS["b.jpg"], np.float32).tolist()
    assert (prediction.label, prediction.model_id) == ("cow", "model-a")
    assert prediction.confidence == pytest.approx(0.8)
    assert tagged.catalog.prediction(tagged.ids[1], "another") is None
    assert tagged.catalog.prediction("00" * 32, tagged.model) is None


def test_features_come_back_in_the_order_asked_for_as_float16_kept_them(tagged) -> None:
    wanted = [tagged.ids[2], tagged.ids[0], tagged.ids[2]]
    kept = tagged.truth.features.astype(np.float16).astype(np.float32)
    assert np.array_equal(tagged.catalog.features(tagged.model, wanted), kept[[2, 0, 2]])


def test_maps_are_within_a_255th_of_their_own_peak(tagged) -> None:
    for n, photo_id in enumerate(tagged.ids):
        truth = tagged.truth.cams[n]
        stored = tagged.catalog.cams(photo_id, tagged.model)
        assert stored.dtype == np.float32
        peaks = truth.max(axis=(1, 2), keepdims=True)
        assert (np.abs(stored - truth) <= peaks / 510 * 1.0001).all()
        assert np.allclose(stored.max(axis=(1, 2), keepdims=True), peaks, rtol=1e-6)


def test_each_map_has_its_own_peak_so_faint_ones_keep_their_detail() -> None:
    cams = np.stack([np.full((2, 2), 1e6), [[1e-6, 5e-7], [0, 0]], np.zeros((2, 2))]).astype(np.float32)
    levels, peaks = quantise(cams)
    assert levels.tolist() == [[[255, 255], [255, 255]], [[255, 128], [0, 0]], [[0, 0], [0, 0]]]
    assert peaks.tolist() == np.array([1e6, 1e-6, 0], np.float32).tolist()


def test_many_photos_maps_of_chosen_classes_are_those_of_each_photo(tagged) -> None:
    wanted = [tagged.ids[2], tagged.ids[0], "00" * 32, tagged.ids[2]]
    classes = np.array([[0, 2], [1, 1], [0, 1], [2, 0]])
    cams, known = tagged.catalog.class_cams(tagged.model, wanted, classes)
    assert known.tolist() == [True, True, False, True]
    for n in (0, 1, 3):
        assert np.array_equal(cams[n], tagged.catalog.cams(wanted[n], tagged.model)[classes[n]])
    assert not cams[2].any()
    assert tagged.catalog.class_cams("another", wanted, classes) is None


def test_a_damaged_map_among_many_is_left_out_and_tagged_again(tagged, tmp_path) -> None:
    (file,) = (tmp_path / "catalog" / "cams").iterdir()
    damaged = bytearray(file.read_bytes())
    damaged[0] ^= 255
    file.write_bytes(damaged)
    _, known = tagged.catalog.class_cams(tagged.model, tagged.ids, np.zeros((3, 1), np.int64))
    assert known.tolist() == [False, True, True]
    assert tagged.ids[0] not in tagged.catalog.predicted(tagged.model, tagged.ids)


def test_a_model_without_maps_has_none(shop) -> None:
    shop.scan("a.jpg")
    (photo_id,) = shop.read("a.jpg")
    shop.catalog.record_predictions("plain", shop.classes, [photo_id], shop.batch([[1, 0, 0]], maps=False))
    assert shop.catalog.cams(photo_id, "plain") is None
    assert shop.catalog.features("plain", [photo_id]).shape == (1, 8)
    assert shop.catalog.pending_files(shop.collection, "plain") == []


def test_maps_that_come_only_with_later_batches_do_not_shift(shop) -> None:
    shop.scan("a.jpg", "b.jpg", "c.jpg")
    ids = shop.read("a.jpg", "b.jpg", "c.jpg")
    with_maps = shop.batch([[0, 1, 0]])
    for photo_id, batch in zip(
        ids,
        (shop.batch([[1, 0, 0]], maps=False), with_maps, shop.batch([[1, 0, 0]], maps=False)),
        strict=True,
    ):
        shop.catalog.record_predictions("m", shop.classes, [photo_id], batch)
    assert shop.catalog.cams(ids[0], "m") is None
    assert np.allclose(shop.catalog.cams(ids[1], "m"), with_maps.cams[0], atol=with_maps.cams.max() / 255)
    assert shop.catalog.cams(ids[2], "m") is None
    assert shop.catalog.pending_files(shop.collection, "m") == []


def test_another_model_keeps_the_first_ones_predictions(tagged) -> None:
    other = tagged.tag({"a.jpg": [0, 1, 0]}, model="Model B/../x")
    assert tagged.catalog.prediction(tagged.ids[0], tagged.model).label == "dog"
    assert tagged.catalog.prediction(tagged.ids[0], "Model B/../x").label == "cat"
    assert np.allclose(tagged.catalog.features("Model B/../x", tagged.ids[:1]), other.features, atol=2e-3)
    assert tagged.catalog.models_used() == ["Model B/../x", "model-a"]


def test_model_files_never_share_a_name_or_leave_their_folder() -> None:
    names = ["a", "A", "../a", "a/b", "a b", "", "é", "a" * 200, "\udcff"]
    stems = {file_stem(name) for name in names}
    assert len(stems) == len({stem.lower() for stem in stems}) == len(names)
    assert not any(set(stem) & set("/\\: ") for stem in stems)


def test_tagging_again_replaces_the_models_own_prediction(tagged) -> None:
    again = tagged.tag({"a.jpg": [0.1, 0.9, 0.0]})
    assert tagged.catalog.prediction(tagged.ids[0], tagged.model).label == "cat"
    assert np.allclose(tagged.catalog.features(tagged.model, tagged.ids[:1]), again.features, atol=2e-3)
    assert np.array_equal(
        tagged.catalog.features(tagged.model, tagged.ids[1:]),
        tagged.truth.features[1:].astype(np.float16).astype(np.float32),
    )


def test_other_classes_under_the_same_model_id_are_refused(tagged) -> None:
    with pytest.raises(CatalogError, match="Give the new model an id"):
        tagged.catalog.record_predictions(
            tagged.model, ("x", "y", "z"), tagged.ids[:1], tagged.batch([[1, 0, 0]])
        )


def test_an_unknown_photo_in_a_batch_keeps_the_whole_batch_out(tagged) -> None:
    before = tagged.catalog.revision()
    with pytest.raises(CatalogError, match="not in the catalog"):
        tagged.catalog.record_predictions(
            tagged.model, tagged.classes, [tagged.ids[0], "00" * 32], tagged.batch([[0, 1, 0], [0, 1, 0]])
        )
    assert tagged.catalog.prediction(tagged.ids[0], tagged.model).label == "dog"
    assert tagged.catalog.revision() == before


@pytest.mark.parametrize("spoil", ["probabilities", "features", "cams"])
def test_values_that_are_not_finite_are_refused(tagged, spoil: str) -> None:
    batch = tagged.batch([[0, 1, 0]])
    values = getattr(batch, spoil).copy()
    values.flat[0] = np.nan
    with pytest.raises(CatalogError, match="not numbers"):
        tagged.catalog.record_predictions(
            tagged.model, tagged.classes, tagged.ids[:1], dataclasses.replace(batch, **{spoil: values})
        )


def test_a_record_without_a_row_is_overwritten(tagged) -> None:
    """A writer killed after the record and before the commit leaves such a one."""
    file = FlatFile(tagged.catalog._folder / "vectors" / "model-a.f16", 16)
    file.write(3, np.full((5, 16), 255, np.uint8))
    tagged.scan(*ROWS, "d.jpg")
    (photo_id,) = tagged.read("d.jpg")
    batch = tagged.tag({"d.jpg": [1, 0, 0]})
    assert np.allclose(tagged.catalog.features(tagged.model, [photo_id]), batch.features, atol=2e-3)
    assert tagged.catalog.features(tagged.model, tagged.ids).shape == (3, 8)


@pytest.mark.parametrize(("kept_bytes", "pending"), [(None, 3), (0, 3), (16, 2), (31, 2)])
def test_features_that_are_lost_are_named_and_tagged_again(
    tagged, kept_bytes: int | None, pending: int
) -> None:
    path = tagged.catalog._folder / "vectors" / "model-a.f16"
    if kept_bytes is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:kept_bytes])
    with pytest.raises(CatalogError, match=rf"features of {pending} of 3 photos.*Tag the collection again"):
        tagged.catalog.features(tagged.model, tagged.ids)
    assert len(tagged.catalog.pending_files(tagged.collection, tagged.model)) == pending
    assert len(tagged.catalog.predicted(tagged.model, tagged.ids)) == 3 - pending
    again = tagged.tag({"c.jpg": ROWS["c.jpg"]})
    assert np.allclose(tagged.catalog.features(tagged.model, tagged.ids[2:]), again.features, atol=2e-3)
    assert len(tagged.catalog.pending_files(tagged.collection, tagged.model)) == pending - 1


def test_maps_that_are_lost_are_none_never_zeros(tagged) -> None:
    path = tagged.catalog._folder / "cams" / "model-a.u8"
    path.unlink()
    assert tagged.catalog.cams(tagged.ids[0], tagged.model) is None
    tagged.tag({"c.jpg": ROWS["c.jpg"]})  # the file is there again, with a hole where the others were
    assert tagged.catalog.cams(tagged.ids[0], tagged.model) is None
    assert tagged.catalog.cams(tagged.ids[2], tagged.model) is not None
    assert len(tagged.catalog.pending_files(tagged.collection, tagged.model)) == 2


def test_a_damaged_record_is_found_out_and_tagged_again(tagged) -> None:
    for folder, name, record_bytes in (("cams", "model-a.u8", 60), ("vectors", "model-a.f16", 16)):
        path = tagged.catalog._folder / folder / name
        stored = bytearray(path.read_bytes())
        stored[record_bytes + 3] ^= 1
        path.write_bytes(stored)
    assert tagged.catalog.cams(tagged.ids[1], tagged.model) is None
    with pytest.raises(CatalogError, match="features of 1 of 3"):
        tagged.catalog.features(tagged.model, tagged.ids)
    assert tagged.catalog.cams(tagged.ids[0], tagged.model) is not None
    assert tagged.catalog.pending_files(tagged.collection, tagged.model) == [tagged.root / "b.jpg"]


def test_the_prediction_table_has_a_row_a_file_in_path_order(tagged) -> None:
    tagged.scan(*ROWS, "copy-of-a.jpg", "untagged.jpg", "0.jpg")
    tagged.read("copy-of-a.jpg", content="a.jpg")
    tagged.read("untagged.jpg")
    table = tagged.catalog.prediction_table(tagged.collection, tagged.model)
    assert [path.name for path in table.paths] == ["a.jpg", "b.jpg", "c.jpg", "copy-of-a.jpg"]
    assert table.photo_ids == (*tagged.ids, tagged.ids[0])
    assert table.class_names == tagged.classes
    assert np.array_equal(table.probabilities, np.array([*ROWS.values(), ROWS["a.jpg"]], np.float32))
    assert [tagged.catalog.photo(int(n)).path for n in table.file_ids] == list(table.paths)
    assert len(tagged.catalog.prediction_table(tagged.collection, "unused")) == 0
