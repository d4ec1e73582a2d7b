"""What Browse shows, kept in the address: a link or a bookmark gives the same view again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from gallery.types import ALL, PhotoQuery, Review, SortOrder

_SORTS = {
    "path": SortOrder.PATH,
    "date": SortOrder.TAKEN_AT,
    "newest": SortOrder.NEWEST,
    "name": SortOrder.NAME,
    "certain": SortOrder.MOST_CERTAIN,
    "uncertain": SortOrder.LEAST_CERTAIN,
}
_NAMES = {order: name for name, order in _SORTS.items()}
_REVIEWS = {"people": Review.BY_PEOPLE, "open": Review.OPEN, "disagrees": Review.DISAGREES}
_REVIEW_NAMES = {review: name for name, review in _REVIEWS.items()}


@dataclass(frozen=True, slots=True)
class View:
    """What is open in Browse; the defaults are not written into the address."""

    collection_id: int | None = None
    shelf: str = ALL
    sort: SortOrder = SortOrder.PATH
    unsure_below: float | None = None  # None: as chosen for the model
    min_confidence: float = 0.0
    max_confidence: float = 1.0
    taken_from: str | None = None
    taken_to: str | None = None
    folder: str | None = None
    name_contains: str | None = None
    review: Review | None = None
    stacked: bool = False
    photo: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Return whether anything besides the shelf narrows what is shown."""
        return self != replace(self.without_filters(), photo=self.photo)

    def without_filters(self) -> View:
        return View(self.collection_id, self.shelf, self.sort, self.unsure_below, stacked=self.stacked)

    def query(self, collection_id: int, model_id: str, unsure_below: float) -> PhotoQuery:
        """Return the view as the catalog is asked for it, with the threshold that holds."""
        return PhotoQuery(
            collection_id,
            model_id,
            shelf=self.shelf,
            unsure_below=unsure_below,
            min_confidence=self.min_confidence,
            max_confidence=self.max_confidence,
            taken_from=self.taken_from,
            taken_to=self.taken_to,
            folder=self.folder,
            name_contains=self.name_contains,
            review=self.review,
            sort=self.sort,
            stacked=self.stacked,
        )


def read(parameters: Mapping[str, str]) -> View:
    """Return the view of an address; a part that makes no sense is as if it were not there.

    Example:
        >>> read({"shelf": "cat", "sort": "uncertain", "sure": "0.2-0.9", "photo": "x"}).max_confidence
        0.9
    """
    view = View()
    with contextlib.suppress(ValueError):
        view = replace(view, collection_id=_number(parameters.get("collection", "")))
    with contextlib.suppress(ValueError):
        view = replace(view, photo=_number(parameters.get("photo", "")))
    with contextlib.suppress(ValueError):
        view = replace(view, unsure_below=_share(parameters.get("unsure", "")))
    with contextlib.suppress(ValueError):
        low, high = (_share(end) for end in parameters.get("sure", "").split("-"))
        view = replace(view, min_confidence=min(low, high), max_confidence=max(low, high))
    return replace(
        view,
        shelf=parameters.get("shelf", ALL)[:80],
        sort=_SORTS.get(parameters.get("sort", ""), SortOrder.PATH),
        taken_from=_day(parameters.get("from", "")),
        taken_to=_day(parameters.get("to", "")),
        folder=parameters.get("folder") or None,
        name_contains=parameters.get("name", "")[:200] or None,
        review=_REVIEWS.get(parameters.get("review", "")),
        stacked=parameters.get("stacked") == "1",
    )


def written(view: View) -> dict[str, str]:
    """Return the parameters of a view; `read` gives the same view again.

    Example:
        >>> written(View(collection_id=3, shelf="cat", min_confidence=0.5))
        {'collection': '3', 'shelf': 'cat', 'sure': '0.5-1'}
    """
    usual = View()
    parameters = {}
    if view.collection_id is not None:
        parameters["collection"] = str(view.collection_id)
    if view.shelf != ALL:
        parameters["shelf"] = view.shelf
    if view.sort is not usual.sort:
        parameters["sort"] = _NAMES[view.sort]
    if view.unsure_below is not None:
        parameters["unsure"] = f"{view.unsure_below:g}"
    if (view.min_confidence, view.max_confidence) != (0.0, 1.0):
        parameters["sure"] = f"{view.min_confidence:g}-{view.max_confidence:g}"
    for name, value in (
        ("from", view.taken_from),
        ("to", view.taken_to),
        ("folder", view.folder),
        ("name", view.name_contains),
        ("review", None if view.review is None else _REVIEW_NAMES[view.review]),
        ("stacked", "1" if view.stacked else None),
        ("photo", view.photo),
    ):
        if value is not None:
            parameters[name] = str(value)
    return parameters


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number < 1 << 63:
        raise ValueError(f"no catalog counts to {number}")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"{share} is not between 0 and 1")
    return share


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
