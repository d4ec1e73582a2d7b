"""The report's parts: templates that nothing can break out of, charts as data, readable colours."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.charts.evaluation import slices_chart
from gallery.evaluation.slices import Slice
from gallery.exchange import report as html_report
from gallery.exchange.report.charts import charts_json, charts_of
from gallery.exchange.report.page import SHADES, environment
from gallery.words import percent, shown_text
from tests.fast.unit.exchange.made_report import contents

SHEET = (Path(html_report.__file__).parent / "style.css").read_text("utf-8")
TEMPLATES = environment()
AA = 4.5


def written(template: str, **given: object) -> str:
    """What a template of these lines writes."""
    return TEMPLATES.from_string('{% import "macros.html" as m %}' + template).render(given)


class _Read(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_characters="\r")))
def test_any_text_comes_back_letter_for_letter_and_opens_no_element(text: str) -> None:
    read = _Read(written('<p title="{{ text }}">{{ text }}</p>', text=text))
    assert read.tags == ["p"]
    assert read.text == shown_text(text)
    assert read.attributes == [("title", shown_text(text))]


@given(st.text())
def test_no_shown_text_turns_the_direction_or_hides_a_character(text: str) -> None:
    shown = shown_text(text)
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\u200e\u200f\ud800-\udfff\x00-\x08\x0b-\x1f\x7f-\x9f]", shown
    )
    shown.encode("utf-8")


def test_only_texts_and_whole_numbers_are_written_and_what_is_missing_is_an_error() -> None:
    assert written("{{ 1234 }} {{ name }}", name="<br>") == "1234 &lt;br&gt;"
    for wrong in (0.5, None, True, [1]):
        with pytest.raises(TypeError, match="format it first"):
            written("{{ value }}", value=wrong)
    with pytest.raises(TypeError, match="Undefined"):
        written("{{ nme }}", name="x")


def test_numbers_keep_all_their_digits_for_programs() -> None:
    for value in (0.8484187568157033, np.float64(0.8484187568157033)):
        assert written("{{ m.share(value) }}", value=value) == (
            '<data value="0.8484187568157033">84.8\u00a0%</data>'
        )
    bounds = written("{{ m.interval(bounds) }}", bounds=(0.1, 0.123456789))
    assert re.findall(r'value="([^"]+)"', bounds) == ["0.1", "0.123456789"]
    assert percent(0.0004) == "0.0\u00a0%"


def test_a_hostile_name_in_a_chart_cannot_end_the_element_that_holds_the_charts() -> None:
    evil = "</script><script>alert(1)</script>"
    one = Slice("Folder", evil, 20, 10, (0.3, 0.7), None, None, np.arange(20))
    chart = slices_chart([one], overall=0.5)
    text = charts_json({"slices": chart}, {"slices": chart})
    assert "<" not in text
    shown = json.loads(text)["slices"]["light"]["data"][0]["hovertext"][0]
    assert "Folder: &lt;/script&gt;&lt;script&gt;alert(1)" in shown  # plotly shows the letters themselves


def test_both_themes_of_a_chart_show_the_same_numbers() -> None:
    light, dark = (charts_of(contents(), dark=dark) for dark in (False, True))
    assert {"reliability", "coverage", "scaled", "slices", "precision-recall-0", "roc-2"} <= light.keys()
    for name, chart in json.loads(charts_json(light, dark)).items():
        for first, second in zip(chart["light"]["data"], chart["dark"]["data"], strict=True):
            assert (first["x"], first["y"]) == (second["x"], second["y"]), name
        assert chart["light"]["layout"]["font"]["color"] != chart["dark"]["layout"]["font"]["color"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_reads_on_every_ground(theme: str) -> None:
    colours = _colours(theme)
    grounds = [colours["paper"], colours["card"], colours["note"]]
    for ground in grounds:
        for ink in ("ink", "quiet", "link"):
            assert _contrast(colours[ink], ground) >= AA, (ink, ground)
    for kind in ("right", "wrong"):
        for shade in range(SHADES + 1):
            mixed = tuple(
                p + (c - p) * shade / SHADES for c, p in zip(colours[kind], colours["paper"], strict=True)
            )
            assert _contrast(colours["ink"], mixed) >= AA, (kind, shade)


def _colours(theme: str) -> dict[str, tuple[float, ...]]:
    light, dark = re.findall(r":root \{(.*?)\}", SHEET, flags=re.DOTALL)
    found: dict[str, tuple[float, ...]] = {}
    for name, value in re.findall(r"--([\w-]+): ([^;]+);", light if theme == "light" else dark):
        if value.startswith("#"):
            digits = value[1:] if len(value) == 7 else "".join(2 * digit for digit in value[1:])
            found[name] = tuple(int(digits[k : k + 2], 16) for k in (0, 2, 4))
        else:
            found[name] = tuple(float(part) for part in value.split(","))
    return found


def _contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
