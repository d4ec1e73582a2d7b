"""How each network is trained, as declarations: what a user may read, change, and find again on the card."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gallery.errors import TrainingError
from gallery.network.layouts import BACKBONES, backbone_of
from gallery.training.augmentation import Augmentation

Trainable = Literal["all", "last block", "top"]
Schedule = Literal["constant", "exponential", "cosine"]
Balance = Literal["none", "oversample", "class weights"]
Optimiser = Literal["adam", "adamw", "sgd", "rmsprop"]
Loss = Literal["categorical_crossentropy", "sparse_categorical_crossentropy"]

MILD = Augmentation(rotation_deg=15, translation=0.1, shear_deg=8, zoom=0.15, flip=True)
"""What animals look like from another stand: no photo is upside down."""


@dataclass(frozen=True, slots=True)
class Distillation:
    """What a teacher's answers weigh beside the labels; the terms are those of `distillation.losses`.

    The teacher answers to the very pixels that the network is shown, so whatever is done to them it is right.

    Attributes:
        map: its last feature map, place by place, through a linear adapter that is thrown away afterwards.
        pooled: that map's mean.
        thousand: its opinion on ImageNet's 1000 classes.
        classes: its opinion on the classes of the data, by a linear head fitted on the training photos.
        labels: the labels' cross-entropy.
        blended: share of photos shown with another one shining through; only the teacher can name those.
        colour: brightness, contrast and saturation vary by this share either way.
    """

    map: float = 2.0
    pooled: float = 2.0
    thousand: float = 0.5
    classes: float = 0.5
    labels: float = 0.5
    blended: float = 0.25
    colour: float = 0.25

    def __post_init__(self) -> None:
        for name in (term.name for term in dataclasses.fields(self)):
            most = {"blended": 1.0, "colour": 0.9}.get(name, 100.0)
            if not 0 <= getattr(self, name) <= most:
                raise TrainingError(
                    f"The distillation's {name} must be 0 to {most:g}, got {getattr(self, name)!r}."
                )


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training, whole: the same recipe, seed and photos give the same network.

    Attributes:
        architecture: a name in `gallery.network.architectures`.
        trainable: which layers learn: all, the last convolutional block and
            the dense layers, or the dense layers alone on saved outputs of the rest.
        schedule: how the learning rate goes, beside its reduction on a plateau:
            "exponential" multiplies it by `decay` each epoch, "cosine" warms up
            for `warmup_epochs` and falls to nothing at the last.
        loss: over whole or sparse labels; the same number unless labels are smoothed.
        label_smoothing: share of each label spread over all classes, in [0, 1).
        l2: penalty on the squared kernels of the dense layers.
        balance: what is done about classes of unequal size.
        patience: epochs without a better validation loss before it stops early.
        plateau: epochs without one before the learning rate is reduced.
        plateau_factor: what it is multiplied with then.
        distillation: what a teacher's answers weigh; None for a network that learns from labels alone.
        conv_layers, kernel_px, filters, dense_units: cnn-small's form (0 dense units: the usual).
    """

    name: str
    architecture: str
    input_px: int
    trainable: Trainable = "all"
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-4
    schedule: Schedule = "constant"
    decay: float = 0.9
    warmup_epochs: int = 0
    batch: int = 32
    epochs: int = 15
    loss: Loss = "categorical_crossentropy"
    label_smoothing: float = 0.0
    l2: float = 0.0
    dropout: float = 0.5
    balance: Balance = "none"
    augmentation: Augmentation = field(default_factory=Augmentation)
    patience: int = 5
    plateau: int = 3
    plateau_factor: float = 0.5
    seed: int = 0
    conv_layers: int = 4
    kernel_px: int = 3
    filters: int = 32
    dense_units: int = 0
    distillation: Distillation | None = None
    description: str = ""

    def __post_init__(self) -> None:
        limits: Mapping[str, tuple[float, float]] = {
            "input_px": (32, 1024), "learning_rate": (1e-8, 10), "decay": (0.01, 1),
            "warmup_epochs": (0, 1000), "batch": (1, 4096), "epochs": (1, 10_000),
            "label_smoothing": (0, 0.9), "l2": (0, 10),
            "dropout": (0, 0.95), "patience": (1, 10_000), "plateau": (1, 10_000),
            "plateau_factor": (0.01, 1), "seed": (0, 2**32 - 1), "conv_layers": (1, 8), "kernel_px": (1, 11),
            "filters": (1, 1024), "dense_units": (0, 8192),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise TrainingError(
                    f"{name} must be {least:g} to {most:g}, got {getattr(self, name)!r} in {self.name}."
                )
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise TrainingError(
                    f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}."
                )
        if self.label_smoothing and self.loss.startswith("sparse"):
            raise TrainingError("Sparse labels cannot be smoothed: take the loss categorical_crossentropy.")
        if self.trainable == "top" and self.augmentation.changes_something:
            raise TrainingError(
                "A top trained on saved outputs sees each photo once as it is: switch augmentation off, "
                "or take a recipe that trains the convolutions too."
            )
        if self.distillation and self.trainable == "top":
            raise TrainingError(
                "A top trained on saved outputs has no use for a teacher: take vgg16-distilled."
            )
        if self.distillation and self.balance == "class weights":
            raise TrainingError(
                "The teacher's answers have no class to weigh: take the balance oversample, or none."
            )

    @property
    def backbone(self) -> str | None:
        """The convolutions that ImageNet's weights fit, None for a network from scratch."""
        return backbone_of(self.architecture)

    def takes_over(self, architecture: str) -> bool:
        """Return whether the convolutions of another network's architecture are those of this one."""
        return architecture == self.architecture or self.backbone == (backbone_of(architecture) or "")

    @property
    def has_dropout(self) -> bool:
        return self.architecture not in BACKBONES  # their head is pooling and two dense layers

    def changed(self, **values: Any) -> Recipe:
        """Return the recipe with other values; ``None`` keeps one.

        Raises:
            TrainingError: an unknown name, or a value out of its limits.
        """
        known = {f.name for f in dataclasses.fields(self)}
        if unknown := sorted(set(values) - known):
            raise TrainingError(f"A recipe has no {unknown[0]!r}. It has: {', '.join(sorted(known))}.")
        return dataclasses.replace(self, **{name: v for name, v in values.items() if v is not None})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `dataclasses.asdict` gave.

        Raises:
            TrainingError: a field is missing, unknown or out of its limits.
        """
        try:
            values = dict(data)
            values["augmentation"] = Augmentation(**values.get("augmentation", {}))
            if values.get("distillation") is not None:
                values["distillation"] = Distillation(**values["distillation"])
            return cls(**values)
        except TypeError as exc:
            raise TrainingError(f"This is no recipe: {exc}. Choose one of {', '.join(RECIPES)}.") from exc


_KINDS = get_type_hints(Recipe)
_CHOICES = {name: get_args(kind) for name, kind in _KINDS.items() if get_origin(kind) is Literal}

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="vgg16-gap",
            architecture="vgg16-gap",
            input_px=224,
            augmentation=MILD,
            description=(
                "VGG16 with global average pooling, every layer trained: for a thousand photos or more; slow."
            ),
        ),
        Recipe(
            name="vgg16-flatten",
            architecture="vgg16-flatten",
            input_px=224,
            trainable="last block",
            augmentation=MILD,
            description=(
                "VGG16 with dense layers on top; only the last convolutional block and these are trained."
            ),
        ),
        Recipe(
            name="vgg16-bottleneck",
            architecture="vgg16-bottleneck",
            input_px=224,
            trainable="top",
            learning_rate=1e-3,
            schedule="exponential",
            decay=0.8,
            epochs=15,
            l2=0.05,
            description=(
                "VGG16's convolutions are run once; only the dense layers on top are trained, in a minute."
            ),
        ),
        Recipe(
            name="vgg16-distilled",
            architecture="vgg16-gap",
            input_px=224,
            schedule="cosine",
            warmup_epochs=1,
            label_smoothing=0.05,
            balance="oversample",
            augmentation=MILD,
            distillation=Distillation(),
            description="VGG16 trained with a ResNet50 as teacher (distillation), also on unlabelled photos.",
        ),
        Recipe(
            name="efficientnet-lite2-gap",
            architecture="efficientnet-lite2",
            input_px=260,
            augmentation=MILD,
            description="EfficientNet-Lite2, every layer trained: a seventeenth of VGG16's computation.",
        ),
        Recipe(
            name="resnet50-gap",
            architecture="resnet50",
            input_px=224,
            augmentation=MILD,
            description="ResNet50, every layer trained: a quarter of VGG16's computation.",
        ),
        Recipe(
            name="inception-v3-gap",
            architecture="inception-v3",
            input_px=299,
            augmentation=MILD,
            description="InceptionV3, every layer trained: a third of VGG16's computation, on larger photos.",
        ),
        Recipe(
            name="cnn-large",
            architecture="cnn-large",
            input_px=128,
            epochs=30,
            balance="oversample",
            augmentation=MILD,
            description="Eight convolutions trained from scratch, for photos unlike those of ImageNet.",
        ),
        Recipe(
            name="cnn-small",
            architecture="cnn-small",
            input_px=150,
            learning_rate=1e-3,
            epochs=30,
            loss="sparse_categorical_crossentropy",
            augmentation=MILD,
            description="Four convolutions trained from scratch in minutes; used by Tune settings.",
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """Return a recipe of the project.

    Raises:
        TrainingError: there is none of that name.
    """
    if name not in RECIPES:
        raise TrainingError(f"There is no recipe {name!r}. Choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]


def scheduled_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch (0 is the first) before any reduction on a plateau.

    Example:
        >>> halving = recipe_named("vgg16-bottleneck").changed(learning_rate=0.8, decay=0.5)
        >>> [scheduled_rate(halving, epoch) for epoch in range(3)]
        [0.8, 0.4, 0.2]
    """
    if recipe.schedule == "exponential":
        return recipe.learning_rate * recipe.decay**epoch
    if recipe.schedule == "cosine":
        if epoch < recipe.warmup_epochs:
            return recipe.learning_rate * (epoch + 1) / (recipe.warmup_epochs + 1)
        gone = (epoch - recipe.warmup_epochs) / max(1, recipe.epochs - recipe.warmup_epochs)
        return recipe.learning_rate * (1 + math.cos(math.pi * min(1.0, gone))) / 2
    return recipe.learning_rate
