"""The forms of the networks as numbers and names: what pages and estimates need, without loading keras."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions of each block of VGG16, and their filters (Simonyan and Zisserman 2015, configuration D)."""

RESNET50_STAGES = ((2, 3, 64), (3, 4, 128), (4, 6, 256), (5, 3, 512))
"""Number of each stage, its blocks, and the filters of their first two convolutions (He et al. 2016)."""


class LiteStage(NamedTuple):
    """Some blocks of EfficientNet-Lite of one width; the first of them has the stride."""

    blocks: int
    kernel_px: int
    stride: int
    filters: int


LITE2_STAGES = (
    LiteStage(1, 3, 1, 16),
    LiteStage(3, 3, 2, 24),
    LiteStage(3, 5, 2, 48),
    LiteStage(4, 3, 2, 88),
    LiteStage(4, 5, 1, 120),
    LiteStage(5, 5, 2, 208),
    LiteStage(1, 3, 1, 352),
)

INCEPTION_V3_MIXED = 11
"""Concatenations of InceptionV3, mixed0 to mixed10 (Szegedy et al. 2016)."""

CNN_LARGE_FILTERS = ((32, 64), (128, 256), (256, 512), (512, 1024))
"""Filters of the two convolutions of each block, each block ending in batch norm and pooling."""

POOLED_UNITS = 512
"""Of the dense layer between pooled feature maps and logits."""


class Backbone(NamedTuple):
    """Convolutions before a pooled head: their parameters and the width of their last maps."""

    parameters: int
    channels: int


BACKBONES = {
    "vgg16-gap": Backbone(14_714_688, 512),
    "efficientnet-lite2": Backbone(4_782_024, 1280),
    "resnet50": Backbone(23_481_472, 2048),
    "inception-v3": Backbone(21_768_352, 2048),
}
"""By architecture; batch norm, where the papers have it, is folded into the convolutions."""


LAST_BLOCKS = {
    "vgg16": r"block5_.*",
    "efficientnet-lite2": r"block20_.*|head",
    "resnet50": r"conv5_.*",
    "inception-v3": r"conv(8[6-9]|9[0-4])",
}
"""The last block of each backbone's convolutions: a pattern of layers' names."""


def backbone_of(architecture: str) -> str | None:
    """Return the backbone whose published weights an architecture can begin from.

    Example:
        >>> backbone_of("vgg16-flatten"), backbone_of("resnet50"), backbone_of("cnn-small")
        ('vgg16', 'resnet50', None)
    """
    name = "vgg16" if architecture.startswith("vgg16-") else architecture
    return name if name in LAST_BLOCKS else None


def explainable_layers(architecture: str, target_layer: str) -> tuple[str, ...]:
    """Return the layers whose maps can be explained, from the photo to the head.

    All that the network sees of a photo goes through each of them: the
    convolutions of a plain network; of one with shortcuts or branches the
    blocks' ends, or what no shortcut passes by. All are what a relu gives.
    The networks from scratch number theirs and end with the target layer.

    Example:
        >>> explainable_layers("vgg16-gap", "block5_conv3")[-1], explainable_layers("cnn-small", "conv2")
        ('block5_conv3', ('conv1', 'conv2'))
    """
    if backbone_of(architecture) == "vgg16":
        return tuple(
            f"block{block}_conv{number}"
            for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
            for number in range(1, count + 1)
        )
    if architecture == "efficientnet-lite2":
        firsts = itertools.accumulate((stage.blocks for stage in LITE2_STAGES[:-1]), initial=0)
        return ("stem", *(f"block{first}_depthwise" for first in firsts), "head")
    if architecture == "resnet50":
        blocks = ((stage, block) for stage, count, _ in RESNET50_STAGES for block in range(1, count + 1))
        return ("conv1_conv", *(f"conv{stage}_block{block}_out" for stage, block in blocks))
    if architecture == "inception-v3":
        stem = (f"conv{number}" for number in range(1, 6))
        return (*stem, *(f"mixed{number}" for number in range(INCEPTION_V3_MIXED)))
    last = re.fullmatch(r"conv(\d{1,2})", target_layer)
    if last is None:
        return (target_layer,)
    count = 2 * len(CNN_LARGE_FILTERS) if architecture == "cnn-large" else int(last[1])
    return tuple(f"conv{number}" for number in range(1, count + 1))


def channels_of(layer: str) -> int | None:
    """Return how many channels a layer of VGG16 has; None where that follows from a model's weights.

    Example:
        >>> channels_of("block2_conv1"), channels_of("conv2")
        (128, None)
    """
    block = re.fullmatch(r"block([1-5])_conv\d", layer)
    return VGG16_BLOCKS[int(block[1]) - 1][1] if block else None


_LAYER_WORDS = (
    (r"block(\d+)_conv(\d+)", "Block {0}, convolution {1}"),
    (r"conv(\d+)(?:_conv)?", "Convolution {0}"),
    (r"block(\d+)_depthwise", "Block {0}"),
    (r"conv(\d+)_block(\d+)_out", "Stage {0}, block {1}"),
    (r"mixed(\d+)", "Mixed {0}"),
    (r"stem", "Stem"),
    (r"head", "Last convolution"),
)


def layer_in_words(name: str) -> str:
    """Return a layer's name as people read it.

    Example:
        >>> layer_in_words("block5_conv3"), layer_in_words("conv2"), layer_in_words("block7_depthwise")
        ('Block 5, convolution 3', 'Convolution 2', 'Block 7')
        >>> layer_in_words("conv3_block2_out"), layer_in_words("mixed10"), layer_in_words("stem")
        ('Stage 3, block 2', 'Mixed 10', 'Stem')
    """
    for pattern, words in _LAYER_WORDS:
        if found := re.fullmatch(pattern, name):
            return words.format(*found.groups())
    return name
