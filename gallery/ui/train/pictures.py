"""Photos of a data set as small pictures: plain HTML that loads lazily."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from gallery.types import PhotoId
from gallery.web.addresses import labelled_photo
from gallery.words import without_surrogates


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo to show.

    Attributes:
        alt: what it is, for those who cannot see it.
        words: beneath it; "" for nothing.
    """

    photo_id: PhotoId
    alt: str
    words: str = ""


def show(token: str, pictures: Iterable[Picture], *, side_px: int = 116) -> None:
    """Show photos side by side, each with its words; `frame.css` lays them out."""
    items = []
    for picture in pictures:
        alt, words = (html.escape(without_surrogates(text)) for text in (picture.alt, picture.words))
        items.append(
            f'<li><img loading="lazy" src="{labelled_photo(token, picture.photo_id)}" alt="{alt}">'
            f"<span>{words}</span></li>"
        )
    st.html(f'<ul class="train-photos" style="--side:{side_px}px">{"".join(items)}</ul>')
