"""Numbers, times and names as people read them."""

from __future__ import annotations

import pytest

from gallery.words import (
    NO_BREAK,
    about,
    counted,
    duration,
    interval,
    percent,
    probability,
    shown_text,
    without_surrogates,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0 %"), (1.0, "100.0 %"), (0.99951, "> 99.9 %"), (0.999, "99.9 %"), (1e-9, "< 0.1 %"),
        (0.001, "0.1 %"), (0.123, "12.3 %"),
    ],
)  # fmt: skip
def test_a_probability_is_never_rounded_to_certainty(value: float, text: str) -> None:
    assert probability(value) == text.replace(" ", NO_BREAK)


def test_no_line_ends_between_a_number_and_its_percent_sign() -> None:
    assert percent(0.84842) == "84.8\u00a0%"
    assert percent(0.5, 0) == "50\u00a0%"
    assert interval((0.1, 0.25), 0) == "10 to 25\u00a0%"


def test_a_noun_follows_its_number() -> None:
    assert [counted(count, "row") for count in (0, 1, 2, 12345)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "12,345 rows",
    ]
    assert counted(2, "photo is", "photos are") == "2 photos are"


def test_a_time_has_the_unit_that_fits() -> None:
    assert [duration(seconds) for seconds in (0.0, 9.44, 9.6, 89, 91, 5399, 5401)] == [
        "0.1 s", "9.4 s", "10 s", "89 s", "2 min", "90 min", "1.5 h"
    ]  # fmt: skip


def test_a_remaining_time_is_no_more_exact_than_anybody_knows() -> None:
    assert [about(seconds) for seconds in (0, 12, 58, 300, 9000)] == [
        "about 5 s", "about 10 s", "about 60 s", "about 5 min", "about 2.5 h"
    ]  # fmt: skip


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x85", "\u202e", "\u2066", "\ufeff"])
def test_what_hides_or_turns_text_is_spelt_out(character: str) -> None:
    assert shown_text(f"a{character}b") == f"a[U+{ord(character):04X}]b"


def test_bytes_that_are_no_text_become_one_sign_each() -> None:
    assert without_surrogates("a\ud800\udfffb") == "a\ufffd\ufffdb" == shown_text("a\ud800\udfffb")


def test_noncharacters_are_shown_as_one_sign_and_lines_stay() -> None:
    assert shown_text("a\ufffe\uffff\t\nb") == "a\ufffd\ufffd\t\nb"
