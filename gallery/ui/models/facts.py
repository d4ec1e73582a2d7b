"""What a model's card and evaluation.json say, read with caution: they may come from anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.metrics import wilson_interval
from gallery.types import ModelCard
from gallery.words import interval


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
        """Return the interval and the number of photos in words.

        Example:
            >>> CardScore(0.833, (0.807, 0.856), 917).sentence()
            '95 % interval 80.7 to 85.6\\xa0%, 917 test photos'
        """
        parts = []
        if self.interval is not None:
            parts.append(f"95 % interval {interval(self.interval)}")
        if self.photos is not None:
            parts.append(f"{self.photos:,} {self.part} photos")
        return ", ".join(parts) or "the card does not say on how many photos"


def card_score(tested_on: Mapping[str, Any]) -> CardScore | None:
    """Return the accuracy that a card states; None where it states none that can be read.

    An interval that it leaves out follows from accuracy and number of photos.
    """
    accuracy = tested_on.get("accuracy")
    if accuracy is None or not _is_share(accuracy):
        return None
    interval = tested_on.get("accuracy_interval")
    if not (isinstance(interval, Sequence) and len(interval) == 2 and all(map(_is_share, interval))):
        interval = None
    n = tested_on.get("n", tested_on.get("photos"))
    photos = n if isinstance(n, int) and not isinstance(n, bool) and n > 0 else None
    if interval is None and photos is not None:
        interval = wilson_interval(round(accuracy * photos), photos)
    part: Literal["test", "validation"] = "validation" if tested_on.get("part") == "validation" else "test"
    ends = (float(interval[0]), float(interval[1])) if interval else None
    return CardScore(float(accuracy), ends, photos, part)


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


def stored_matrix(evaluation: Mapping[str, Any] | None) -> NDArray[np.int64] | None:
    """Return the square count matrix that an evaluation.json holds, None where it holds none."""
    try:
        matrix = np.asarray((evaluation or {}).get("confusion_matrix"), dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] >= 2
    return matrix if square and bool((matrix >= 0).all()) else None
