"""Learns heads from labels and keeps them until it is killed; says what it has finished.

Arguments: the folder of a `LearntPlace`; a number that it draws by.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from gallery.services import learn, wiring
from gallery.settings import Settings
from tests.fast.unit.learnt_place import BASE


def main(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    with wiring.composed(Settings(folder / "home", folder / "store")) as parts:
        (collection,) = parts.catalog.collections()
        ids = parts.catalog.prediction_table(collection.collection_id, BASE).photo_ids
        learn.discard(parts, learn.preview(parts).id)  # what that loads takes longest
        print("ready", flush=True)
        while True:
            chosen, word = rng.sample(list(ids), 3), rng.choice(["cat", "dog", "cow"])
            for photo_id in chosen:
                print(f"giving {photo_id} {word}", flush=True)
            parts.catalog.correct(chosen, word, person="Ada", model_id=BASE)
            for photo_id in chosen:
                print(f"given {photo_id} {word}", flush=True)
            found = learn.preview(parts)
            kept = learn.keep(parts, found.id)
            print(f"kept {kept.model_id}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
