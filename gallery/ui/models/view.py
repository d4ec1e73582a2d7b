"""What the Models page shows: a readable card for every model, its check, and which one is active."""

from __future__ import annotations

import functools
import html

import streamlit as st

from gallery.errors import GalleryError, ModelError
from gallery.services import collections, models, speed, tagging
from gallery.services.models import StoredModel, card_facts, card_score
from gallery.types import Collection, ModelCard
from gallery.ui.components import confusion_table, messages, theme
from gallery.ui.components.plain_text import escaped, facts_html
from gallery.words import about, percent, photo_count, without_surrogates


def no_models() -> None:
    """Say that there is nothing to tag with, and what to do."""
    messages.empty(
        ":material/neurology:",
        "There is no model yet",
        "A model sorts the photos. Two come with the app, in its folder model_store: if that folder is "
        "missing, download the app again. A model that you exported elsewhere can be added here.",
    )
    add_model()


def none_usable() -> None:
    """Say that the models that are here cannot tag."""
    st.warning(
        "None of these models can be used, so photos cannot be tagged. Each card below says what is wrong "
        "with its model and how to repair it.",
        icon=":material/warning:",
    )


def show_model(model: StoredModel) -> None:
    """Show one model as a card with its numbers, its limits and what can be done with it."""
    with st.container(border=True, key=f"model_card_{model.model_id}"):
        card = model.card
        with st.container(horizontal=True, vertical_alignment="center"):
            name = html.escape(without_surrogates(card.name if card else model.model_id))
            st.html(f"<h2 style='font-size:1.5rem;padding:0;margin:0'>{name}</h2>", width="content")
            _badges(model)
        if model.problem:
            st.error(escaped(model.problem), icon=":material/warning:")
        if card is None:
            return
        if card.description:
            st.markdown(escaped(card.description))
        _numbers(card)
        st.markdown(" · ".join(theme.label_markdown(name, card.class_names) for name in card.class_names))
        if card.limits:
            st.markdown("**Limits**\n" + "\n".join(f"- {escaped(limit)}" for limit in card.limits))
        with st.expander("Training details and input format"):
            st.html(facts_html(card_facts(card)))
        _errors(card)
        _actions(model, card)


def _badges(model: StoredModel) -> None:
    if model.active:
        st.badge("Active", icon=":material/check_circle:", color="green")
    if model.problem:
        st.badge("Damaged", icon=":material/error:", color="red")
    else:
        st.badge("Weights verified", icon=":material/verified:", color="gray")
    st.badge("Your own" if model.own else "Built-in", color="gray")


def _numbers(card: ModelCard) -> None:
    accuracy, trained, classes, parameters = st.columns([2, 1, 1, 1])
    score = card_score(card.tested_on)
    with accuracy:
        of = "Validation" if score and score.part == "validation" else "Test"
        st.metric(f"{of} accuracy", percent(score.accuracy) if score else "not measured")
        if score:
            st.caption(score.sentence())
        else:
            st.caption("Evaluate it on a labelled folder before you use it.")
    photos = card.trained_on.get("photos")
    trained.metric("Training photos", f"{photos:,}" if isinstance(photos, int) else "not stated")
    classes.metric("Classes", len(card.class_names))
    parameters.metric("Parameters", f"{card.parameter_count / 1e6:.1f} M", help=f"{card.parameter_count:,}")


def _errors(card: ModelCard) -> None:
    try:
        matrix = models.stored_matrix(card)
    except GalleryError as exc:
        st.caption(escaped(str(exc)))
        return
    if matrix is None:
        return
    place = st.expander(
        f"Confusion matrix ({matrix.part} photos)",
        key=f"model_errs_{card.model_id}",
        on_change="rerun",
    )
    if not place.open:
        return
    with place:
        confusion_table.show_still(matrix.counts, matrix.class_names, key=f"model_matrix_{card.model_id}")
        st.caption("These photos are not in your catalog, so the cells do not open.")


def _actions(model: StoredModel, card: ModelCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not model.active:
            st.button(
                "Use this model",
                type="primary",
                key=f"use_{model.model_id}",
                disabled=model.problem is not None,
                on_click=messages.attempt,
                args=(models.activate, model.model_id),
                help="Damaged models cannot be used." if model.problem else None,
            )
            if model.problem is None:
                switch_cost(card)
        if model.problem is None:
            st.download_button(
                "Export (zip)",
                functools.partial(models.export, model.model_id),
                file_name=f"{model.model_id}.zip",
                mime="application/zip",
                icon=":material/download:",
                key=f"export_{model.model_id}",
                on_click="ignore",
                help=(
                    "Card, weights and evaluation in one file; add it on the Models page of another computer."
                ),
            )
        st.button(
            "Verify weights",
            key=f"verify_{model.model_id}",
            on_click=messages.attempt,
            args=(_verify, model.model_id),
            help="Computes the SHA-256 of the weights file and compares it with the model card.",
        )
        if model.own:
            _rename_and_remove(model, card)


def _rename_and_remove(model: StoredModel, card: ModelCard) -> None:
    with st.popover("Rename", icon=":material/edit:"):
        key = f"name_{model.model_id}"
        st.text_input("Name", card.name, key=key, max_chars=80)
        st.button(
            "Save",
            key=f"rename_{model.model_id}",
            on_click=messages.attempt,
            args=(lambda: models.rename(model.model_id, str(st.session_state[key])),),
        )
    with st.popover("Remove", icon=":material/delete:", disabled=model.active):
        st.markdown("This deletes the model's folder. Its predictions stay in the catalog.")
        st.button(
            "Remove permanently",
            key=f"remove_{model.model_id}",
            on_click=messages.attempt,
            args=(models.remove, model.model_id),
            kwargs={"done": f"{model.model_id} was removed."},
        )


def switch_cost(card: ModelCard) -> None:
    """Say what there is to tag before a model has seen every opened photo; nothing where it has."""
    cost = models.switch_cost(card)
    if not cost.photos:
        return
    seconds = "" if cost.seconds is None else f", {about(cost.seconds)} on this computer"
    st.caption(
        f"{photo_count(cost.photos)} to tag{seconds}; until then they are shown as not tagged yet.",
        width="content",
    )


def add_model() -> None:
    """Offer to add a model that was exported elsewhere."""
    key = f"models_file_{st.session_state.setdefault('models_added', 0)}"  # one that was added is let go
    with st.expander("Add a model from a file", icon=":material/upload:"):
        st.file_uploader(
            "A model exported on the Models page",
            type="zip",
            key=key,
            on_change=messages.attempt,
            args=(_add, key),
        )


def _add(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        added = models.import_zip(file)
        st.session_state["models_added"] += 1
        messages.say_done(f"{added.card.name if added.card else added.model_id} was added.")


def _verify(model_id: str) -> None:
    if problem := models.check_again(model_id):
        raise ModelError(problem)
    messages.say_done(f"The weights of {model_id} match its card.")


def offer_tagging(card: ModelCard, collection: Collection) -> None:
    """Offer to tag what the active model has not seen of the collection that was opened last."""
    waiting = collections.waiting_count(collection.collection_id, card)
    if not waiting:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="models_offer"):
        st.markdown(
            f"**{escaped(collection.name)}** has {photo_count(waiting)} that {escaped(card.name)} has not "
            "tagged. Earlier predictions and all labels are kept."
        )
        st.button(
            "Tag them now",
            icon=":material/sell:",
            key="models_tag",
            on_click=messages.attempt,
            args=(tagging.start_job, collection.collection_id),
            kwargs={"done": f"Tagging {collection.name} has started; Browse shows its progress."},
        )


def offer_light_model(active: ModelCard) -> None:
    """Show the offer where the active model is slow on this processor."""
    light = speed.light_model_for(active)
    if light is None:
        return
    with st.container(border=True, key="light_model"):
        st.markdown(
            "**VGG16 is slow on this processor**, which has no bfloat16 units. "
            f"{escaped(light.name)} is nearly as accurate and many times as fast here."
        )
        speeds = speed.measured()
        if {active.model_id, light.model_id} <= speeds.keys():
            one, other = speeds[active.model_id], speeds[light.model_id]
            st.markdown(
                f"Measured on this machine: {escaped(active.name)} {one:.1f} photos/s, "
                f"{escaped(light.name)} {other:.1f} photos/s."
            )
        with st.container(horizontal=True):
            st.button(
                "Use the light model",
                key="use_light_model",
                on_click=messages.attempt,
                args=(models.activate, light.model_id),
            )
            switch_cost(light)
            st.button(
                "Measure both here",
                key="measure_speeds",
                on_click=messages.attempt,
                args=(_measure, active.model_id, light.model_id),
                help="Takes about half a minute.",
            )


def _measure(*model_ids: str) -> None:
    with st.spinner("Measuring both models ..."):
        speed.measure(*model_ids)
