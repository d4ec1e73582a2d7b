"""What trainings use of the other rooms."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from gallery.services import wiring
from gallery.settings import IMAGENET_MODELS, Settings
from gallery.training.request import TrainingParts
from gallery.types import PhotoId

if TYPE_CHECKING:
    from gallery.datasets.pixel_store import Decode

IMAGENET, NOTHING, PATH = "imagenet", "none", "path"
"""What a network begins from, where that is no path; "path" stands for one that is still to be given."""


def training_parts(settings: Settings, *, candidate_in: Path | None = None) -> TrainingParts:
    """Return what a training uses of the other rooms.

    Args:
        settings: where things are.
        candidate_in: where the new model waits to be kept; None saves it among the home's models.
    """
    models = wiring.model_store(settings)

    @contextmanager
    def decoder(input_px: int) -> Iterator[Decode]:
        with wiring.new_decode_pool(input_px) as pool:
            yield pool.decode

    def shipped_imagenet(backbone: str) -> tuple[str, Mapping[str, NDArray[Any]]] | None:
        model_id = IMAGENET_MODELS.get(backbone, "")
        if models.verify(model_id) is not None:  # not there, or damaged
            return None
        return model_id, models.weights(model_id)

    return TrainingParts(
        scan=wiring.photos_in,
        unzip=lambda file: unzip_once(file, settings.training_cache / "unzipped"),
        decode=decoder,
        taken=models.taken,
        save=models.save if candidate_in is None else wiring.candidates(candidate_in).save,
        shipped_imagenet=shipped_imagenet,
    )


def unzip_once(file: Path, area: Path) -> Path:
    """Return the folder with a zip's photos, unpacked now unless that was done before.

    Raises:
        PhotoError: it is no zip, or too large.
    """
    from gallery.photos.uploads import UploadArea

    facts = file.stat()
    key = hashlib.sha256(f"{file}\0{facts.st_size}\0{facts.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    folder = area / key.hexdigest()[:16]
    done = folder.with_suffix(".done")
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)  # of an unpacking that was cut off
        folder.mkdir(parents=True)
        UploadArea(area).unpack_zip(file, folder)
        done.touch()
    return folder


def known_to_start(weights: str | None) -> frozenset[PhotoId]:
    """Return the hashes of the photos that a training's starting weights were trained on, if they tell."""
    from gallery.models import TRAINING_PHOTOS_FILE
    from gallery.models.parts import read_ids

    if weights in (None, "", IMAGENET, NOTHING, PATH):
        return frozenset()
    try:
        place = Path(str(weights)).expanduser()
        return read_ids((place if place.is_dir() else place.parent) / TRAINING_PHOTOS_FILE)
    except (OSError, ValueError, RuntimeError):
        return frozenset()
