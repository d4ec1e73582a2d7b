"""The explanation methods as pages and commands offer them: names, sources, costs, layers; no keras here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gallery.errors import CamError
from gallery.types import ModelCard

Cost = Literal["one pass", "one pass a channel", "one pass a place"]

OCCLUSION_CELLS = 14
"""Places of the grey square along each side: as fine as the maps of VGG16's last block, 196 passes."""


@dataclass(frozen=True, slots=True)
class Method:
    """What a page must know of a method to offer it.

    Attributes:
        name: as on the command line.
        title: as in its paper.
        source: the paper, in short.
        citation: the paper's authors, title, place and year.
        in_words: what the map shows, for people who know no networks.
        cost: how many looks of the network it takes.
        by_class: False where the map is the same for every class.
        by_layer: False where no layer's activations are looked at.
    """

    name: str
    title: str
    source: str
    citation: str
    in_words: str
    cost: Cost = "one pass"
    by_class: bool = True
    by_layer: bool = True

    @property
    def is_slow(self) -> bool:
        """Whether it takes hundreds of looks of the network."""
        return self.cost != "one pass"


GRAD_CAM = "grad-cam"
GRAD_CAM_PLUS_PLUS = "grad-cam++"
HIRES_CAM = "hires-cam"
LAYER_CAM = "layer-cam"
SCORE_CAM = "score-cam"
EIGEN_CAM = "eigen-cam"
OCCLUSION = "occlusion"

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            GRAD_CAM,
            "Grad-CAM",
            "Selvaraju et al. 2017",
            "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM: Visual explanations from deep "
            "networks via gradient-based localization. ICCV 2017",
            "Each detector of the layer counts as much as the class's score rises with it, everywhere in the "
            "photo alike.",
        ),
        Method(
            GRAD_CAM_PLUS_PLUS,
            "Grad-CAM++",
            "Chattopadhay et al. 2018",
            "Chattopadhay, Sarkar, Howlader, Balasubramanian: Grad-CAM++: Generalized gradient-based visual "
            "explanations for deep convolutional networks. WACV 2018",
            "Like Grad-CAM, but only what raises the score counts, so that several animals in one photo are "
            "all marked.",
        ),
        Method(
            HIRES_CAM,
            "HiResCAM",
            "Draelos and Carin 2020",
            "Draelos, Carin: Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional "
            "neural networks. arXiv 2011.08891, 2020",
            "Each place counts by its own effect on the score, not by its detector's mean effect; in the "
            "last layer of a network that averages over the photo it equals Grad-CAM.",
        ),
        Method(
            LAYER_CAM,
            "LayerCAM",
            "Jiang et al. 2021",
            "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM: Exploring hierarchical class activation maps for "
            "localization. IEEE Transactions on Image Processing 30, 2021",
            "Each place counts by its own rise of the score, which stays sharp in the early layers too.",
        ),
        Method(
            SCORE_CAM,
            "Score-CAM",
            "Wang et al. 2020",
            "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu: Score-CAM: Score-weighted visual explanations "
            "for convolutional neural networks. CVPR Workshops 2020",
            "The photo is shown to the network through each detector's pattern alone; patterns that keep the "
            "score high count. No gradients.",
            cost="one pass a channel",
        ),
        Method(
            EIGEN_CAM,
            "Eigen-CAM",
            "Muhammad and Yeasin 2020",
            "Muhammad, Yeasin: Eigen-CAM: Class activation map using principal components. IJCNN 2020",
            "What stands out most in the layer, whatever the class: the same map for all of them.",
            by_class=False,
        ),
        Method(
            OCCLUSION,
            "Occlusion",
            "Zeiler and Fergus 2014",
            "Zeiler, Fergus: Visualizing and understanding convolutional networks. ECCV 2014",
            "A grey square covers one place after the other; hot is where covering costs the class most of "
            "its score. It looks into no layer.",
            cost="one pass a place",
            by_layer=False,
        ),
    )
}


def method_named(name: str) -> Method:
    """Return a method by its name, however it is spelt.

    Raises:
        CamError: there is none of that name.

    Example:
        >>> method_named("GradCAM++").name, method_named("Layer_CAM").name
        ('grad-cam++', 'layer-cam')
    """
    asked = _bare(name)
    for method in METHODS.values():
        if asked in (_bare(method.name), _bare(method.title)):
            return method
    raise CamError(f'There is no method "{name[:60]}". Methods: {", ".join(METHODS)}.')


VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions of each block of VGG16, and their filters (Simonyan and Zisserman 2015, configuration D)."""

CNN_LARGE_LAYERS = 8


def layers_of(card: ModelCard) -> tuple[str, ...]:
    """Return the convolutions of a card's network, from the photo to the head, without building it.

    The networks from scratch number theirs and end with the card's target layer.
    """
    if card.architecture.startswith("vgg16"):
        return tuple(
            f"block{block}_conv{number}"
            for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
            for number in range(1, count + 1)
        )
    last = re.fullmatch(r"conv(\d{1,2})", card.target_layer)
    if last is None:
        return (card.target_layer,)
    count = CNN_LARGE_LAYERS if card.architecture == "cnn-large" else int(last[1])
    return tuple(f"conv{number}" for number in range(1, count + 1))


def passes_of(method: Method, card: ModelCard, layer: str | None) -> int | None:
    """Return how many looks of the network a method takes; None where that follows from its weights.

    Score-CAM leaves out channels that are the same everywhere, so it may take fewer.
    """
    if method.cost == "one pass a place":
        return min(OCCLUSION_CELLS, card.input_px) ** 2
    if method.cost == "one pass":
        return 1
    block = re.match(r"block([1-5])_", layer or card.target_layer)
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


def _bare(name: str) -> str:
    return re.sub(r"[^a-z+]", "", name.lower())
