"""The address of a view gives the view again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gallery.types import Review, SortOrder
from gallery.ui.components import view_state
from gallery.ui.components.view_state import View

shares = st.integers(0, 100).map(lambda percent: percent / 100)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
views = st.builds(
    lambda low, high, **parts: View(confidence=(min(low, high), max(low, high)), **parts),
    low=shares, high=shares, collection_id=st.none() | st.integers(1, 999), shelf=texts,
    sort=st.sampled_from(SortOrder), unsure_below=st.none() | shares,
    taken_from=st.none() | st.dates().map(str), taken_to=st.none() | st.dates().map(str),
    review=st.none() | st.sampled_from(Review),
    folder=st.none() | texts, name_contains=st.none() | texts, photo=st.none() | st.integers(1, 999),
)  # fmt: skip


@given(views)
def test_a_view_survives_its_address(view: View) -> None:
    assert view_state.read(view_state.written(view)) == view


@given(
    st.dictionaries(
        st.sampled_from(["collection", "shelf", "sort", "sure", "unsure", "from", "photo"]), st.text()
    )
)
def test_any_address_gives_a_view(parameters: dict[str, str]) -> None:
    view = view_state.read(parameters)
    assert 0 <= view.confidence[0] <= view.confidence[1] <= 1


def test_the_plain_view_has_an_empty_address() -> None:
    assert view_state.written(View()) == {}


def test_numbers_that_no_catalog_has_are_as_if_they_were_not_there() -> None:
    for number in (2**63, 10**30, 0, -5):
        assert view_state.read({"collection": str(number), "photo": str(number)}) == View()
