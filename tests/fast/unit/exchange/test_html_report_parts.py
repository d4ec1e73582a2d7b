"""The report's parts: markup that cannot be broken out of, charts by their coordinates, readable colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.exchange import report as html_report
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.matrix import SHADES
from gallery.exchange.report.svg import Axis, Series, chart, legend
from gallery.exchange.report.words import interval, share
from gallery.words import percent, shown_text

SHEET = (Path(html_report.__file__).parent / "style.css").read_text("utf-8")
AA = 4.5


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
    read = _Read(tag("p", text, title=text))
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


def test_only_markup_is_taken_for_markup() -> None:
    assert joined(["<", Markup("<br>"), 1234, None]) == "&lt;<br>1,234"
    assert tag("a", "x", href=Markup("#a"), hidden=True, id=None) == '<a href="#a" hidden>x</a>'
    with pytest.raises(TypeError, match="float"):
        joined(0.5)


def test_numbers_keep_all_their_digits_for_programs() -> None:
    assert share(0.8484187568157033) == '<data value="0.8484187568157033">84.8\u00a0%</data>'
    assert re.findall(r'value="([^"]+)"', interval((0.1, 0.123456789))) == ["0.1", "0.123456789"]
    assert percent(0.0004) == "0.0\u00a0%"


def test_a_line_passes_through_the_points_where_the_axes_say() -> None:
    x, y = Axis("metres", 0, 10, (0, 5, 10)), Axis("share")
    drawn = chart("A line", x, y, [Series("one", [0, 5, 10], [0, 1, 0.5])], width=368, height=260)
    # 56 + 300 * share across, 12 + 200 * (1 - share) down
    assert 'd="M56 212L206 12L356 112"' in drawn
    assert drawn.count("<text") == 3 + 5 + 2
    for text in ("metres", "share", ">5<", ">0.25<"):
        assert text in drawn
    assert 'role="img"' in drawn
    assert 'aria-label="A line"' in drawn


def test_steps_go_up_or_down_before_they_go_along() -> None:
    drawn = chart("Steps", Axis("x"), Axis("y"), [Series("s", [0, 0.5, 1], [1, 1, 0.5], kind="steps")],
                  width=368, height=260)  # fmt: skip
    assert 'd="M56 12V12H206V112H356"' in drawn


def test_dots_have_their_intervals_and_stay_inside_the_area() -> None:
    dots = Series("d", [0.5, 2.0], [0.5, -1.0], kind="dots", intervals=[(0.25, 0.75), (0, 0)])
    drawn = chart("Dots", Axis("x"), Axis("y"), [dots], width=368, height=260)
    assert 'd="M206 162V62"' in drawn
    assert 'cx="206" cy="112"' in drawn
    assert 'cx="356" cy="212"' in drawn


def test_a_legend_names_every_line() -> None:
    drawn = legend([Series("first", (), ()), Series("second", (), (), line=1)])
    assert "first" in drawn
    assert "line-1" in drawn


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
    for line in ("c0", "c1", "c2", "c3"):
        assert _contrast(colours[line], colours["paper"]) >= 3, line


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
