"""A strip of neighbouring photos, of which one is chosen: thumbnails as buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from gallery.types import GridItem
from gallery.ui.components import theme

_CSS = """
:host { display: block; font-family: var(--st-font); }
.strip { display: flex; gap: 6px; padding: 3px; overflow: hidden; justify-content: flex-start; }
button { flex: 0 1 64px; min-width: 0; aspect-ratio: 1; padding: 0; border: 0; cursor: pointer; opacity: .72;
  border-radius: calc(.75 * var(--st-base-radius)); background: var(--st-secondary-background-color);
  overflow: hidden; }
button:hover, button:focus-visible, button[aria-current=true] { opacity: 1; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-current=true] { box-shadow: 0 0 0 3px var(--st-primary-color); }
img { width: 100%; height: 100%; object-fit: cover; display: block; }
"""
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let strip = parentElement.querySelector(".strip");
  if (!strip) {
    strip = document.createElement("div");
    strip.className = "strip";
    strip.setAttribute("role", "group");
    parentElement.appendChild(strip);
  }
  strip.setAttribute("aria-label", "Neighbouring photos");
  const known = new Map([...strip.children].map((button) => [button.dataset.photo, button]));
  const wanted = data.photos.map((photo) => {
    const button = known.get(photo.photo_id) || document.createElement("button");
    if (!button.firstChild) {
      button.type = "button";
      button.dataset.photo = photo.photo_id;
      const image = document.createElement("img");
      image.src = data.thumbnails + photo.photo_id;
      image.decoding = "async";
      button.appendChild(image);
    }
    button.firstChild.alt = photo.text;
    button.title = photo.text;
    button.setAttribute("aria-current", photo.current);
    button.onclick = () => setTriggerValue("chosen", photo.photo_id);
    return button;
  });
  strip.replaceChildren(...wanted);
}
"""
_component = st.components.v2.component("gallery_film_strip", css=_CSS, js=_JS)


def show(
    items: Sequence[GridItem],
    *,
    current: str,
    thumbnails: str,
    key: str,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the strip; `on_choose` gets the photo_id that was clicked, before the page runs again.

    Args:
        items: the photos, left to right; a photo that lies in the folder twice is shown once.
        current: photo_id of the framed one.
        thumbnails: address that a photo_id completes.
        key: the component's identity.
        on_choose: what a click does.
    """
    unique = {item.photo_id: item for item in items}

    def chosen() -> None:
        photo_id = st.session_state[key].get("chosen")
        if photo_id in unique:
            on_choose(photo_id)

    photos = [
        {
            "photo_id": item.photo_id,
            "text": item.name if item.label is None else f"{item.name}, {theme.plain_name(item.label)}",
            "current": item.photo_id == current,
        }
        for item in unique.values()
    ]
    _component(key=key, data={"photos": photos, "thumbnails": thumbnails}, on_chosen_change=chosen)
