"""What a training uses of the other rooms."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import FileEntry, ModelCard

if TYPE_CHECKING:
    from gallery.datasets.pixel_store import Decode
    from gallery.training.request import TrainingParts


def training_parts(settings: Settings, *, candidate_in: Path | None = None) -> TrainingParts:
    """Return what a training uses of the other rooms.

    Args:
        settings: where things are.
        candidate_in: where the new model waits to be kept; None saves it among the home's models.
    """
    from gallery.datasets.class_names import class_of_name
    from gallery.evaluation.report import EvaluationReport
    from gallery.settings import CLASS_NAMES
    from gallery.training.request import TrainingParts

    models = wiring.model_store(settings)

    def save(card: ModelCard, *given: Any, **extras: Any) -> Path:
        if candidate_in is None:
            return models.save(card, *given, **extras)
        shutil.rmtree(candidate_in, ignore_errors=True)  # of a training that was killed while saving
        return wiring.candidates(candidate_in).save(card, *given, **extras)

    @contextmanager
    def decoder(input_px: int) -> Iterator[Decode]:
        with wiring.new_decode_pool(input_px) as pool:
            yield pool.decode

    def translate(name: str) -> str | None:
        index = class_of_name(name, CLASS_NAMES)
        return None if index is None else CLASS_NAMES[index]

    return TrainingParts(
        scan=lambda root: (entry for entry in wiring.scan(root) if isinstance(entry, FileEntry)),
        unzip=lambda file: unzip_once(file, settings.training_cache / "unzipped"),
        translate=translate,
        decode=decoder,
        taken=models.taken,
        save=save,
        evaluate=lambda *given: EvaluationReport.from_predictions(*given).to_json(),
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
