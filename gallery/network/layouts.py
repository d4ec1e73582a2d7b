"""The forms of the networks as numbers and names: what pages and estimates need, without loading keras."""

from __future__ import annotations

import re

VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions of each block of VGG16, and their filters (Simonyan and Zisserman 2015, configuration D)."""

CNN_LARGE_LAYERS = 8


def explainable_layers(architecture: str, target_layer: str) -> tuple[str, ...]:
    """Return the layers whose maps can be explained, from the photo to the head, without building a network.

    The networks from scratch number theirs and end with the target layer.

    Example:
        >>> explainable_layers("vgg16-gap", "block5_conv3")[-1], explainable_layers("cnn-small", "conv2")
        ('block5_conv3', ('conv1', 'conv2'))
    """
    if architecture.startswith("vgg16"):
        return tuple(
            f"block{block}_conv{number}"
            for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
            for number in range(1, count + 1)
        )
    last = re.fullmatch(r"conv(\d{1,2})", target_layer)
    if last is None:
        return (target_layer,)
    count = CNN_LARGE_LAYERS if architecture == "cnn-large" else int(last[1])
    return tuple(f"conv{number}" for number in range(1, count + 1))


def channels_of(layer: str) -> int | None:
    """Return how many channels a layer has; None where that follows from a model's weights.

    Example:
        >>> channels_of("block2_conv1"), channels_of("conv2")
        (128, None)
    """
    block = re.fullmatch(r"block([1-5])_conv\d", layer)
    return VGG16_BLOCKS[int(block[1]) - 1][1] if block else None


def layer_in_words(name: str) -> str:
    """Return a layer's name as people read it.

    Example:
        >>> layer_in_words("block5_conv3"), layer_in_words("conv2"), layer_in_words("stem")
        ('Block 5, convolution 3', 'Convolution 2', 'stem')
    """
    found = re.fullmatch(r"(?:block(\d+)_)?conv(\d+)", name)
    if found is None:
        return name
    return f"Block {found[1]}, convolution {found[2]}" if found[1] else f"Convolution {found[2]}"
