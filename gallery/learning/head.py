"""The head of a pooled network as plain arrays: what it says of stored features, without the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.types import FloatArray

TENSORS = ("fc1/kernel", "fc1/bias", "predictions/kernel", "predictions/bias")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A dense relu layer and a dense layer on pooled features.

    Attributes:
        class_names: K, in the order of the outputs.
        temperature: probabilities = softmax(logits / temperature).
        fc1_kernel: (channels, units).
        fc1_bias: (units,).
        kernel: (units, K).
        bias: (K,).
    """

    class_names: tuple[str, ...]
    temperature: float
    fc1_kernel: FloatArray
    fc1_bias: FloatArray
    kernel: FloatArray
    bias: FloatArray

    @classmethod
    def of(
        cls, class_names: Sequence[str], temperature: float, weights: Mapping[str, NDArray[np.floating[Any]]]
    ) -> Head:
        """Return the head among a model's tensors."""
        return cls(
            tuple(class_names), temperature, *(np.asarray(weights[name], np.float32) for name in TENSORS)
        )

    def tensors(self) -> dict[str, FloatArray]:
        """Return the tensors by the names under which a model's weights have them."""
        return dict(zip(TENSORS, (self.fc1_kernel, self.fc1_bias, self.kernel, self.bias), strict=True))

    def scores(self, features: FloatArray) -> FloatArray:
        """Return logits / temperature of pooled features, (n, channels) -> (n, K)."""
        hidden = np.maximum(features @ self.fc1_kernel + self.fc1_bias, 0)
        return np.asarray((hidden @ self.kernel + self.bias) / np.float32(self.temperature), np.float32)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Return what the network says of photos with these features, (n, channels) -> (n, K)."""
        from scipy.special import softmax

        return np.asarray(softmax(self.scores(features), axis=1), np.float32)

    def with_classes(self, class_names: Sequence[str], columns: Sequence[int | None]) -> Head:
        """Return a head of other classes.

        Args:
            class_names: the new ones.
            columns: which of this head's outputs each new class begins from; None for a class that nothing
                speaks for yet.
        """
        kernel = np.zeros((self.kernel.shape[0], len(columns)), np.float32)
        bias = np.zeros(len(columns), np.float32)
        for new, old in enumerate(columns):
            if old is not None:
                kernel[:, new], bias[new] = self.kernel[:, old], self.bias[old]
        return Head(tuple(class_names), self.temperature, self.fc1_kernel, self.fc1_bias, kernel, bias)

    def plus(self, kernel: FloatArray, bias: FloatArray) -> Head:
        """Return the head that says ``scores(f) + f @ kernel + bias``, as the store keeps it (float16).

        A relu layer hands a linear part on in two units a class: a = relu(a) - relu(-a).

        Args:
            kernel: (channels, K).
            bias: (K,).

        Example:
            >>> one = np.ones((1, 1), np.float32)
            >>> head = Head(("a",), 2.0, one, one[0], one, one[0])
            >>> float(head.plus(-3 * one, one[0]).scores(4 * one)[0, 0])  # (4 + 1 + 1) / 2 - 12 + 1
            -8.0
        """
        through = self.temperature * np.eye(len(bias), dtype=np.float32)
        made = (
            np.concatenate([self.fc1_kernel, kernel, -kernel], axis=1),
            np.concatenate([self.fc1_bias, bias, -bias]),
            np.concatenate([self.kernel, through, -through]),
            self.bias,
        )
        return Head(
            self.class_names,
            self.temperature,
            *(tensor.astype(np.float16).astype(np.float32) for tensor in made),
        )
