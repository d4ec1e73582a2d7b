"""A photo query as SQL: which files, in what order, by which index."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gallery.catalog.clock_store import TAKEN
from gallery.catalog.paths import name_key
from gallery.catalog.prediction_records import ModelRow
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING, PhotoQuery, Review, SortOrder

FILES = """
    LEFT JOIN predictions p ON p.model_key = :model AND p.photo_key = f.photo_key
    LEFT JOIN labels l ON l.photo_key = f.photo_key
    LEFT JOIN detections d ON d.photo_key = f.photo_key
"""
"""Joins to files ``f``: what a model said ``p``, people's words leave standing ``l``, boxes show ``d``."""

SAID = "coalesce(l.label, d.label)"
"""What a person says of a photo, or a detector's boxes; the model's class counts where this is NULL."""

STACKS = f"""
    WITH said AS (
        SELECT g.sequence, k.label, count(*) AS photos FROM labels k
        CROSS JOIN files g INDEXED BY files_by_photo ON g.photo_key = k.photo_key
        WHERE g.collection_id = :collection AND g.missing = 0 AND g.sequence IS NOT NULL
        GROUP BY g.sequence, k.label
    ), agreed AS (
        SELECT sequence, label, max(photos), sum(photos) AS labelled FROM said GROUP BY sequence
    ), seen AS (
        SELECT g.sequence, d.label, count(*) AS photos FROM detections d
        CROSS JOIN files g INDEXED BY files_by_photo ON g.photo_key = d.photo_key
        WHERE g.collection_id = :collection AND g.missing = 0 AND g.sequence IS NOT NULL
        AND d.label IS NOT NULL GROUP BY g.sequence, d.label
    ), boxed AS (
        SELECT sequence, label, max(photos), sum(photos) AS labelled FROM seen GROUP BY sequence
    ), stacks AS MATERIALIZED (
        SELECT f.file_id, f.collection_id, f.path, f.name_key, f.folder, f.missing, f.skip_reason,
            f.photo_key, f.sequence, coalesce(s.photos, 1) AS photos,
            coalesce(t.class_index, p.class_index) AS class_index,
            coalesce(t.confidence, p.confidence) AS confidence,
            CASE WHEN f.sequence IS NULL THEN p.likeness END AS likeness,
            CASE WHEN f.sequence IS NULL THEN l.label WHEN a.labelled >= s.photos THEN a.label END AS label,
            CASE WHEN f.sequence IS NULL THEN {SAID} WHEN a.labelled >= s.photos THEN a.label
                WHEN b.labelled >= s.photos THEN b.label END AS said
        FROM files f INDEXED BY files_by_collection {FILES}
        LEFT JOIN sequences s ON s.sequence = f.sequence
        LEFT JOIN sequence_tags t ON t.sequence = f.sequence AND t.model_key = :model
        LEFT JOIN agreed a ON a.sequence = f.sequence
        LEFT JOIN boxed b ON b.sequence = f.sequence
        WHERE f.collection_id = :collection AND f.missing = 0
        AND (f.sequence IS NULL OR f.sequence = f.file_id)
    )
"""
"""Comes before a statement on ``stacks f``, a row a sequence: its first file, label and tag of the whole.

The label is the one that most of its photos have, once people have labelled all of them. What is said is the
same, or what boxes show where they tell of all its photos.
"""

IS_UNLIKE = "coalesce(p.likeness < :unlike_below, 0)"
"""Whether a photo is unlike anything learnt, where no person has labelled it."""

_SHELVES = {
    ALL: "f.skip_reason IS NULL",
    UNREADABLE: "f.skip_reason IS NOT NULL",
    UNLIKE: "f.skip_reason IS NULL AND {said} IS NULL AND {unlike}",
    UNSURE: "f.skip_reason IS NULL AND {said} IS NULL AND {sure} < :unsure_below AND NOT {unlike}",
    WAITING: "f.skip_reason IS NULL AND {said} IS NULL AND {sure} IS NULL",
}
_CLASS_SHELF = """f.skip_reason IS NULL AND ({said} = :shelf OR ({said} IS NULL
    AND class_index = :class_index AND {sure} >= :unsure_below AND NOT {unlike}))"""

_ORDERS = {
    SortOrder.PATH: "f.path",
    SortOrder.NAME: "f.name_key, f.path",
    SortOrder.TAKEN_AT: f"taken_at IS NULL, {TAKEN}, f.path",
    SortOrder.NEWEST: f"taken_at IS NULL, {TAKEN} DESC, f.path",
    SortOrder.MOST_CERTAIN: "{sure} DESC NULLS LAST, f.file_id",
    SortOrder.LEAST_CERTAIN: "{sure} ASC NULLS LAST, f.file_id",
}

_REVIEWS = {
    Review.BY_PEOPLE: "{label} IS NOT NULL",
    Review.OPEN: "{label} IS NULL",
    Review.DISAGREES: "{label} <> json_extract(:class_names, '$[' || class_index || ']')",
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a query's filters say besides the shelf, for files ``f`` with the joins of FILES, or stacks ``f``.

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
        conditions.append("{sure} >= :min_confidence")
    if query.max_confidence < 1:
        conditions.append("{sure} <= :max_confidence")
    if query.taken_from:
        conditions.append(f"substr({TAKEN}, 1, 10) >= :taken_from")
    if query.taken_to:
        conditions.append(f"substr({TAKEN}, 1, 10) <= :taken_to")
    if query.folder:
        conditions.append(
            "(f.folder = :folder OR (f.folder >= :folder || '/' AND f.folder < :folder || '0'))"
        )
    if query.name_contains:
        named, frames = "instr(f.name_key, :name_part) > 0", "files g WHERE g.sequence = f.sequence"
        if query.stacked:
            named = f"({named} OR EXISTS (SELECT 1 FROM {frames} AND instr(g.name_key, :name_part) > 0))"
        conditions.append(named)
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
    return Narrowing(joins, " AND ".join(conditions).format(**_columns(query)), values)


def as_sql(query: PhotoQuery, model: ModelRow | None) -> tuple[str, dict[str, object]]:
    """Return the statement that gives the ids of the files a query asks for, and its values."""
    narrow = narrowing(query, model)
    columns = _columns(query)
    shown = "stacks f" if query.stacked else f"files f {_index(query)} {FILES}"
    statement = f"""
        {STACKS if query.stacked else ""} SELECT f.file_id FROM {shown} {narrow.joins}
        WHERE f.collection_id = :collection AND f.missing = 0
        AND {_SHELVES.get(query.shelf, _CLASS_SHELF).format(**columns)} AND {narrow.condition}
        ORDER BY {_ORDERS[query.sort].format(**columns)}
    """
    known = model is not None and query.shelf in model.class_names
    values: dict[str, object] = {
        "model": model.model_key if model else None,
        "class_index": model.class_names.index(query.shelf) if model and known else -1,
        "collection": query.collection_id,
        "shelf": query.shelf,
        "unsure_below": query.unsure_below,
        "unlike_below": query.unlike_below,
        **narrow.values,
    }
    return statement, values


def _columns(query: PhotoQuery) -> dict[str, str]:
    """Return how a person's label, what is said, the model's confidence and being unlike are called."""
    if query.stacked:
        unlike = IS_UNLIKE.replace("p.", "f.")
        return {"label": "f.label", "said": "f.said", "sure": "f.confidence", "unlike": unlike}
    return {"label": "l.label", "said": SAID, "sure": "p.confidence", "unlike": IS_UNLIKE}


def _index(query: PhotoQuery) -> str:
    """Name the index that is quick; SQLite, without statistics, takes that of the paths for everything.

    Files in the order of their paths cost a look into the table each; it pays
    where most are wanted in that order, or where folder and name are asked for.
    """
    all_by_path = query.shelf == ALL and query.sort in (SortOrder.PATH, SortOrder.NAME)
    if all_by_path or query.folder or query.name_contains:
        return ""
    return "INDEXED BY files_by_collection"
