"""The error tree.

    GalleryError
    +-- PhotoError      a photo or a folder cannot be read
    +-- ModelError      a model is missing, damaged, or does not fit
    +-- CatalogError    the store cannot be opened or written
    |   +-- LabelRefusedError  a label or a verdict makes no sense, now or later
    +-- DatasetError    a labelled folder is not what was asked for
    +-- TrainingError   a training cannot start or go on
    +-- CamError        a heatmap cannot be made
    |   +-- MapComesError  it is computed at this moment
    +-- ExchangeError   an export or an import cannot be written or read
    +-- JobError        a job cannot start

Foreign exceptions are converted where they enter (``raise ... from exc``).
A message says what was wrong, what was received, and what to do. Whatever is
not a `GalleryError` is a bug, and is logged as one.
"""

from __future__ import annotations

from gallery.words import shown_text


class GalleryError(Exception):
    """Something a user can understand and mend: one sentence, and the remedy.

    What it quotes from a file is spelt out where it could hide, or drive a terminal.
    """

    def __str__(self) -> str:
        return shown_text(super().__str__())


class PhotoError(GalleryError):
    """A photo, an upload or a folder cannot be read."""


class ModelError(GalleryError):
    """A model is missing, damaged, or does not fit the code."""


class CatalogError(GalleryError):
    """The catalog cannot be opened, read or written."""


class LabelRefusedError(CatalogError):
    """A label or a verdict makes no sense, or its photos are unknown: it would be refused again."""


class DatasetError(GalleryError):
    """A labelled folder is not what was asked for."""


class TrainingError(GalleryError):
    """A training cannot start or go on."""


class CamError(GalleryError):
    """A class activation map cannot be made."""


class MapComesError(CamError):
    """A heatmap is not there yet: it is computed at this moment, and there when asked for again."""


class ExchangeError(GalleryError):
    """An export or an import cannot be written or read."""


class JobError(GalleryError):
    """A job cannot be started, or another one is in its way."""
