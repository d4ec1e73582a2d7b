"""Labels from folders: where the classes stand, for an evaluation and a training alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.datasets.folder import labels_of, layout_of
from gallery.errors import DatasetError
from gallery.settings import CLASS_NAMES

ROOT = Path("/no/such/folder").absolute()


def below(*names: str) -> list[Path]:
    return [ROOT / name for name in names]


def depth(*places: str) -> int:
    return layout_of([place.split("/") for place in places], {"cat", "dog"}.__contains__).depth


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("cat/1.jpg", "owl/2.jpg"), 0),
        (("owl/1.jpg", "fox/deep/2.jpg"), 0),  # classes of their own may hold folders
        (("pets/cat/1.jpg", "pets/dog/2.jpg"), 1),
        (("birds/owl/1.jpg", "birds/gull/2.jpg"), 1),  # one folder around classes that nobody knows
        (("a/b/owl/1.jpg", "a/b/gull/2.jpg"), 2),
        (("cat/north/1.jpg", "cat/south/2.jpg"), 0),  # a class is no folder around others
        (("owl/1.jpg", "owl/young/2.jpg"), 0),
        (("readme.jpg", "birds/owl/1.jpg", "birds/gull/2.jpg"), 0),
        (("readme.jpg", "pets/cat/1.jpg", "pets/gull/2.jpg"), 1),  # what is beside them says nothing
        (("train/owl/1.jpg", "val/gull/2.jpg"), 1),
        (("train/owl/1.jpg", "train/gull/2.jpg"), 1),
        (("set/train/owl/1.jpg", "set/val/gull/2.jpg"), 2),
        (("train/1.jpg", "val/2.jpg"), 0),
        (("SiteA/dog/1.jpg", "SiteA/gull/1.jpg", "SiteB/cat/2.jpg", "SiteB/x.jpg"), 1),
        (("SiteA/dog/1.jpg", "SiteB/blank/2.jpg"), 1),
        (("north/SiteA/dog/1.jpg", "south/SiteB/cat/2.jpg"), 2),
        (("SiteA/dog/1.jpg", "SiteB/gull/2.jpg"), 0),
        (("SiteA/gull/1.jpg", "SiteA/owl/1.jpg", "SiteB/gull/2.jpg", "SiteB/owl/2.jpg"), 1),
        (("owl/100EK/1.jpg", "owl/101EK/1.jpg", "gull/100EK/2.jpg", "gull/101EK/2.jpg"), 0),
        (("1.jpg", "2.jpg"), 0),
        ((), 0),
    ],
)
def test_classes_stand_where_people_put_them(places: tuple[str, ...], expected: int) -> None:
    assert depth(*places) == expected


def test_labels_come_from_the_class_folder_however_deep_the_photo_lies() -> None:
    paths = below("cane/a.jpg", "Cats/site 3/2024/b.jpg", "cane/c.jpg")
    assert labels_of(ROOT, paths, CLASS_NAMES).by_path == dict(zip(paths, [0, 1, 0], strict=True))


def test_an_unknown_folder_is_named_with_the_nearest_name_and_the_list() -> None:
    with pytest.raises(DatasetError) as failure:  # a misspelt class left out would make a wrong score
        labels_of(ROOT, below("dog/a.jpg", "hors/b.jpg", "zebra/c.jpg"), CLASS_NAMES)
    sentence = str(failure.value)
    assert '"hors" (did you mean horse?), "zebra" are not names of a class' in sentence
    assert "spider (ragno)" in sentence


def test_many_unknown_folders_are_not_all_listed() -> None:
    with pytest.raises(DatasetError, match="and 3 more are not names"):
        labels_of(ROOT, below(*(f"q{n}/a.jpg" for n in range(8))), CLASS_NAMES)


def test_a_folder_name_that_is_not_text_can_still_be_named() -> None:
    with pytest.raises(DatasetError, match="\ufffd"):
        labels_of(ROOT, below("caf\udce9/b.jpg", "zebra/a.jpg"), CLASS_NAMES)


def test_folders_beside_the_classes_are_left_out_and_kept_for_what_the_model_calls_them() -> None:
    paths = below("blank/a.jpg", "cat/a.jpg", "dog/a.jpg", "human/a.jpg", "human/b.jpg", "zebra/a.jpg")
    labels = labels_of(ROOT, paths, ("dog", "cat"))
    assert labels.by_path == {paths[1]: 1, paths[2]: 0}
    assert labels.others == {"blank": [paths[0]], "human": [paths[3], paths[4]], "zebra": [paths[5]]}
    assert labels.problems == ()


def test_numbered_grades_count_as_the_one_class_that_the_model_knows() -> None:
    labels = labels_of(ROOT, below("1_dog/a.jpg", "2_dog/a.jpg", "cat/a.jpg"), ("dog", "cat"))
    assert list(labels.by_path.values()) == [0, 0, 1]
    assert labels.problems == ('Counted together: "1_dog" and "2_dog" as dog.',)


def test_stations_are_passed_through_and_named() -> None:
    paths = below(*(f"{site}/{name}/1.jpg" for site in ("SiteA", "SiteB") for name in ("cat", "cow", "dog")))
    labels = labels_of(ROOT, paths, ("dog", "cat", "cow"))
    assert list(labels.by_path.values()) == [1, 2, 0, 1, 2, 0]
    assert labels.problems == (
        'The class folders stand one level deeper, in "SiteA", "SiteB": these are taken for stations.',
    )


def test_photos_directly_in_the_root_are_a_named_problem_and_have_no_label() -> None:
    labels = labels_of(ROOT, below("a.jpg", "dog/b.jpg"), CLASS_NAMES)
    assert labels.by_path == {ROOT / "dog" / "b.jpg": 0}
    assert labels.problems[0].startswith("1 photo lies outside the class folders")


def test_photos_only_in_the_root_say_what_is_missing() -> None:
    with pytest.raises(DatasetError, match="lie directly in it"):
        labels_of(ROOT, below("a.jpg", "b.jpg"), CLASS_NAMES)


def test_no_photos_at_all_say_so() -> None:
    with pytest.raises(DatasetError, match="There are no photos"):
        labels_of(ROOT, [], CLASS_NAMES)


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    for name in ("dog", "gatti", "zebra", ".cache", "__MACOSX"):
        (tmp_path / name).mkdir()
    labels = labels_of(tmp_path, [tmp_path / "dog" / "a.jpg"], ("dog", "cat", "horse"))
    assert labels.problems == (
        'The folder "gatti" holds no photos: nothing can be said of the class cat.',
        "There is no folder of horse: nothing can be said of how well they are found.",
        'Not a class, and without photos: "zebra". It was passed over.',
    )


def test_a_folder_for_every_class_has_no_problem() -> None:
    assert labels_of(ROOT, below("dog/a.jpg", "cat/a.jpg"), ("dog", "cat")).problems == ()


def test_the_parts_of_a_data_set_are_looked_through_for_their_classes() -> None:
    paths = below("train/cane/a.jpg", "val/gatto/b.jpg", "Test/dogs/more/c.jpg")
    labels = labels_of(ROOT, paths, ("dog", "cat"))
    assert list(labels.by_path.values()) == [0, 1, 0]
    assert labels.problems[0] == 'Counted together: "cane" and "dogs" as dog. Read as: "gatto" as cat.'
    assert '"Test", "train", "val"' in labels.problems[1]


def test_all_parts_are_looked_through_below_a_folder_around_them() -> None:
    paths = below("pets/train/cane/a.jpg", "pets/train/gatto/b.jpg", "pets/test/dog/c.jpg")
    assert labels_of(ROOT, paths, ("dog", "cat")).by_path == dict(zip(paths, [0, 1, 0], strict=True))


def test_a_misspelt_class_in_a_part_of_a_data_set_is_named() -> None:
    with pytest.raises(DatasetError, match=r'sub-folder "elefant" \(did you mean elefant[ei]\?\) is not'):
        labels_of(ROOT, below("train/elefant/a.jpg", "test/dog/b.jpg"), CLASS_NAMES)


def test_a_single_folder_around_the_classes_is_passed_through() -> None:
    labelled = below("raw-img/cane/a.jpg", "raw-img/gatto/b.jpg")
    labels = labels_of(ROOT, [*labelled, ROOT / "raw-img" / "c.jpg"], CLASS_NAMES)
    assert labels.by_path == dict(zip(labelled, [0, 1], strict=True))


def test_a_single_unknown_folder_is_not_taken_for_one_around_classes() -> None:
    with pytest.raises(DatasetError, match='"zebra"'):
        labels_of(ROOT, below("zebra/a.jpg", "zebra/young/b.jpg"), CLASS_NAMES)


def test_a_photo_elsewhere_is_refused() -> None:
    with pytest.raises(DatasetError, match="does not lie in"):
        labels_of(ROOT, [Path("/elsewhere/a.jpg")], CLASS_NAMES)
