"""The loop that people write with Keras, as the baseline of ``python -m gallery benchmark``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.network.engine import keras
from gallery.network.loading import load_network
from gallery.network.preprocessing import preprocess
from gallery.types import FloatArray, ModelCard


def build_plain_model(card: ModelCard, weights: Mapping[str, NDArray[np.floating[Any]]]) -> keras.Model:
    """Return the card's network in float32 with a softmax on top, ready for `predict`."""
    network = load_network(card, weights, precision="float32")
    probabilities = keras.layers.Softmax(dtype="float32")(network.output / card.temperature)
    return keras.Model(network.input, probabilities)


def classify_plainly(
    model: keras.Model, paths: Sequence[Path], preprocessing: str, *, batch: int = 32
) -> FloatArray:
    """Return the probabilities of readable photos, (photos, classes) float32, in the order of `paths`.

    `keras.utils.load_img` at the model's size, `img_to_array`, the card's
    preprocessing and `predict`, a batch at a time. A file that is not a
    photo ends it, as it does in the loops that people write.
    """
    side = model.input_shape[1:3]
    results = [np.empty((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(paths), batch):
        photos = [
            keras.utils.img_to_array(keras.utils.load_img(path, target_size=side))
            for path in paths[start : start + batch]
        ]
        images = preprocess(np.stack(photos), preprocessing)
        results.append(model.predict(images, batch_size=batch, verbose=0))
    return np.concatenate(results)
