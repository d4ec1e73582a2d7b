"""The models in the store: which there are, whether they are whole, which one tags, and what their files say.

Cards and evaluation.json are read with caution: they may come from anybody.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.metrics import wilson_interval
from gallery.services import collections, speed, wiring
from gallery.services.heads import name_from_features
from gallery.settings import Settings
from gallery.types import ModelCard
from gallery.words import interval, shown_text

if TYPE_CHECKING:
    from gallery.models import ModelEntry


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model of the store.

    Attributes:
        card: None when it cannot be read.
        own: it lies in the user's home and may be removed.
        active: it is the one that tags.
        problem: why it cannot be used, with the remedy; None when its weights are those of its card.
    """

    model_id: str
    card: ModelCard | None
    own: bool
    active: bool
    problem: str | None


def stored() -> list[StoredModel]:
    """Return all models, the active one first; weights that changed since the last call are hashed anew."""
    active_id = wiring.models().active_id()
    listed = [
        StoredModel(entry.model_id, entry.card, entry.own, entry.model_id == active_id, _problem(entry))
        for entry in wiring.models().entries()
    ]
    return sorted(listed, key=lambda model: not model.active)


def name_of(model_id: str) -> str:
    """Return a model's name.

    Raises:
        ModelError: there is no such model.
    """
    return wiring.models().card(model_id).name


def check_again(model_id: str) -> str | None:
    """Hash a model's weights, and return its problem; None when they are those of its card.

    Raises:
        ModelError: there is no such model.
    """
    _hashed.cache_clear()
    return _problem(wiring.models().entry(model_id))


def activate(model_id: str) -> None:
    """Let a model tag from now on; a learnt head names all photos whose features are stored at once.

    Raises:
        GalleryError: it is missing or damaged, or the choice cannot be kept.
    """
    parts = wiring.parts()
    name_from_features(parts, parts.models.card(model_id))
    parts.models.activate(model_id)


def remove(model_id: str) -> None:
    """Delete a model of the user's own.

    Raises:
        ModelError: it is built in, is active, or cannot be deleted.
    """
    wiring.models().remove(model_id)


def rename(model_id: str, name: str) -> None:
    """Give a model of the user's own another name.

    Raises:
        ModelError: it is built in, there is no name, or it cannot be written.
    """
    wiring.models().rename(model_id, shown_text(" ".join(name.split())))


def export(model_id: str) -> bytes:
    """Return a model as a zip file that `import_zip` takes.

    Raises:
        ModelError: it cannot be read.
    """
    return wiring.models().export(model_id)


def import_zip(file: BinaryIO) -> StoredModel:
    """Add a model that was exported, and return it.

    Raises:
        ModelError: it is no zip of a model, or the disk refuses.
    """
    model_id = wiring.models().import_zip(file)
    return next(model for model in stored() if model.model_id == model_id)


@dataclass(frozen=True, slots=True)
class SwitchCost:
    """What there is to tag before a model has seen every opened photo.

    Attributes:
        photos: of the opened collections, that it has not tagged.
        seconds: that tagging them takes here; None where its speed is not known.
    """

    photos: int
    seconds: float | None


def switch_cost(card: ModelCard) -> SwitchCost:
    """Return what a change to a model costs, by its last job here, else by a measurement of its speed."""
    waiting = sum(collections.waiting_count(one.collection_id, card) for one in collections.opened())
    rate = wiring.catalog().last_rate(card.model_id) or speed.measured().get(card.model_id)
    return SwitchCost(waiting, waiting / rate if rate else None)


def _problem(entry: ModelEntry) -> str | None:
    if entry.problem or entry.card is None:
        return entry.problem
    try:
        stat = (entry.folder / entry.card.weights_file).stat()
    except OSError as exc:
        return f"The weights cannot be read ({exc.strerror}). Restore the folder {entry.folder}."
    signature = f"{entry.folder} {stat.st_size} {stat.st_mtime_ns} {entry.card.weights_sha256}"
    return _hashed(wiring.settings(), entry.model_id, signature)


@functools.lru_cache(maxsize=64)
def _hashed(_chosen: Settings, model_id: str, _signature: str) -> str | None:
    """The signature makes the cache forget: the file's place, size, time and expected hash."""
    return wiring.models().verify(model_id)


@dataclass(frozen=True, slots=True)
class CardScore:
    """A model's measured accuracy, as its card states it.

    Attributes:
        part: which photos: "test", or "validation" where the best epoch was chosen by the same ones.
    """

    accuracy: float
    interval: tuple[float, float] | None
    photos: int | None
    part: Literal["test", "validation"] = "test"

    def sentence(self) -> str:
        """Return the number of photos and the interval in words.

        Example:
            >>> CardScore(0.833, (0.807, 0.856), 917).sentence()
            '917 test photos (95 % CI 80.7 to 85.6\\xa0%)'
        """
        photos = f"{self.part} photos" if self.photos is None else f"{self.photos:,} {self.part} photos"
        return photos if self.interval is None else f"{photos} (95 % CI {interval(self.interval)})"


def card_score(tested_on: Mapping[str, Any]) -> CardScore | None:
    """Return the accuracy that a card states; None where it states none that can be read.

    An interval that it leaves out follows from accuracy and number of photos.
    """
    accuracy = tested_on.get("accuracy")
    if accuracy is None or not _is_share(accuracy):
        return None
    stated = tested_on.get("accuracy_interval")
    if not (isinstance(stated, Sequence) and len(stated) == 2 and all(map(_is_share, stated))):
        stated = None
    n = tested_on.get("n", tested_on.get("photos"))
    photos = n if isinstance(n, int) and not isinstance(n, bool) and n > 0 else None
    if stated is None and photos is not None:
        stated = wilson_interval(round(accuracy * photos), photos)
    ends = (float(stated[0]), float(stated[1])) if stated else None
    return CardScore(float(accuracy), ends, photos, _part(tested_on))


def _part(tested_on: Mapping[str, Any]) -> Literal["test", "validation"]:
    return "validation" if tested_on.get("part") == "validation" else "test"


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def card_facts(card: ModelCard) -> list[tuple[str, str]]:
    """Return the card's fields as (what, value) rows in the order in which people ask for them."""
    facts = [
        ("Model id", card.model_id),
        ("Architecture", f"{card.architecture}, {card.parameter_count:,} parameters"),
        ("Input", f"{card.input_px} x {card.input_px} px, {card.resize}, preprocessing {card.preprocessing}"),
        ("Heatmaps from", card.target_layer),
        ("Temperature", f"{card.temperature:g}: probabilities = softmax(logits / temperature)"),
        ("Made", card.created_at),
    ]
    facts += [(f"Trained: {_words(key)}", _value(value)) for key, value in card.trained_on.items()]
    facts += [(f"Tested: {_words(key)}", _value(value)) for key, value in card.tested_on.items()]
    facts += [(f"Made with {name}", version) for name, version in card.library_versions.items()]
    return [*facts, ("Weights SHA-256", card.weights_sha256)]


def _words(key: str) -> str:
    return str(key).replace("_", " ")


def _value(value: Any) -> str:
    """Return a card's value as text: what is nested stays JSON, which people can at least read."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(key)} {_value(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    return json.dumps(value)


@dataclass(frozen=True, slots=True, eq=False)
class StoredMatrix:
    """The confusion matrix that came with a model.

    Attributes:
        counts: (K, K); row i is the true class, column j the predicted one.
        class_names: K names.
        part: which photos it counts.
    """

    counts: NDArray[np.int64]
    class_names: tuple[str, ...]
    part: Literal["test", "validation"]


def stored_matrix(card: ModelCard) -> StoredMatrix | None:
    """Return the confusion matrix of a model's evaluation.json; None where it holds none that makes sense.

    Raises:
        ModelError: the file cannot be read.
    """
    evaluation = wiring.models().evaluation(card.model_id) or {}
    try:
        counts = np.asarray(evaluation.get("confusion_matrix"), dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] >= 2
    names = evaluation.get("class_names")
    if not square or (counts < 0).any():
        return None
    if not (isinstance(names, list) and len(names) == len(counts) and all(isinstance(n, str) for n in names)):
        names = list(card.class_names)
    if len(names) != len(counts):
        return None
    return StoredMatrix(counts, tuple(names), _part(evaluation))
