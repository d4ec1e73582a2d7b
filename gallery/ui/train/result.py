"""What came of a training: the new model beside the active one on photos held back; keep it, use it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from gallery import settings
from gallery.datasets.labelled import Part
from gallery.errors import GalleryError
from gallery.models import ModelStore
from gallery.services import wiring
from gallery.training.held_out import HeldOut, Judging, Judgings, held_out
from gallery.training.trainings import TrainingRun, candidate_folder
from gallery.types import Classifier, ModelCard
from gallery.ui.components import messages
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import compared as train_compared
from gallery.words import percent

_LOOK_S = 1.0
_MESSAGE = "train_result_message"


@dataclass(frozen=True)
class Trained:
    """The model that a training became, kept or not.

    Attributes:
        store: where it lies.
        kept: it is among the home's models.
    """

    run: TrainingRun
    store: ModelStore
    card: ModelCard
    kept: bool


def show(run: TrainingRun) -> None:
    """Show the new model, what can be done with it, and how it does beside the active one."""
    message = st.session_state.pop(_MESSAGE, None)
    if message:
        st.error(escaped(message), icon=":material/error:")
    try:
        trained = _trained(run)
    except GalleryError as exc:
        st.info(f"The model of this training is not here any more. {escaped(str(exc))}", icon="🗑️")
        return
    _decide(trained)
    rival = _rival(trained)
    if rival is None:
        st.caption("There is no other model to compare it with.")
        return
    try:
        held = held_out(run.request, train_address.parts().unzip)
    except GalleryError as exc:
        messages.show_error(exc)
        return
    _comparison(trained, rival, held)


def _trained(run: TrainingRun) -> Trained:
    model_id = run.request.model_id
    if run.candidate is not None:
        store = wiring.candidates(candidate_folder(run.request.folder))
        return Trained(run, store, store.card(model_id), kept=False)
    store = wiring.models()
    return Trained(run, store, store.card(model_id), kept=True)


def _rival(trained: Trained) -> ModelCard | None:
    """Return the model to compare with: the active one, or the shipped one where the new one is active."""
    active = wiring.active_model()
    if active is not None and active.model_id != trained.card.model_id:
        return active
    try:
        return wiring.models().card(settings.DEFAULT_MODEL_ID)
    except GalleryError:
        return None


def _decide(trained: Trained) -> None:
    card, model_id = trained.card, trained.card.model_id
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train_decide"):
        tested = card.tested_on
        accuracy = tested.get("accuracy")
        words = (
            f"**{escaped(model_id)}** names {percent(accuracy)}"
            if accuracy is not None
            else escaped(model_id)
        )
        part = "photos to test" if tested.get("part") == Part.TEST.value else "photos to judge by"
        st.markdown(f"{words} of {tested.get('n', 0):,} {part} rightly.", width="stretch")
        if not trained.kept:
            st.button(
                "Keep this model",
                type="primary",
                icon=":material/save:",
                key="train_keep",
                on_click=_keep,
                args=(trained,),
                help="It then stands on the Models page. The active model stays the active one.",
            )
            return
        st.badge("Kept", icon=":material/check_circle:", color="green")
        if wiring.models().active_id() == model_id:
            st.badge("Active", icon=":material/sell:", color="green")
        else:
            st.button(
                "Use it for tagging",
                icon=":material/sell:",
                key="train_activate",
                on_click=_activate,
                args=(model_id,),
                help="New photos are then sorted by it. What the former model said is kept.",
            )
        st.page_link("pages/models.py", label="See it under Models", icon=":material/neurology:")


def _keep(trained: Trained) -> None:
    folder = trained.run.candidate
    try:
        if folder is not None:
            wiring.models().adopt(folder)
    except GalleryError as exc:
        st.session_state[_MESSAGE] = str(exc)


def _activate(model_id: str) -> None:
    try:
        wiring.models().activate(model_id)
    except GalleryError as exc:
        st.session_state[_MESSAGE] = str(exc)


@functools.cache
def _judgings() -> Judgings:
    return Judgings()


def _key(card: ModelCard) -> str:
    return f"{card.model_id}-{card.weights_sha256[:8]}"


def _judging(trained: Trained, rival: ModelCard, held: HeldOut) -> Judging:
    load: dict[str, Callable[[], Classifier]] = {
        _key(rival): lambda: wiring.classifier(rival.model_id),
        _key(trained.card): lambda: wiring.load_classifier(trained.store, trained.card.model_id),
    }
    return _judgings().begin(trained.run.request.folder, held.photos, train_address.parts(), load)


def _comparison(trained: Trained, rival: ModelCard, held: HeldOut) -> None:
    judging = _judging(trained, rival, held)
    if judging.live:
        _asking(trained, rival, held)
        return
    if judging.said is None:
        st.error(escaped(judging.problem or ""), icon=":material/error:")
        st.button(
            "Compare again",
            key="train_compare_again",
            icon=":material/refresh:",
            on_click=_judgings().forget,
            args=(trained.run.request.folder,),
        )
        return
    said_rival, said_new = judging.said[_key(rival)], judging.said[_key(trained.card)]
    photos = [
        photo
        for photo in held.photos
        if photo.photo_id in said_rival and photo.photo_id in said_new and photo.label in rival.class_names
    ]
    if not photos:
        st.info(
            f"{escaped(rival.name)} knows none of these classes, so there is nothing to compare: the figures "
            "above "
            "stand for themselves.",
            icon="🔎",
        )
        return
    compared = train_compared.comparison(
        photos, [said_rival[photo.photo_id] for photo in photos],
        [said_new[photo.photo_id] for photo in photos], rival.model_id, trained.card,
    )  # fmt: skip
    train_compared.numbers(compared, held, len(held.photos) - len(photos))
    train_compared.known_photos(trained.run.request.weights, rival, photos)
    train_compared.matrices(compared)
    train_compared.differing(photos, compared)


@st.fragment(run_every=_LOOK_S)
def _asking(trained: Trained, rival: ModelCard, held: HeldOut) -> None:
    judging = _judging(trained, rival, held)
    if not judging.live:
        st.rerun()
    which = train_compared.PART_WORDS[held.part]
    st.progress(
        judging.done / max(1, judging.total),
        f"Both models look at {len(held.photos):,} {which}: {judging.done:,} of {judging.total:,} answers.",
    )
