"""HTML as nested calls in which every text is escaped, so that none of a stranger's can become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable

from gallery.words import shown_text

_VOID = frozenset({"meta", "link", "br", "hr", "img", "col"})


class Markup(str):
    """Text that is markup already; whatever is not of this type is escaped when it is put into a page."""

    __slots__ = ()


Child = "Markup | str | int | None | Iterable[Child]"
"""What may stand in an element: markup, text, a number, nothing, or several of these."""


def escaped(text: str) -> Markup:
    """Return a text as markup that shows it letter for letter, in elements and in quoted attributes.

    Example:
        >>> escaped('<b title="x">')
        '&lt;b title=&quot;x&quot;&gt;'
    """
    return Markup(html.escape(shown_text(text), quote=True))


def joined(children: object) -> Markup:
    """Return children as one piece of markup."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return escaped(children)
    if isinstance(children, int):
        return Markup(f"{children:,}")
    if isinstance(children, Iterable):
        return Markup("".join(joined(child) for child in children))
    raise TypeError(f"{type(children).__name__} is no child of an element: format it first")


def tag(name: str, /, *children: object, **attributes: str | int | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        children: see `Child`; plain texts are escaped.
        attributes: in Python's spelling: ``class_`` is class, ``aria_label`` is
            aria-label. None and False leave one out, True gives it without a value.

    Example:
        >>> tag("p", "1 < 2", class_="note", hidden=None)
        '<p class="note">1 &lt; 2</p>'
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        spelt = key.rstrip("_").replace("_", "-")
        parts.append(spelt if value is True else f'{spelt}="{_attribute(value)}"')
    opening = f"<{' '.join(parts)}>"
    if name in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{joined(children)}</{name}>")


def _attribute(value: str | int | float) -> str:
    if isinstance(value, Markup):
        return value
    return escaped(value) if isinstance(value, str) else f"{value:g}"
