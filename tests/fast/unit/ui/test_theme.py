"""The colours are legible: WCAG's own formula says so."""

from __future__ import annotations

import pytest

from gallery import settings
from gallery.types import ALL, UNREADABLE, UNSURE, WAITING
from gallery.ui.components import theme

LIGHT = ("#ffffff", "#f3f5f4")  # .streamlit/config.toml
DARK = ("#141817", "#1e2422")
EVERYTHING = (*settings.CLASS_NAMES, UNSURE, WAITING, UNREADABLE, ALL, "a class of another model")


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_formula_gives_21_for_black_on_white() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("name", EVERYTHING)
def test_text_companions_pass_aa_in_both_themes(name: str) -> None:
    for background in LIGHT:
        assert _contrast(theme.text_colour(name, dark=False), background) >= 4.5
    for background in DARK:
        assert _contrast(theme.text_colour(name, dark=True), background) >= 4.5


@pytest.mark.parametrize("name", EVERYTHING)
def test_text_on_a_fill_passes_aa(name: str) -> None:
    assert _contrast(theme.style(name).on_fill, theme.style(name).fill) >= 4.5


def test_every_class_and_shelf_has_its_own_colour_and_icon() -> None:
    looks = [theme.style(name) for name in EVERYTHING]
    assert len({look.fill for look in looks}) == len({look.icon for look in looks}) == len(EVERYTHING)
