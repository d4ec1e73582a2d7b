"""What came of a training: the new model beside the active one on the photos held back; keep, use, discard."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from gallery import composition, settings
from gallery.errors import GalleryError
from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.metrics import confusion_matrix, wilson_interval
from gallery.model_files import ModelStore
from gallery.training.held_out import HeldOut, HeldOutPhoto, Judging, Judgings, held_out
from gallery.training.labelled_data import Part
from gallery.training.trainings import TrainingRun, candidate_folder
from gallery.types import Classifier, ModelCard, display_path
from gallery.ui import charts, confusion_view, messages, theme, train_address, train_pictures, wiring
from gallery.ui.evaluated_folder import training_photos
from gallery.ui.plain_text import escaped
from gallery.ui.train_pictures import Picture

_LOOK_S = 1.0
_SHOWN = 48
_MESSAGE = "train_result_message"
PART_WORDS = {Part.TEST: "photos to test", Part.VALIDATION: "photos to judge by"}


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
        store = composition.candidates(candidate_folder(run.request.folder))
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
            f"**{escaped(model_id)}** names {100 * accuracy:.1f} %"
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
        _key(trained.card): lambda: composition.load_classifier(trained.store, trained.card.model_id),
    }
    return _judgings().begin(trained.run.request.folder, held.photos, train_address.parts(), load)


def _comparison(trained: Trained, rival: ModelCard, held: HeldOut) -> None:
    judging = _judging(trained, rival, held)
    if judging.live:
        _asking(trained, rival, held)
        return
    if judging.said is None:
        st.error(escaped(judging.problem or ""), icon=":material/error:")
        st.button("Compare again", key="train_compare_again", icon=":material/refresh:")
        return
    said_rival, said_new = judging.said[_key(rival)], judging.said[_key(trained.card)]
    photos = [
        photo
        for photo in held.photos
        if photo.photo_id in said_rival and photo.photo_id in said_new and photo.label in rival.class_names
    ]
    if not photos:
        st.info(
            f"{escaped(rival.name)} knows none of these classes, so there is nothing to compare: the figures above "
            "stand for themselves.",
            icon="🔎",
        )
        return
    compared = comparison(
        photos, [said_rival[photo.photo_id] for photo in photos],
        [said_new[photo.photo_id] for photo in photos], rival.model_id, trained.card,
    )  # fmt: skip
    _numbers(compared, held, len(held.photos) - len(photos))
    _known_photos(rival, photos)
    _matrices(compared)
    _differing(trained, photos, compared)


@st.fragment(run_every=_LOOK_S)
def _asking(trained: Trained, rival: ModelCard, held: HeldOut) -> None:
    judging = _judging(trained, rival, held)
    if not judging.live:
        st.rerun()
    st.progress(
        judging.done / max(1, judging.total),
        f"Both models look at the {len(held.photos):,} {PART_WORDS[held.part]}: {judging.done:,} of "
        f"{judging.total:,} answers.",
    )


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


def _numbers(compared: ModelComparison, held: HeldOut, others: int) -> None:
    st.markdown(f"#### Beside the active model, on the same {compared.n:,} {PART_WORDS[held.part]}")
    new, old, only_new, only_old = st.columns(4, border=True)
    for column, name, rows_right in (
        (new, f"New: {compared.model_b}", compared.said_b == compared.y_true),
        (old, f"Active: {compared.model_a}", compared.said_a == compared.y_true),
    ):
        right = int(rows_right.sum())
        low, high = wilson_interval(right, compared.n)
        with column.container(gap=None):
            st.metric(escaped(name), f"{100 * right / compared.n:.1f} %")
            st.caption(
                f"{right:,} of {compared.n:,} right; 95 % interval {100 * low:.1f} to {100 * high:.1f} %"
            )
    only_new.metric("Only the new one is right", f"{len(compared.rows(False, True)):,}")
    only_old.metric("Only the active one is right", f"{len(compared.rows(True, False)):,}")
    st.markdown(verdict(compared))
    if held.part is Part.VALIDATION:
        st.caption(
            "The best epoch was chosen by these photos, so the new model does a little worse on others. The split "
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


def _known_photos(rival: ModelCard, photos: list[HeldOutPhoto]) -> None:
    known = training_photos(wiring.models(), rival.model_id)
    count = sum(photo.photo_id in known for photo in photos)
    if count:
        st.warning(
            f"**The active model was trained on {count:,} of these {len(photos):,} photos.** It knows them by heart, "
            "so it looks better here than it is; the new model has not seen them.",
            icon="⚠️",
        )


def _matrices(compared: ModelComparison) -> None:
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
            st.plotly_chart(
                charts.confusion_figure(matrix, names, dark=charts.is_dark(), clickable=False),
                theme=None,
                key=f"train_matrix_{title}",
                config={"displayModeBar": False},
                alt=f"Confusion matrix of {title} on the photos held back. The table below has the same numbers.",
            )
            with st.expander("As a table"):
                st.dataframe(confusion_view.table_frame(matrix, names), alt=f"Confusion matrix of {title}")


@st.fragment
def _differing(trained: Trained, photos: list[HeldOutPhoto], compared: ModelComparison) -> None:
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
    token = train_pictures.register({photo.photo_id: photo.path for photo in photos})
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
