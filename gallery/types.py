"""The nouns that every room shares: frozen dataclasses and array aliases.

Nothing here imports more than the standard library and numpy.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.words import without_surrogates

RgbImage = NDArray[np.uint8]
"""(height, width, 3) uint8, upright, sRGB."""

ImageBatch = NDArray[np.uint8]
"""(batch, side, side, 3) uint8 RGB: what a classifier takes; it preprocesses by itself."""

FloatArray = NDArray[np.float32]

PhotoId = str
"""The SHA-256 of the picture without the file's metadata (`photos.digest`), 64 hexadecimal digits."""


def display_path(path: Path) -> str:
    """Return a path as text that any page can show, whatever bytes the name holds.

    Bytes that are not UTF-8 arrive from the file system as lone surrogates,
    which crash a browser's text and SQLite's TEXT; they become U+FFFD.

    Example:
        >>> display_path(Path("caf\\udce9.jpg")) == "caf\\ufffd.jpg"
        True
    """
    return without_surrogates(str(path))


class SkipReason(StrEnum):
    """Why a file was not tagged; the value is what people and ``--json`` see."""

    EMPTY = "empty file"
    NOT_A_PHOTO = "not a supported photo"
    DAMAGED = "damaged or truncated"
    TOO_LARGE = "too large"
    TOO_SLOW = "took too long to read"
    OUT_OF_MEMORY = "needs too much memory"
    CRASHED_READER = "crashed the reader"
    NOT_A_REGULAR_FILE = "not a regular file"
    NO_PERMISSION = "no permission to read it"
    VANISHED = "vanished while being read"
    LINKED_FOLDER = "a link to another folder"
    HEIC_NOT_INSTALLED = "HEIC needs an optional package"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that could not be read: a result to be listed, never an exception that ends a run."""

    path: Path
    reason: SkipReason
    detail: str  # one sentence, with the remedy where there is one


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the scan of a folder found it."""

    path: Path  # absolute
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What the file says of itself."""

    width_px: int  # upright
    height_px: int
    size_bytes: int
    image_format: str  # Pillow's name: "JPEG", "PNG", ...
    taken_at: str | None = None  # ISO 8601 camera-local, no zone: "2024-05-01T06:12:09"; never invented
    camera: str | None = None
    notes: tuple[str, ...] = ()  # "first of 12 frames", "16 bits: 0..4095 scaled to 0..255"
    brightness: float | None = None  # mean luma, 0 to 255; None where it was read before this was measured
    sharpness: float | None = None  # variance of the luma's Laplacian on the model's input
    file_sha256: str | None = None  # of all bytes of the file it was read from; None where that was not kept


@dataclass(frozen=True, slots=True)
class Photo:
    """A catalogued photo at one of the places where it lies."""

    file_id: int
    photo_id: PhotoId
    collection_id: int
    path: Path  # absolute, as the file system knows it
    metadata: PhotoMetadata

    @property
    def display_name(self) -> str:
        return display_path(Path(self.path.name))


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """What one reading of a file gives: all that tagging and showing need."""

    path: Path
    photo_id: PhotoId
    metadata: PhotoMetadata
    model_input: RgbImage  # (side, side, 3): the whole photo squashed to the model's input
    thumbnail_jpeg: bytes


@dataclass(frozen=True, slots=True)
class BatchPrediction:
    """What a classifier says of a batch, from one forward pass.

    Attributes:
        probabilities: (batch, classes) float32, calibrated, rows sum to 1.
        features: (batch, channels) float32, the globally pooled last feature map.
        cams: (batch, classes, height, width) float32 >= 0, class activation
            maps of the logits before any scaling; None for a network whose
            head has no closed form.
    """

    probabilities: FloatArray
    features: FloatArray
    cams: FloatArray | None

    def __post_init__(self) -> None:
        batch, classes = self.probabilities.shape
        if self.features.ndim != 2 or self.features.shape[0] != batch:
            raise ValueError(f"features must be ({batch}, channels), got {self.features.shape}")
        if self.cams is not None and self.cams.shape[:2] != (batch, classes):
            raise ValueError(f"cams must be ({batch}, {classes}, h, w), got {self.cams.shape}")

    def __len__(self) -> int:
        return int(self.probabilities.shape[0])


class Classifier(Protocol):
    """What the use cases need of a network; `gallery.network` has the real one, tests have a fake."""

    @property
    def model_id(self) -> str: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def input_px(self) -> int: ...
    def classify(self, images: ImageBatch) -> BatchPrediction: ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model said of one photo; all probabilities are kept."""

    photo_id: PhotoId
    model_id: str
    class_names: tuple[str, ...]
    probabilities: FloatArray  # (classes,)

    @property
    def class_index(self) -> int:
        return int(np.argmax(self.probabilities))

    @property
    def label(self) -> str:
        return self.class_names[self.class_index]

    @property
    def confidence(self) -> float:
        return float(self.probabilities[self.class_index])


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """All that one model said of a collection, row by row in the order of the paths.

    Two files with the same bytes are two rows with the same photo_id.
    """

    file_ids: NDArray[np.int64]  # (n,)
    photo_ids: tuple[PhotoId, ...]  # n of them
    paths: tuple[Path, ...]  # n of them, absolute
    probabilities: FloatArray  # (n, classes)
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.photo_ids)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of a photo. It never overwrites the prediction, and it wins over it."""

    photo_id: PhotoId
    label: str | None  # None takes an earlier correction back
    person: str
    made_at: str  # ISO 8601, UTC
    shown_model_id: str | None
    shown_label: str | None
    shown_confidence: float | None


@dataclass(frozen=True, slots=True)
class DetectedBox:
    """What a detector found in a part of a photo.

    Attributes:
        category: "animal", "person", "vehicle", or another one of the detector's.
        place: left, top, width and height as shares of the photo.
        label: the class of what is in it, where a classifier has said so.
    """

    category: str
    confidence: float
    place: tuple[float, float, float, float]
    label: str | None = None
    label_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in a photo.

    Attributes:
        label: what the photo shows by its boxes; None where an animal is in it that nobody has named.
        confidence: of a label that a classifier gave; None for what the detector itself can tell.
    """

    photo_id: PhotoId
    label: str | None
    confidence: float | None
    boxes: tuple[DetectedBox, ...]

    @property
    def animals(self) -> int:
        return sum(box.category == ANIMAL for box in self.boxes)


@dataclass(frozen=True, slots=True)
class Undone:
    """A change of labels that was undone."""

    label: str | None  # what had been set; None where a label had been removed
    photo_ids: tuple[PhotoId, ...]


class Verdict(StrEnum):
    """What a person says where label and model differ; the value is what people read."""

    MODEL_WRONG = "model wrong"
    LABEL_WRONG = "label wrong"  # another class is the right one
    BOTH_IN_IT = "both animals in it"  # naming either is right
    CANNOT_TELL = "cannot tell"  # left out of every score


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """What a person said of a photo's label. It changes no folder and no correction, only a second score."""

    photo_id: PhotoId
    label: str  # the class that was judged
    verdict: Verdict
    other: str | None  # right instead of the label, or beside it; None: neither, or a class of no model
    person: str
    made_at: str  # ISO 8601, UTC
    shown_model_id: str | None
    shown_label: str | None  # what the model said


class CollectionKind(StrEnum):
    FOLDER = "folder"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder that was opened, or photos that were uploaded."""

    collection_id: int
    kind: CollectionKind
    root: Path
    name: str
    opened_at: str  # ISO 8601, UTC
    photo_count: int = 0
    skipped_count: int = 0


UNSURE = "unsure"
UNREADABLE = "unreadable"
WAITING = "waiting"  # catalogued, not yet tagged by the model
UNLIKE = "unlike anything learnt"  # by its features; the model is never unsure of what it does not know
ALL = "all"

ANIMAL = "animal"
"""The category of a detector's boxes that are counted."""

CANNOT_TELL = "cannot tell"
BESIDE_CLASSES = ("blank", "human", "vehicle", CANNOT_TELL)
"""What people may say of a photo whatever the model's classes are; any other word may be a label too."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One compartment of the sorted gallery."""

    name: str  # a class name, or UNLIKE, UNSURE, UNREADABLE, WAITING, ALL
    count: int
    corrected: int = 0  # how many of them a person has labelled
    cover_photo_id: PhotoId | None = None  # the surest photo
    mean_confidence: float | None = None


class SortOrder(StrEnum):
    PATH = "path"
    TAKEN_AT = "date taken"
    MOST_CERTAIN = "most certain first"
    LEAST_CERTAIN = "least certain first"
    NAME = "name"
    NEWEST = "newest first"


class Review(StrEnum):
    """Which photos people have labelled; the value is what people read."""

    BY_PEOPLE = "labelled by people"
    OPEN = "not reviewed"
    DISAGREES = "label disagrees with the model"


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """Which photos of a collection to show, and in what order."""

    collection_id: int
    model_id: str
    shelf: str = ALL
    unsure_below: float = 0.6
    unlike_below: float | None = None  # likeness below which a photo lies on UNLIKE; None: there is no such
    min_confidence: float = 0.0
    max_confidence: float = 1.0
    taken_from: str | None = None  # ISO date, inclusive
    taken_to: str | None = None  # ISO date, inclusive
    folder: str | None = None  # relative to the root, "/"-separated; sub-folders included
    name_contains: str | None = None
    review: Review | None = None
    sort: SortOrder = SortOrder.PATH
    stacked: bool = False  # of a sequence the first photo alone, with the tag of the whole


@dataclass(frozen=True, slots=True)
class GridItem:
    """One cell of the thumbnail grid."""

    file_id: int
    photo_id: PhotoId  # "" while the file has not been read, or when it could not be
    name: str  # display name
    folder: str  # below the collection's root, "/"-separated; often the station
    label: str | None  # the tag shown: the person's label, else the model's; None while waiting
    source: str  # "person", "detector" (by its boxes), "model" or "waiting"
    confidence: float | None  # the model's, of its own label
    predicted_label: str | None
    labelled_in: str | None = None  # the collection in which a person labelled it, if it is another one
    unlike: bool = False  # no person has labelled it, and it is unlike anything that the model has learnt
    frames: tuple[int, ...] = ()  # of a stack: the files of its photos, by date
    dissenting: int = 0  # of a stack: photos whose own label is another


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process is gone; it can be resumed


class JobKind(StrEnum):
    TAGGING = "tagging"
    TRAINING = "training"
    SEARCH = "search"  # for hyperparameters


@dataclass(frozen=True, slots=True)
class Job:
    """Work in a process of its own, as the catalog remembers it."""

    job_id: int
    collection_id: int  # what is tagged; 0 for a training or a search
    model_id: str  # that tags; of a training or a search the name of its folder
    state: JobState
    stage: str  # "looking for photos", "loading the model", "tagging", "training", "trial 2 of 9, epoch 1"
    total: int
    done: int  # tagged or found unchanged or skipped
    tagged: int
    unchanged: int
    skipped: int
    photos_per_second: float | None
    started_at: str | None  # ISO 8601 UTC
    finished_at: str | None
    message: str | None  # one sentence for FAILED
    kind: JobKind = JobKind.TAGGING
    pid: int | None = None
    host: str | None = None
    cancel_requested: bool = False

    @property
    def live(self) -> bool:
        """Whether it is at work, or waits to be."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]")
"""A model's id: the name of its folder."""


def model_id_from(name: str, taken: Callable[[str], bool]) -> str:
    """Return an id for a model, made from the name that a person gave it.

    Args:
        name: any text.
        taken: whether an id belongs to another model.

    Example:
        >>> model_id_from("Three UX", {"three-ux"}.__contains__)
        'three-ux-2'
        >>> model_id_from("Füchse", lambda _: False), model_id_from("狐", lambda _: False)
        ('fuchse', 'model')
    """
    ascii_letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    stem = re.sub(r"[^a-z0-9]+", "-", ascii_letters.lower())[:56].strip("-")
    wanted = stem if len(stem) > 1 else f"model-{stem}".rstrip("-")
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([wanted], numbered) if not taken(one))


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that must travel with a model's weights.

    `architecture` chooses code by name; nothing in a card is ever executed.

    Attributes:
        backbone: id of the model whose weights these complete: a head that was learnt on its features;
            None for a model that has all its weights itself.
        backbone_sha256: of that model's weights, without which this head means nothing.
    """

    model_id: str
    name: str
    architecture: str  # "vgg16-gap"
    class_names: tuple[str, ...]
    input_px: int
    preprocessing: str  # "caffe": RGB -> BGR, minus the ImageNet mean
    resize: str  # "squash": the whole photo, aspect not kept, Pillow BICUBIC
    target_layer: str  # "block5_conv3"
    temperature: float  # probabilities = softmax(logits / temperature)
    weights_file: str  # "weights.npz"
    weights_sha256: str
    parameter_count: int
    created_at: str
    description: str = ""
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    tested_on: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[str] = ()
    library_versions: Mapping[str, str] = field(default_factory=dict)
    backbone: str | None = None
    backbone_sha256: str | None = None

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
