"""The labelled photos that the shipped models were made from: what is learnt from, and what is kept apart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from gallery.photos.digest import picture_digest
from gallery.settings import CLASS_NAMES
from gallery.types import PhotoId

THUMBNAILS = "thumb100-flickr-livestock"
"""A source of 100-pixel photos: each counts half."""

HELD_OUT_SOURCES = (
    {"dog": "catdog-chanakya", "cat": "catdog-chanakya", "horse": "evgen-chl", "elephant": "caltech101",
     "chicken": THUMBNAILS, "sheep": THUMBNAILS, "cow": THUMBNAILS},
    {"dog": "tf-animals", "cat": "tf-animals", "horse": "pacs-photo", "elephant": "pacs-photo",
     "chicken": "chicken-breeds", "sheep": "sheep-breeds", "cow": "cattle-breeds5"},
    {"dog": "ardamavi-catdog", "cat": "ardamavi-catdog", "horse": "corel1k", "elephant": "corel1k",
     "cow": "jupyex-cowsheep"},
)  # fmt: skip
"""Sources left out of the training in turn: a head names them as it will name strangers' photos."""

NEAR_BITS, NEAR_COSINE = 6, 0.93
"""Near duplicates: difference hashes that differ in so few bits, or features of at least this cosine."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A row of ``photos.csv``, known by its picture as in the app."""

    path: Path
    label: int
    source: str
    split: str
    photo_id: PhotoId


def read_photos(data: Path) -> list[LabelledPhoto]:
    """Return the rows of ``photos.csv`` in its order."""
    with (data / "photos.csv").open(newline="", encoding="utf-8") as rows:
        return [
            LabelledPhoto(
                data / row["path"],
                CLASS_NAMES.index(row["class"]),
                row["source"],
                row["split"],
                str(picture_digest((data / row["path"]).read_bytes())),
            )
            for row in csv.DictReader(rows)
        ]


def squashed(photo: LabelledPhoto, side: int) -> NDArray[np.uint8]:
    """Return a whole photo upright, squashed to (side, side, 3), as the app does it."""
    with Image.open(photo.path) as file:
        upright = ImageOps.exif_transpose(file).convert("RGB")
    return np.asarray(upright.resize((side, side), Image.Resampling.BICUBIC))


def difference_hash(photo: LabelledPhoto) -> int:
    """Return 64 bits: does brightness rise from cell to cell of a 9 x 8 grid?"""
    with Image.open(photo.path) as file:
        grey = ImageOps.exif_transpose(file).convert("L").resize((9, 8), Image.Resampling.BOX)
    cells = np.asarray(grey, np.int16)
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), "big")


def near_duplicates(
    kept: NDArray[np.bool_], hashes: NDArray[np.uint64], features: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return which of the other photos look like a kept one.

    Args:
        kept: (N,), of all photos.
        hashes: their difference hashes, (N,).
        features: their pooled features, (N, channels).

    Returns:
        (N,), never true of a kept photo.
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    found = np.zeros(len(kept), bool)
    for row in np.flatnonzero(~kept):
        bits = np.bitwise_count(hashes[row] ^ hashes[kept])
        found[row] = bits.min() <= NEAR_BITS or (unit[kept] @ unit[row]).max() >= NEAR_COSINE
    return found


def held_out(photos: Sequence[LabelledPhoto], turn: int) -> NDArray[np.bool_]:
    """Return which training photos are left out in a turn, (N,); validation photos are in every one."""
    sources = {CLASS_NAMES.index(name): source for name, source in HELD_OUT_SOURCES[turn].items()}
    return np.array(
        [p.split == "validation" or (p.split == "train" and sources.get(p.label) == p.source) for p in photos]
    )
