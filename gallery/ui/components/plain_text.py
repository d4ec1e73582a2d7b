"""Text of strangers, shown as text: file names, model cards, folder names.

Markdown in a file name would make the browser fetch a foreign picture.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from gallery.words import without_surrogates

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:.&-])")


def escaped(text: str) -> str:
    """Return text that markdown shows letter for letter.

    Example:
        >>> escaped("![x](http://evil)")
        '\\\\!\\\\[x\\\\]\\\\(http\\\\://evil\\\\)'
    """
    return _MARKDOWN.sub(r"\\\1", without_surrogates(text).replace("\n", " "))


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """Return a two-column list of facts for st.html, everything escaped.

    Example:
        >>> facts_html([("Input", "224 < 300")]).endswith("<dt>Input</dt><dd>224 &lt; 300</dd></dl>")
        True
    """
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(without_surrogates(value))}</dd>"
        for name, value in facts
    )
    return f"<dl class='gallery-facts'>{rows}</dl>"
