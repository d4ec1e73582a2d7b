"""The teacher: a ResNet50 with its 1000-class head, and a ten-class head fitted on its pooled features.

Its head is pooling followed by a linear layer, so the map (7, 7, 2048) of a view holds the target of every
crop of that view along the 32-pixel grid.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from gallery.errors import TrainingError
from gallery.files import read_arrays
from gallery.network.engine import keras

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
STAGES = ((2, 3), (3, 4), (4, 6), (5, 3))


CAFFE_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CAFFE_STD = (1 / 255, 1 / 255, 1 / 255)
"""What keras.applications' ResNet50 subtracts and divides by, of RGB / 255."""


@dataclass(frozen=True)
class TeacherWeights:
    """A ResNet50's tensors, batch norm folded into the convolutions, and the input they expect.

    Attributes:
        arrays: by Keras' layer names, "<layer>/kernel" (HWIO, of RGB) and "<layer>/bias".
        mean, std: of the input, RGB / 255.
    """

    arrays: Mapping[str, NDArray[Any]]
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD

    def __post_init__(self) -> None:
        for name in _layer_names():
            kernel, bias = (self.arrays.get(f"{name}/{kind}") for kind in ("kernel", "bias"))
            if kernel is None or bias is None or kernel.shape[-1:] != bias.shape:
                raise TrainingError(
                    f"The teacher lacks {name}, or its shapes do not fit. Give a ResNet50 with its "
                    "1000-class head: a .npz with batch norm folded away, or the .h5 of keras.applications."
                )


def _layer_names() -> list[str]:
    blocks = [
        f"conv{stage}_block{block}_{number}_conv"
        for stage, count in STAGES
        for block in range(1, count + 1)
        for number in ((0, 1, 2, 3) if block == 1 else (1, 2, 3))
    ]
    return ["conv1_conv", *blocks, "predictions"]


def read_teacher(source: str | Path, *, fetch: Callable[[], Any] | None = None) -> TeacherWeights:
    """Return the teacher that a user named.

    Args:
        source: "imagenet" (keras.applications, fetched once), a ``.npz`` without batch norm, or the
            ``.h5`` with the head that keras.applications publishes.
        fetch: gives keras.applications' ResNet50 for "imagenet"; it is downloaded if None.

    Raises:
        TrainingError: no such file, no connection, or it is no ResNet50.
    """
    if str(source) == "imagenet":
        try:
            with contextlib.redirect_stdout(sys.stderr):  # keras shows its progress where an answer belongs
                return folded((fetch or (lambda: keras.applications.ResNet50(weights="imagenet")))())
        except Exception as exc:  # keras raises bare Exception when the download fails
            raise TrainingError(
                f"The ResNet50 of keras.applications could not be fetched ({exc}). On a machine without a "
                "connection give --teacher PATH."
            ) from exc
    file = Path(source).expanduser()
    if not file.is_file():
        raise TrainingError(
            f"There is no teacher at {file}. Give --teacher a ResNet50's .npz or .h5 file, or imagenet."
        )
    try:
        if file.suffix.lower() in (".h5", ".hdf5"):
            return folded(keras.applications.ResNet50(weights=str(file)))
        return TeacherWeights(read_arrays(file))
    except (OSError, ValueError, AttributeError, KeyError) as exc:
        raise TrainingError(
            f"{file} cannot be read as a ResNet50 with its head ({exc}). Give a .npz or a .h5 file."
        ) from exc


def folded(network: Any) -> TeacherWeights:
    """Return keras.applications' ResNet50 without batch norm: kernel * s, (bias - mean) * s + offset."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name in _layer_names():
        kernel, bias = (np.asarray(tensor, np.float32) for tensor in network.get_layer(name).get_weights())
        if name.endswith("_conv"):
            norm = network.get_layer(name.removesuffix("_conv") + "_bn")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * scale, (bias - mean) * scale + beta
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    arrays["conv1_conv/kernel"] = arrays["conv1_conv/kernel"][:, :, ::-1]  # it takes BGR, `Teacher` gives RGB
    return TeacherWeights(arrays, CAFFE_MEAN, CAFFE_STD)


class Teacher:
    """A ResNet50 whose batch norm was folded away; stride 2 sits in a stage's first 1 x 1 convolution.

    Attributes:
        maps: gives the last feature map, (B, 7, 7, 2048) float32, of RGB images (B, 224, 224, 3) in 0..255.
        head_kernel: of the 1000-class head on the pooled map, (2048, 1000).
        head_bias: (1000,).
    """

    def __init__(self, source: Path | TeacherWeights, *, dtype: tf.DType = tf.bfloat16) -> None:
        """Take weights, or read them; the convolutions compute in ``dtype``.

        Raises:
            TrainingError: as `read_teacher`.
        """
        given = source if isinstance(source, TeacherWeights) else read_teacher(source)
        arrays, self._mean, self._std, self._dtype = dict(given.arrays), given.mean, given.std, dtype
        self.head_kernel = arrays.pop("predictions/kernel").astype(np.float32)  # (2048, 1000)
        self.head_bias = arrays.pop("predictions/bias").astype(np.float32)
        self.maps = tf.function(self._maps, reduce_retracing=True)
        self._weights = {name: tf.constant(value, dtype) for name, value in arrays.items()}

    def _conv(self, x: tf.Tensor, name: str, stride: int = 1, padding: str = "SAME") -> tf.Tensor:
        y = tf.nn.conv2d(x, self._weights[f"{name}_conv/kernel"], stride, padding)
        return tf.nn.bias_add(y, self._weights[f"{name}_conv/bias"])

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        x = (tf.cast(images, tf.float32) / 255.0 - self._mean) / self._std
        x = tf.pad(tf.cast(x, self._dtype), [[0, 0], [3, 3], [3, 3], [0, 0]])
        x = tf.nn.relu(self._conv(x, "conv1", 2, "VALID"))
        x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")
        for stage, blocks in STAGES:
            for block in range(1, blocks + 1):
                name = f"conv{stage}_block{block}"
                stride = 2 if block == 1 and stage > 2 else 1
                shortcut = self._conv(x, f"{name}_0", stride) if block == 1 else x
                y = tf.nn.relu(self._conv(x, f"{name}_1", stride))
                y = tf.nn.relu(self._conv(y, f"{name}_2"))
                x = tf.nn.relu(shortcut + self._conv(y, f"{name}_3"))
        return tf.cast(x, tf.float32)


def fit_ten_class_head(
    features: NDArray[np.float32], labels: NDArray[np.integer], *, inverse_penalty: float = 0.01
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return kernel (channels, classes) and bias (classes,) of a class-balanced logistic regression.

    The classes are those that occur in ``labels``, ascending.

    The features are standardised for the fit, and the standardisation is folded into what is returned.
    """
    mean, std = features.mean(0), features.std(0) + 1e-3
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=300)
    model.fit((features - mean) / std, labels)
    slopes, intercepts = model.coef_, model.intercept_
    if len(slopes) == 1:  # of two classes scikit-learn keeps the difference of the logits
        slopes, intercepts = (np.concatenate([-half, half]) for half in (slopes / 2, intercepts / 2))
    kernel = (slopes / std).T
    return kernel.astype(np.float32), (intercepts - mean @ kernel).astype(np.float32)
