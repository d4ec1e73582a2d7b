"""Reading the VGG16 weights that keras.applications publishes, for trainings that begin from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network.layouts import VGG16_BLOCKS


def read_keras_vgg16(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return a VGG16 ``.h5`` file's thirteen convolutions as ``<layer>/kernel`` and ``<layer>/bias``.

    The legacy layout is read: a group for each layer, at the root or below
    ``model_weights``, whose attribute ``weight_names`` lists kernel and bias, as
    in ``vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5``. Dense layers are
    left out. Together with a network's own head:
    ``set_weights(network, get_weights(network) | read_keras_vgg16(path))``.

    Raises:
        ModelError: the file is not HDF5, or a tensor is missing or misshapen.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    channels = 3
    try:
        with h5py.File(path, "r") as file:
            layers = file.get("model_weights", file)
            for block, (convolutions, filters) in enumerate(VGG16_BLOCKS, start=1):
                for number in range(1, convolutions + 1):
                    layer = f"block{block}_conv{number}"
                    kernel, bias = _kernel_and_bias(layers, layer)
                    if kernel.shape != (3, 3, channels, filters) or bias.shape != (filters,):
                        raise ModelError(
                            f"{layer} in {path.name} has the shapes {kernel.shape} and {bias.shape}, VGG16's "
                            f"are {(3, 3, channels, filters)} and {(filters,)}. Give a VGG16 file of "
                            "keras.applications (TensorFlow's order of dimensions)."
                        )
                    tensors[f"{layer}/kernel"], tensors[f"{layer}/bias"] = kernel, bias
                    channels = filters
    except (OSError, ValueError, TypeError, RuntimeError) as exc:
        raise ModelError(
            f"{path} cannot be read as an HDF5 weights file ({exc}). Download it again."
        ) from exc
    return tensors


def _kernel_and_bias(layers: Any, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        group = layers[layer]
        names = [name.decode() if isinstance(name, bytes) else name for name in group.attrs["weight_names"]]
        kernel, bias = (np.asarray(group[name], dtype=np.float32) for name in names)
    except (KeyError, ValueError) as exc:
        raise ModelError(
            f"The file has no kernel and bias for {layer}. Give a VGG16 weights file of keras.applications."
        ) from exc
    return kernel, bias
