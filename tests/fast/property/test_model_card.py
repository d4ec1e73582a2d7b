"""Whatever a card holds, the list of models shows it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.errors import ModelError
from gallery.models import ModelStore
from gallery.models.card import card_from_json
from gallery.types import ModelCard
from tests.counts import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
GOOD = ModelCard("some-model", "A model", "vgg16-gap", ("dog", "cat"), 224, "caffe", "squash", "block5_conv3",
                 1.0, "weights.npz", "00", 1, "2026-11-21").to_json()  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from([*GOOD, "other"]), VALUES, max_size=3)
CARDS = CHANGES.map(lambda changes: GOOD | changes)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(CARDS)
def test_any_json_object_is_a_card_or_a_model_error(data: dict[str, object]) -> None:
    try:
        card = card_from_json(data, "some-model")
    except ModelError:
        return
    assert card.model_id == "some-model"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=examples(50),
)
@given(st.binary(max_size=200) | CARDS.map(lambda card: json.dumps(card).encode()))
def test_any_bytes_as_a_card_give_an_entry(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "some-model"
    folder.mkdir(exist_ok=True)
    (folder / "card.json").write_bytes(content)
    (entry,) = ModelStore(tmp_path, tmp_path / "home").entries()
    assert entry.model_id == "some-model"
    assert not entry.ok  # there are no weights
