"""The models on disk: list, read, verify, save atomically, activate."""

from gallery.model_files.entries import ModelEntry
from gallery.model_files.parts import read_weights
from gallery.model_files.store import TRAINING_PHOTOS_FILE, VALIDATION_PHOTOS_FILE, ModelStore

__all__ = [
    "TRAINING_PHOTOS_FILE",
    "VALIDATION_PHOTOS_FILE",
    "ModelEntry",
    "ModelStore",
    "read_weights",
]
