"""The settings of a recipe, each with its unit and what it does, kept as they are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from gallery.errors import TrainingError
from gallery.services import train as train_service
from gallery.services.training_parts import IMAGENET, NOTHING, PATH
from gallery.settings import IMAGENET_MODELS
from gallery.training.data_sets import DataSet, Draft
from gallery.training.preparing import Prepared
from gallery.training.recipes import RECIPES, Recipe
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, without_surrogates

REFUSAL = "train_refusal"
"""Where the session keeps what was refused, (name of the setting, sentence), until its place has shown it."""

START = "start"
"""Stands for the start of the training among the names of settings."""

RATES = (1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a value of the recipe is chosen.

    Attributes:
        label: with its unit.
        help: what it does.
        step: of a number.
        options: what can be chosen, with its words; empty for a number.
    """

    label: str
    help: str
    step: float = 1
    options: Mapping[Any, str] = field(default_factory=dict)


_BALANCES = {
    "none": "None",
    "oversample": "Oversampling: photos of small classes are shown more often",
    "class weights": "Class weights: photos of small classes count more",
}
_SETTINGS = {
    "epochs": Setting(
        "Epochs (passes over the photos)",
        "At most: training stops early when the validation loss has not fallen for some epochs.",
    ),
    "batch": Setting(
        "Batch size (photos per step)",
        "Larger batches are smoother and need more memory.",
        options={size: str(size) for size in (8, 16, 32, 64, 128, 256)},
    ),
    "learning_rate": Setting(
        "Learning rate",
        "Size of each step. Too large: the loss jumps or becomes NaN; too small: training is slow.",
        options={rate: f"{rate:g}" for rate in RATES},
    ),
    "dropout": Setting(
        "Dropout rate",
        "Randomly disables this share of dense units during training to reduce overfitting.",
        step=0.05,
    ),
    "trainable": Setting(
        "Trained layers",
        "With few photos, freezing the early layers reduces overfitting and is several times faster.",
        options={"all": "All layers", "last block": "Last convolutional block and dense layers"},
    ),
    "balance": Setting(
        "Class imbalance",
        "Without it, classes with many photos are recognised better than those with few.",
        options=_BALANCES,
    ),
    "conv_layers": Setting("Convolutions", "Each is followed by pooling, which halves the feature map."),
    "kernel_px": Setting(
        "Kernel (pixels)",
        "Side of the convolutions' windows.",
        options={side: str(side) for side in (3, 5, 7)},
    ),
    "filters": Setting(
        "Filters in the first layer", "Each further convolution has twice as many, up to 128."
    ),
    "dense_units": Setting("Dense units (0: default)", "Units of the layer before the output."),
    "schedule": Setting(
        "Learning rate over time",
        "It is also reduced when the validation loss does not fall.",
        options={
            "constant": "Constant",
            "exponential": "Exponential decay",
            "cosine": "Warm-up, then cosine decay to zero",
        },
    ),
    "optimiser": Setting(
        "Optimiser",
        "The algorithm that updates the weights from the gradients.",
        options={name: name for name in ("adam", "adamw", "sgd", "rmsprop")},
    ),
    "patience": Setting(
        "Early stopping (epochs)", "Stops after so many epochs without a lower validation loss."
    ),
    "plateau": Setting(
        "Reduce learning rate (epochs)", "Halves it after so many epochs without a lower validation loss."
    ),
    "l2": Setting(
        "L2 regularisation of dense layers", "Penalises large weights to reduce overfitting.", step=0.01
    ),
    "label_smoothing": Setting(
        "Label smoothing (share)",
        "Spreads this share of each label over all classes against overconfidence.",
        step=0.05,
    ),
    "seed": Setting("Seed", "The same seed, photos and settings give the same network."),
}


_VARIANTS = 8
_LIMITS = {
    "rotation_deg": ("Rotation up to (degrees)", 0, 90, 1),
    "translation": ("Shift up to (% of the side)", 0, 50, 100),
    "shear_deg": ("Shear up to (degrees)", 0, 45, 1),
    "zoom": ("Zoom up to (%)", 0, 60, 100),
}
"""Label, least, most, and how many units of the slider are 1 of the recipe."""


def show(chosen: DataSet, draft: Draft) -> None:
    """Show the values that matter most, the others behind a fold."""
    recipe = draft.recipe
    st.markdown("**Training settings**")
    _weights(chosen, draft)
    if recipe.distillation is not None:
        for name, label, words in (
            ("teacher", "Teacher: path of a ResNet50's weights", "empty: ImageNet's, downloaded once"),
            ("unlabelled", "Folder of unlabelled photos for the teacher", "empty: none"),
        ):
            _word(chosen, draft, name, label, words)
    _settings(chosen, recipe, ["epochs", "batch"], ["learning_rate", *["dropout"] * recipe.has_dropout])
    if recipe.trainable != "top" and recipe.backbone:
        _setting(chosen, recipe, "trainable")
    _setting(chosen, recipe, "balance")
    if recipe.architecture == "cnn-small":
        _settings(chosen, recipe, ["conv_layers", "kernel_px"], ["filters", "dense_units"])
    with st.expander("More settings"):
        _setting(chosen, recipe, "schedule")
        smoothing = [] if recipe.loss.startswith("sparse") else ["label_smoothing"]
        _settings(chosen, recipe, ["optimiser", "patience", "plateau"], ["l2", *smoothing, "seed"])
    if recipe != RECIPES.get(recipe.name):
        st.button(
            "Reset to the recipe's values",
            type="tertiary",
            icon=":material/undo:",
            key="train_usual_values",
            on_click=train_service.reset,
            args=(chosen,),
        )


def _weights(chosen: DataSet, draft: Draft) -> None:
    models, backbone = train_service.fitting_models(draft.recipe), draft.recipe.backbone
    options = [*models, *([IMAGENET] if backbone else []), NOTHING, PATH]
    current = draft.weights or options[0]
    names = {
        **models,
        IMAGENET: "ImageNet" + ("" if backbone in IMAGENET_MODELS else " (downloaded once)"),
        NOTHING: "Random (trained from scratch)",
        PATH: "A file or a model's folder ...",
    }
    st.session_state["train_weights"] = current if current in options else PATH
    st.selectbox(
        "Starting weights",
        options,
        key="train_weights",
        format_func=lambda option: names.get(option, str(option)),
        on_change=lambda: train_service.change_words(chosen, weights=st.session_state["train_weights"]),
        help="Weights of the convolutions before training. Layers of another shape start at random.",
    )
    if st.session_state["train_weights"] == PATH:
        st.session_state["train_weights_path"] = "" if current in (PATH, *options) else current
        st.text_input(
            "Path of the weights",
            key="train_weights_path",
            on_change=lambda: train_service.change_words(
                chosen, weights=st.session_state["train_weights_path"].strip() or PATH
            ),
            placeholder="a model's folder, a .npz file, or a .h5 file of keras.applications",
        )


def _word(chosen: DataSet, draft: Draft, name: str, label: str, words: str) -> None:
    key = f"train_{name}"
    st.session_state[key] = getattr(draft, name)
    st.text_input(
        label,
        key=key,
        placeholder=words,
        on_change=lambda: train_service.change_words(chosen, **{name: st.session_state[key].strip()}),
    )


def _settings(chosen: DataSet, recipe: Recipe, *columns: Sequence[str]) -> None:
    for column, names in zip(st.columns(len(columns)), columns, strict=True):
        with column:
            for name in names:
                _setting(chosen, recipe, name)


def _setting(chosen: DataSet, recipe: Recipe, name: str) -> None:
    """Show one value of a recipe, as it is, and why its last change was refused."""
    one, key, value = _SETTINGS[name], f"train_value_{name}", getattr(recipe, name)
    options = one.options
    if name == "balance" and recipe.distillation:
        options = {kind: words for kind, words in options.items() if kind != "class weights"}
    widget: dict[str, Any] = {
        "key": key, "help": one.help, "on_change": lambda: change(chosen, {name: st.session_state[key]})
    }  # fmt: skip
    st.session_state[key] = value
    if name == "learning_rate":
        st.select_slider(one.label, sorted({*options, value}), format_func="{:g}".format, **widget)
    elif options:
        shown = list(dict.fromkeys([*options, value]))
        st.selectbox(one.label, shown, format_func=lambda option: options.get(option, str(option)), **widget)
    else:
        whole = isinstance(value, int)
        digits = "%d" if whole else "%.3g" if value and value < 0.01 else "%.2f"
        step = int(one.step) if whole else float(one.step)
        st.number_input(one.label, step=step, format=digits, **widget)
    show_refusal(name)


def show_augmentation(chosen: DataSet, prepared: Prepared, draft: Draft) -> None:
    """Show the sliders and what they do to a photo."""
    st.markdown("**Data augmentation**")
    if draft.recipe.trainable == "top":
        st.caption(
            "This recipe computes the convolutions' output of each photo once and uses it in every epoch, so "
            "photos are not augmented."
        )
        return
    _limits(chosen, prepared)


@st.fragment
def _limits(chosen: DataSet, prepared: Prepared) -> None:
    """A fragment: a slider draws the eight variants anew and nothing else."""
    limits = train_service.draft_of(chosen).recipe.augmentation
    left, right = st.columns([2, 3], gap="medium")
    with left:
        for name, (label, least, most, units) in _LIMITS.items():
            key = f"train_augment_{name}"
            st.session_state[key] = min(most, round(getattr(limits, name) * units))
            st.slider(label, least, most, key=key, on_change=_changed, args=(chosen,))
        st.session_state["train_augment_flip"] = limits.flip
        show_refusal("augmentation")
        st.toggle("Random horizontal flip", key="train_augment_flip", on_change=_changed, args=(chosen,))
    with right:
        number = st.session_state.get("train_preview", 0)
        label, shown = train_service.variants(prepared, number, limits, _VARIANTS)
        title = without_surrogates(class_title(label))
        words = ["original", *(f"variant {place}" for place in range(1, len(shown)))]
        with st.container(horizontal=True, gap="small", key="train_variants"):
            for picture, word in zip(shown, words, strict=True):
                st.image(picture, word, width=112, alt=f"{title}, {word}")
        if st.button("Another photo", icon=":material/shuffle:", type="tertiary", key="train_another_photo"):
            st.session_state["train_preview"] = number + 1
            st.rerun(scope="fragment")
    st.caption(
        "Only training photos are augmented, differently in every epoch; validation photos stay unchanged."
    )


def _changed(chosen: DataSet) -> None:
    values = {
        name: st.session_state[f"train_augment_{name}"] / units for name, (*_, units) in _LIMITS.items()
    }
    before = train_service.draft_of(chosen).recipe.augmentation
    flip = bool(st.session_state["train_augment_flip"])
    change(chosen, {"augmentation": replace(before, **values, flip=flip)})


def change(chosen: DataSet, values: Mapping[str, Any]) -> None:
    """Change values of the recipe, or leave the sentence that says why not."""
    try:
        train_service.change(chosen, values)
    except TrainingError as exc:
        st.session_state[REFUSAL] = (next(iter(values)), str(exc))


def show_refusal(name: str) -> None:
    """Show why the last change of a setting was refused, if it was of this one."""
    of, sentence = st.session_state.get(REFUSAL, ("", ""))
    if of == name:
        del st.session_state[REFUSAL]
        st.error(escaped(sentence), icon=":material/error:")
