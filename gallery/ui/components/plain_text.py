"""Text of strangers, shown as text: file names, model cards, folder names.

Markdown in a file name would make the browser fetch a foreign picture.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:.&-])")
_SURROGATES = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """Return text that a browser can be sent; bytes of a file name that are no UTF-8 become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Return text that markdown shows letter for letter.

    Example:
        >>> escaped("![x](http://evil)")
        '\\\\!\\\\[x\\\\]\\\\(http\\\\://evil\\\\)'
    """
    return _MARKDOWN.sub(r"\\\1", without_surrogates(text).replace("\n", " "))


def percent(share: float, digits: int = 1) -> str:
    """Return a share as people read it.

    Example:
        >>> percent(0.9512), percent(0.95, 0)
        ('95.1 %', '95 %')
    """
    return f"{100 * share:.{digits}f} %"


def interval_text(bounds: tuple[float, float], digits: int = 1) -> str:
    """Return the bounds of a share as people read them.

    Example:
        >>> interval_text((0.9, 0.951))
        '90.0 to 95.1 %'
    """
    return f"{100 * bounds[0]:.{digits}f} to {percent(bounds[1], digits)}"


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
    return f"{_FACTS_CSS}<dl class='gallery-facts'>{rows}</dl>"


_FACTS_CSS = (
    "<style>.gallery-facts{display:grid;grid-template-columns:minmax(7em,max-content) 1fr;gap:.3em 1.2em;"
    "margin:0;font-size:.95rem}.gallery-facts dt{font-weight:600}"
    ".gallery-facts dd{margin:0;overflow-wrap:anywhere}</style>"
)


def photo_count(count: int) -> str:
    """Return a number of photos in words.

    Example:
        >>> photo_count(1), photo_count(1200)
        ('1 photo', '1,200 photos')
    """
    return f"{count:,} photo{'' if count == 1 else 's'}"
