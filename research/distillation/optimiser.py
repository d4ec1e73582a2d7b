"""One optimiser for both kinds of weights: Muon for convolution kernels, Adam for all others.

Muon (Jordan 2024) orthogonalises the momentum of a matrix by Newton-Schulz steps. Here its update is scaled
to a share of the kernel's own norm, so that a rate means the same in every layer: with batch norm behind it,
a kernel turns by that angle in a step.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

QUINTIC = (3.4445, -4.7750, 2.0315)
"""A Newton-Schulz step that pushes singular values to about 1 fastest (Jordan 2024)."""


def orthogonalise(gradient: tf.Tensor, steps: int = 5) -> tf.Tensor:
    """Return the gradient with all singular values near 1; (..., outputs) is read as a matrix."""
    shape = tf.shape(gradient)
    matrix = tf.reshape(gradient, (-1, gradient.shape[-1]))
    wide = matrix.shape[0] is not None and matrix.shape[0] <= matrix.shape[1]
    x = tf.cast(matrix / (tf.norm(matrix) + 1e-12), tf.bfloat16)
    a, b, c = QUINTIC
    for _ in range(steps):
        gram = tf.matmul(x, x, transpose_b=True) if wide else tf.matmul(x, x, transpose_a=True)
        polynomial = b * gram + c * tf.matmul(gram, gram)
        x = a * x + (tf.matmul(polynomial, x) if wide else tf.matmul(x, polynomial))
    return tf.reshape(tf.cast(x, tf.float32), shape)


class MuonAdam:
    """The optimiser's state and its step.

    Attributes:
        slots: momenta and second moments by "<variable>/<slot>", to be stored with a checkpoint.
    """

    def __init__(self, variables: Mapping[str, tf.Variable], *, momentum: float = 0.95) -> None:
        """Make the state; kernels of rank 4 get Muon."""
        self._variables, self._momentum = dict(variables), momentum
        self._count = tf.Variable(0.0)
        self.slots: dict[str, tf.Variable] = {"count": self._count}
        for name, variable in self._variables.items():
            kinds = ("momentum",) if len(variable.shape) == 4 else ("first", "second")
            for kind in kinds:
                self.slots[f"{name}/{kind}"] = tf.Variable(tf.zeros_like(variable))

    def apply(self, gradients: Mapping[str, tf.Tensor], muon_rate: tf.Tensor, adam_rate: tf.Tensor) -> None:
        """Take one step; to be called inside a tf.function.

        Args:
            gradients: one for each variable, by name.
            muon_rate: the step's norm as a share of the kernel's norm.
            adam_rate: Adam's rate.
        """
        self._count.assign_add(1.0)
        for name, gradient in gradients.items():
            variable = self._variables[name]
            if len(variable.shape) == 4:
                momentum = self.slots[f"{name}/momentum"]
                momentum.assign(self._momentum * momentum + gradient)
                update = orthogonalise(gradient + self._momentum * momentum)
                share = tf.norm(variable) / (tf.norm(update) + 1e-12)
                variable.assign_sub(muon_rate * share * update)
            else:
                first, second = self.slots[f"{name}/first"], self.slots[f"{name}/second"]
                first.assign(0.9 * first + 0.1 * gradient)
                second.assign(0.99 * second + 0.01 * tf.square(gradient))
                corrected = first / (1 - 0.9**self._count)
                deviation = tf.sqrt(second / (1 - 0.99**self._count)) + 1e-8
                variable.assign_sub(adam_rate * corrected / deviation)


class MovingAverage:
    """An exponential average of variables, shorter at first so that it does not remember the start."""

    def __init__(self, variables: Mapping[str, tf.Variable], decay: float) -> None:
        """Begin with the variables' values."""
        self._variables, self._decay = dict(variables), decay
        self.averages = {name: tf.Variable(variable) for name, variable in self._variables.items()}

    def update(self, step: tf.Tensor) -> None:
        """Take the variables' present values in; to be called inside a tf.function.

        Args:
            step: how many steps were taken, float32.
        """
        decay = tf.minimum(self._decay, (1.0 + step) / (10.0 + step))
        for name, average in self.averages.items():
            average.assign_sub((1.0 - decay) * (average - self._variables[name]))

    def values(self) -> dict[str, NDArray[np.float32]]:
        """Return the averages by name."""
        return {name: average.numpy() for name, average in self.averages.items()}
