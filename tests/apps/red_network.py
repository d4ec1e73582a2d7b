"""A network whose every answer can be worked out by hand: red is a cat, without red it is a dog.

`RED_WEIGHTS` are tensors of the architecture cnn-small at 32 x 32 pixels; `RedExplainer` says much the
same in numpy, for tests of pages, which load no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.types import FloatArray, ModelCard
from tests.apps.small_gallery import CLASS_NAMES, model_card

SIDE = 32
DOG, CAT = CLASS_NAMES.index("dog"), CLASS_NAMES.index("cat")
GAIN, DOG_LOGIT = 60.0, 2.0


def red_card(model_id: str = "red-network") -> ModelCard:
    """The card that belongs to `red_weights`."""
    return model_card(
        model_id, architecture="cnn-small", preprocessing="unit", input_px=SIDE, target_layer="conv2",
        temperature=1.0,
    )  # fmt: skip


def red_weights() -> dict[str, NDArray[np.float32]]:
    """The cat's logit is `GAIN` times the mean of red minus 1.06 green over the photo, the dog's constant.

    1.06 makes the neutral grey (124, 117, 104) nothing.
    """
    weights = {
        "conv1/kernel": np.zeros((3, 3, 3, 2), np.float32), "conv1/bias": np.zeros(2, np.float32),
        "conv2/kernel": np.zeros((3, 3, 2, 4), np.float32), "conv2/bias": np.zeros(4, np.float32),
        "fc1/kernel": np.zeros((6 * 6 * 4, 2), np.float32), "fc1/bias": np.zeros(2, np.float32),
        "predictions/kernel": np.zeros((2, 10), np.float32), "predictions/bias": np.zeros(10, np.float32),
    }  # fmt: skip
    weights["conv1/kernel"][1, 1, :2, 0] = (1.0, -1.0625)
    weights["conv2/kernel"][1, 1, 0, 0] = 1.0
    weights["fc1/kernel"].reshape(6, 6, 4, 2)[:, :, 0, 0] = 1 / 36
    weights["predictions/kernel"][0, CAT] = GAIN
    weights["predictions/bias"][DOG] = DOG_LOGIT
    return weights


class RedExplainer:
    """Stands for `gallery.explanation.explainer.Explainer`; counts what it is asked."""

    def __init__(self, *, scrambled: bool = False) -> None:
        self.asked: list[tuple[str, str | None, tuple[int, ...]]] = []
        self.photos_seen = 0
        self._scrambled = scrambled

    def explain_classes(
        self,
        image: NDArray[np.uint8],
        class_indices: Sequence[int],
        *,
        method: str,
        layer: str | None = None,
        on_pass: Callable[[int, int], None] = lambda done, total: None,
    ) -> FloatArray:
        self.asked.append((method, layer, tuple(class_indices)))
        on_pass(196, 196)
        red = _redness(image).reshape(14, image.shape[0] // 14, 14, -1).mean(axis=(1, 3))
        if self._scrambled:
            red = np.random.default_rng(0).permutation(red.ravel()).reshape(red.shape)
        return np.stack([red * (index == CAT) for index in class_indices]).astype(np.float32)

    def explain(self, image: NDArray[np.uint8], class_index: int, **how: object) -> FloatArray:
        return self.explain_classes(image, [class_index], **how)[0]  # type: ignore[arg-type,no-any-return]

    def probabilities(self, images: NDArray[np.uint8]) -> FloatArray:
        self.photos_seen += len(images)
        logits = np.zeros((len(images), len(CLASS_NAMES)))
        logits[:, DOG] = DOG_LOGIT
        logits[:, CAT] = GAIN * _redness(images).mean(axis=(1, 2))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)

    def scrambled(self, seed: int, image: NDArray[np.uint8]) -> RedExplainer:
        return RedExplainer(scrambled=True)


def _redness(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.maximum(images[..., 0] - 1.0625 * images[..., 1], 0) / 255
