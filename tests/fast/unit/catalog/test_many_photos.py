"""A catalog of very many photos: counts, order and the whole of a shelf stay right."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.types import PhotoQuery
from tests.counts import count
from tests.fast.unit.catalog.conftest import Shop

BATCH = 10_000
PROBABILITIES = ((0.9, 0.1, 0.0), (0.1, 0.9, 0.0), (0.2, 0.3, 0.5), (0.0, 0.1, 0.9))  # dog, cat, unsure, cow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_every_photo_is_on_one_shelf_which_holds_all_of_its_photos_in_order(shop: Shop) -> None:
    total = count(1_000_000)
    for first in range(0, total, BATCH):
        names = [f"{n:07d}.jpg" for n in range(first, first + BATCH)]
        shop.read(*names)
        probabilities = [PROBABILITIES[n % 4] for n in range(BATCH)]
        ids = [shop.photo_id(name) for name in names]
        shop.catalog.record_predictions(shop.model, shop.classes, ids, shop.batch(probabilities, maps=False))
    shelves = {s.name: s.count for s in shop.catalog.shelves(shop.collection, shop.model, shop.classes, 0.6)}
    quarters = dict.fromkeys(("dog", "cat", "cow", "unsure"), total // 4)
    assert shelves == quarters | {"waiting": 0, "unreadable": 0}
    found = shop.catalog.find_files(PhotoQuery(shop.collection, shop.model, shelf="dog"))
    assert len(found) == total // 4
    assert len(np.unique(found)) == len(found)
    assert shop.names(found[:2]) + shop.names(found[-1:]) == [
        "0000000.jpg", "0000004.jpg", f"{total - 4:07d}.jpg"
    ]  # fmt: skip
