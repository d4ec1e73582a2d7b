"""Networks that learnt nothing and still see their photo: for the model randomisation test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.network.engine import keras, tf

Floats = NDArray[np.floating[Any]]


def scramble_weights(
    weights: Mapping[str, NDArray[np.floating[Any]]], *, seed: int
) -> dict[str, NDArray[np.floating[Any]]]:
    """Return the weights with the numbers of each kernel shuffled, and biases and norms without effect.

    For the model randomisation test (Adebayo et al. 2018, section 3): a map that stays the same shows the
    photo's edges, not what the network learnt. A network of these alone hands on next to nothing of its
    photo: `set_in_motion` must follow.
    """
    random = np.random.default_rng(seed)

    def scrambled(name: str, tensor: Floats) -> Floats:
        if name.endswith("/kernel"):
            return random.permutation(tensor.ravel()).reshape(tensor.shape)
        scales = name.endswith(("/gamma", "/moving_variance"))
        return np.ones_like(tensor) if scales else np.zeros_like(tensor)

    return {name: scrambled(name, tensor) for name, tensor in weights.items()}


def set_in_motion(network: keras.Model, photo: tf.Tensor) -> None:
    """Give every channel of every layer mean 0 and deviation 1 before its relu, on one photo.

    Shuffled kernels alone let nothing through: what all photos share grows from layer to layer until
    the last maps are the same for each of them, or empty. To scale whole layers does not help (on the
    shipped model the last maps of two photos then correlate 0.9; so 0.26). This is the initialisation by
    data of Salimans and Kingma 2016 (section 3), for shuffled kernels in place of drawn ones.

    Args:
        network: with biases of 0; its kernels are divided and its biases set.
        photo: (1, side, side, 3), prepared as the network takes it.
    """
    values = {id(network.input): photo}  # by the symbolic tensor that it is the value of
    for layer in network.layers[1:]:  # the first is the input, and none comes before what it takes
        several = isinstance(layer.input, list)
        given = [values[id(tensor)] for tensor in layer.input] if several else values[id(layer.input)]
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            spread = _normalised(layer, given)
            layer.kernel.assign(layer.kernel / spread[:, np.newaxis])  # (h, w, channels, 1)
        elif isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            layer.kernel.assign(layer.kernel / _normalised(layer, given))
        values[id(layer.output)] = layer(given, training=False)


def _normalised(layer: Any, given: tf.Tensor) -> NDArray[np.float32]:
    """Set a layer's bias to what it must be once its kernel is divided by what is returned."""
    centre, spread = _of_channels(_before_activation(layer, given))
    layer.bias.assign(np.broadcast_to(-centre / spread, layer.bias.shape))
    return spread


def _before_activation(layer: Any, values: tf.Tensor) -> NDArray[np.float32]:
    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        return np.asarray(layer(values), np.float32)
    finally:
        layer.activation = activation


def _of_channels(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and deviation of each channel over its places; of all units where each has but one."""
    axes = tuple(range(values.ndim - 1)) if values.ndim == 4 else None
    centre, spread = values.mean(axis=axes), values.std(axis=axes)
    return np.asarray(centre), np.asarray(np.where(spread > 0, spread, 1), np.float32)
