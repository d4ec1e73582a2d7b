"""Photos of a data set as small pictures: plain HTML that loads lazily."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from gallery.types import PhotoId
from gallery.web.addresses import labelled_photo
from gallery.words import without_surrogates

_CSS = """<style>
.train-photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(var(--side,116px),1fr));gap:10px 8px;
margin:0!important;padding:0!important;list-style:none}
.train-photos li{margin:0!important;min-width:0}
.train-photos img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px;display:block;
background:color-mix(in srgb,currentColor 10%,transparent)}
.train-photos span{display:block;font-size:.8rem;line-height:1.25;margin-top:3px;overflow-wrap:anywhere}
</style>"""


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
    """Show photos side by side, each with its words."""
    st.html(photos_html(token, pictures, side_px=side_px))


def photos_html(token: str, pictures: Iterable[Picture], *, side_px: int = 116) -> str:
    """Return the list of photos as HTML, everything escaped."""
    items = []
    for picture in pictures:
        words = f"<span>{_safe(picture.words)}</span>" if picture.words else ""
        items.append(
            f'<li><img loading="lazy" src="{labelled_photo(token, picture.photo_id)}" '
            f'alt="{_safe(picture.alt)}">{words}</li>'
        )
    return f'{_CSS}<ul class="train-photos" style="--side:{side_px}px">{"".join(items)}</ul>'


def _safe(text: str) -> str:
    return html.escape(without_surrogates(text))
