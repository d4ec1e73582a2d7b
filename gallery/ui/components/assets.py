"""The scripts and styles of components, put together from their files in a stated order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


def component(
    name: str, *, css: Sequence[str], js: Sequence[str], constants: Mapping[str, Any] | None = None
) -> Any:
    """Return a component made of files of this folder.

    Args:
        name: under which the browser knows it.
        css: paths below this folder, in order.
        js: likewise; the last one exports what Streamlit calls, and uses those before it.
        constants: that the scripts find, by name.
    """
    given = "".join(f"const {key} = {json.dumps(value)};\n" for key, value in (constants or {}).items())
    return st.components.v2.component(name, css=_joined(css), js=given + _joined(js))


def _joined(paths: Sequence[str]) -> str:
    return "\n".join((_HERE / path).read_text("utf-8") for path in paths)
