"""The recipe at hand for a data set: what it begins as, how it is changed, whether it may start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from gallery.errors import TrainingError
from gallery.models import TRAINING_PHOTOS_FILE
from gallery.services import wiring
from gallery.training.data_sets import DataSet, Draft, read_draft, write_draft
from gallery.training.recipes import RECIPES, Recipe
from gallery.types import PhotoId

USUAL_RECIPE = "vgg16-bottleneck"
IMAGENET, NOTHING, PATH = "imagenet", "none", "path"
REFUSAL = "train_refusal"
"""Where the session keeps the sentence on a value that was refused, until the page has shown it."""


def draft_of(chosen: DataSet) -> Draft:
    """Return the recipe at hand for a set: as it was left, else the quickest good one."""
    return read_draft(chosen) or draft_from(RECIPES[USUAL_RECIPE])


def draft_from(recipe: Recipe) -> Draft:
    """Return a recipe with the starting weights that are at hand."""
    return Draft(recipe, usual_weights(recipe))


def usual_weights(recipe: Recipe) -> str:
    """Return what a recipe begins from if nobody chooses: the active model where its layers fit."""
    if not recipe.architecture.startswith("vgg16"):
        return NOTHING
    return next(iter(fitting_models(recipe)), IMAGENET)


def fitting_models(recipe: Recipe) -> dict[str, str]:
    """Return the models whose convolutions fit a recipe, the active one first: folder to title."""
    store = wiring.models()
    active = store.active_id()
    family = (
        recipe.architecture.split("-")[0] if recipe.architecture.startswith("vgg16") else recipe.architecture
    )
    entries = sorted(store.entries(), key=lambda entry: entry.model_id != active)
    return {
        str(entry.folder): f"The {'active ' if entry.model_id == active else ''}model {entry.card.name}"
        for entry in entries
        if entry.ok and entry.card is not None and entry.card.architecture.startswith(family)
    }


def known_to_start(weights: str | None) -> frozenset[PhotoId]:
    """Return the hashes of the photos that a training's starting weights were trained on, if they tell."""
    if weights in (None, "", IMAGENET, NOTHING, PATH):
        return frozenset()
    try:
        place = Path(str(weights)).expanduser()
        folder = place if place.is_dir() else place.parent
        return frozenset((folder / TRAINING_PHOTOS_FILE).read_text(encoding="ascii").split())
    except (OSError, ValueError, RuntimeError):
        return frozenset()


def change(chosen: DataSet, values: Mapping[str, Any]) -> None:
    """Change values of the recipe at hand, or leave the sentence that says why not."""
    draft = draft_of(chosen)
    try:
        write_draft(chosen, replace(draft, recipe=draft.recipe.changed(**values)))
    except TrainingError as exc:
        st.session_state[REFUSAL] = str(exc)


def change_words(chosen: DataSet, **words: str) -> None:
    """Change what stands beside the recipe: weights, model_id, teacher, unlabelled."""
    write_draft(chosen, replace(draft_of(chosen), **words))  # type: ignore[arg-type]


def check(draft: Draft) -> None:
    """Look whether a training may start with these values.

    Raises:
        TrainingError: the starting weights, the teacher or the unlabelled photos are not there.
    """
    if draft.weights not in (IMAGENET, NOTHING, None):
        _check_place(draft.weights or "", "weights", "Begins from")
    if draft.recipe.distillation is not None:
        if draft.teacher not in ("", IMAGENET):
            _check_place(draft.teacher, "teacher", "Teacher")
        if draft.unlabelled:
            _check_place(draft.unlabelled, "unlabelled photos", "Unlabelled photos")


def _check_place(place: str, what: str, field: str) -> None:
    try:
        there = place not in ("", PATH) and Path(place).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        there = False
    if not there:
        raise TrainingError(
            f"There are no {what} at {place if place != PATH else 'an empty path'!r}. Give a path that "
            "exists under "
            f"“{field}”, or choose something else there."
        )
