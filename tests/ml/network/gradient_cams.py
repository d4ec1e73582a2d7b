"""Grad-CAM by automatic differentiation: the oracle of the maps that fall out of the forward pass."""

from __future__ import annotations

import numpy as np

from gallery.explanation import formulas
from gallery.network.classifier import KerasClassifier
from gallery.network.engine import tf
from gallery.types import FloatArray, RgbImage


def gradient_cams(classifier: KerasClassifier, image: RgbImage, class_index: int) -> FloatArray:
    """Return one class's map, (h, w) float32 >= 0.

    The maps come from a graph, as in `classify`: step by step, bfloat16 rounds more often and they differ
    by 2 %.
    """
    side = classifier.input_px
    signature = [tf.TensorSpec((None, side, side, 3), tf.uint8)]
    maps = tf.function(classifier._maps, input_signature=signature, autograph=False)(image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logit = classifier._head(maps)[0][0, class_index]
    gradients = tape.gradient(logit, maps).numpy()[0]  # (h, w, C)
    return formulas.grad_cam(maps.numpy()[0], gradients)
