"""What came of a training: the new model beside the active one on photos held back; keep it, use it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gallery.datasets.labelled import Part
from gallery.errors import GalleryError
from gallery.services import models, photo_lists
from gallery.services import trained as trained_service
from gallery.services.trained import HeldOutComparison, Trained
from gallery.training.held_out import HeldOut, HeldOutPhoto
from gallery.training.trainings import TrainingRun
from gallery.types import ModelCard, display_path
from gallery.ui.components import accuracies, confusion_table, messages, waiting
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.ui.models import view as models_view
from gallery.ui.train import pictures as train_pictures
from gallery.ui.train.pictures import Picture
from gallery.words import class_title, percent

_SHOWN = 48
PART_WORDS = {Part.TEST: "test photos", Part.VALIDATION: "validation photos"}


def show(run: TrainingRun) -> None:
    """Show the new model, what can be done with it, and how it does beside the active one."""
    try:
        trained = trained_service.of(run)
    except GalleryError as exc:
        st.info(
            f"The model of this training is not here any more. {escaped(str(exc))}", icon=":material/delete:"
        )
        return
    _decide(trained)
    if trained.rival is None:
        st.caption("There is no other model to compare it with.")
        return
    try:
        held = trained_service.held_out(run)
    except GalleryError as exc:
        messages.show_error(exc)
        return
    _comparison(trained, trained.rival, held)


def _decide(trained: Trained) -> None:
    card = trained.card
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train_decide"):
        score = models.card_score(card.tested_on)
        words = f": {percent(score.accuracy)} correct on {score.sentence()}" if score else ""
        st.markdown(f"**{escaped(card.name)}**{words}.", width="stretch")
        if not trained.kept:
            st.button(
                "Keep this model",
                type="primary",
                icon=":material/save:",
                key="train_keep",
                on_click=messages.attempt,
                args=(trained_service.keep, trained.run),
                help="It then stands on the Models page. The active model stays the active one.",
            )
            return
        st.badge("Kept", icon=":material/check_circle:", color="green")
        if trained.active:
            st.badge("Active", icon=":material/sell:", color="green")
        else:
            st.button(
                "Use it for tagging",
                icon=":material/sell:",
                key="train_activate",
                on_click=messages.attempt,
                args=(models.activate, card.model_id),
                help="New photos are then sorted by it. Predictions of the former model are kept.",
            )
            models_view.switch_cost(card)
        st.page_link("pages/models.py", label="See it under Models", icon=":material/neurology:")


def _comparison(trained: Trained, rival: ModelCard, held: HeldOut) -> None:
    task = trained_service.comparison_task(trained, rival, held)
    if not waiting.is_done(
        task, "The comparison with the active model", unit="photos", key="train_compare",
        again=lambda: trained_service.forget_comparison(trained.run),
    ):  # fmt: skip
        return
    _misclassified(trained_service.misclassified(trained, held, task.result), PART_WORDS[held.part])
    compared = trained_service.compared(trained, rival, held, task.result)
    if compared is None:
        st.info(
            f"{escaped(rival.name)} has none of these classes, so there is nothing to compare.",
            icon=":material/search:",
        )
        return
    _numbers(compared, held)
    _known_photos(compared)
    _matrices(compared)
    _differing(compared)


def _misclassified(wrong: list[tuple[HeldOutPhoto, str]], part: str) -> None:
    """Show what the new model gets wrong."""
    st.markdown(f"#### {len(wrong):,} misclassified {part}")
    _photos(
        [
            (photo, f"true {class_title(photo.label)}, predicted {class_title(predicted)}")
            for photo, predicted in wrong
        ]
    )


def _photos(photos: Sequence[tuple[HeldOutPhoto, str]]) -> None:
    """Show the first photos of some, each with its words."""
    if not photos:
        st.caption("There is no such photo.")
        return
    token = photo_lists.register_files({photo.photo_id: photo.path for photo, _ in photos[:_SHOWN]})
    train_pictures.show(
        token,
        [
            Picture(photo.photo_id, f"{display_path(photo.path)}: {words}", words)
            for photo, words in photos[:_SHOWN]
        ],
        side_px=150,
    )
    if len(photos) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(photos):,}.")


def _numbers(found: HeldOutComparison, held: HeldOut) -> None:
    """Show both accuracies with their intervals, and what the paired test says."""
    compared = found.models
    st.markdown(f"#### Beside the active model, on the same {compared.n:,} {PART_WORDS[held.part]}")
    accuracies.show_two(compared, [f"Active: {compared.model_a}", f"New: {compared.model_b}"])
    if held.part is Part.VALIDATION:
        st.caption(
            "The best epoch was chosen on these photos, so the new model's score is slightly optimistic. The "
            "split 70 / 15 / 15 keeps test photos on which nothing is chosen."
        )
    if found.left_out:
        st.caption(
            f"{found.left_out:,} photos are left out: the active model does not have their class, or the "
            "files are missing."
        )


def _known_photos(found: HeldOutComparison) -> None:
    """Say whether one of the models has seen these photos with their labels before."""
    count, known, began_with = len(found.photos), found.known_to_rival, found.known_to_start
    if known:
        st.warning(
            f"**The active model was trained on {known:,} of these {count:,} photos.** Its score here is "
            "optimistic.",
            icon=":material/warning:",
        )
    if began_with:
        st.warning(
            f"**The new model's starting weights were trained on {began_with:,} of these {count:,} photos**, "
            "so its score here is optimistic. Evaluate both models on photos that neither was trained on.",
            icon=":material/warning:",
        )


def _matrices(found: HeldOutComparison) -> None:
    """Show both confusion matrices, of the classes that occur."""
    titles = {f"Active: {found.models.model_a}": False, f"New: {found.models.model_b}": True}
    for column, (title, is_new) in zip(st.columns(2), titles.items(), strict=True):
        matrix, names = found.matrix(new=is_new)
        with column:
            st.markdown(f"**{escaped(title)}**")
            confusion_table.show_still(matrix, names, key=f"train_matrix_{title}")


@st.fragment
def _differing(found: HeldOutComparison) -> None:
    """Show the photos behind the counts."""
    photos, compared = found.photos, found.models
    kinds = {
        "Only the new one is right": compared.rows(False, True),
        "Only the active one is right": compared.rows(True, False),
        "Both are wrong": compared.rows(False, False),
    }
    chosen = one_of(
        "Photos",
        {name: f"{name} ({len(rows):,})" for name, rows in kinds.items()},
        default=next((name for name, rows in kinds.items() if len(rows)), "Both are wrong"),
        key="train_differing",
    )
    rows = kinds[chosen]
    names = [class_title(name) for name in compared.class_names]
    _photos(
        [
            (
                photos[row],
                f"{names[compared.y_true[row]]}; new: {names[compared.said_b[row]]}; "
                f"active: {names[compared.said_a[row]]}",
            )
            for row in rows
        ]
    )
