"""Two models side by side on the photos that a training held back: numbers, matrices, and who errs where."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gallery.datasets.labelled import Part
from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.metrics import confusion_matrix, wilson_interval
from gallery.services import photo_lists, wiring
from gallery.training.held_out import HeldOut, HeldOutPhoto
from gallery.types import ModelCard, display_path
from gallery.ui.components import confusion_table, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import pictures as train_pictures
from gallery.ui.train.draft import known_to_start
from gallery.ui.train.pictures import Picture
from gallery.words import interval, percent

_SHOWN = 48
PART_WORDS = {Part.TEST: "photos to test", Part.VALIDATION: "photos to judge by"}


def comparison(
    photos: list[HeldOutPhoto], said_rival: list[str], said_new: list[str], rival_id: str, card: ModelCard
) -> ModelComparison:
    """Return who is right where; the classes are the new model's, then what the other says beside them."""
    others = sorted({*said_rival, *(photo.label for photo in photos)} - set(card.class_names))
    names = (*card.class_names, *others)
    place = {name: index for index, name in enumerate(names)}
    columns = ([photo.label for photo in photos], said_rival, said_new)
    truth, by_rival, by_new = (np.array([place[name] for name in one], np.int64) for one in columns)
    return ModelComparison(rival_id, card.model_id, names, truth, by_rival, by_new)


def numbers(compared: ModelComparison, held: HeldOut, others: int) -> None:
    """Show both accuracies with their intervals, who alone is right, and what the paired test says."""
    st.markdown(f"#### Beside the active model, on the same {compared.n:,} {PART_WORDS[held.part]}")
    new, old, only_new, only_old = st.columns(4, border=True)
    for column, name, rows_right in (
        (new, f"New: {compared.model_b}", compared.said_b == compared.y_true),
        (old, f"Active: {compared.model_a}", compared.said_a == compared.y_true),
    ):
        right = int(rows_right.sum())
        low, high = wilson_interval(right, compared.n)
        with column.container(gap=None):
            st.metric(escaped(name), percent(right / compared.n))
            st.caption(f"{right:,} of {compared.n:,} right; 95 % interval {interval((low, high))}")
    only_new.metric("Only the new one is right", f"{len(compared.rows(False, True)):,}")
    only_old.metric("Only the active one is right", f"{len(compared.rows(True, False)):,}")
    st.markdown(verdict(compared))
    if held.part is Part.VALIDATION:
        st.caption(
            "The best epoch was chosen by these photos, so the new model does a little worse on others. The "
            "split "
            "70 / 15 / 15 holds back photos that nothing is chosen by."
        )
    if others:
        st.caption(
            f"{others:,} photos are left out: their class is none of the active model's, or they are gone."
        )


def verdict(compared: ModelComparison) -> str:
    """Return what the paired test says, in a sentence."""
    p_value = compared.p_value
    test = f"McNemar's exact test on the photos that only one names rightly: p = {p_value:.2g}"
    if p_value >= 0.05:
        return f"**The difference may be chance** ({test}). More photos would tell."
    better = "new" if compared.accuracy_b > compared.accuracy_a else "active"
    return f"**The {better} model is better on these photos, by more than chance** ({test})."


def known_photos(weights: str | None, rival: ModelCard, photos: list[HeldOutPhoto]) -> None:
    """Say whether one of the models has seen these photos with their labels before."""
    ids = [photo.photo_id for photo in photos]
    known = wiring.models().training_photos(rival.model_id).intersection(ids)
    began_with = known_to_start(weights).intersection(ids)
    if known:
        st.warning(
            f"**The active model was trained on {len(known):,} of these {len(ids):,} photos.** It knows them "
            "by "
            "heart, so it looks better here than it is.",
            icon="⚠️",
        )
    if began_with:
        st.warning(
            f"**The new model began from one that was trained on {len(began_with):,} of these {len(ids):,} "
            "photos**, "
            "so its layers know them too, and it looks better here than it is. Evaluate both on photos that "
            "neither "
            "has seen.",
            icon="⚠️",
        )


def matrices(compared: ModelComparison) -> None:
    """Show both confusion matrices, of the classes that occur."""
    used = sorted({*compared.y_true.tolist(), *compared.said_a.tolist(), *compared.said_b.tolist()})
    names = [compared.class_names[index] for index in used]
    place = {index: number for number, index in enumerate(used)}
    columns = st.columns(2)
    for column, title, said in (
        (columns[0], f"New: {compared.model_b}", compared.said_b),
        (columns[1], f"Active: {compared.model_a}", compared.said_a),
    ):
        truth, words = ([place[int(index)] for index in rows] for rows in (compared.y_true, said))
        matrix = confusion_matrix(np.array(truth, np.int64), np.array(words, np.int64), len(used))
        with column:
            st.markdown(f"**{escaped(title)}**")
            confusion_table.show_still(matrix, names, key=f"train_matrix_{title}")


@st.fragment
def differing(photos: list[HeldOutPhoto], compared: ModelComparison) -> None:
    """Show the photos behind the counts."""
    kinds = {
        "Only the new one is right": compared.rows(False, True),
        "Only the active one is right": compared.rows(True, False),
        "Both are wrong": compared.rows(False, False),
    }
    chosen = st.segmented_control(
        "Photos",
        list(kinds),
        default=next((name for name, rows in kinds.items() if len(rows)), "Both are wrong"),
        required=True,
        key="train_differing",
        format_func=lambda name: f"{name} ({len(kinds[name]):,})",
        label_visibility="collapsed",
    )
    rows = kinds[chosen]
    if not len(rows):
        st.caption("There is no such photo.")
        return
    token = photo_lists.register_files({photo.photo_id: photo.path for photo in photos})
    names = [theme.plain_name(name) for name in compared.class_names]
    shown = []
    for row in rows[:_SHOWN]:
        true, new, old = (
            names[int(values[row])] for values in (compared.y_true, compared.said_b, compared.said_a)
        )
        words = f"{true}; new: {new}; active: {old}"
        shown.append(Picture(photos[row].photo_id, f"{display_path(photos[row].path)}: {words}", words))
    train_pictures.show(token, shown, side_px=150)
    if len(rows) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(rows):,}.")
