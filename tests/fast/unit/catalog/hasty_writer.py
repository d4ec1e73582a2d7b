"""Writes batches and corrections until it is killed; says what it has finished.

Arguments: folder of the catalog, name of the writer, number of batches (0: until killed).
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from gallery.catalog import Catalog
from gallery.types import BatchPrediction, CollectionKind, PhotoMetadata

BATCH = 8


def main(folder: Path, writer: str, batches: int) -> None:
    catalog = Catalog.open(folder)
    root = Path("/photos").absolute()
    collection = catalog.add_collection(root / writer, CollectionKind.FOLDER).collection_id
    print("ready", flush=True)
    n = 0
    while not batches or n < batches:
        names = [f"{n}-{k}.jpg" for k in range(BATCH)]
        ids = [hashlib.sha256(f"{writer} {name}".encode()).hexdigest() for name in names]
        paths = [root / writer / name for name in names]
        catalog.record_photos(
            collection,
            [
                (path, photo_id, PhotoMetadata(n + 1, 1, 1, "JPEG"))
                for path, photo_id in zip(paths, ids, strict=True)
            ],
        )
        value = int(ids[0][:4], 16) / 65536
        catalog.record_predictions(
            "m",
            ("a", "b"),
            ids,
            BatchPrediction(
                np.full((BATCH, 2), 0.5, np.float32),
                np.full((BATCH, 16), value, np.float32),
                np.full((BATCH, 2, 3, 3), value, np.float32),
            ),
        )
        catalog.correct([ids[0]], f"label {n}", person=writer, model_id="m")
        print(f"{ids[0]} {n}", flush=True)
        n += 1
    catalog.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
