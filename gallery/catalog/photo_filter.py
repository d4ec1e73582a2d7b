"""A photo query as SQL: which files, in what order, by which index."""

from __future__ import annotations

from gallery.catalog.paths import name_key
from gallery.catalog.prediction_records import ModelRow
from gallery.types import ALL, UNREADABLE, UNSURE, WAITING, PhotoQuery, SortOrder

FILES = """
    LEFT JOIN predictions p ON p.model_key = :model AND p.photo_key = f.photo_key
    LEFT JOIN labels l ON l.photo_key = f.photo_key
"""
"""Joins to files ``f``: what the model said ``p``, what people's words leave standing ``l``."""

_SHELVES = {
    ALL: "f.skip_reason IS NULL",
    UNREADABLE: "f.skip_reason IS NOT NULL",
    UNSURE: "f.skip_reason IS NULL AND l.label IS NULL AND p.confidence < :unsure_below",
    WAITING: "f.skip_reason IS NULL AND l.label IS NULL AND p.confidence IS NULL",
}
_CLASS_SHELF = """f.skip_reason IS NULL AND (l.label = :shelf OR
    (l.label IS NULL AND p.class_index = :class_index AND p.confidence >= :unsure_below))"""

_ORDERS = {
    SortOrder.PATH: "f.path",
    SortOrder.NAME: "f.name_key, f.path",
    SortOrder.TAKEN_AT: "taken_at IS NULL, taken_at, f.path",
    SortOrder.MOST_CERTAIN: "p.confidence DESC NULLS LAST, f.file_id",
    SortOrder.LEAST_CERTAIN: "p.confidence ASC NULLS LAST, f.file_id",
}


def as_sql(query: PhotoQuery, model: ModelRow | None) -> tuple[str, dict[str, object]]:
    """Return the statement that gives the ids of the files a query asks for, and its values."""
    conditions = [
        "f.collection_id = :collection_id AND f.missing = 0",
        _SHELVES.get(query.shelf, _CLASS_SHELF),
    ]
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
    dated = query.taken_from or query.taken_to or query.sort is SortOrder.TAKEN_AT
    statement = f"""
        SELECT f.file_id FROM files f {_index(query)} {FILES}
        {"LEFT JOIN photos ON photos.photo_key = f.photo_key" if dated else ""}
        WHERE {" AND ".join(conditions)} ORDER BY {_ORDERS[query.sort]}
    """
    known = model is not None and query.shelf in model.class_names
    values: dict[str, object] = {
        "model": model.model_key if model else None,
        "class_index": model.class_names.index(query.shelf) if model and known else -1,
        "collection_id": query.collection_id,
        "shelf": query.shelf,
        "unsure_below": query.unsure_below,
        "min_confidence": query.min_confidence,
        "max_confidence": query.max_confidence,
        "taken_from": (query.taken_from or "")[:10],
        "taken_to": (query.taken_to or "")[:10],
        "folder": query.folder,
        "name_part": name_key(query.name_contains or ""),
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
