"""The models on disk: list, read, verify, save atomically, activate."""

from gallery.models.entries import ModelEntry
from gallery.models.parts import read_weights
from gallery.models.store import TRAINING_PHOTOS_FILE, VALIDATION_PHOTOS_FILE, ModelStore

__all__ = [
    "TRAINING_PHOTOS_FILE",
    "VALIDATION_PHOTOS_FILE",
    "ModelEntry",
    "ModelStore",
    "read_weights",
]
