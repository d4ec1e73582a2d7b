"""What the inspection of a data set found: counts, the split, photos, duplicates, bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from gallery.datasets.inspection import SMALL_PX, DuplicateGroup, Inspection
from gallery.datasets.labelled import Part
from gallery.datasets.split import SplitPlan
from gallery.services import photo_lists, training_sets
from gallery.training.data_sets import DataSet
from gallery.training.preparing import Prepared
from gallery.types import display_path
from gallery.ui.components import table, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.train import address as train_address
from gallery.ui.train import pictures as train_pictures
from gallery.ui.train.pictures import Picture
from gallery.words import class_title, photo_count, without_surrogates

SHARES = {"85 / 15": (0.15, 0.0), "70 / 15 / 15": (0.15, 0.15)}
_SAMPLES, _PAGE = 10, 60
_GROUPS = 30  # groups of duplicates shown; more would be a list nobody reads
ALL = "all"


def show(chosen: DataSet, prepared: Prepared) -> None:
    """Show what was found, and lead to the recipe."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _counts(prepared.inspection)
    with right:
        _findings(prepared)
        _split(chosen, prepared)
        st.button(
            "Next: choose a recipe",
            type="primary",
            icon=":material/arrow_forward:",
            key="train_next_recipe",
            on_click=train_address.go,
            kwargs={"step": train_address.RECIPE},
        )
    _pictures(prepared)


_PART_WORDS = {
    Part.TRAIN: "training",
    Part.VALIDATION: "validation",
    Part.TEST: "test",
    Part.LEFT_OUT: "left out",
}


def _counts(found: Inspection) -> None:
    """Show the photos of each class and part: bars and numbers in one."""
    classes = list(found.counts)
    parts = {
        words: found.part_counts[part] for part, words in _PART_WORDS.items() if part in found.part_counts
    }
    st.dataframe(
        pd.DataFrame(
            {
                theme.ICON_COLUMN: [theme.icon_address(name, classes) for name in classes],
                "Class": [without_surrogates(class_title(name)) for name in classes],
                "Photos": [found.counts[name] for name in classes],
                **{words: [counts[name] for name in classes] for words, counts in parts.items()},
            }
        ),
        hide_index=True,
        height="content",
        key="train_counts",
        column_config={
            theme.ICON_COLUMN: theme.icon_column(),
            "Photos": st.column_config.ProgressColumn(
                format="localized", min_value=0, max_value=max(found.counts.values())
            ),
        },
        alt="The photos of each class, in all and in each part of the split",
    )
    sums = ", ".join(f"{sum(counts.values()):,} {words}" for words, counts in parts.items())
    st.caption(f"All {photo_count(sum(found.counts.values()))}: {sums}.")


def _findings(prepared: Prepared) -> None:
    found = prepared.inspection
    first, *others = found.summary()
    st.markdown(f"{escaped(first)} {escaped(found.balance)}")
    for line in [*others, *prepared.split.notes]:
        st.markdown(f":material/info: {escaped(line)}")


def _split(chosen: DataSet, prepared: Prepared) -> None:
    """Let the user say how photos are split; ready folders are as they are."""
    if any(photo.part in (Part.VALIDATION, Part.TEST) for photo in prepared.decoded.data.photos):
        st.markdown("**Split**: as the data's own train, validation and test folders say.")
        return
    plan = chosen.plan
    st.session_state["train_shares"] = next(
        (words for words, shares in SHARES.items() if shares == (plan.validation, plan.test)), None
    )
    st.session_state["train_by_group"] = plan.by_group
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Split: % training / validation / test",
            list(SHARES),
            key="train_shares",
            required=True,
            on_change=_replan,
            args=(chosen,),
            help="Drawn class by class, and stored: the next training on these photos has the same split. "
            "The best epoch is chosen on the validation photos; the test photos are used once, at the end.",
        )
        st.toggle(
            "Keep folders and sources together",
            key="train_by_group",
            on_change=_replan,
            args=(chosen,),
            help="Photos of one sub-folder, or of one group of a table, stay on one side of the split, so "
            "that bursts of nearly equal photos do not make the score optimistic.",
        )


def _replan(chosen: DataSet) -> None:
    validation, test = SHARES.get(
        st.session_state["train_shares"], (chosen.plan.validation, chosen.plan.test)
    )
    by_group = bool(st.session_state["train_by_group"])
    training_sets.split_as(chosen, SplitPlan(validation, test, by_group, chosen.plan.seed))


def _token(prepared: Prepared) -> str:
    """Return the token under which a set's photos are shown."""
    decoded = prepared.decoded
    paths = (photo.path for photo in decoded.data.photos)
    return photo_lists.register_files(dict(zip(decoded.photo_ids, paths, strict=True)))


@st.fragment
def _pictures(prepared: Prepared) -> None:
    found = prepared.inspection
    shows = {
        "Photos": _samples,
        f"Duplicates ({len(found.duplicates):,})": _duplicates,
        f"Unreadable ({len(found.skipped):,})": _unreadable,
        f"Small ({len(found.small):,})": _small,
    }
    tabs = st.tabs(list(shows), key="train_look_tab", on_change="rerun")
    for (_, shown), tab in zip(shows.items(), tabs, strict=True):
        if tab.open:
            with tab:
                shown(prepared)


def _samples(prepared: Prepared) -> None:
    """Show some photos of every class, or all of one, page by page."""
    data, counts = prepared.decoded.data, prepared.inspection.counts
    names = data.class_names
    titles = {name: f"{theme.label_markdown(name, names)} · {counts[name]:,}" for name in names}
    name = st.pills(
        "Class",
        [ALL, *titles],
        default=ALL,
        required=True,
        key="train_class",
        format_func=(titles | {ALL: "Some of each"}).__getitem__,
        label_visibility="collapsed",
    )
    if name != ALL and name in titles:
        _page_of(prepared, name)
        return
    token, labels = _token(prepared), data.labels
    for index, title in enumerate(titles.values()):
        st.markdown(f"**{title}**")
        rows = np.flatnonzero(labels == index)
        picked = rows[np.linspace(0, len(rows) - 1, min(_SAMPLES, len(rows))).astype(int)]
        train_pictures.show(token, [_picture(prepared, int(row)) for row in picked])


def _page_of(prepared: Prepared, name: str) -> None:
    data = prepared.decoded.data
    rows = np.flatnonzero(data.labels == data.class_names.index(name))
    pages = -(-len(rows) // _PAGE)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Page of {pages}", 1, pages, key=f"train_page_{name}", width=140))
    shown = rows[(page - 1) * _PAGE : page * _PAGE]
    train_pictures.show(_token(prepared), [_picture(prepared, int(row), named=True) for row in shown])


def _picture(prepared: Prepared, row: int, *, named: bool = False, words: str = "") -> Picture:
    photo = prepared.decoded.data.photos[row]
    name = display_path(Path(photo.path.name))
    return Picture(
        prepared.decoded.photo_ids[row],
        f"{class_title(photo.label)}: {name}",
        words or (name if named else ""),
    )


def _duplicates(prepared: Prepared) -> None:
    groups = sorted(
        prepared.inspection.duplicates,
        key=lambda group: (not group.contradicts, not group.doubtful, not group.leaks),
    )
    if not groups:
        st.caption("There are no duplicates.")
        return
    st.caption(
        "Copies stay on one side of the split, so they do not make the score optimistic. Where one file has "
        "different labels, one is wrong: move it to the right folder, then read the folder again."
    )
    token = _token(prepared)
    for group in groups[:_GROUPS]:
        st.markdown(_group_words(group))
        pictures = [_picture(prepared, row, words=_where(prepared, row)) for row in group.indices[:12]]
        train_pictures.show(token, pictures, side_px=150)
    if len(groups) > _GROUPS:
        st.caption(f"{len(groups) - _GROUPS:,} more groups are not shown.")


def _group_words(group: DuplicateGroup) -> str:
    kind = "The same file" if group.exact else "Nearly the same picture"
    words = f"**{kind}, {len(group.indices)} times**"
    names = " and ".join(escaped(class_title(name)) for name in group.labels)
    if group.contradicts:
        words += f" · :material/warning: labelled {names}"
    elif group.doubtful:
        words += f" · labelled {names}: check whether they are right"
    if group.leaks:
        words += " · :material/warning: on both sides of the split"
    return words


def _where(prepared: Prepared, row: int) -> str:
    part = prepared.split.parts[row]
    return f"{without_surrogates(prepared.decoded.data.relative(row))} ({_PART_WORDS[part]})"


def _unreadable(prepared: Prepared) -> None:
    skipped = prepared.inspection.skipped
    if not skipped:
        st.caption("Every file could be read.")
        return
    st.caption(
        "These files are left out. Repair or remove them, then read the folder again; or continue without "
        "them."
    )
    table.skipped(skipped, prepared.decoded.data.root)


def _small(prepared: Prepared) -> None:
    rows = prepared.inspection.small
    if not rows:
        st.caption(f"No photo has a side under {SMALL_PX} pixels.")
        return
    st.caption(f"Photos with a side under {SMALL_PX} pixels show little when they are enlarged.")
    sizes = list(zip(prepared.decoded.widths_px, prepared.decoded.heights_px, strict=True))
    train_pictures.show(
        _token(prepared),
        [_picture(prepared, row, words="{} x {}".format(*sizes[row])) for row in rows[:_PAGE]],
    )
