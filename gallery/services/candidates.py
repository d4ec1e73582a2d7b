"""Learnt heads that nobody has kept yet: what each would change, its card and its folder.

Each lies in a folder of its own (`Settings.learnt_heads`): one process may make it and another keep it.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gallery.errors import ModelError
from gallery.files import open_atomic, write_atomic
from gallery.learning.head import Head
from gallery.services import wiring
from gallery.types import MODEL_ID, ModelCard, PhotoId
from gallery.words import counted

CANDIDATE_FILE, HEAD_FILE = "candidate.json", "head.npz"

_LEARNT = re.compile(r"-learnt-\d+$")


@dataclass(frozen=True, slots=True)
class ChangedPhotos:
    """Photos without a label that would get another tag.

    Attributes:
        was: their class now.
        becomes: the new head's.
        files: the numbers of their files.
    """

    was: str
    becomes: str
    files: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LearnPreview:
    """A head that was learnt and not kept yet, and what it would change.

    Attributes:
        id: by which it is kept; the new model's id.
        shown_id: the model whose tags people see.
        backbone_id: the model that has all but the head.
        class_names: the new head's.
        labels: how many it learnt from, by class.
        held_back: labels that were held back from a head to see whether it is better.
        held_back_before: the share of them that the shown model names as people do; None without any.
        held_back_after: that of heads that had not seen the label.
        fixed: files of held-back photos that become right.
        broken: those that become wrong.
        remembered_before: the share of remembered training photos that is right; None for a model without.
        remembered_after: the same with the new head.
        photos: photos without a label that both heads have named.
        changed: those of them that would get another tag, by classes, most first.
        seconds: from the call to here.
        notes: sentences on what should be known.
    """

    id: str
    shown_id: str
    backbone_id: str
    class_names: tuple[str, ...]
    labels: Mapping[str, int]
    held_back: int
    held_back_before: float | None
    held_back_after: float | None
    fixed: tuple[int, ...]
    broken: tuple[int, ...]
    remembered_before: float | None
    remembered_after: float | None
    photos: int
    changed: tuple[ChangedPhotos, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> bool | None:
        """Whether more held-back labels become right than wrong; None where none were held back."""
        return None if self.held_back_before is None else len(self.fixed) > len(self.broken)

    @property
    def changed_count(self) -> int:
        return sum(len(one.files) for one in self.changed)

    def to_json(self) -> dict[str, Any]:
        """Return what ``learn --json`` prints: numbers, not photos."""
        return {
            "id": self.id,
            "model_id": self.shown_id,
            "backbone": self.backbone_id,
            "labels": sum(self.labels.values()),
            "labels_by_class": dict(self.labels),
            "held_back": self.held_back,
            "held_back_before": self.held_back_before,
            "held_back_after": self.held_back_after,
            "better": self.better,
            "fixed": len(self.fixed),
            "broken": len(self.broken),
            "remembered_before": self.remembered_before,
            "remembered_after": self.remembered_after,
            "photos": self.photos,
            "changed": self.changed_count,
            "changed_by_class": [
                {"was": one.was, "becomes": one.becomes, "photos": len(one.files)} for one in self.changed
            ],
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
        }


def free_id(parts: wiring.Parts, backbone_id: str) -> str:
    """Return an id that no model has, had, or is about to get."""
    stem = _LEARNT.sub("", backbone_id)[:50]
    number = 1
    while (
        parts.models.taken(f"{stem}-learnt-{number}")
        or (parts.settings.learnt_heads / f"{stem}-learnt-{number}").exists()
    ):
        number += 1
    return f"{stem}-learnt-{number}"


def new_card(found: LearnPreview, card: ModelCard, backbone: ModelCard) -> ModelCard:
    """Return the card of the model that a learnt head becomes if it is kept.

    Args:
        found: what was learnt.
        card: of the model whose tags people see.
        backbone: of the model that has all but the head.
    """
    total = sum(found.labels.values())
    learnt = {
        "backbone": backbone.model_id,
        "shown_before": card.model_id,
        "labels": total,
        "labels_by_class": dict(found.labels),
        "held_back": found.held_back,
        "held_back_accuracy_before": found.held_back_before,
        "held_back_accuracy_after": found.held_back_after,
        "fixed": len(found.fixed),
        "broken": len(found.broken),
        "made_by": "python -m gallery learn",
    }
    return dataclasses.replace(
        backbone,
        model_id=found.id,
        name=f"{backbone.name}, learnt from {counted(total, 'label')}",
        class_names=found.class_names,
        weights_file="weights.npz",
        weights_sha256="",  # filled in by the store, as is the number of parameters
        created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        description=(
            f"The head of {backbone.model_id}, fitted anew to people's labels in this gallery; its "
            "convolutions are the same."
        ),
        trained_on=learnt,
        tested_on={},
        limits=(
            "Measured only on labels that were held back while it was learnt: it may do worse on other "
            "places and cameras.",
            *backbone.limits,
        ),
        library_versions={name: importlib.metadata.version(name) for name in ("numpy", "scipy")},
        backbone=backbone.model_id,
        backbone_sha256=backbone.weights_sha256,
    )


def save(
    parts: wiring.Parts,
    found: LearnPreview,
    card: ModelCard,
    head: Head,
    photo_ids: Sequence[PhotoId],
) -> None:
    """Keep a head, its card and the photos it has seen until somebody decides.

    Raises:
        ModelError: the disk refuses.
    """
    folder = parts.settings.learnt_heads / found.id
    content = {"card": card.to_json(), "shown_id": found.shown_id, "training_photos": list(photo_ids)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_atomic(folder / HEAD_FILE, durable=False) as file:
            tensors: dict[str, Any] = head.tensors()
            np.savez(file, **tensors)
        write_atomic(folder / CANDIDATE_FILE, json.dumps(content), durable=False)
    except OSError as exc:
        raise ModelError(f"The learnt head could not be saved in {folder}: {exc}.") from exc


def folder_of(parts: wiring.Parts, candidate_id: str) -> Path:
    """Return where a learnt head lies.

    Raises:
        ModelError: there is none of this name.
    """
    folder = parts.settings.learnt_heads / candidate_id
    if not MODEL_ID.fullmatch(candidate_id) or not (folder / CANDIDATE_FILE).is_file():
        raise ModelError(
            f"There is no learnt head called {candidate_id!r} to keep. Learn again: it takes seconds."
        )
    return folder
