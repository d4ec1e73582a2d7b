"""Train: plan a training on a data set by a recipe, and start it; a search likewise."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gallery.datasets.labelled import Part
from gallery.errors import GalleryError, TrainingError
from gallery.services import training_runs, wiring
from gallery.services.training_parts import IMAGENET, NOTHING, PATH, known_to_start
from gallery.services.training_sets import read_draft, write_draft
from gallery.training.augmentation import Augmentation, preview
from gallery.training.data_sets import DataSet, Draft
from gallery.training.estimate import Estimate, estimate, parameter_count
from gallery.training.recipes import RECIPES, Recipe, recipe_named
from gallery.training.request import SPLIT_FILE, TrainingRequest
from gallery.types import model_id_from
from gallery.words import shown_text

if TYPE_CHECKING:
    from gallery.training.preparing import Prepared

USUAL_RECIPE = "vgg16-bottleneck"


# The recipe that is being chosen


def draft_of(chosen: DataSet) -> Draft:
    """Return the recipe as it was left for a set, else the quickest good one."""
    return read_draft(chosen) or draft_from(RECIPES[USUAL_RECIPE])


def draft_from(recipe: Recipe) -> Draft:
    """Return a recipe with its usual starting weights: the active model's where its layers fit."""
    if recipe.backbone is None:
        return Draft(recipe, NOTHING)
    return Draft(recipe, next(iter(fitting_models(recipe)), IMAGENET))


def choose(chosen: DataSet, recipe: Recipe, *, weights: str | None = None) -> None:
    """Begin a set's recipe anew, with other starting weights than the usual ones if given."""
    draft = draft_from(recipe)
    write_draft(chosen, draft if weights is None else replace(draft, weights=weights))


def change(chosen: DataSet, values: Mapping[str, Any]) -> None:
    """Change values of a set's recipe.

    Raises:
        TrainingError: a value is out of its limits.
    """
    draft = draft_of(chosen)
    write_draft(chosen, replace(draft, recipe=draft.recipe.changed(**values)))


def change_words(chosen: DataSet, **words: str) -> None:
    """Change what stands beside the recipe: weights, name, teacher, unlabelled."""
    write_draft(chosen, replace(draft_of(chosen), **words))  # type: ignore[arg-type]


def reset(chosen: DataSet) -> None:
    """Give a set's recipe its usual values back."""
    draft = draft_of(chosen)
    usual = RECIPES.get(draft.recipe.name.removesuffix("-tuned"), draft.recipe)
    write_draft(chosen, replace(draft, recipe=usual))


def fitting_models(recipe: Recipe) -> dict[str, str]:
    """Return the models whose convolutions fit a recipe, the active one first: folder to title."""
    store = wiring.models()
    active = store.active_id()
    entries = sorted(store.entries(), key=lambda entry: entry.model_id != active)
    return {
        str(entry.folder): f"The {'active ' if entry.model_id == active else ''}model {entry.card.name}"
        for entry in entries
        if entry.ok and entry.card is not None and recipe.takes_over(entry.card.architecture)
    }


def variants(prepared: Prepared, number: int, limits: Augmentation, count: int) -> tuple[str, list[bytes]]:
    """Return the label of a training photo, and the photo with some variants of it as PNG files.

    Args:
        prepared: the data set.
        number: another one gives another photo.
        limits: how far a photo may be changed.
        count: of variants.
    """
    from gallery.photos.heatmap import png

    rows = prepared.split.rows(Part.TRAIN)
    row = int(rows[(number * 37) % len(rows)])
    photo = np.ascontiguousarray(prepared.decoded.images(np.array([row]))[0][::2, ::2])
    shown = [photo, *preview(photo, limits, count=count)]
    return prepared.decoded.data.photos[row].label, [png(picture) for picture in shown]


@dataclass(frozen=True, slots=True)
class RecipeOffer:
    """A recipe as it can be chosen for a set; figures are None where nobody knows them.

    Attributes:
        advice: whether it fits so many photos, in a sentence; "" where it neither fits nor misfits.
        recommended: whether it is the one to begin with.
    """

    recipe: Recipe
    chosen: bool
    parameter_count: int | None
    cost: Estimate | None
    advice: str = ""
    recommended: bool = False


def offers(prepared: Prepared, draft: Draft) -> list[RecipeOffer]:
    """Return the recipes with what each costs on a set's photos; the chosen one has its changed values."""
    from gallery.network.precision import likely_precision

    earlier = training_runs.trainings()
    photos = sum(len(prepared.split.rows(part)) for part in (Part.TRAIN, Part.VALIDATION))
    fast = likely_precision() == "bfloat16"
    found = []
    for named in RECIPES.values():
        name = draft.recipe.name
        chosen = name == named.name or name.startswith(f"{named.name}-tuned")
        recipe = draft.recipe if chosen else named
        count = parameter_count(recipe, len(prepared.inspection.counts))
        cost = estimate(recipe, photos, earlier, bfloat16=fast)
        fits = recipe_advice(recipe, photos)
        found.append(RecipeOffer(recipe, chosen, count, cost, fits, named.name == _recommended(photos, fast)))
    return found


MANY_PHOTOS = 1000
"""From here on training every layer pays: with 340 photos it reached 16 to 49 %, the dense layers alone 76 %
(docs/training.md)."""

MANY_FROM_SCRATCH = 5000
"""Networks without ImageNet's weights stayed below 31 % with 470 photos (docs/training.md)."""


def recipe_advice(recipe: Recipe, photos: int) -> str:
    """Return whether a recipe fits so many training and validation photos, in a sentence.

    Example:
        >>> recipe_advice(RECIPES["cnn-large"], 90)
        'Needs 5,000 photos or more; there are 90.'
        >>> recipe_advice(RECIPES["vgg16-bottleneck"], 90)
        'Fits few photos: only the dense layers are trained.'
    """
    if recipe.backbone is None:
        enough = photos >= MANY_FROM_SCRATCH
        return "" if enough else f"Needs {MANY_FROM_SCRATCH:,} photos or more; there are {photos:,}."
    if recipe.trainable == "top":
        return "Fits few photos: only the dense layers are trained." if photos < MANY_PHOTOS else ""
    if recipe.trainable == "all" and photos < MANY_PHOTOS:
        slower = "" if recipe.learning_rate <= 2e-5 else " If you use it, set the learning rate to 2e-05."
        return f"Needs {MANY_PHOTOS:,} photos or more; there are {photos:,}.{slower}"
    return ""


def _recommended(photos: int, fast: bool) -> str:
    """Return the recipe to begin with; without bfloat16 units VGG16's layers take hours."""
    if photos < MANY_PHOTOS:
        return USUAL_RECIPE
    return "vgg16-gap" if fast else "efficientnet-lite2-gap"


def known_held_back(prepared: Prepared, weights: str | None) -> tuple[int, int]:
    """Return how many of the photos held back the starting weights were trained on, and of how many."""
    held = [row for part in (Part.VALIDATION, Part.TEST) for row in prepared.split.rows(part)]
    seen = known_to_start(weights)
    return sum(prepared.decoded.photo_ids[row] in seen for row in held), len(held)


# Starting


def proposed_name(chosen: DataSet, draft: Draft) -> str:
    """Return the name that a new model gets if nobody gives it another."""
    if draft.name:
        return draft.name
    name = f"{chosen.name}, {draft.recipe.name}"
    numbered = (f"{name} {number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if not _has_name(one))


def start(chosen: DataSet, draft: Draft, name: str) -> str:
    """Start a training in a process of its own, on the split that was shown, and return its model's id.

    Args:
        chosen: the photos.
        draft: how to train.
        name: of the new model, any text; its id is made from it.

    Raises:
        GalleryError: there is no name or another model has it, something is missing, or no process can be
            started.
    """
    _check(draft)
    name = shown_text(" ".join(name.split()))
    if not name:
        raise TrainingError("The new model needs a name.")
    if _has_name(name):
        raise TrainingError(f"There is a model or a training called {name} already. Give another name.")
    model_id = model_id_from(name, _is_taken)
    taught = draft.recipe.distillation is not None
    request = replace(
        _request(chosen, draft.recipe, draft.weights, model_id),
        teacher=(draft.teacher or None) if taught else None,
        unlabelled=Path(draft.unlabelled) if taught and draft.unlabelled else None,
        name=name,
    )
    try:
        _hand_over_split(chosen, request.folder)
        training_runs.start(request)
    except (GalleryError, OSError):
        shutil.rmtree(request.folder, ignore_errors=True)
        raise
    write_draft(chosen, replace(draft, name=""))
    return model_id


def start_search(chosen: DataSet, trials: int, epochs: int) -> str:
    """Start a search for the small network's best form, and return its folder's name.

    Args:
        chosen: the photos.
        trials: how many networks are tried.
        epochs: of each.

    Raises:
        GalleryError: no process can be started.
    """
    trainings = wiring.settings().trainings

    def taken(model_id: str) -> bool:
        return _is_taken(model_id) or (trainings / f"{model_id}{training_runs.SEARCH_SUFFIX}").exists()

    model_id = model_id_from(f"cnn-small {chosen.name}", taken)
    recipe = recipe_named("cnn-small").changed(epochs=epochs)
    request = _request(chosen, recipe, NOTHING, model_id, training_runs.SEARCH_SUFFIX)
    _hand_over_split(chosen, request.folder)
    training_runs.start(request, trials=trials)
    return request.folder.name


def _request(
    chosen: DataSet, recipe: Recipe, weights: str | None, model_id: str, suffix: str = ""
) -> TrainingRequest:
    here = wiring.settings()
    folder = here.trainings / f"{model_id}{suffix}"
    return TrainingRequest(chosen.source, recipe, weights, model_id, folder, here.training_cache, chosen.plan)


def _has_name(name: str) -> bool:
    """Return whether a model, or a training that is not finished, is called so."""
    entries = wiring.models().entries()
    names = [entry.card.name for entry in entries if entry.card is not None]
    names += [run.request.name for run in training_runs.trainings()]
    return name.casefold() in (one.casefold() for one in names)


def _is_taken(model_id: str) -> bool:
    return wiring.models().taken(model_id) or (wiring.settings().trainings / model_id).exists()


def _hand_over_split(chosen: DataSet, folder: Path) -> None:
    """Give a training the split that was shown; photos that it reads otherwise are drawn around it."""
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.split_file.is_file():
        shutil.copyfile(chosen.split_file, folder / SPLIT_FILE)


def _check(draft: Draft) -> None:
    """Refuse starting weights, a teacher or unlabelled photos that are not there."""
    places = {("weights", "Starting weights"): draft.weights}
    if draft.weights in (IMAGENET, NOTHING):
        places.clear()
    if draft.recipe.distillation is not None:
        places["teacher", "Teacher"] = None if draft.teacher in ("", IMAGENET) else draft.teacher
        places["unlabelled photos", "Folder of unlabelled photos"] = draft.unlabelled or None
    for (what, field), place in places.items():
        if place is None:
            continue
        try:
            there = place not in ("", PATH) and Path(place).expanduser().exists()
        except (OSError, ValueError, RuntimeError):
            there = False
        if not there:
            raise TrainingError(
                f"There are no {what} at {place if place != PATH else 'an empty path'!r}. Give a path that "
                f"exists under “{field}”, or choose something else there."
            )
