"""What the Models page shows: a readable card for every model, its check, and which one is active."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import streamlit as st

from gallery.catalog import Catalog
from gallery.errors import GalleryError
from gallery.models import ModelEntry, ModelStore
from gallery.types import WAITING, Collection, ModelCard
from gallery.ui.components import charts, confusion_table, theme
from gallery.ui.components.plain_text import escaped, facts_html
from gallery.ui.models.facts import card_facts, card_score, stored_matrix
from gallery.words import percent, without_surrogates


def no_models() -> None:
    """Say that there is nothing to tag with, and what to do."""
    st.info(
        "**There is no model yet.** The gallery needs one to sort photos.\n\n"
        "- The app comes with a model in its folder `model_store`: if that folder is missing, download the "
        "app again.\n"
        "- A model that somebody gave you is a folder with `card.json` and `weights.npz`: put it into "
        "`models` in the gallery's home folder and reload this page.",
        icon="🧠",
    )


def none_usable() -> None:
    """Say that the models that are here cannot tag."""
    st.warning(
        "None of these models can be used, so photos cannot be tagged. Each card below says what is wrong "
        "with its model and how to mend it.",
        icon="⚠️",
    )


def show_entry(store: ModelStore, entry: ModelEntry, *, active: bool) -> None:
    """Show one model as a card with its numbers, its limits and what can be done with it."""
    with st.container(border=True, key=f"model_card_{entry.model_id}"):
        card = entry.card
        problem = entry.problem or _problem_of_weights(store, entry)
        with st.container(horizontal=True, vertical_alignment="center"):
            name = html.escape(without_surrogates(card.name if card else entry.model_id))
            st.html(f"<h2 style='font-size:1.5rem;padding:0;margin:0'>{name}</h2>", width="content")
            _badges(entry, problem, active=active)
        if problem:
            st.error(escaped(problem), icon="⚠️")
        if card is None:
            return
        if card.description:
            st.markdown(escaped(card.description))
        _numbers(card)
        st.markdown(" ".join(_class_chips(card.class_names)), unsafe_allow_html=True)
        if card.limits:
            st.markdown("**Limits**\n" + "\n".join(f"- {escaped(limit)}" for limit in card.limits))
        with st.expander("How it was made and how it must be fed"):
            st.html(facts_html(card_facts(card)))
        _evaluation(store, entry, card)
        _actions(store, entry, usable=problem is None, active=active)


def _badges(entry: ModelEntry, problem: str | None, *, active: bool) -> None:
    if active:
        st.badge("Active", icon=":material/check_circle:", color="green")
    if problem:
        st.badge("Damaged", icon=":material/error:", color="red")
    else:
        st.badge("Weights verified", icon=":material/verified:", color="gray")
    st.badge("Your own" if entry.own else "Came with the app", color="gray")


def _numbers(card: ModelCard) -> None:
    accuracy, trained, classes, parameters = st.columns([2, 1, 1, 1])
    score = card_score(card.tested_on)
    with accuracy:
        of = "Validation" if score and score.part == "validation" else "Test"
        st.metric(f"{of} accuracy", percent(score.accuracy) if score else "not measured")
        if score:
            st.caption(score.sentence())
        else:
            st.caption("Evaluate it on a labelled folder before you rely on it.")
    photos = card.trained_on.get("photos")
    trained.metric("Training photos", f"{photos:,}" if isinstance(photos, int) else "not stated")
    classes.metric("Classes", len(card.class_names))
    parameters.metric("Parameters", f"{card.parameter_count / 1e6:.1f} M", help=f"{card.parameter_count:,}")


def _class_chips(class_names: Sequence[str]) -> list[str]:
    dark = charts.is_dark()
    return [
        f"<span style='white-space:nowrap;margin-right:.8em;color:{theme.text_colour(name, dark=dark)}'>"
        f"{escaped(theme.label_text(name))}</span>"
        for name in class_names
    ]


def _evaluation(store: ModelStore, entry: ModelEntry, card: ModelCard) -> None:
    try:
        evaluation = store.evaluation(entry.model_id)
    except GalleryError as exc:
        st.caption(escaped(str(exc)))
        return
    matrix = stored_matrix(evaluation)
    if matrix is None or evaluation is None:
        return
    names = evaluation.get("class_names")
    if not (isinstance(names, list) and len(names) == len(matrix) and all(isinstance(n, str) for n in names)):
        names = list(card.class_names)
    if len(names) != len(matrix):
        return
    part = "validation" if evaluation.get("part") == "validation" else "test"
    place = st.expander(
        f"Where it errs: the confusion matrix of its {part} photos",
        key=f"model_errs_{entry.model_id}",
        on_change="rerun",
    )
    if not place.open:
        return
    with place:
        confusion_table.show_still(matrix, names, key=f"model_matrix_{entry.model_id}")
        st.caption("These photos were measured elsewhere and are not in your catalog, so cells do not open.")


def _actions(store: ModelStore, entry: ModelEntry, *, usable: bool, active: bool) -> None:
    with st.container(horizontal=True):
        if not active:
            st.button(
                "Use this model",
                type="primary",
                key=f"use_{entry.model_id}",
                disabled=not usable,
                on_click=_activate,
                args=(store, entry.model_id),
                help=None if usable else "Damaged models cannot be used.",
            )
        st.button(
            "Check the weights again",
            key=f"verify_{entry.model_id}",
            on_click=_check_again,
            args=(entry.model_id,),
            help="Computes the SHA-256 of the weights file and compares it with the card's.",
        )
        if entry.own and not active:
            with st.popover("Remove"):
                st.markdown("This deletes the model's folder. Predictions it made stay in the catalog.")
                st.button(
                    "Remove it for good",
                    key=f"remove_{entry.model_id}",
                    on_click=_remove,
                    args=(store, entry.model_id),
                )


def _activate(store: ModelStore, model_id: str) -> None:
    try:
        store.activate(model_id)
    except GalleryError as exc:
        st.session_state["models_message"] = ("error", str(exc))
    else:
        st.session_state["models_activated"] = model_id


def _check_again(model_id: str) -> None:
    _hashed.clear()
    st.session_state["models_message"] = ("checked", model_id)


def _remove(store: ModelStore, model_id: str) -> None:
    try:
        store.remove(model_id)
    except GalleryError as exc:
        st.session_state["models_message"] = ("error", str(exc))
    else:
        st.session_state["models_message"] = ("done", f"{model_id} was removed.")


def show_message(store: ModelStore) -> None:
    """Say, once, what the last click did."""
    kind, text = st.session_state.pop("models_message", (None, ""))
    if kind == "checked":
        try:
            problem = store.entry(text).problem or _problem_of_weights(store, store.entry(text))
        except GalleryError as exc:
            problem = str(exc)
        kind = "error" if problem else "done"
        text = problem or f"The weights of {text} are exactly those of its card."
    if kind == "error":
        st.error(escaped(text), icon="⚠️")
    elif kind == "done":
        st.success(escaped(text), icon="✅")


def offer_tagging(
    catalog: Catalog, card: ModelCard, collection: Collection, *, start: Callable[[int], object]
) -> None:
    """Offer to tag what the active model has not seen of the collection that was opened last."""
    shelves = catalog.shelves(collection.collection_id, card.model_id, card.class_names, 0.0)
    waiting = sum(shelf.count for shelf in shelves if shelf.name == WAITING)
    if not waiting:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="models_offer"):
        st.markdown(
            f"**{escaped(collection.name)}** has {waiting:,} photo{'' if waiting == 1 else 's'} that "
            f"{escaped(card.name)} has not tagged. Earlier predictions and all your corrections are kept."
        )
        st.button(
            "Tag them now",
            icon=":material/sell:",
            key="models_tag",
            on_click=_start,
            args=(start, collection),
        )


def _start(start: Callable[[int], object], collection: Collection) -> None:
    try:
        start(collection.collection_id)
    except GalleryError as exc:
        st.session_state["models_message"] = ("error", str(exc))
    else:
        text = f"Tagging {collection.name} has started; Browse shows its progress."
        st.session_state["models_message"] = ("done", text)


def _problem_of_weights(store: ModelStore, entry: ModelEntry) -> str | None:
    """Return what hashing the weights found; computed anew when the file's size or time changes."""
    if entry.card is None:
        return entry.problem
    try:
        stat = (entry.folder / entry.card.weights_file).stat()
    except OSError as exc:
        return f"The weights cannot be read ({exc.strerror}). Restore the folder {entry.folder}."
    signature = f"{entry.folder} {stat.st_size} {stat.st_mtime_ns} {entry.card.weights_sha256}"
    return _hashed(store, entry.model_id, signature)


@st.cache_data(show_spinner="Checking the weights ...", max_entries=64)
def _hashed(_store: ModelStore, model_id: str, signature: str) -> str | None:  # noqa: ARG001
    """`signature` is what makes the cache forget: the file's place, size, time and expected hash."""
    return _store.verify(model_id)
