"""The explanation methods by name: what each shows, whose it is, what it costs, and how it gets its maps.

A new method is one more entry of `METHODS`, with its formula in `formulas`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gallery.errors import CamError
from gallery.explanation import attribution, formulas
from gallery.explanation.attribution import OCCLUSION_CELLS, MapsOf, by_gradient

Cost = Literal["one pass", "one pass a channel", "one pass a place"]


@dataclass(frozen=True, slots=True)
class Method:
    """What a page must know of a method to offer it.

    Attributes:
        name: as on the command line.
        title: as in its paper.
        source: the paper, in short.
        citation: the paper's authors, title, place and year.
        in_words: what the map shows, for people who know no networks.
        maps: gets the maps of some classes out of a network.
        cost: how many forward passes it takes.
        by_class: False where the map is the same for every class.
        by_layer: False where it uses no layer's activations.
    """

    name: str
    title: str
    source: str
    citation: str
    in_words: str
    maps: MapsOf
    cost: Cost = "one pass"
    by_class: bool = True
    by_layer: bool = True

    @property
    def is_slow(self) -> bool:
        """Whether it takes hundreds of forward passes."""
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
            by_gradient(formulas.grad_cam),
        ),
        Method(
            GRAD_CAM_PLUS_PLUS,
            "Grad-CAM++",
            "Chattopadhay et al. 2018",
            "Chattopadhay, Sarkar, Howlader, Balasubramanian: Grad-CAM++: Generalized gradient-based visual "
            "explanations for deep convolutional networks. WACV 2018",
            "Like Grad-CAM, but only what raises the score counts, so that several animals in one photo are "
            "all marked.",
            by_gradient(formulas.grad_cam_plus_plus),
        ),
        Method(
            HIRES_CAM,
            "HiResCAM",
            "Draelos and Carin 2020",
            "Draelos, Carin: Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional "
            "neural networks. arXiv 2011.08891, 2020",
            "Each place counts by its own effect on the score, not by its detector's mean effect; in the "
            "last layer of a network that averages over the photo it equals Grad-CAM.",
            by_gradient(formulas.hires_cam),
        ),
        Method(
            LAYER_CAM,
            "LayerCAM",
            "Jiang et al. 2021",
            "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM: Exploring hierarchical class activation maps for "
            "localization. IEEE Transactions on Image Processing 30, 2021",
            "Each place counts by its own rise of the score, which stays sharp in the early layers too.",
            by_gradient(formulas.layer_cam),
        ),
        Method(
            SCORE_CAM,
            "Score-CAM",
            "Wang et al. 2020",
            "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu: Score-CAM: Score-weighted visual explanations "
            "for convolutional neural networks. CVPR Workshops 2020",
            "The photo is shown to the network through each detector's pattern alone; patterns that keep the "
            "score high count. No gradients.",
            attribution.score_cam,
            cost="one pass a channel",
        ),
        Method(
            EIGEN_CAM,
            "Eigen-CAM",
            "Muhammad and Yeasin 2020",
            "Muhammad, Yeasin: Eigen-CAM: Class activation map using principal components. IJCNN 2020",
            "What stands out most in the layer, whatever the class: the same map for all of them.",
            attribution.eigen_cam,
            by_class=False,
        ),
        Method(
            OCCLUSION,
            "Occlusion",
            "Zeiler and Fergus 2014",
            "Zeiler, Fergus: Visualizing and understanding convolutional networks. ECCV 2014",
            "A grey square covers one place after the other; hot is where covering costs the class most of "
            "its score. It looks into no layer.",
            attribution.occlusion,
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


def passes_of(method: Method, input_px: int, channels: int | None) -> int | None:
    """Return how many forward passes a method takes; None where that is not known.

    Score-CAM leaves out channels that are the same everywhere, so it may take fewer.

    Args:
        method: which.
        input_px: side of the network's input.
        channels: of the layer; None where that follows from the model's weights.

    Example:
        >>> passes_of(METHODS[SCORE_CAM], 224, 512), passes_of(METHODS[OCCLUSION], 224, None)
        (512, 196)
    """
    if method.cost == "one pass a place":
        return min(OCCLUSION_CELLS, input_px) ** 2
    return channels if method.cost == "one pass a channel" else 1


def _bare(name: str) -> str:
    return re.sub(r"[^a-z+]", "", name.lower())
