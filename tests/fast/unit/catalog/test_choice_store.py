"""The threshold of the Unsure shelf, chosen for a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.catalog import Catalog
from gallery.errors import CatalogError


def test_a_threshold_holds_for_its_model_until_it_is_forgotten(tmp_path: Path) -> None:
    with Catalog.open(tmp_path) as catalog:
        assert catalog.unsure_threshold("a") is None
        catalog.choose_unsure_threshold("a", 0.8731234)
    with Catalog.open(tmp_path) as catalog:
        assert catalog.unsure_threshold("a") == 0.8731234
        assert catalog.unsure_threshold("b") is None
        catalog.choose_unsure_threshold("a", 0.5)
        assert catalog.unsure_threshold("a") == 0.5
        catalog.choose_unsure_threshold("a", None)
        assert catalog.unsure_threshold("a") is None


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(tmp_path: Path, value: float) -> None:
    with Catalog.open(tmp_path) as catalog:
        with pytest.raises(CatalogError, match="between 0 and 1"):
            catalog.choose_unsure_threshold("a", value)
        assert catalog.unsure_threshold("a") is None
