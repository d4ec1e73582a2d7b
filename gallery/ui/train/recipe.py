"""Step 2 of Train: which network is trained, and how; every value can be changed before it starts."""

from __future__ import annotations

import streamlit as st

from gallery.datasets.labelled import Part
from gallery.errors import GalleryError
from gallery.services import tagging, training_runs
from gallery.services import train as train_service
from gallery.services.train import RecipeOffer
from gallery.training.data_sets import DataSet, Draft
from gallery.training.estimate import Estimate
from gallery.training.preparing import Prepared
from gallery.training.recipes import RECIPES, Recipe
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import data as train_data
from gallery.ui.train import settings as train_settings
from gallery.ui.train.settings import REFUSAL, START
from gallery.words import about

_CARDS = 3


def show() -> None:
    """Show the recipes, the values of the chosen one, and the button that starts it."""
    chosen = train_address.chosen_set()
    if chosen is None:
        no_photos()
        return
    prepared = train_data.prepared(chosen)
    if prepared is None:
        return
    draft = train_service.draft_of(chosen)
    _cards(chosen, prepared, draft)
    left, right = st.columns(2, gap="large")
    with left:
        train_settings.show(chosen, draft)
    with right:
        train_settings.show_augmentation(chosen, prepared, draft)
    _start_box(chosen, prepared, draft)


def no_photos() -> None:
    """Say that the data come first."""
    train_data.photos_first(
        ":material/folder_open:",
        "Choose photos first",
        "A recipe needs training photos: that is step 1. It takes a minute.",
    )


def _cards(chosen: DataSet, prepared: Prepared, draft: Draft) -> None:
    offers = train_service.offers(prepared, draft)
    for first in range(0, len(offers), _CARDS):
        for column, offer in zip(st.columns(_CARDS), offers[first : first + _CARDS], strict=False):
            with column:
                _card(chosen, offer)


def _card(chosen: DataSet, offer: RecipeOffer) -> None:
    recipe = offer.recipe
    with st.container(border=True, height="stretch", key=f"train_recipe_{recipe.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{escaped(recipe.name)}**", width="content")
            if offer.recommended:
                st.badge("Recommended", icon=":material/thumb_up:", color="green")
        st.markdown(escaped(recipe.description))
        if offer.advice:
            icon = ":material/check:" if recipe.trainable == "top" else ":material/warning:"
            st.markdown(f"{icon} {escaped(offer.advice)}")
        facts = [f"{recipe.input_px} x {recipe.input_px} px"]
        if offer.parameter_count is not None:
            facts.append(f"{offer.parameter_count:,} parameters")
        st.caption(" · ".join(facts))
        st.caption(_cost_words(recipe, offer.cost))
        if offer.chosen:
            st.badge("Chosen", icon=":material/check_circle:", color="green")
        else:
            st.button(
                "Choose",
                key=f"train_choose_{recipe.name}",
                on_click=train_service.choose,
                args=(chosen, RECIPES[recipe.name]),
                help=f"Takes {recipe.name} with its usual values.",
            )


def _cost_words(recipe: Recipe, cost: Estimate | None) -> str:
    epochs = f"{recipe.epochs} epochs" if recipe.epochs > 1 else "1 epoch"
    if cost is None:
        return f"At most {epochs}; not timed yet."
    source = "as earlier trainings took here" if cost.measured_here else "from measurements on two cores"
    return f":material/timer: {about(cost.seconds)} for {epochs} at most (estimate, {source})"


def _start_box(chosen: DataSet, prepared: Prepared, draft: Draft) -> None:
    with st.container(border=True):
        st.markdown(_summary(chosen, prepared, draft.recipe))
        for words in _cautions(prepared, draft):
            st.markdown(f":material/warning: {words}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"train_name_{chosen.set_id}"
            st.session_state[key] = train_service.proposed_name(chosen, draft)
            st.text_input(
                "Name of the new model",
                key=key,
                on_change=lambda: train_service.change_words(chosen, name=st.session_state[key].strip()),
                max_chars=80,
                width=380,
            )
            st.button(
                "Start the training",
                type="primary",
                icon=":material/play_arrow:",
                key="train_start",
                on_click=_start,
                args=(chosen, draft, key),
            )
        train_settings.show_refusal(START)


def _summary(chosen: DataSet, prepared: Prepared, recipe: Recipe) -> str:
    counts = {part: len(prepared.split.rows(part)) for part in Part}
    test = f"; {counts[Part.TEST]:,} more are kept for the final test" if counts[Part.TEST] else ""
    return (
        f"**{escaped(recipe.name)}** is trained on {counts[Part.TRAIN]:,} photos of "
        f"**{escaped(chosen.name)}** and validated on {counts[Part.VALIDATION]:,} others after each epoch"
        f"{test}. The training continues when this window is closed."
    )


def _cautions(prepared: Prepared, draft: Draft) -> list[str]:
    """Return what somebody should know before the start, each a sentence."""
    found = []
    if draft.recipe.trainable != "all" and draft.weights == "none":
        found.append(
            "Its convolutions would stay random, since it has no starting weights. Choose the active model "
            "or ImageNet as starting weights."
        )
    known, held = train_service.known_held_back(prepared, draft.weights)
    if known:
        found.append(
            f"The starting weights were trained on {known:,} of the {held:,} photos held back: their scores "
            "will be optimistic."
        )
    if prepared.inspection.imbalance >= 3 and draft.recipe.balance == "none":
        found.append("The classes are imbalanced and nothing is done about it: oversampling costs little.")
    if any(run.live for run in [*training_runs.trainings(), *training_runs.searches()]):
        found.append("Another training is running; both at once take about twice as long.")
    if tagging.live_job() is not None:
        found.append("Photos are being tagged at the moment; that and a training slow each other down.")
    return found


def _start(chosen: DataSet, draft: Draft, key: str) -> None:
    """Start the training, or leave the sentence that says why not."""
    try:
        model_id = train_service.start(chosen, draft, str(st.session_state[key]))
    except (GalleryError, OSError) as exc:
        st.session_state[REFUSAL] = (START, str(exc))
        return
    train_address.go(step=train_address.RUN, training=model_id)
