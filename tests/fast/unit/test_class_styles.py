"""The colours are legible: WCAG's own formula says so."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from gallery import class_styles, settings
from gallery.class_styles import style, text_colour, tile_name
from gallery.types import ALL, UNREADABLE, UNSURE, WAITING

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
        assert _contrast(text_colour(name, dark=False), background) >= 4.5
    for background in DARK:
        assert _contrast(text_colour(name, dark=True), background) >= 4.5


@pytest.mark.parametrize("name", EVERYTHING)
def test_text_on_a_fill_passes_aa(name: str) -> None:
    assert _contrast(style(name).on_fill, style(name).fill) >= 4.5


def test_every_class_and_shelf_has_its_own_colour_and_icon() -> None:
    every = [style(name) for name in (*class_styles.KNOWN_NAMES, UNSURE, WAITING, UNREADABLE, ALL)]
    assert len({one.fill for one in every}) == len({one.icon for one in every}) == len(every)


def test_an_own_class_keeps_its_colour_and_shares_it_with_no_class_of_its_model() -> None:
    names = ("fox", "wild boar", "roe deer", "cat", "hare", "badger", "dog")
    colours = {name: style(name, names).fill for name in names}
    assert len(set(colours.values())) == len(names)
    assert colours == {name: style(name, names[::-1]).fill for name in names}
    assert colours["cat"] == style("cat").fill
    assert style("fox", ("fox",)) == style("fox")


@pytest.mark.timeout(20)
def test_a_label_beside_all_ten_animals_has_a_style() -> None:
    shelves = [*settings.CLASS_NAMES, "red fox", "other animal"]
    fox, other = (style(name, shelves) for name in shelves[-2:])
    assert fox.icon == other.icon == style("red fox").icon
    assert fox.fill != other.fill


def test_a_model_of_more_classes_than_colours_has_a_style_for_each() -> None:
    names = tuple(f"species {number}" for number in range(25))
    assert len({style(name, names).fill for name in names}) == 10


@pytest.mark.parametrize("name", [*EVERYTHING, *class_styles.KNOWN_NAMES])
def test_every_style_has_a_tile_to_serve_which_is_a_drawing_in_the_colour_that_reads_on_it(name: str) -> None:
    tile = ElementTree.fromstring(class_styles.tiles()[tile_name(style(name))])
    ground, drawing = tile
    assert ground.get("fill") == style(name).fill
    assert drawing.get("color") == style(name).on_fill
    assert len(drawing) > 0
