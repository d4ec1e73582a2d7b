"""Photos of a data set as small pictures: a route that takes ids, and plain HTML that loads lazily.

The photos of a data set need not be in the catalog, so the route of the grid does not know them.
"""

from __future__ import annotations

import hashlib
import html
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gallery.services import wiring
from gallery.settings import THUMBNAIL_PX
from gallery.types import PhotoId
from gallery.words import without_surrogates

BASE = "/gallery/labelled"
_KEPT = 16  # data sets whose photos may be asked for
_secret = secrets.token_bytes(16)
_places: OrderedDict[str, Mapping[PhotoId, Path]] = OrderedDict()
_lock = threading.Lock()

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


def register(places: Mapping[PhotoId, Path]) -> str:
    """Return the token under which a data set's photos can be asked for; the same set keeps its token."""
    digest = hashlib.blake2b(key=_secret, digest_size=16)
    for photo_id in places:
        digest.update(photo_id.encode())
    token = digest.hexdigest()
    with _lock:
        _places[token] = places
        _places.move_to_end(token)
        while len(_places) > _KEPT:
            _places.popitem(last=False)
    return token


def thumbnail(token: str, photo_id: PhotoId) -> bytes | None:
    """Return a photo's thumbnail, made now if there is none; None for a photo that was not registered.

    Raises:
        PhotoError: the file is gone, or holds another photo now.
    """
    with _lock:
        path = _places.get(token, {}).get(photo_id)
    if path is None:
        return None
    jpeg = wiring.thumbnails().get(photo_id)
    if jpeg is None:
        jpeg = wiring.decode_pool().large_jpeg(path, THUMBNAIL_PX, photo_id=photo_id)
        wiring.thumbnails().put(photo_id, jpeg)
    return jpeg


def show(token: str, pictures: Iterable[Picture], *, side_px: int = 116) -> None:
    """Show photos side by side, each with its words."""
    st.html(photos_html(token, pictures, side_px=side_px))


def photos_html(token: str, pictures: Iterable[Picture], *, side_px: int = 116) -> str:
    """Return the list of photos as HTML, everything escaped."""
    items = []
    for picture in pictures:
        words = f"<span>{_safe(picture.words)}</span>" if picture.words else ""
        items.append(
            f'<li><img loading="lazy" src="{BASE}/{token}/{picture.photo_id}" alt="{_safe(picture.alt)}">'
            f"{words}</li>"
        )
    return f'{_CSS}<ul class="train-photos" style="--side:{side_px}px">{"".join(items)}</ul>'


def _safe(text: str) -> str:
    return html.escape(without_surrogates(text))
