"""Labels make a better head in seconds; kept, it is a version that shares its backbone's features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery import cli
from gallery.errors import MapComesError, ModelError, TrainingError
from gallery.learning.lessons import BLOCK, taken_together
from gallery.services import later_maps, learn, models, own_classes, photo_view, wiring
from gallery.types import BatchPrediction
from tests.fast.unit.learnt_place import BASE, CLASSES, LearntPlace, features_of


@pytest.fixture
def place(tmp_path: Path) -> LearntPlace:
    return LearntPlace(tmp_path)


def label(parts: wiring.Parts, ids: list[str], word: str) -> None:
    parts.catalog.correct(ids, word, person="Ada", model_id=BASE)


def test_twenty_labels_turn_the_photos_that_are_like_them(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 60), place.tag(parts.catalog, "dog", 40)
        assert place.tags(parts.catalog, cats, BASE) == {"dog"}
        label(parts, cats[:10], "cat")
        label(parts, dogs[:10], "dog")
        found = learn.preview(parts)
        assert found.labels == {"dog": 10, "cat": 10}
        assert (found.held_back, found.held_back_before, found.held_back_after) == (20, 0.5, 1.0)
        assert (len(found.fixed), len(found.broken), found.better) == (10, 0, True)
        assert [(one.was, one.becomes, len(one.files)) for one in found.changed] == [("dog", "cat", 50)]
        assert (found.photos, found.remembered_before, found.remembered_after) == (80, 1.0, 1.0)
        assert parts.models.active_id() == BASE, "nothing is changed before it is kept"
        assert place.tags(parts.catalog, cats, BASE) == {"dog"}


def test_a_kept_head_is_a_version_that_says_what_the_preview_showed(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 30), place.tag(parts.catalog, "dog", 30)
        label(parts, cats[:10], "cat")
        label(parts, dogs[:10], "dog")
        found = learn.preview(parts)
        kept = learn.keep(parts, found.id)
        assert (kept.model_id, kept.photos, parts.models.active_id()) == (found.id, 60, found.id)
        assert place.tags(parts.catalog, cats, found.id) == {"cat"}
        assert place.tags(parts.catalog, dogs, found.id) == {"dog"}
        assert parts.catalog.labels(cats) == dict.fromkeys(cats[:10], "cat")
        card, base = parts.models.card(found.id), parts.models.card(BASE)
        assert (card.backbone, card.backbone_sha256) == (BASE, base.weights_sha256)
        assert card.trained_on["labels"] == 20
        assert sorted(np.load(parts.models.entry(found.id).folder / "weights.npz").files) == [
            "fc1/bias", "fc1/kernel", "predictions/bias", "predictions/kernel",
        ]  # fmt: skip
        assert "block1_conv1/kernel" in parts.models.weights(found.id)
        assert card.parameter_count == 3 * 3 * 3 * 2 + sum(
            parts.models.weights(found.id)[name].size
            for name in ("fc1/bias", "fc1/kernel", "predictions/bias", "predictions/kernel")
        )
        assert set(cats[:10]) <= parts.models.training_photos(found.id)
        assert "0" * 64 in parts.models.training_photos(found.id), "what its backbone has seen, it has seen"
        assert not (place.settings.learnt_heads / found.id).exists()
        parts.models.activate(BASE)
        assert place.tags(parts.catalog, cats, BASE) == {"dog"}, "going back is a switch"


def test_keeping_that_was_cut_off_after_the_model_was_saved_is_finished(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 12), place.tag(parts.catalog, "dog", 12)
        label(parts, cats[:4], "cat")
        label(parts, dogs[:4], "dog")
        found = learn.preview(parts)
        with pytest.MonkeyPatch.context() as cut_off:
            cut_off.setattr(learn, "name_from_features", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                learn.keep(parts, found.id)
        assert parts.models.active_id() == BASE
        assert learn.keep(parts, found.id).photos == 24
        assert parts.models.active_id() == found.id


def test_labels_that_a_head_has_learnt_say_nothing_about_it(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 30), place.tag(parts.catalog, "dog", 30)
        label(parts, [*cats[:5]], "cat")
        label(parts, dogs[:5], "dog")
        first = learn.preview(parts)
        learn.keep(parts, first.id)
        again = learn.preview(parts)
        assert (again.held_back, again.held_back_before, again.better) == (0, None, None)
        label(parts, cats[5:8], "cat")
        more = learn.preview(parts)
        assert (more.shown_id, more.backbone_id, more.held_back) == (first.id, BASE, 3)
        assert more.held_back_before == 1.0
        assert len({first.id, again.id, more.id}) == 3


def test_a_burst_is_held_back_whole(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        burst = place.tag(parts.catalog, "new cat", 8, taken_at="2024-05-01T06:12:09")
        other = place.tag(parts.catalog, "new cat", 4, seed=10, taken_at="2024-05-02T06:12:09")
        label(parts, burst + other, "cat")
        assert learn.preview(parts).held_back == 12, "two sequences can be held back from each other"
        parts.catalog.correct(other, None, person="Ada", model_id=BASE)
        found = learn.preview(parts)
        assert (found.held_back, found.held_back_after) == (0, None)


def test_what_is_taken_together_with_a_learnt_photo_says_nothing_about_the_head(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        burst = place.tag(parts.catalog, "new cat", 8, taken_at="2024-05-01T06:12:09")
        label(parts, [*burst[:4], *place.tag(parts.catalog, "dog", 4)], "cat")
        learn.keep(parts, learn.preview(parts).id)
        label(parts, burst[4:], "cat")
        assert learn.preview(parts).held_back == 0


def test_a_near_duplicate_is_found_among_any_number_of_labels() -> None:
    features = np.eye(2 * BLOCK + 2, dtype=np.float32)
    features[-1] = features[0]
    groups = taken_together(features, [(1, "a")] * len(features), [None] * len(features))
    assert groups[-1] == groups[0]
    assert len(np.unique(groups)) == len(features) - 1


def test_a_head_that_kept_anothers_opinions_has_seen_what_that_one_has(tmp_path: Path) -> None:
    place = LearntPlace(tmp_path, remembered=False)
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 12), place.tag(parts.catalog, "dog", 12)
        label(parts, cats[:4], "cat")
        learn.keep(parts, learn.preview(parts).id)
        parts.catalog.correct(cats[:4], None, person="Ada", model_id=BASE)
        label(parts, dogs[:4], "dog")
        second = learn.keep(parts, learn.preview(parts).id)
        assert {*cats[:4], *dogs[:4]} <= parts.models.training_photos(second.model_id)


def test_new_photos_of_a_version_go_where_its_backbone_keeps_features(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cats = place.tag(parts.catalog, "new cat", 12)
        label(parts, cats[:4], "cat")
        label(parts, place.tag(parts.catalog, "dog", 4), "dog")
        found = learn.preview(parts)
        learn.keep(parts, found.id)
        later = place.tag(parts.catalog, "cow", 3)  # by the base model, afterwards
        features = features_of("cow", 2, seed=77)
        ids = place.tag(parts.catalog, "cow", 2, seed=77)
        head = learn.head_of(parts, parts.models.card(found.id))
        batch = BatchPrediction(head.probabilities(features), features, np.ones((2, 3, 2, 2), np.float32))
        parts.catalog.record_predictions(found.id, CLASSES, ids, batch)
        assert not (place.settings.catalog_dir / "vectors" / f"{found.id}.f16").exists()
        np.testing.assert_allclose(parts.catalog.features(BASE, ids), features, rtol=1e-3)
        np.testing.assert_allclose(parts.catalog.features(found.id, cats), parts.catalog.features(BASE, cats))
        assert parts.catalog.predicted(found.id, [*cats, *later, *ids]) == {*cats, *ids}
        assert parts.catalog.cams(cats[0], found.id) is None
        assert parts.catalog.cams(ids[0], found.id) is not None
        assert learn.name_from_features(parts, parts.models.card(found.id)) == 3
        assert parts.catalog.predicted(found.id, [*cats, *later, *ids]) == {*cats, *later, *ids}
        assert parts.catalog.cams(cats[0], BASE) is not None, "the base's own maps are where they were"


def test_a_version_that_is_chosen_names_all_photos_whose_features_are_there(
    place: LearntPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_HOME", str(place.settings.home))
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(place.settings.shipped_models))
    parts = wiring.parts()
    label(parts, place.tag(parts.catalog, "new cat", 4), "cat")
    label(parts, place.tag(parts.catalog, "dog", 4), "dog")
    found = learn.preview(parts)
    learn.keep(parts, found.id)
    models.activate(BASE)
    later = place.tag(parts.catalog, "cow", 3)
    assert parts.catalog.predicted(found.id, later) == set()
    models.activate(found.id)
    assert parts.catalog.predicted(found.id, later) == set(later)
    assert parts.models.active_id() == found.id


def test_a_class_of_ones_own_is_learnt_from_the_photos_labelled_so(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        foxes, dogs = place.tag(parts.catalog, "fox", 40), place.tag(parts.catalog, "dog", 40)
        label(parts, foxes[:20], "fox")
        label(parts, dogs[:3], "dog")
        assert "Labels that count for no class are not learnt from: fox (20)." in learn.preview(parts).notes
        own_classes.add(parts, "fox")
        found = learn.preview(parts)
        assert found.class_names == (*CLASSES, "fox")
        assert [(one.was, one.becomes, len(one.files)) for one in found.changed] == [("dog", "fox", 20)]
        learn.keep(parts, found.id)
        assert place.tags(parts.catalog, foxes, found.id) == {"fox"}
        assert place.tags(parts.catalog, dogs, found.id) == {"dog"}


def test_renamed_merged_and_retired_classes_leave_the_labels_as_they_are(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        cows, dogs = place.tag(parts.catalog, "cow", 8), place.tag(parts.catalog, "dog", 8)
        cats = place.tag(parts.catalog, "cat", 8)
        label(parts, dogs[:4], "dog")
        label(parts, cats[:4], "puma")
        own_classes.rename(parts, "dog", "hound")
        own_classes.merge(parts, "puma", "cat")
        own_classes.retire(parts, "cow")
        found = learn.preview(parts)
        assert found.class_names == ("hound", "cat")
        assert found.labels == {"hound": 4, "cat": 4}
        learn.keep(parts, found.id)
        assert place.tags(parts.catalog, dogs, found.id) == {"hound"}
        assert place.tags(parts.catalog, cats, found.id) == {"cat"}
        assert place.tags(parts.catalog, cows, found.id) <= {"hound", "cat"}
        assert set(parts.catalog.labels(cats + dogs).values()) == {"dog", "puma"}
        own_classes.restore(parts, "cow")
        assert learn.preview(parts).class_names == ("hound", "cat", "cow")


def test_a_model_without_remembered_photos_keeps_its_opinions(tmp_path: Path) -> None:
    place = LearntPlace(tmp_path, remembered=False)
    with wiring.composed(place.settings) as parts:
        cats, dogs = place.tag(parts.catalog, "new cat", 30), place.tag(parts.catalog, "dog", 60)
        cows = place.tag(parts.catalog, "cow", 60)
        label(parts, cats[:10], "cat")
        found = learn.preview(parts)
        assert found.remembered_before is None
        learn.keep(parts, found.id)
        assert place.tags(parts.catalog, cats, found.id) == {"cat"}
        said = [parts.catalog.prediction(photo_id, found.id) for photo_id in dogs + cows]
        kept = sum(one is not None and one.label != "cat" for one in said)
        assert kept >= 110, "ten labels of one class do not turn all photos into it"


def test_what_cannot_be_learnt_or_kept_is_refused_with_its_reason(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        place.tag(parts.catalog, "dog", 3)
        with pytest.raises(TrainingError, match="nothing to learn from"):
            learn.preview(parts)
        for name in ("base-model-learnt-1", "../../etc"):
            with pytest.raises(ModelError, match="no learnt head"):
                learn.keep(parts, name)


def test_a_version_does_not_outlive_its_backbone(place: LearntPlace) -> None:
    with wiring.composed(place.settings) as parts:
        label(parts, place.tag(parts.catalog, "new cat", 4), "cat")
        found = learn.preview(parts)
        learn.keep(parts, found.id)
        (parts.models.entry(BASE).folder / "card.json").unlink()
        assert "learnt on base-model" in str(parts.models.entry(found.id).problem)


def test_the_commands_learn_preview_and_keep(
    place: LearntPlace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with wiring.composed(place.settings) as parts:
        cats = place.tag(parts.catalog, "new cat", 20)
        label(parts, cats[:10], "cat")
        label(parts, place.tag(parts.catalog, "dog", 10), "dog")
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(place.settings.shipped_models))
    home = ["--home", str(place.settings.home), "--json"]
    assert cli.main(["classes", "--add", "fox", *home]) == 0
    assert cli.main(["learn", str(place.photos), *home]) == 0
    _, printed = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert printed["labels"] == 20
    assert (printed["fixed"], printed["broken"], printed["changed"]) == (10, 0, 10)
    assert printed["notes"] == ["No photo is labelled fox yet, so this class is not learnt."]
    assert cli.main(["learn", "--keep", printed["id"], *home]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 30
    with wiring.composed(place.settings) as parts:
        assert place.tags(parts.catalog, cats, printed["id"]) == {"cat"}


def test_maps_of_a_learnt_head_are_computed_when_they_are_looked_at(
    place: LearntPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERY_HOME", str(place.settings.home))
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(place.settings.shipped_models))
    with wiring.composed(place.settings) as parts:
        cats = place.tag(parts.catalog, "new cat", 12)
        label(parts, cats[:6], "cat")
        head = learn.keep(parts, learn.preview(parts).id).model_id
        (file_id,) = parts.catalog.files_of(cats[:1], place.collection.collection_id).tolist()
        cams = np.zeros((1, 3, 2, 2), np.float32)
        cams[0, 1, 0, 0] = 5.0

        class Network:
            def classify(self, images: NDArray[np.uint8]) -> BatchPrediction:
                assert images.shape == (1, 8, 8, 3)
                return BatchPrediction(
                    np.full((1, 3), 1 / 3, np.float32), np.zeros((1, 30), np.float32), cams
                )

        monkeypatch.setattr(wiring, "classifier", lambda _model_id: Network())
        monkeypatch.setattr(later_maps, "model_input", lambda *_: np.zeros((8, 8, 3), np.uint8))
        assert photo_view.facts(file_id, head).maps_come
        with pytest.raises(MapComesError):
            photo_view.heatmap_png(cats[0], head, "cat")
        (task,) = wiring.tasks().kept("maps", wiring.settings())
        assert task.wait(60), "a thread computes it"
        assert photo_view.heatmap_png(cats[0], head, "cat") is not None
        assert photo_view.heatmap_png(cats[0], head, "dog") is None, "no evidence"
        found = photo_view.facts(file_id, head)
        assert (found.evidence, found.maps_come) == ({"dog": False, "cat": True, "cow": False}, False)
        assert not photo_view.facts(file_id, BASE).maps_come, "a model with its own convolutions stored them"
        assert parts.catalog.features(head, cats).shape == (12, 30), "nothing else was touched"
