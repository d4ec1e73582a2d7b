"""The probabilities of one photo as bars that can be chosen, by pointer or keyboard.

A plotly bar chart takes no keyboard and loads megabytes; ten buttons do both better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.ui.components import theme
from gallery.words import probability

_CSS = """
:host { display: block; container-type: inline-size; font-family: var(--st-font);
  color: var(--st-text-color); }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 3px; }
button { display: grid; grid-template-columns: 7.6em 1fr 3.9em; gap: .5em; align-items: center; width: 100%;
  padding: .3em .5em; border: 2px solid transparent; border-radius: var(--st-base-radius); background: none;
  color: inherit; font: inherit; text-align: left; cursor: pointer; }
button:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-pressed=true] { border-color: currentColor; background: var(--st-secondary-background-color); }
.name { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.track { height: .8em; border-radius: .4em; overflow: hidden;
  background: var(--st-secondary-background-color);
  box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 12%, transparent); }
button[aria-pressed=true] .track, button:hover .track { background: var(--st-background-color); }
.fill { height: 100%; min-width: 2px; box-sizing: border-box; border-radius: .4em; border: 1px solid; }
.share { text-align: right; font-variant-numeric: tabular-nums; }
@container (max-width: 280px) {
  button { grid-template-columns: 1fr auto; row-gap: .15em; }
  .track { grid-row: 2; grid-column: 1 / -1; height: .5em; }
}
.mark { grid-column: 1 / -1; font-size: .82em; font-weight: 600; margin-top: -.25em; }
"""
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ol");
  if (!list) { list = document.createElement("ol"); parentElement.appendChild(list); }
  list.setAttribute("aria-label", data.label);
  while (list.children.length > data.bars.length) list.lastChild.remove();
  data.bars.forEach((bar, index) => {
    let item = list.children[index];
    if (!item) {
      item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      for (const part of ["name", "track", "share", "mark"]) {
        const span = document.createElement(part === "track" ? "div" : "span");
        span.className = part;
        button.appendChild(span);
      }
      const fill = document.createElement("div");
      fill.className = "fill";
      button.querySelector(".track").appendChild(fill);
      item.appendChild(button);
      list.appendChild(item);
    }
    const button = item.firstChild, fill = item.querySelector(".fill");
    button.querySelector(".name").textContent = bar.text;
    button.querySelector(".share").textContent = bar.share;
    const mark = button.querySelector(".mark");
    mark.textContent = bar.mark;
    mark.hidden = !bar.mark;
    fill.style.width = (100 * bar.value) + "%";
    fill.style.background = bar.fill;
    fill.style.borderColor = bar.edge;
    button.setAttribute("aria-pressed", bar.chosen);
    button.setAttribute("aria-label", bar.description);
    button.onclick = () => setTriggerValue("chosen", bar.name);
  });
}
"""
_component = st.components.v2.component("gallery_probability_bars", css=_CSS, js=_JS)


def bars(
    class_names: Sequence[str],
    probabilities: NDArray[np.floating],
    *,
    chosen: str,
    person_label: str | None,
    dark: bool,
) -> list[dict[str, str | float | bool]]:
    """Return what each bar shows, surest class first.

    Args:
        class_names: K names in the order of the probabilities.
        probabilities: (K,), sum 1.
        chosen: the class that is framed.
        person_label: what a person said the photo shows.
        dark: edges for the dark theme.
    """
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    shown: list[dict[str, str | float | bool]] = []
    for rank, index in enumerate(order):
        name, value = class_names[index], float(probabilities[index])
        marks = ["the model's label"] * (rank == 0) + ["a person's label"] * (name == person_label)
        share = probability(value)
        shown.append(
            {
                "name": name,
                "text": theme.label_text(name),
                "value": value,
                "share": share,
                "mark": " and ".join(marks),
                "fill": theme.look(name).fill,
                "edge": theme.text_colour(name, dark=dark),
                "chosen": name == chosen,
                "description": f"{theme.plain_name(name)}, {share}{', ' if marks else ''}"
                f"{' and '.join(marks)}. Explain this class",
            }
        )
    return shown


def show(shown: list[dict[str, str | float | bool]], *, key: str, on_choose: Callable[[str], None]) -> None:
    """Draw the bars; `on_choose` gets the class that was clicked, before the page runs again."""

    def chosen() -> None:
        name = st.session_state[key].get("chosen")
        if isinstance(name, str) and any(bar["name"] == name for bar in shown):
            on_choose(name)

    _component(
        key=key,
        data={"bars": shown, "label": "Probability of each class; choose one to explain it"},
        on_chosen_change=chosen,
    )
