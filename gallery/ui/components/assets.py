"""The scripts and styles of components, put together from their files in a stated order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


def component(name: str, *, css: Sequence[str], js: Sequence[str]) -> Any:
    """Return a component made of files of this folder.

    Args:
        name: under which the browser knows it.
        css: paths below this folder, in order.
        js: likewise; the last one exports what Streamlit calls, and uses those before it.
    """
    return st.components.v2.component(name, css=_joined(css), js=_joined(js))


def _joined(paths: Sequence[str]) -> str:
    return "\n".join((_HERE / path).read_text("utf-8") for path in paths)
