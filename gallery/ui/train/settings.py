"""The settings of a recipe, each with its unit and what it does, kept as they are left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from gallery.errors import TrainingError
from gallery.services import train as train_service
from gallery.services.training_parts import IMAGENET, NOTHING, PATH
from gallery.settings import IMAGENET_MODELS
from gallery.training.data_sets import DataSet, Draft
from gallery.training.recipes import RECIPES, Recipe
from gallery.ui.components.plain_text import escaped

REFUSAL = "train_refusal"
"""Where the session keeps what was refused, (name of the setting, sentence), until its place has shown it."""

START = "start"
"""Stands for the start of the training among the names of settings."""

RATES = (1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1)
BATCHES = (8, 16, 32, 64, 128, 256)

TRAINABLE_WORDS = {
    "all": "All layers",
    "last block": "Last convolutional block and dense layers",
    "top": "Dense layers only",
}
BALANCE_WORDS = {
    "none": "None",
    "oversample": "Oversampling: photos of small classes are shown more often",
    "class weights": "Class weights: photos of small classes count more",
}
SCHEDULE_WORDS = {
    "constant": "Constant",
    "exponential": "Exponential decay",
    "cosine": "Warm-up, then cosine decay to zero",
}


def show(chosen: DataSet, draft: Draft) -> None:
    """Show the values that matter most, the others behind a fold."""
    recipe = draft.recipe
    st.markdown("**Training settings**")
    _weights(chosen, draft)
    if recipe.distillation is not None:
        _teacher(chosen, draft)
    first, second = st.columns(2)
    with first:
        _number(chosen, recipe, "epochs", "Epochs (passes over the photos)", _EPOCHS)
        _choice(chosen, recipe, "batch", "Batch size (photos per step)", BATCHES, _BATCH, str)
    with second:
        rates = sorted({*RATES, recipe.learning_rate})
        _rate(chosen, recipe, rates)
        if recipe.has_dropout:
            _number(chosen, recipe, "dropout", "Dropout rate", _DROPOUT, step=0.05)
    if recipe.trainable != "top" and recipe.backbone:
        kinds = ("all", "last block")
        _choice(chosen, recipe, "trainable", "Trained layers", kinds, _TRAINABLE, TRAINABLE_WORDS.__getitem__)
    balances = ("none", "oversample") if recipe.distillation else tuple(BALANCE_WORDS)
    _choice(chosen, recipe, "balance", "Class imbalance", balances, _BALANCE, BALANCE_WORDS.__getitem__)
    if recipe.architecture == "cnn-small":
        _form(chosen, recipe)
    with st.expander("More settings"):
        _more(chosen, recipe)
    if recipe != RECIPES.get(recipe.name):
        st.button(
            "Reset to the recipe's values",
            type="tertiary",
            icon=":material/undo:",
            key="train_usual_values",
            on_click=train_service.reset,
            args=(chosen,),
        )


_EPOCHS = "At most: training stops early when the validation loss has not fallen for some epochs."
_BATCH = "Larger batches are smoother and need more memory."
_RATE = "Size of each step. Too large: the loss jumps or becomes NaN; too small: training is slow."
_DROPOUT = "Randomly disables this share of dense units during training to reduce overfitting."
_TRAINABLE = "With few photos, freezing the early layers reduces overfitting and is several times faster."
_BALANCE = "Without it, classes with many photos are recognised better than those with few."


def _weights(chosen: DataSet, draft: Draft) -> None:
    models, backbone = train_service.fitting_models(draft.recipe), draft.recipe.backbone
    options = [*models, *([IMAGENET] if backbone else []), NOTHING, PATH]
    current = draft.weights or options[0]
    names = {
        **models,
        IMAGENET: "ImageNet" + ("" if backbone in IMAGENET_MODELS else " (downloaded once)"),
        NOTHING: "Random (trained from scratch)",
    }
    names[PATH] = "A file or a model's folder ..."
    st.session_state["train_weights"] = current if current in options else PATH
    st.selectbox(
        "Starting weights",
        options,
        key="train_weights",
        format_func=lambda option: names.get(option, str(option)),
        on_change=_set_weights,
        args=(chosen,),
        help="Weights of the convolutions before training. Layers of another shape start at random.",
    )
    if st.session_state["train_weights"] == PATH:
        st.session_state["train_weights_path"] = "" if current in (PATH, *options) else current
        st.text_input(
            "Path of the weights",
            key="train_weights_path",
            on_change=_set_weights_path,
            args=(chosen,),
            placeholder="a model's folder, a .npz file, or a .h5 file of keras.applications",
        )


def _set_weights(chosen: DataSet) -> None:
    train_service.change_words(chosen, weights=st.session_state["train_weights"])


def _set_weights_path(chosen: DataSet) -> None:
    train_service.change_words(chosen, weights=st.session_state["train_weights_path"].strip() or PATH)


def _teacher(chosen: DataSet, draft: Draft) -> None:
    for name, label, words in (
        ("teacher", "Teacher: path of a ResNet50's weights", "empty: ImageNet's, downloaded once"),
        ("unlabelled", "Folder of unlabelled photos for the teacher", "empty: none"),
    ):
        key = f"train_{name}"
        st.session_state[key] = getattr(draft, name)
        st.text_input(label, key=key, placeholder=words, on_change=_set_word, args=(chosen, name))


def _set_word(chosen: DataSet, name: str) -> None:
    train_service.change_words(chosen, **{name: st.session_state[f"train_{name}"].strip()})


def _form(chosen: DataSet, recipe: Recipe) -> None:
    left, right = st.columns(2)
    with left:
        _number(
            chosen,
            recipe,
            "conv_layers",
            "Convolutions",
            "Each is followed by pooling, which halves the feature map.",
        )
        _choice(
            chosen,
            recipe,
            "kernel_px",
            "Kernel (pixels)",
            (3, 5, 7),
            "Side of the convolutions' windows.",
            str,
        )
    with right:
        _number(
            chosen,
            recipe,
            "filters",
            "Filters in the first layer",
            "Each further convolution has twice as many, up to 128.",
        )
        _number(
            chosen, recipe, "dense_units", "Dense units (0: default)", "Units of the layer before the output."
        )


def _more(chosen: DataSet, recipe: Recipe) -> None:
    schedules = tuple(SCHEDULE_WORDS)
    _choice(
        chosen, recipe, "schedule", "Learning rate over time", schedules,
        "It is also reduced when the validation loss does not fall.", SCHEDULE_WORDS.__getitem__,
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        optimisers = ("adam", "adamw", "sgd", "rmsprop")
        _choice(
            chosen,
            recipe,
            "optimiser",
            "Optimiser",
            optimisers,
            "The algorithm that updates the weights from the gradients.",
            str,
        )
        _number(
            chosen,
            recipe,
            "patience",
            "Early stopping (epochs)",
            "Stops after so many epochs without a lower validation loss.",
        )
        _number(
            chosen,
            recipe,
            "plateau",
            "Reduce learning rate (epochs)",
            "Halves it after so many epochs without a lower validation loss.",
        )
    with right:
        _number(
            chosen,
            recipe,
            "l2",
            "L2 regularisation of dense layers",
            "Penalises large weights to reduce overfitting.",
            step=0.01,
        )
        if not recipe.loss.startswith("sparse"):
            _number(
                chosen, recipe, "label_smoothing", "Label smoothing (share)",
                "Spreads this share of each label over all classes against overconfidence.", step=0.05,
            )  # fmt: skip
        _number(chosen, recipe, "seed", "Seed", "The same seed, photos and settings give the same network.")


def _number(chosen: DataSet, recipe: Recipe, name: str, label: str, words: str, *, step: float = 1) -> None:
    key, value = f"train_value_{name}", getattr(recipe, name)
    st.session_state[key] = float(value) if isinstance(value, float) else int(value)
    whole = isinstance(value, int)
    st.number_input(
        label,
        key=key,
        step=int(step) if whole else float(step),
        format="%d" if whole else "%.3g" if value and value < 0.01 else "%.2f",
        help=words,
        on_change=_set,
        args=(chosen, name, key),
    )
    show_refusal(name)


def _rate(chosen: DataSet, recipe: Recipe, rates: Sequence[float]) -> None:
    key = "train_value_learning_rate"
    st.session_state[key] = recipe.learning_rate
    st.select_slider(
        "Learning rate",
        rates,
        key=key,
        format_func=lambda rate: f"{rate:g}",
        help=_RATE,
        on_change=_set,
        args=(chosen, "learning_rate", key),
    )
    show_refusal("learning_rate")


def _choice(
    chosen: DataSet,
    recipe: Recipe,
    name: str,
    label: str,
    options: Sequence[Any],
    words: str,
    title: Callable[[Any], str],
) -> None:
    key, value = f"train_value_{name}", getattr(recipe, name)
    shown = options if value in options else (*options, value)
    st.session_state[key] = value
    st.selectbox(
        label, shown, key=key, format_func=title, help=words, on_change=_set, args=(chosen, name, key)
    )
    show_refusal(name)


def _set(chosen: DataSet, name: str, key: str) -> None:
    change(chosen, {name: st.session_state[key]})


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
