"""Paths, limits and thresholds; every number with its reason."""

from __future__ import annotations

import fnmatch
import functools
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from gallery.errors import GalleryError, PhotoError
from gallery.types import display_path

CLASS_NAMES = (
    "dog", "cat", "horse", "spider", "butterfly",
    "chicken", "sheep", "cow", "squirrel", "elephant",
)  # fmt: skip
"""The ten classes in the order of the shipped model's outputs, also that of the keys 1-9 and 0."""

DEFAULT_MODEL_ID = "animals10-vgg16-3"

LIGHT_MODEL_ID = "animals10-efficientnet-lite2"
"""For processors on which VGG16 is slow."""

IMAGENET_MODELS = {"vgg16": DEFAULT_MODEL_ID, "efficientnet-lite2": LIGHT_MODEL_ID}
"""Shipped models whose convolutions are ImageNet's, untouched: own trainings begin from them offline."""

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"}
    | {".avif", ".heic", ".heif"}
)

LEFT_OUT = (
    "__macosx", "@eadir", "$recycle.bin", "system volume information",  # archivers, Synology, Windows
    "#recycle", "@recycle", "#snapshot", ".snapshot", "@snapshot", "lost+found",  # network disks
    "synofile_thumb*", "*.photoslibrary", "*.lrdata", "*.lrlibrary", "*.cocatalog", "*.cosessiondb",
)  # fmt: skip
"""Names, in any case, of what network disks and photo programs keep among photos: copies, thumbnails."""


def is_left_out(name: str, patterns: Sequence[str] = LEFT_OUT) -> bool:
    """Return whether a folder or file is none of the user's photos, by patterns as ``*.lrdata``.

    Example:
        >>> is_left_out("#recycle"), is_left_out("Best.LRDATA"), is_left_out("recycle")
        (True, True, False)
    """
    return _matcher(tuple(patterns)).fullmatch(name.lower()) is not None


@functools.cache
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(pattern.lower()) for pattern in patterns) or r"(?!)")


LEFT_OUT_FILE = "left-out.txt"
"""A file in the home with one more pattern a line."""

THUMBNAIL_PX = 320
"""Longer side of a stored thumbnail: sharp in a 220 px cell on most screens, about 15 KB a photo."""

THUMBNAILS_LIMIT_BYTES = 10_000_000_000
"""What thumbnails may take on the disk, 700,000 of them; GALLERY_THUMBNAILS_GB sets another limit."""

LARGE_VIEW_PX = 1600
"""Longer side of a photo shown large: fills a laptop's screen, a tenth of a 24-megapixel file."""

WHOLE_VIEW_PX = 6000
"""Longer side of a photo that is zoomed into: a 24-megapixel file as it is."""

PIXEL_LIMIT = 200_000_000
"""A photo with more pixels is refused: larger than any camera's, and 600 MB when decoded."""

FILE_SIZE_LIMIT_BYTES = 1_000_000_000
"""A larger file is refused: no photo is, and reading it would stall the run."""

DECODE_TIMEOUT_S = 30.0
"""A photo that needs longer is skipped; a 100-megapixel TIFF takes about 5 s on a slow laptop."""

DECODE_MEMORY_LIMIT_BYTES = 3 * 1024**3
"""Address space of one reading process: 600 MB of pixels, copies of them, and the libraries."""

UPLOAD_LIMIT_BYTES = 20 * 1024**3
"""What one upload may hold unpacked: a full 16 GB card and some air."""

UPLOAD_FILE_LIMIT = 200_000
"""Files in one upload: the largest collection the app is built for."""

LEAST_BOX_CONFIDENCE = 0.2
"""Boxes of which the detector is less sure are passed over, as MegaDetector's own tools do by default."""

UNSURE_BELOW = 0.6
"""Default threshold of the Unsure shelf; users move it."""

TAG_BATCH = 32
"""Photos a forward pass: larger batches gain nothing on two cores, and progress stays smooth."""

JOB_HEARTBEAT_S = 15.0
"""A running job that has not reported for this long is taken for dead (it reports every second)."""

FEW_PHOTOS = 20
"""Below this a share is known only to about 20 percentage points either way."""


def pictures_folder() -> Path:
    """Return where this system's account keeps its pictures; the folder need not exist."""
    return Path(platformdirs.user_pictures_dir())


def app_folder() -> Path:
    """Return the folder of what comes with the package: app.py, pages, model_store, requirements.txt.

    In a clone that is the folder above the package, in an installed package a folder inside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / "site"
    return inside if inside.is_dir() else package.parent


ENVIRONMENT = ("GALLERY_HOME", "GALLERY_ROOTS", "GALLERY_MODEL_STORE", "GALLERY_THUMBNAILS_GB")
"""Variables that say where things are and what they may take."""


def _gigabytes(variable: str, default: int) -> int:
    """Return the bytes that a variable asks for, in gigabytes of 1,000,000,000 bytes."""
    said = os.environ.get(variable, "").strip()
    if not said:
        return default
    try:
        asked = float(said.replace(",", "."))
    except ValueError:
        asked = math.nan
    if not 0 < asked * 1e9 < math.inf:
        raise GalleryError(f"{variable} is {said!r}. Give a number of gigabytes above zero, such as 10.")
    return round(asked * 1e9)


class _Below:
    """A folder of the home."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, settings: Settings, _owner: type[Settings]) -> Path:
        return settings.home / self._name


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are, for one process.

    Attributes:
        home: the one directory the app writes to.
        shipped_models: the model_store that came with the app, never written by the app.
        roots: folders that may be opened, with all below them; empty means any.
        thumbnails_limit_bytes: what thumbnails may take on the disk.
    """

    home: Path
    shipped_models: Path
    roots: tuple[Path, ...] = ()
    thumbnails_limit_bytes: int = THUMBNAILS_LIMIT_BYTES

    @classmethod
    def from_environment(cls, home: Path | None = None) -> Settings:
        """Return the settings that the variables of `ENVIRONMENT` ask for.

        Raises:
            GalleryError: one of them makes no sense.
        """
        if home is None:
            named = os.environ.get("GALLERY_HOME")
            home = (
                Path(named) if named else Path(platformdirs.user_data_dir("smart-gallery", appauthor=False))
            )
        roots = tuple(
            Path(part).expanduser().resolve()
            for part in os.environ.get("GALLERY_ROOTS", "").split(os.pathsep)
            if part.strip()
        )
        store = os.environ.get("GALLERY_MODEL_STORE")
        shipped = Path(store) if store else app_folder() / "model_store"
        return cls(
            home=home.expanduser().resolve(),
            shipped_models=shipped,
            roots=roots,
            thumbnails_limit_bytes=_gigabytes("GALLERY_THUMBNAILS_GB", THUMBNAILS_LIMIT_BYTES),
        )

    catalog_dir = _Below("catalog")
    thumbnails = _Below("thumbnails")
    uploads = _Below("uploads")
    own_models = _Below("models")

    learnt_heads = _Below("learnt_heads")
    """A folder a head that was learnt from labels and that nobody has kept yet."""

    trainings = _Below("trainings")
    """A folder a training: its split, history, progress and checkpoints."""

    training_sets = _Below("training_sets")
    """A folder a data set that was opened for training: where it lies, its splits, the draft of a recipe."""

    training_cache = _Below("training_cache")
    """Decoded photos, unpacked zips and saved outputs that trainings share; may be removed any time."""

    explanations = _Below("explanations")
    """What tests of heatmaps found, and how long the methods take here; may be removed any time."""

    logs = _Below("logs")

    @property
    def left_out(self) -> tuple[str, ...]:
        """Patterns of names that no scan looks into: the usual ones, and those of the user."""
        try:
            lines = (self.home / LEFT_OUT_FILE).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            lines = []
        return (*LEFT_OUT, *(line.strip() for line in lines if line.strip() and not line.startswith("# ")))

    def holds(self, resolved: Path) -> bool:
        """Return whether a folder lies in the roots; any does where there are none."""
        return not self.roots or any(resolved.is_relative_to(root) for root in self.roots)

    def allow(self, folder: Path) -> Path:
        """Return the folder, resolved, if it may be opened.

        Raises:
            PhotoError: it does not exist, is no folder, or lies outside GALLERY_ROOTS.
        """
        try:
            resolved = folder.expanduser().resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as exc:  # ValueError: a NUL in the name
            raise PhotoError(
                f"There is no folder {display_path(folder)}. "
                "Check the spelling, or whether its disk is connected."
            ) from exc
        if not resolved.is_dir():
            raise PhotoError(
                f"{display_path(folder)} is a file, not a folder. Give the folder that holds it."
            )
        if not self.holds(resolved) and self.uploads not in resolved.parents:
            allowed = ", ".join(str(root) for root in self.roots)
            raise PhotoError(
                f"{display_path(folder)} may not be opened on this server. Folders that may: {allowed}."
            )
        return resolved
