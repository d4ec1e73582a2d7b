"""A photo query as SQL: which files, in what order, by which index."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gallery.catalog.paths import name_key
from gallery.catalog.prediction_records import ModelRow
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING, PhotoQuery, Review, SortOrder

FILES = """
    LEFT JOIN predictions p ON p.model_key = :model AND p.photo_key = f.photo_key
    LEFT JOIN labels l ON l.photo_key = f.photo_key
"""
"""Joins to files ``f``: what the model said ``p``, what people's words leave standing ``l``."""

IS_UNLIKE = "coalesce(p.likeness < :unlike_below, 0)"
"""Whether a photo is unlike anything learnt, where no person has labelled it."""

_SHELVES = {
    ALL: "f.skip_reason IS NULL",
    UNREADABLE: "f.skip_reason IS NOT NULL",
    UNLIKE: f"f.skip_reason IS NULL AND l.label IS NULL AND {IS_UNLIKE}",
    UNSURE: f"f.skip_reason IS NULL AND l.label IS NULL AND p.confidence < :unsure_below AND NOT {IS_UNLIKE}",
    WAITING: "f.skip_reason IS NULL AND l.label IS NULL AND p.confidence IS NULL",
}
_CLASS_SHELF = f"""f.skip_reason IS NULL AND (l.label = :shelf OR (l.label IS NULL
    AND p.class_index = :class_index AND p.confidence >= :unsure_below AND NOT {IS_UNLIKE}))"""

_ORDERS = {
    SortOrder.PATH: "f.path",
    SortOrder.NAME: "f.name_key, f.path",
    SortOrder.TAKEN_AT: "taken_at IS NULL, taken_at, f.path",
    SortOrder.NEWEST: "taken_at IS NULL, taken_at DESC, f.path",
    SortOrder.MOST_CERTAIN: "p.confidence DESC NULLS LAST, f.file_id",
    SortOrder.LEAST_CERTAIN: "p.confidence ASC NULLS LAST, f.file_id",
}

_REVIEWS = {
    Review.BY_PEOPLE: "l.label IS NOT NULL",
    Review.OPEN: "l.label IS NULL",
    Review.DISAGREES: "l.label <> json_extract(:class_names, '$[' || p.class_index || ']')",
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a query's filters say besides the shelf, for files ``f`` with the joins of FILES.

    Attributes:
        joins: that the condition needs.
        condition: an SQL expression.
        values: of its parameters.
    """

    joins: str
    condition: str
    values: dict[str, object]


def narrowing(query: PhotoQuery | None, model: ModelRow | None) -> Narrowing:
    """Return the filters of a query; of None, what lets every file pass."""
    if query is None:
        return Narrowing("", "1", {})
    conditions = ["1"]
    if query.min_confidence > 0:
        conditions.append("p.confidence >= :min_confidence")
    if query.max_confidence < 1:
        conditions.append("p.confidence <= :max_confidence")
    if query.taken_from:
        conditions.append("substr(taken_at, 1, 10) >= :taken_from")
    if query.taken_to:
        conditions.append("substr(taken_at, 1, 10) <= :taken_to")
    if query.folder:
        conditions.append(
            "(f.folder = :folder OR (f.folder >= :folder || '/' AND f.folder < :folder || '0'))"
        )
    if query.name_contains:
        conditions.append("instr(f.name_key, :name_part) > 0")
    if query.review:
        conditions.append(_REVIEWS[query.review])
    dated = query.taken_from or query.taken_to or query.sort in (SortOrder.TAKEN_AT, SortOrder.NEWEST)
    values: dict[str, object] = {
        "min_confidence": query.min_confidence,
        "max_confidence": query.max_confidence,
        "taken_from": (query.taken_from or "")[:10],
        "taken_to": (query.taken_to or "")[:10],
        "folder": query.folder,
        "name_part": name_key(query.name_contains or ""),
        "class_names": json.dumps(model.class_names if model else []),
    }
    joins = "LEFT JOIN photos ON photos.photo_key = f.photo_key" if dated else ""
    return Narrowing(joins, " AND ".join(conditions), values)


def as_sql(query: PhotoQuery, model: ModelRow | None) -> tuple[str, dict[str, object]]:
    """Return the statement that gives the ids of the files a query asks for, and its values."""
    narrow = narrowing(query, model)
    statement = f"""
        SELECT f.file_id FROM files f {_index(query)} {FILES} {narrow.joins}
        WHERE f.collection_id = :collection_id AND f.missing = 0
        AND {_SHELVES.get(query.shelf, _CLASS_SHELF)} AND {narrow.condition}
        ORDER BY {_ORDERS[query.sort]}
    """
    known = model is not None and query.shelf in model.class_names
    values: dict[str, object] = {
        "model": model.model_key if model else None,
        "class_index": model.class_names.index(query.shelf) if model and known else -1,
        "collection_id": query.collection_id,
        "shelf": query.shelf,
        "unsure_below": query.unsure_below,
        "unlike_below": query.unlike_below,
        **narrow.values,
    }
    return statement, values


def _index(query: PhotoQuery) -> str:
    """Name the index that is quick; SQLite, without statistics, takes that of the paths for everything.

    Files in the order of their paths cost a look into the table each; it pays
    where most are wanted in that order, or where folder and name are asked for.
    """
    all_by_path = query.shelf == ALL and query.sort in (SortOrder.PATH, SortOrder.NAME)
    if all_by_path or query.folder or query.name_contains:
        return ""
    return "INDEXED BY files_by_collection"
