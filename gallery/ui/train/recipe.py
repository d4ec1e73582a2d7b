"""Step 2 of Train: which network learns, and how; every value can be changed before it starts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import streamlit as st

from gallery.datasets.labelled import Part
from gallery.errors import GalleryError
from gallery.network.precision import likely_precision
from gallery.services import wiring
from gallery.training.data_sets import DataSet, Draft, free_id, write_draft
from gallery.training.estimate import Estimate, estimate, parameter_count
from gallery.training.looks import Looked
from gallery.training.recipes import RECIPES, Recipe
from gallery.training.request import TrainingRequest
from gallery.training.trainings import start_training_process
from gallery.ui.components import messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import data as train_data
from gallery.ui.train import preview as train_preview
from gallery.ui.train import settings as train_settings
from gallery.ui.train.draft import REFUSAL, change_words, check, draft_from, draft_of, known_to_start
from gallery.words import about

_CARDS = 3


def show() -> None:
    """Show the recipes, the values of the chosen one, and the button that starts it."""
    chosen = train_address.chosen_set()
    if chosen is None:
        no_photos()
        return
    looked = train_data.looked(chosen)
    if looked is None:
        return
    draft = draft_of(chosen)
    refusal = st.session_state.pop(REFUSAL, None)
    _cards(chosen, looked, draft)
    if refusal:
        st.error(escaped(refusal), icon=":material/error:")
    left, right = st.columns(2, gap="large")
    with left:
        train_settings.show(chosen, draft)
    with right:
        train_preview.show(chosen, looked, draft)
    _start_box(chosen, looked, draft)


def no_photos() -> None:
    """Say that the data come first."""
    messages.empty(
        "🗂️", "Choose photos first", "A recipe needs photos to learn from: that is step 1. It takes a minute."
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Choose photos",
            type="primary",
            icon=":material/folder_open:",
            key="train_to_data",
            on_click=train_address.go,
            kwargs={"step": train_address.DATA},
        )


def _cards(chosen: DataSet, looked: Looked, draft: Draft) -> None:
    recipes = list(RECIPES.values())
    earlier = train_address.all_trainings()
    photos = len(looked.split.rows(Part.TRAIN)) + len(looked.split.rows(Part.VALIDATION))
    fast = likely_precision() == "bfloat16"
    for first in range(0, len(recipes), _CARDS):
        columns = st.columns(_CARDS)
        for column, recipe in zip(columns, recipes[first : first + _CARDS], strict=False):
            here = draft.recipe if _is_of(draft.recipe, recipe) else recipe
            cost = estimate(here, photos, earlier, bfloat16=fast)
            with column:
                _card(chosen, here, cost, len(looked.inspection.counts), active=here is draft.recipe)


def _is_of(recipe: Recipe, named: Recipe) -> bool:
    """Return whether a recipe is a variant of one of the project's: as tuned ones are."""
    return recipe.name == named.name or recipe.name.startswith(f"{named.name}-tuned")


def _card(chosen: DataSet, recipe: Recipe, cost: Estimate | None, class_count: int, *, active: bool) -> None:
    with st.container(border=True, height="stretch", key=f"train_recipe_{recipe.name}"):
        st.markdown(f"**{escaped(recipe.name)}**")
        st.markdown(escaped(recipe.description))
        facts = [f"{recipe.input_px} x {recipe.input_px} px"]
        if (parameters := parameter_count(recipe, class_count)) is not None:
            facts.append(f"{parameters:,} parameters")
        st.caption(" · ".join(facts))
        st.caption(_cost_words(recipe, cost))
        if active:
            st.badge("Chosen", icon=":material/check_circle:", color="green")
        else:
            st.button(
                "Choose",
                key=f"train_choose_{recipe.name}",
                on_click=_choose,
                args=(chosen, recipe.name),
                help=f"Takes {recipe.name} with its usual values.",
            )


def _cost_words(recipe: Recipe, cost: Estimate | None) -> str:
    epochs = f"{recipe.epochs} epochs" if recipe.epochs > 1 else "1 epoch"
    if cost is None:
        return f"At most {epochs}; nobody has timed it yet."
    source = "as earlier trainings took here" if cost.measured_here else "from measurements on two cores"
    return f":material/timer: {about(cost.seconds)} for {epochs} at most (estimate, {source})"


def _choose(chosen: DataSet, name: str) -> None:
    write_draft(chosen, draft_from(RECIPES[name]))


def _start_box(chosen: DataSet, looked: Looked, draft: Draft) -> None:
    with st.container(border=True):
        st.markdown(_summary(chosen, looked, draft.recipe))
        for words in _cautions(looked, draft):
            st.markdown(f":material/warning: {words}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"train_id_{chosen.set_id}"
            proposed = free_id(draft.recipe.name, chosen.name, _taken)
            st.session_state[key] = draft.model_id or proposed
            st.text_input(
                "Name of the new model",
                key=key,
                on_change=_rename,
                args=(chosen, key),
                max_chars=64,
                width=380,
                help="Small letters, digits, '.', '_' or '-'.",
            )
            st.button(
                "Start the training",
                type="primary",
                icon=":material/play_arrow:",
                key="train_start",
                on_click=_start,
                args=(chosen, draft, key),
            )


def _summary(chosen: DataSet, looked: Looked, recipe: Recipe) -> str:
    counts = {part: len(looked.split.rows(part)) for part in Part}
    words = (
        f"**{escaped(recipe.name)}** learns from {counts[Part.TRAIN]:,} photos of **{escaped(chosen.name)}**"
    )
    words += f" and is judged by {counts[Part.VALIDATION]:,} others after each epoch"
    if counts[Part.TEST]:
        words += f"; {counts[Part.TEST]:,} more are for the final test"
    return f"{words}. It goes on when this window is closed."


def _cautions(looked: Looked, draft: Draft) -> list[str]:
    """Return what somebody should know before the start, each a sentence."""
    found = []
    if draft.recipe.trainable != "all" and draft.weights == "none":
        found.append(
            "Its convolutions would stay random, since nothing is given to begin with. Take the active model "
            "or "
            "ImageNet as the start."
        )
    seen = known_to_start(draft.weights)
    held = [*looked.split.rows(Part.VALIDATION), *looked.split.rows(Part.TEST)]
    if seen and (known := sum(looked.decoded.photo_ids[row] in seen for row in held)):
        found.append(
            f"The model that it begins from was trained on {known:,} of the {len(held):,} photos held back: "
            "the "
            "scores on them will be too good."
        )
    if looked.inspection.imbalance >= 3 and draft.recipe.balance == "none":
        found.append("The classes are unequal and nothing is done about it: oversampling costs little.")
    if any(run.live for run in [*train_address.all_trainings(), *train_address.all_searches()]):
        found.append("Another training is running; both at once take about twice as long.")
    if wiring.catalog().live_job() is not None:
        found.append("Photos are being tagged at the moment; that and a training slow each other down.")
    return found


def _rename(chosen: DataSet, key: str) -> None:
    change_words(chosen, model_id=st.session_state[key].strip())


def _taken(model_id: str) -> bool:
    return wiring.models().taken(model_id) or (wiring.settings().trainings / model_id).exists()


def request_of(chosen: DataSet, draft: Draft, model_id: str, folder: Path) -> TrainingRequest:
    """Return what a draft asks for.

    Raises:
        TrainingError: the id is none.
    """
    taught = draft.recipe.distillation is not None
    return TrainingRequest(
        data=chosen.source,
        recipe=draft.recipe,
        weights=draft.weights,
        model_id=model_id,
        folder=folder,
        cache=wiring.settings().training_cache,
        plan=chosen.plan,
        teacher=(draft.teacher or None) if taught else None,
        unlabelled=Path(draft.unlabelled) if taught and draft.unlabelled else None,
    )


def hand_over_split(chosen: DataSet, folder: Path) -> None:
    """Give a training the split that was looked at; photos that it reads otherwise are drawn around it."""
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.split_file.is_file():
        shutil.copyfile(chosen.split_file, folder / "split.csv")


def _start(chosen: DataSet, draft: Draft, key: str) -> None:
    """Start the training, or leave the sentence that says why not."""
    model_id = str(st.session_state[key]).strip()
    try:
        check(draft)
        folder = wiring.settings().trainings / (model_id or "-")
        request = request_of(chosen, draft, model_id, folder)
        if _taken(model_id):
            st.session_state[REFUSAL] = (
                f"There is a model or a training called {model_id} already, or there was one. Choose another "
                "name."
            )
            return
        hand_over_split(chosen, folder)
        try:
            start_training_process(request, wiring.settings().home)
        except GalleryError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except (GalleryError, OSError) as exc:
        st.session_state[REFUSAL] = str(exc)
        return
    write_draft(chosen, replace(draft, model_id=""))
    train_address.go(step=train_address.RUN, training=model_id)
