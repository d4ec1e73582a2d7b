"""One of several, as a row of buttons: Evaluate's tabs, and the classes that have curves.

`st.tabs` and `st.pills` do the same, but draw each label as a document of its
own and all of them anew whenever a part of the page runs: with ten tabs and
ten classes that was a quarter of what a click on Evaluate took.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from gallery.ui.components import assets, events

_component = assets.component(
    "gallery_button_row",
    css=["button_row/buttons.css"],
    js=["button_row/buttons.js"],
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the buttons.

    Attributes:
        value: what stands for it; another one in each row.
        label: what is written on it, plain text.
        icon: address of a picture before it.
    """

    value: str
    label: str
    icon: str | None = None


def show(
    choices: Sequence[Choice],
    *,
    chosen: str,
    label: str,
    key: str,
    on_choose: Callable[[str], None],
    look: Literal["tabs", "pills"],
) -> None:
    """Show a row; `on_choose` gets the value of a button that is pressed, before the page runs again.

    Args:
        choices: in their order; where there is no room, in several lines.
        chosen: value of the one that is marked.
        label: says what is chosen; it stands above pills, and is read out before tabs.
        key: the row's own.
        on_choose: what a press does; also on the one that is chosen already.
        look: tabs show a part of the page each, pills are values.
    """

    def pressed() -> None:
        value = events.clicked(st.session_state[key].get("choice"), "value")
        if isinstance(value, str) and any(one.value == value for one in choices):
            on_choose(value)

    data = {"choices": [asdict(one) for one in choices], "chosen": chosen, "label": label, "look": look}
    _component(key=key, data=data, on_choice_change=pressed)
