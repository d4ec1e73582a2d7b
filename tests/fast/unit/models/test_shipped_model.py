"""A shipped model's id names one set of weights for ever."""

from __future__ import annotations

import json
from pathlib import Path

from gallery.settings import DEFAULT_MODEL_ID

STORE = Path(__file__).resolve().parents[4] / "model_store"

WEIGHTS_OF = {
    "animals10-vgg16": "8e1e58584c9d599264d570507aac60c216810aa7093b01c013b35eed9a250867",
    "animals10-vgg16-2": "5976f48837b2c845d00dce73f2ece912477d414de4e2fa5f69b660729687783a",
    "animals10-vgg16-probe": "41dcd4de59393fe474cb6e7844a73a5f095376c80b1f85231be87f0a7adaea33",
    "animals10-vgg16-3": "6fa9ba333b1f5faeffd6c7500a49373dd72df1df5c7e4ce677db94083c422fc4",
    "animals10-efficientnet-lite2": "78bf771b35be41f239f65655a17b56bee5f87eb76ed53e96a3ed97e864e4e396",
}
"""All that were ever shipped: what they said is kept under their ids, so other weights need another id."""


def test_a_shipped_id_keeps_its_weights() -> None:
    shipped = {
        card["model_id"]: card["weights_sha256"]
        for path in STORE.glob("*/card.json")
        for card in [json.loads(path.read_text("utf-8"))]
    }
    assert DEFAULT_MODEL_ID in shipped
    assert shipped.items() <= WEIGHTS_OF.items()
