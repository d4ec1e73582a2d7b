"""The photos of a training: reading their table, a stored split by source, near-duplicate removal.

A data folder holds ``photos.csv`` (columns path, class, source, split, sha256; the paths relative to the
folder) and may hold ``unlabelled/<source>/*``. Photos of one source share a style, and often the animal, so
a random split inside a source overstates accuracy: validation takes whole sources wherever a class keeps
another source of full-size photos, and a random part only where it would not.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.settings import CLASS_NAMES

Part = Literal["train", "val", "test", "unlabelled", "watched", "removed"]
"""What a photo is used for; on "watched" ones, unlabelled, only the distillation's loss is measured."""

UNLABELLED = -1
"""The class index of a photo without a label."""

VALIDATION_SOURCES = frozenset({"catdog-chanakya", "caltech101", "imagenet-samples"})
"""Held out whole: every class in them keeps another source of full-size photos."""

VALIDATION_SHARE = {
    ("butterfly", "irecord-butterflies"): 40,
    ("chicken", "chicken-breeds"): 40,
    ("chicken", "thumb100-flickr-livestock"): 20,
    ("cow", "jupyex-cowsheep"): 30,
    ("cow", "thumb100-flickr-livestock"): 30,
    ("horse", "pacs-photo"): 40,
    ("sheep", "sheep-breeds"): 40,
    ("sheep", "thumb100-flickr-livestock"): 20,
    ("spider", "aus-spiders"): 60,
    ("squirrel", "tf-animals"): 50,
}
"""Photos drawn from a source where the class has no other of full-size photos."""

PILLOW_BOX = 4
"""Pillow's number of the filter that takes plain means."""

HASH_DISTANCE = 6
"""Two 64-bit difference hashes closer than this or equal are taken for one picture."""

FEATURE_COSINE = 0.97
"""So are two photos whose pooled teacher features are this close, however their hashes differ."""


@dataclass(frozen=True)
class TrainingPhoto:
    """A photo of the data folder: where it lies, what it shows, what it is used for."""

    path: Path
    sha256: str
    source: str
    class_index: int
    part: Part


def read_photos(data_dir: Path) -> list[TrainingPhoto]:
    """Return the labelled photos in the table's order, then the unlabelled ones by path.

    Args:
        data_dir: the folder with ``photos.csv`` and, perhaps, ``unlabelled/``.

    Returns:
        One entry a photo; ``part`` is the table's split, or "unlabelled".

    Raises:
        DatasetError: there is no table, or a row names an unknown class or split.
    """
    table = data_dir / "photos.csv"
    if not table.is_file():
        raise DatasetError(f"{table} does not exist: name a folder that holds a photos.csv.")
    photos = []
    with table.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["class"] not in CLASS_NAMES or row["split"] not in ("train", "test"):
                raise DatasetError(f"{table} has a row of class {row['class']!r}, split {row['split']!r}.")
            part: Part = "test" if row["split"] == "test" else "train"
            photos.append(
                TrainingPhoto(
                    data_dir / row["path"],
                    row["sha256"],
                    row["source"],
                    CLASS_NAMES.index(row["class"]),
                    part,
                )
            )
    for path in sorted((data_dir / "unlabelled").glob("*/*")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        photos.append(TrainingPhoto(path, digest, path.parent.name, UNLABELLED, "unlabelled"))
    return photos


def draw_validation(
    photos: Sequence[TrainingPhoto],
    *,
    whole_sources: Iterable[str] = VALIDATION_SOURCES,
    shares: Mapping[tuple[str, str], int] = VALIDATION_SHARE,
    watched: int = 600,
    seed: int = 0,
) -> list[TrainingPhoto]:
    """Return the photos with part of "train" turned into "val" and of "unlabelled" into "watched".

    Args:
        photos: in any order; the result keeps it.
        whole_sources: sources whose train photos all go to validation.
        shares: how many photos of a (class, source) go to validation, at most half of them.
        watched: how many unlabelled photos are held out, at most a tenth of them.
        seed: draws the shares.
    """
    rng = np.random.default_rng(seed)
    held = {
        i for i, photo in enumerate(photos) if photo.part == "train" and photo.source in set(whole_sources)
    }
    for (class_name, source), count in sorted(shares.items()):
        members = [
            i
            for i, photo in enumerate(photos)
            if photo.part == "train"
            and photo.source == source
            and CLASS_NAMES[photo.class_index] == class_name
        ]
        held.update(rng.permutation(members)[: min(count, len(members) // 2)].tolist())
    unlabelled = [i for i, photo in enumerate(photos) if photo.part == "unlabelled"]
    seen = set(rng.permutation(unlabelled)[: min(watched, len(unlabelled) // 10)].tolist())
    parts: dict[int, Part] = {**dict.fromkeys(held, "val"), **dict.fromkeys(seen, "watched")}
    return [replace(photo, part=parts.get(i, photo.part)) for i, photo in enumerate(photos)]


def difference_hash(image: Any) -> int:
    """Return a Pillow image's 64-bit hash: does brightness rise from cell to cell of a 9 x 8 grid?"""
    grid = np.asarray(image.convert("L").resize((9, 8), PILLOW_BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(grid[:, 1:] > grid[:, :-1]).tobytes(), "big")


def near_duplicates(
    kept: NDArray[np.uint64],
    candidates: NDArray[np.uint64],
    kept_features: NDArray[np.float32],
    candidate_features: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Return which candidates show the same picture as a kept photo.

    Args:
        kept: difference hashes, (n,).
        candidates: difference hashes, (m,).
        kept_features: pooled features, (n, channels).
        candidate_features: pooled features, (m, channels).

    Returns:
        (m,), True where a hash differs by at most `HASH_DISTANCE` bits or the cosine of the features is at
        least `FEATURE_COSINE`.
    """
    found = np.zeros(len(candidates), bool)
    unit_kept = kept_features / np.linalg.norm(kept_features, axis=1, keepdims=True)
    for start in range(0, len(candidates), 512):
        rows = slice(start, start + 512)
        distance = np.bitwise_count(candidates[rows, None] ^ kept[None])
        unit = candidate_features[rows] / np.linalg.norm(candidate_features[rows], axis=1, keepdims=True)
        found[rows] = (distance <= HASH_DISTANCE).any(1) | (unit @ unit_kept.T >= FEATURE_COSINE).any(1)
    return found


def mark_removed(photos: Sequence[TrainingPhoto], removed: NDArray[np.bool_]) -> list[TrainingPhoto]:
    """Return the photos with the flagged ones' part set to "removed"."""
    return [replace(p, part="removed") if gone else p for p, gone in zip(photos, removed, strict=True)]


def write_split(photos: Sequence[TrainingPhoto], file: Path) -> None:
    """Store which photo belongs to which part, so that a later run need not draw again."""
    lines = [f"{p.sha256},{p.source},{p.class_index},{p.part}" for p in photos]
    file.write_text("\n".join(["sha256,source,class_index,part", *lines]) + "\n", encoding="utf-8")


def apply_split(photos: Sequence[TrainingPhoto], file: Path) -> list[TrainingPhoto]:
    """Return the photos with the parts that `write_split` stored.

    Raises:
        DatasetError: the file is of other photos.
    """
    with file.open(newline="", encoding="utf-8") as rows:
        stored = list(csv.DictReader(rows))
    if [row["sha256"] for row in stored] != [p.sha256 for p in photos]:
        raise DatasetError(f"{file} is the split of other photos: remove it to draw a new one.")
    return [replace(p, part=row["part"]) for p, row in zip(photos, stored, strict=True)]  # type: ignore[arg-type]


def sampling_weights(
    photos: Sequence[TrainingPhoto], relevance: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Return how likely each photo is to be drawn; sums to 1 over the photos of train and unlabelled.

    Half of the draws go to labelled photos if there are both kinds. Among these a photo weighs the inverse
    root of its class's size, so that rare classes are seen more often without being repeated to death;
    thumbnails of 100 px carry little detail and weigh half.

    Args:
        photos: of all parts.
        relevance: the unlabelled photos' weights, (n,), where they shall differ.
    """
    parts = np.array([p.part for p in photos])
    labels = np.array([p.class_index for p in photos])
    weights = np.where(parts == "unlabelled", 1.0 if relevance is None else relevance, 0.0)
    for c in range(len(CLASS_NAMES)):
        members = (parts == "train") & (labels == c)
        weights[members] = 1.0 / np.sqrt(max(members.sum(), 1))
    weights[np.array([p.source.startswith("thumb100") for p in photos])] *= 0.5
    for part in ("train", "unlabelled"):
        total = weights[parts == part].sum()
        if total > 0:
            weights[parts == part] /= total
    return np.asarray(weights / weights.sum())
