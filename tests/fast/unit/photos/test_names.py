"""Names from strangers become harmless on every system."""

from __future__ import annotations

import itertools

import pytest

from gallery.photos.names import safe_component, safe_relative, without_clash


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("fox.jpg", "fox.jpg"),
        ("Füchse am Bau.jpg", "Füchse am Bau.jpg"),
        ("Fu\u0308chse.jpg", "Füchse.jpg"),  # macOS sends letters and dots apart
        ("狐.jpg", "狐.jpg"),
        ('a<b>c:d"e|f?g*h.jpg', "a_b_c_d_e_f_g_h.jpg"),
        ("a\0b\nc.jpg", "a_b_c.jpg"),
        ("gpj.\u202exe.jpg", "gpj._xe.jpg"),  # right-to-left override
        ("\udce9.jpg", "_.jpg"),
        ("con", "_con"),
        ("NUL.jpg", "_NUL.jpg"),
        ("com1.tar.jpg", "_com1.tar.jpg"),
        ("console.jpg", "console.jpg"),
        ("name. . ", "name"),
        (".hidden.jpg", "hidden.jpg"),
        ("a/b\\c.jpg", "a_b_c.jpg"),
        ("..", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_component_becomes_harmless(given: str, safe: str) -> None:
    assert safe_component(given) == safe


def test_long_names_keep_their_suffix() -> None:
    assert safe_component("x" * 500 + ".jpeg") == "x" * 115 + ".jpeg"
    assert len(safe_component("狐" * 500 + ".jpeg").encode()) <= 240
    assert safe_component("狐" * 500 + ".jpeg").endswith("狐.jpeg")


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("trip/day 1/fox.jpg", ["trip", "day 1", "fox.jpg"]),
        ("../../etc/fox.jpg", ["etc", "fox.jpg"]),
        ("a/../../fox.jpg", ["a", "fox.jpg"]),
        ("/abs/fox.jpg", ["abs", "fox.jpg"]),
        ("C:\\Users\\me\\fox.jpg", ["C_", "Users", "me", "fox.jpg"]),
        ("\\\\server\\share\\fox.jpg", ["server", "share", "fox.jpg"]),
        ("a/./fox.jpg", ["a", "fox.jpg"]),
        ("a//fox.jpg", ["a", "fox.jpg"]),
        ("a/._fox.jpg", []),
        ("..", []),
        ("", []),
        ("/".join("abcdefghijklmnopqrst") + "/fox.jpg", [*"jklmnopqrst", "fox.jpg"]),
    ],
)
def test_a_relative_path_stays_below(given: str, parts: list[str]) -> None:
    assert safe_relative(given) == parts


def test_clashing_names_are_numbered_before_the_suffix() -> None:
    assert list(itertools.islice(without_clash("a.b.jpg"), 3)) == ["a.b.jpg", "a.b (2).jpg", "a.b (3).jpg"]
    assert (
        list(itertools.islice(without_clash("Trip to St. Petersburg"), 2))[1] == "Trip to St. Petersburg (2)"
    )
