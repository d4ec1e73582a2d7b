"""The teacher: a ResNet50 with its head of ImageNet's 1000 classes, and a head for the trained classes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from gallery.errors import ModelError, TrainingError
from gallery.files import read_arrays
from gallery.network.architectures import set_weights
from gallery.network.backbones import resnet50
from gallery.network.engine import keras
from gallery.network.precision import best_precision
from gallery.network.preprocessing import preprocess
from gallery.network.published import resnet50_tensors

PREPROCESSING = "torch"
"""What becomes of pixels before the teacher takes them."""


class Teacher:
    """A ResNet50 whose batch norm was folded into its convolutions.

    Attributes:
        pooled: the network up to the means of its last feature map, preprocessed photos -> (B, 2048).
        seeing: the network up to that map, preprocessed photos -> (B, side / 32, side / 32, 2048).
        head: kernel (2048, 1000) and bias (1000,) of the 1000-class head on the pooled map.
    """

    def __init__(self, tensors: Mapping[str, NDArray[Any]], *, dtype: str = "float32") -> None:
        """Take tensors by Keras' layer names, "<layer>/kernel" (HWIO, of RGB) and "<layer>/bias".

        Args:
            tensors: batch norm folded away, of photos preprocessed as "torch".
            dtype: the dtype policy of the convolutions.

        Raises:
            TrainingError: they are no ResNet50's.
        """
        image = keras.Input((None, None, 3), dtype="float32", name="image")
        maps = resnet50(image, dtype)
        pooled = keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", dtype="float32", name="gap"
        )(maps)  # fmt: skip
        head = keras.layers.Dense(1000, dtype="float32", name="predictions")
        network = keras.Model(image, head(pooled), name="teacher")
        try:
            set_weights(network, tensors, only=frozenset(layer.name for layer in network.layers))
        except ModelError as exc:
            raise TrainingError(
                f"The teacher is no ResNet50: {exc} Give a ResNet50 with its 1000-class head: a .npz with "
                "batch norm folded away, or the .h5 of keras.applications."
            ) from exc
        self.seeing, self.pooled = keras.Model(image, maps), keras.Model(image, pooled)
        self.head: list[NDArray[np.float32]] = head.get_weights()

    def maps(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return the last feature map, (B, 7, 7, 2048), of RGB photos (B, 224, 224, 3) in 0..255."""
        return np.asarray(self.seeing.predict_on_batch(preprocess(images, PREPROCESSING)), np.float32)


def read_teacher(source: str) -> Teacher:
    """Return the teacher that a user named.

    Args:
        source: "imagenet" (keras.applications, fetched once), a ``.npz`` of the tensors that `Teacher` takes,
            or the ``.h5`` with the head that keras.applications publishes.

    Raises:
        TrainingError: no such file, no connection, or it is no ResNet50.
    """
    file = Path(source).expanduser()
    if source == "imagenet":
        try:
            with contextlib.redirect_stdout(sys.stderr):  # keras shows its progress where an answer belongs
                tensors = resnet50_tensors(keras.applications.ResNet50(weights="imagenet"))
        except Exception as exc:  # keras raises bare Exception when the download fails
            raise TrainingError(
                f"The ResNet50 of keras.applications could not be fetched ({exc}). On a machine without a "
                "connection give --teacher PATH."
            ) from exc
    elif not file.is_file():
        raise TrainingError(
            f"There is no teacher at {file}. Give --teacher a ResNet50's .npz or .h5 file, or imagenet."
        )
    else:
        try:
            if file.suffix.lower() in (".h5", ".hdf5"):
                tensors = resnet50_tensors(keras.applications.ResNet50(weights=str(file)))
            else:
                tensors = read_arrays(file)
        except (OSError, ValueError, AttributeError, KeyError) as exc:
            raise TrainingError(
                f"{file} cannot be read as a ResNet50 with its head ({exc}). Give a .npz or a .h5 file."
            ) from exc
    return Teacher(tensors, dtype="mixed_bfloat16" if best_precision() == "bfloat16" else "float32")


def fit_class_head(
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
