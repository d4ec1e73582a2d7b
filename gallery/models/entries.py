"""Which folders of a store are models, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import ModelError
from gallery.models.card import card_from_json
from gallery.models.parts import read_json
from gallery.types import ModelCard, display_path

CARD_FILE = "card.json"

_ADDRESSABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Ids of folders that somebody else made: they stand in addresses and file names."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as the store lists it; with a problem it is shown, but cannot be used.

    Attributes:
        card: None when it cannot be read.
        own: it lies in the user's home and may be removed.
        problem: one sentence with the remedy, None when nothing is known against it.
    """

    model_id: str
    folder: Path
    own: bool
    card: ModelCard | None
    problem: str | None

    @property
    def ok(self) -> bool:
        return self.problem is None


def model_folders(store: Path) -> list[Path]:
    """Return the folders of a store that are meant as models; a store that is not there is empty."""
    try:
        return sorted(
            folder for folder in store.iterdir() if folder.is_dir() and not folder.name.startswith((".", "_"))
        )
    except OSError:
        return []


def read_entry(folder: Path, *, own: bool) -> ModelEntry:
    """Return how a folder stands in the list, with its problem where it cannot be used."""
    card: ModelCard | None = None
    problem: str | None = None
    model_id = display_path(Path(folder.name))
    try:
        card = card_from_json(read_json(folder / CARD_FILE), model_id)
        if not _ADDRESSABLE.fullmatch(folder.name):
            problem = (
                f"{model_id} cannot be a model's id: letters of a to z, digits, '.', '_' and '-' can. "
                "Rename its folder, and its model_id in card.json."
            )
        elif not (folder / card.weights_file).is_file():
            problem = f"{model_id} has no {card.weights_file}. Restore the folder {folder}."
    except ModelError as exc:
        problem = str(exc)
    return ModelEntry(model_id=model_id, folder=folder, own=own, card=card, problem=problem)
