"""A catalog, a folder of photos, and one call that tags it with fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gallery.catalog import Catalog
from gallery.tagging import TaggingProgress, TaggingResult, TaggingRun, tag_collection
from gallery.types import Collection, CollectionKind
from tests.fast.unit.tagging import fakes


class Studio:
    """What a tagging run needs; the parts of the last run stay to be looked at."""

    def __init__(self, catalog: Catalog, root: Path) -> None:
        self.catalog = catalog
        self.root = root
        root.mkdir()
        self.thumbnails = fakes.Thumbnails()
        self.progress: list[TaggingProgress] = []

    @property
    def collection(self) -> Collection:
        return self.catalog.add_collection(self.root, CollectionKind.FOLDER)

    def photos(self, count: int, colour: str = "red", folder: str = "") -> list[Path]:
        return [
            fakes.make_photo(self.root / folder / f"{colour}{n:03d}.jpg", colour, n) for n in range(count)
        ]

    def run(
        self,
        *,
        decoder: fakes.Decoder | None = None,
        classifier: fakes.Classifier | None = None,
        load: Callable[[], fakes.Classifier] | None = None,
        on_progress: Callable[[TaggingProgress], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        scan=fakes.scan,
        model_id: str = fakes.MODEL,
        only: set[Path] | None = None,
        collection: Collection | None = None,
    ) -> TaggingResult:
        self.decoder = decoder or fakes.Decoder()
        self.classifier = classifier or fakes.Classifier()
        self.progress = []
        run = TaggingRun(
            catalog=self.catalog,
            collection=collection or self.collection,
            model_id=model_id,
            scan=scan,
            store_thumbnail=self.thumbnails.put,
            on_progress=on_progress or self.progress.append,
            cancelled=cancelled,
        )
        load = load or (lambda: self.classifier)
        return tag_collection(run, decode=self.decoder, load_classifier=load, only=only)

    def shelves(self, model_id: str = fakes.MODEL) -> dict[str, int]:
        """Return the counts of the shelves that are not empty."""
        found = self.catalog.shelves(self.collection.collection_id, model_id, fakes.CLASSES, 0.6)
        return {shelf.name: shelf.count for shelf in found if shelf.count}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with Catalog.open(tmp_path / "catalog") as catalog:
        yield Studio(catalog, tmp_path / "photos")
