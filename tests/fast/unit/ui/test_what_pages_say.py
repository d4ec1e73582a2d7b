"""Numbers and strangers' texts as the pages show them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gallery.services import models
from gallery.services.models import CardScore
from gallery.types import ModelCard, Prediction
from gallery.ui.components import plain_text, probability_bars


def test_bars_stand_surest_first_and_are_marked() -> None:
    shown = probability_bars.bars(
        Prediction("", "model", ("dog", "cat", "cow"), np.array([0.1, 0.7, 0.2], np.float32)),
        chosen="cow",
        person_label="dog",
        dark=False,
    )
    assert [bar["name"] for bar in shown] == ["cat", "cow", "dog"]
    assert [bar["mark"] for bar in shown] == ["predicted", "", "labelled by a person"]
    assert [bar["chosen"] for bar in shown] == [False, True, False]
    assert shown[0]["description"] == "Cat, 70.0\u00a0%, predicted. Explain this class"


def test_a_person_who_agrees_is_named_beside_the_model() -> None:
    shown = probability_bars.bars(
        Prediction("", "model", ("dog", "cat"), np.array([0.9, 0.1], np.float32)),
        chosen="cat",
        person_label="dog",
        dark=True,
    )
    assert shown[0]["mark"] == "predicted and labelled by a person"


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil)",
        "<img src=x>",
        "a_b*c*",
        "$x$",
        ":smile:",
        "a\nb",
        "[l](u)",
        "`code`",
        "\udce9.jpg",
    ],
)
def test_no_mark_of_markdown_survives_unescaped(text: str) -> None:
    escaped = plain_text.escaped(text)
    escaped.encode("utf-8")
    bare = escaped.replace("\\\\", "")
    for mark in "![]()<>*_`$:":
        assert f"\\{mark}" in bare or mark not in bare
        assert mark not in bare.replace(f"\\{mark}", "")


def test_facts_are_escaped_as_html() -> None:
    assert "<script>" not in plain_text.facts_html([("a<b", "<script>alert(1)</script>")])


@pytest.mark.parametrize(
    ("tested_on", "score"),
    [
        ({"accuracy": 0.5, "accuracy_interval": [0.4, 0.6], "n": 96}, CardScore(0.5, (0.4, 0.6), 96)),
        ({"accuracy": 1.0, "n": "many"}, CardScore(1.0, None, None)),
        ({"accuracy": 1.0, "n": "many", "part": "validation"}, CardScore(1.0, None, None, "validation")),
        ({"accuracy": 2.0}, None),
        ({"accuracy": True}, None),
        ({"accuracy": None}, None),
        ({"accuracy": "good"}, None),
        ({}, None),
    ],
)
def test_a_score_is_read_from_a_card_with_caution(tested_on: dict[str, Any], score: CardScore | None) -> None:
    assert models.card_score(tested_on) == score


def test_an_interval_that_the_card_leaves_out_follows_from_its_numbers() -> None:
    score = models.card_score({"accuracy": 0.8, "n": 10})
    assert score is not None
    assert score.interval == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Wilson, 8 of 10


def test_nested_facts_of_a_card_stay_readable() -> None:
    card = ModelCard(
        "m", "M", "vgg16-gap", ("dog", "cat"), 224, "caffe", "squash", "block5_conv3", 0.8, "w.npz",
        "ab" * 32, 15_000_000, "2026",
        trained_on={"photos": 1234, "by_source": {"a": 1, "b": [1, 2]}, "odd": None},
    )  # fmt: skip
    facts = dict(models.card_facts(card))
    assert facts["Trained: photos"] == "1,234"
    assert facts["Trained: by source"] == "a 1; b 1, 2"
    assert facts["Trained: odd"] == "null"
    assert facts["Weights SHA-256"] == "ab" * 32
