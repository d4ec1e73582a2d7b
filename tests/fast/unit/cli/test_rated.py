"""Another program writes into a photo that a person has labelled: the label stays."""

from __future__ import annotations

import struct

from PIL import Image

from gallery.types import PhotoQuery
from tests.fast.unit.cli.colour_place import GREEN, RED, Place, Run

RATING = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/' xmp:Rating='5'/>"


def test_a_label_and_a_prediction_follow_a_photo_that_another_program_rated(place: Place, run: Run) -> None:
    path = place.photos / "a.jpg"
    Image.new("RGB", (40, 40), RED).save(path)
    run("tag", place.photos)
    with place.catalog() as catalog:
        photo = catalog.photo(1)
        catalog.correct([photo.photo_id], "cat", person="ann", model_id="colours")

    jpeg = path.read_bytes()
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(RATING) + 2) + RATING + jpeg[2:])
    code, said, _ = run("tag", place.photos)
    assert (code, said["tagged"], said["unchanged"]) == (0, 0, 1)  # read again, not classified again
    with place.catalog() as catalog:
        assert catalog.photo(1).photo_id == photo.photo_id
        assert catalog.labels([photo.photo_id]) == {photo.photo_id: "cat"}
        (item,) = catalog.grid_items(catalog.find_files(PhotoQuery(1, "colours")), "colours")
        assert (item.label, item.source) == ("cat", "person")


def test_another_picture_under_the_same_name_has_no_label(place: Place, run: Run) -> None:
    path = place.photo("a.png", RED)
    run("tag", place.photos)
    with place.catalog() as catalog:
        catalog.correct([catalog.photo(1).photo_id], "cat", person="ann", model_id="colours")
    Image.new("RGB", (40, 40), GREEN).save(path)
    run("tag", place.photos)
    with place.catalog() as catalog:
        assert catalog.labels([catalog.photo(1).photo_id]) == {}
