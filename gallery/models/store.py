"""The models on disk: list, read, verify, save atomically, activate.

A model is a folder named by its id, with ``card.json``, ``weights.npz``
(float16 arrays named ``<layer>/kernel`` and ``<layer>/bias``) and, where it was
measured, ``evaluation.json``, ``history.csv`` and ``training_photos.txt``. It
holds numbers and text only: a model from a stranger cannot run code. A head
that was learnt on another model's features holds its own tensors alone, and
names that model on its card: its backbone.
"""

from __future__ import annotations

import dataclasses
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gallery import settings
from gallery.errors import ModelError
from gallery.files import open_atomic, write_atomic
from gallery.models.card import card_from_json
from gallery.models.entries import CARD_FILE, ModelEntry, model_folders, read_entry
from gallery.models.parts import (
    TrainingFeatures,
    read_ids,
    read_json,
    read_training_features,
    read_weights,
    sha256_of,
    to_float16,
    write_csv,
    write_json,
)
from gallery.types import MODEL_ID, ModelCard, PhotoId, model_id_from

WEIGHTS_FILE = "weights.npz"
EVALUATION_FILE = "evaluation.json"
HISTORY_FILE = "history.csv"
TRAINING_PHOTOS_FILE = "training_photos.txt"
VALIDATION_PHOTOS_FILE = "validation_photos.txt"
TRAINING_FEATURES_FILE = "training_features.npz"
ACTIVE_FILE = "active.json"
MODEL_FILES = (
    CARD_FILE, WEIGHTS_FILE, EVALUATION_FILE, HISTORY_FILE, TRAINING_PHOTOS_FILE, VALIDATION_PHOTOS_FILE,
    TRAINING_FEATURES_FILE,
)  # fmt: skip
"""All that a model's folder may hold."""

MOST_BYTES, MOST_TEXT_BYTES = 2_000_000_000, 16_000_000
"""Of an imported file: ten times the largest weights of the recipes, and ids of 240,000 photos."""

REMOVED_FILE = "removed.txt"
"""The ids of removed models: what they said stays in catalogs, so no other model may take their name."""


class ModelStore:
    """The shipped models (read only) and the user's own, seen as one store."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self.shipped = shipped
        self.own = own

    def entries(self) -> list[ModelEntry]:
        """Return every model, shipped ones first, each group by id; cheap, so weights are not hashed.

        Folders that cannot be used stay in the list with their problem.
        """
        shipped = [read_entry(folder, own=False) for folder in model_folders(self.shipped)]
        ids = {entry.model_id for entry in shipped}
        own = [read_entry(folder, own=True) for folder in model_folders(self.own)]
        for index, entry in enumerate(own):
            if entry.model_id in ids:
                problem = f"A shipped model is called {entry.model_id} too. Rename the folder {entry.folder}."
                own[index] = dataclasses.replace(entry, problem=problem)
        by_id = {entry.model_id: entry for entry in own + shipped}
        return [_with_backbone(entry, by_id) for entry in shipped + own]

    def entry(self, model_id: str) -> ModelEntry:
        """Return the model of that id; where a shipped and an own one clash, the shipped one.

        Raises:
            ModelError: there is none.
        """
        entries = self.entries()
        for entry in entries:
            if entry.model_id == model_id:
                return entry
        known = ", ".join(entry.model_id for entry in entries) or "none"
        raise ModelError(f"There is no model called {model_id!r}. Models that are here: {known}.")

    def card(self, model_id: str) -> ModelCard:
        """Return a usable model's card.

        Raises:
            ModelError: there is no such model, or it has a problem.
        """
        entry = self.entry(model_id)
        if entry.problem is not None or entry.card is None:
            raise ModelError(entry.problem or f"The model {model_id} has no card.")
        return entry.card

    def weights(self, model_id: str) -> dict[str, NDArray[np.floating[Any]]]:
        """Return the tensors as stored (float16), after checking that the file is the one of the card.

        A head's own ones, and for all else those of its backbone.

        Raises:
            ModelError: no such model, a changed or damaged file, objects in place of numbers.
        """
        card = self.card(model_id)
        problem = self.verify(model_id)
        if problem is not None:
            raise ModelError(problem)
        own = read_weights(self.entry(model_id).folder / card.weights_file)
        return own if card.backbone is None else self.weights(card.backbone) | own

    def verify(self, model_id: str) -> str | None:
        """Return what is wrong with a model after hashing its weights, None when nothing is."""
        try:
            entry = self.entry(model_id)
            card = self.card(model_id)
            found = sha256_of(entry.folder / card.weights_file)
        except (ModelError, OSError) as exc:
            return str(exc)
        if found == card.weights_sha256.lower():
            return None if card.backbone is None else self.verify(card.backbone)
        remedy = "train or import it again" if entry.own else "restore the folder from the download"
        return (
            f"The weights of {model_id} are not those of its card (SHA-256 {found[:12]}..., "
            f"expected {card.weights_sha256[:12]}...): the file is damaged or was replaced; {remedy}."
        )

    def evaluation(self, model_id: str) -> dict[str, Any] | None:
        """Return what ``evaluation.json`` holds, None where the model has none.

        Raises:
            ModelError: there is no such model, or the file is not a JSON object.
        """
        path = self.entry(model_id).folder / EVALUATION_FILE
        return read_json(path) if path.is_file() else None

    def training_photos(self, model_id: str) -> frozenset[str]:
        """Return the SHA-256 of the photos a model was trained on; empty when it does not tell.

        Raises:
            ModelError: there is no such model.
        """
        return self._listed(model_id, TRAINING_PHOTOS_FILE)

    def validation_photos(self, model_id: str) -> frozenset[str]:
        """Return the SHA-256 of the photos by which a model's best epoch and temperature were chosen.

        It was not trained on them, yet does a little better on them than on others.
        Empty when it does not tell.

        Raises:
            ModelError: there is no such model.
        """
        return self._listed(model_id, VALIDATION_PHOTOS_FILE)

    def _listed(self, model_id: str, file: str) -> frozenset[str]:
        """Return the photos that a model's list has, and that of its backbone."""
        entry = self.entry(model_id)
        backbone = entry.card.backbone if entry.card and entry.ok else None
        return read_ids(entry.folder / file) | (self._listed(backbone, file) if backbone else frozenset())

    def training_features(self, model_id: str) -> TrainingFeatures | None:
        """Return what a model's convolutions say of a selection of its training photos, None without one.

        Raises:
            ModelError: there is no such model, or the file is damaged.
        """
        path = self.entry(model_id).folder / TRAINING_FEATURES_FILE
        return read_training_features(path, self.card(model_id)) if path.is_file() else None

    def taken(self, model_id: str) -> bool:
        """Return whether a model has this id, or had it until it was removed."""
        try:
            removed = (self.own / REMOVED_FILE).read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError):
            removed = []
        return model_id in removed or any(entry.model_id == model_id for entry in self.entries())

    def save(
        self,
        card: ModelCard,
        weights: Mapping[str, NDArray[np.floating[Any]]],
        *,
        evaluation: Mapping[str, Any] | None = None,
        history: Sequence[Mapping[str, Any]] | None = None,
        training_photos: Iterable[PhotoId] | None = None,
        validation_photos: Iterable[PhotoId] | None = None,
    ) -> Path:
        """Write a new own model and return its folder; whole or not at all.

        The card's weights_file, weights_sha256 and parameter_count are filled
        in from what is written; a head counts the parameters of its backbone too.

        Args:
            card: its model_id names the folder.
            weights: any float dtype; stored as float16.
            evaluation: for ``evaluation.json``.
            history: a row an epoch, all with the same keys, for ``history.csv``.
            training_photos: digest of the picture of each photo trained on, for finding overlaps later.
            validation_photos: likewise of those that the best epoch and the temperature were chosen by.

        Raises:
            ModelError: the id is taken or no folder name, a tensor does not fit
                float16, or the disk refuses.
        """
        if not MODEL_ID.fullmatch(card.model_id):
            raise ModelError(
                f"{card.model_id!r} cannot be a model's id: 2 to 64 small letters, digits, '.', '_' or '-', "
                "beginning and ending with a letter or digit."
            )
        if self.taken(card.model_id):
            raise ModelError(
                f"There is a model called {card.model_id} already, or there was one, and predictions refer "
                "to it. Choose another id."
            )
        tensors: dict[str, Any] = {name: to_float16(name, tensor) for name, tensor in weights.items()}
        target = self.own / card.model_id
        # a TypeError or ValueError is of an evaluation or a history that is no JSON
        failures = (OSError, TypeError, ValueError)
        with _failing(f"The model could not be saved in {target}", failures), self._staged() as staging:
            with open_atomic(staging / WEIGHTS_FILE, durable=True) as file:
                np.savez(file, **tensors)
            card = dataclasses.replace(
                card,
                weights_file=WEIGHTS_FILE,
                weights_sha256=sha256_of(staging / WEIGHTS_FILE),
                parameter_count=sum(tensor.size for tensor in tensors.values()) + self._lent(card, tensors),
            )
            card_from_json(card.to_json(), card.model_id)  # what cannot be read again is not written
            if evaluation is not None:
                write_json(staging / EVALUATION_FILE, evaluation)
            if history:
                write_csv(staging / HISTORY_FILE, history)
            for name, photo_ids in (
                (TRAINING_PHOTOS_FILE, training_photos),
                (VALIDATION_PHOTOS_FILE, validation_photos),
            ):
                if photo_ids is not None:
                    lines = "".join(f"{photo_id}\n" for photo_id in photo_ids)
                    write_atomic(staging / name, lines, durable=True)
            write_json(staging / CARD_FILE, card.to_json())
            staging.replace(target)
        return target

    @contextmanager
    def _staged(self) -> Iterator[Path]:
        """Give an empty folder beside the own models; what is not moved out of it is removed."""
        self.own.mkdir(parents=True, exist_ok=True)
        outer = Path(tempfile.mkdtemp(prefix=".saving-", dir=self.own))
        try:
            staging = outer / "model"  # mkdtemp's 0o700 would hide it from the other users of a shared home
            staging.mkdir()
            staging.chmod(0o755)
            yield staging
        finally:
            shutil.rmtree(outer, ignore_errors=True)

    def _lent(self, card: ModelCard, own: Mapping[str, Any]) -> int:
        """Return how many parameters of its backbone a head uses."""
        if card.backbone is None:
            return 0
        return sum(tensor.size for name, tensor in self.weights(card.backbone).items() if name not in own)

    def adopt(self, folder: Path) -> Path:
        """Move a finished model's folder, named by its id, into the user's own ones, and return its place.

        Args:
            folder: on the same disk, as another store's `save` left it.

        Raises:
            ModelError: the id is taken, the model is not whole, or the disk refuses.
        """
        other = ModelStore(folder.parent / "none", folder.parent)
        problem = other.verify(folder.name)
        if problem is not None:
            raise ModelError(problem)
        if self.taken(folder.name):
            raise ModelError(
                f"There is a model called {folder.name} already, or there was one. Discard this training, "
                "and train again under another name."
            )
        with _failing(f"{folder.name} could not be moved to {self.own}"):
            self.own.mkdir(parents=True, exist_ok=True)
            return folder.replace(self.own / folder.name)

    def rename(self, model_id: str, name: str) -> None:
        """Give an own model another name; its id stays, so that predictions still refer to it.

        Raises:
            ModelError: there is no such model, it is shipped, there is no name, or the disk refuses.
        """
        card, entry = self.card(model_id), self.entry(model_id)
        if not entry.own:
            raise ModelError(f"{card.name} is built in and cannot be renamed.")
        if not name.strip():
            raise ModelError("A model needs a name.")
        with _failing(f"The name could not be written to {entry.folder}"):
            write_json(entry.folder / CARD_FILE, dataclasses.replace(card, name=name.strip()).to_json())

    def export(self, model_id: str) -> bytes:
        """Return a model as a zip file that `import_zip` of another installation takes.

        Raises:
            ModelError: there is no such model, or it cannot be read.
        """
        folder, packed = self.entry(model_id).folder, io.BytesIO()
        with _failing(f"{model_id} could not be read"), zipfile.ZipFile(packed, "w") as archive:
            for name in MODEL_FILES:  # weights hardly get smaller
                if (folder / name).is_file():
                    archive.write(folder / name, name)
        return packed.getvalue()

    def import_zip(self, file: BinaryIO) -> str:
        """Add a model from a zip file that `export` made, and return its id.

        Where its id is taken it gets another one. Nothing is unpacked but the known files of a model,
        wherever in the zip they lie.

        Raises:
            ModelError: it is no zip of a model, the model is not whole, or the disk refuses.
        """
        try:
            with self._staged() as unpacked:
                with zipfile.ZipFile(file) as archive:
                    for inside in archive.infolist():
                        name = PurePosixPath(inside.filename).name
                        most = MOST_BYTES if name.endswith(".npz") else MOST_TEXT_BYTES
                        if name not in MODEL_FILES or inside.file_size > most:
                            continue
                        with archive.open(inside) as source, (unpacked / name).open("wb") as target:
                            shutil.copyfileobj(source, target)
                written = read_json(unpacked / CARD_FILE)
                card = card_from_json(written, str(written.get("model_id")))
                if sha256_of(unpacked / card.weights_file) != card.weights_sha256:
                    raise ModelError(
                        f"The weights of {card.name} are not those of its card: the file is damaged."
                    )
                model_id = card.model_id
                if self.taken(model_id) or not MODEL_ID.fullmatch(model_id):
                    model_id = model_id_from(card.name, self.taken)
                write_json(unpacked / CARD_FILE, dataclasses.replace(card, model_id=model_id).to_json())
                return unpacked.rename(self.own / model_id).name
        except (
            OSError, ValueError, ArithmeticError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
        ) as exc:  # fmt: skip
            raise ModelError(
                f"This is no zip file of a model ({exc}). Export one on the Models page."
            ) from exc

    def active_id(self) -> str | None:
        """Return the model that tags: the chosen one, else the shipped default, else any that works."""
        usable = [entry.model_id for entry in self.entries() if entry.ok]
        try:
            chosen = read_json(self.own / ACTIVE_FILE).get("model_id")
        except ModelError:
            chosen = None  # never chosen, or unreadable: the default is right in both cases
        for model_id in (chosen, settings.DEFAULT_MODEL_ID):
            if model_id in usable:
                return model_id
        return usable[0] if usable else None

    def activate(self, model_id: str) -> None:
        """Make a model the one that tags from now on.

        Raises:
            ModelError: there is no such model, it has a problem, or the choice cannot be written.
        """
        self.card(model_id)
        with _failing(f"The choice of {model_id} could not be written to {self.own}"):
            self.own.mkdir(parents=True, exist_ok=True)
            write_json(self.own / ACTIVE_FILE, {"model_id": model_id})

    def remove(self, model_id: str) -> None:
        """Delete an own model; its id is not given again.

        Raises:
            ModelError: there is no such model, it is shipped, others were learnt on it, or the disk refuses.
        """
        entry = self.entry(model_id)
        if not entry.own:
            raise ModelError(f"{model_id} is built in and cannot be removed. Use another model instead.")
        heads = [one.model_id for one in self.entries() if one.card and one.card.backbone == model_id]
        if heads:
            raise ModelError(
                f"{model_id} cannot be removed: {', '.join(heads)} were trained on it and need it. "
                "Remove them first."
            )
        with _failing(f"{model_id} could not be removed from {self.own}"):
            with (self.own / REMOVED_FILE).open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{model_id}\n")
            doomed = Path(tempfile.mkdtemp(prefix=".removing-", dir=self.own))
            entry.folder.replace(doomed / model_id)  # gone from the list at once, even if deleting is cut off
            shutil.rmtree(doomed)


@contextmanager
def _failing(sentence: str, kinds: tuple[type[Exception], ...] = (OSError,)) -> Iterator[None]:
    """Say of what fails in the block what could not be done, with the reason."""
    try:
        yield
    except kinds as exc:
        raise ModelError(f"{sentence}: {exc}.") from exc


def _with_backbone(entry: ModelEntry, by_id: Mapping[str, ModelEntry]) -> ModelEntry:
    """Return a head with what stands against its backbone; any other model as it is."""
    if entry.card is None or entry.card.backbone is None or entry.problem is not None:
        return entry
    named = entry.card.backbone
    backbone = by_id.get(named)
    if backbone is None or backbone.card is None or backbone.problem is not None:
        problem = f"It was learnt on {named}, which is not there or cannot be used. Restore that model."
    elif backbone.card.backbone is not None:
        problem = f"It names {named} as its backbone, which is a head itself. Correct its card.json."
    elif backbone.card.weights_sha256 != entry.card.backbone_sha256:
        problem = f"It was learnt on an earlier {named}. Learn again from your labels."
    else:
        return entry
    return dataclasses.replace(entry, problem=problem)
