"""Corrections: what people said, only ever added to, and what stands after all of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from gallery.catalog.paths import utc_now
from gallery.catalog.prediction_records import model_row
from gallery.catalog.store import Store
from gallery.errors import LabelRefusedError
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING, Correction, PhotoId, Undone
from gallery.words import without_surrogates

LABEL_LIMIT = 100
"""Characters of a label: longer ones are pasted by mistake."""

_COUNTS = """undoes IS NULL AND NOT EXISTS
    (SELECT 1 FROM corrections u WHERE u.undoes = c.correction_id)"""  # neither an undo nor undone

_SELECT = """
    SELECT photo_id, label, person, made_at, shown_model_id, shown_label, shown_confidence
    FROM corrections c JOIN photos USING (photo_key)
"""


class CorrectionStore(Store):
    """What the catalog knows of people's labels."""

    def correct(
        self,
        photo_ids: Sequence[PhotoId],
        label: str | None,
        *,
        person: str,
        model_id: str | None,
        collection_id: int | None = None,
        token: str | None = None,
    ) -> None:
        """Note what a person says of photos; on the disk when it returns.

        Args:
            photo_ids: the photos; corrected together, undone together.
            label: what they show; None takes back what people said before.
            person: who says it.
            model_id: whose tag the person was looking at; it is noted with it.
            collection_id: in which it is said, so that the person can undo it there.
            token: of the key press; a second correction of the same token is the same one, sent again.

        Raises:
            LabelRefusedError: a photo is unknown, or the label is no label; nothing is noted.
        """
        label, person = None if label is None else _label(label), without_surrogates(person)
        with self._database.writing(durable=True) as connection:
            if _action_of(connection, token) is not None:
                return
            model = model_row(connection, model_id) if model_id is not None else None
            action = _next_action(connection)
            made_at = utc_now()
            for photo_id in dict.fromkeys(photo_ids):
                photo_key = key_of_photo(connection, photo_id)
                tag = connection.execute(
                    "SELECT class_index, confidence FROM predictions WHERE model_key = ? AND photo_key = ?",
                    (model.model_key if model else None, photo_key),
                ).fetchone()
                index, confidence = tag or (None, None)
                shown = model.class_names[index] if model and index is not None else None
                connection.execute(
                    "INSERT INTO corrections (action, photo_key, label, person, made_at, shown_model_id, "
                    "shown_label, shown_confidence, collection_id, token) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        action,
                        photo_key,
                        label,
                        person,
                        made_at,
                        model_id,
                        shown,
                        confidence,
                        collection_id,
                        token,
                    ),
                )
                token = None  # the first row of an action bears it
                settle_label(connection, photo_key)

    def undo(
        self,
        *,
        person: str,
        collection_id: int,
        token: str,
        sent_from: str | None = None,
        nameless: str = "",
        named: bool = True,
    ) -> Undone | None:
        """Undo the last change that a person made in a collection and has not undone yet, all of it at once.

        What anybody said of the photos before or meanwhile counts again. On the disk when it returns.

        Args:
            person: whose change is undone, and who undoes it.
            collection_id: in which the change was made.
            token: of the key press; pressed once, it undoes one change, however often it is sent.
            sent_from: how the tokens of this person's browser begin, so that what was said there without a
                name can be undone too.
            nameless: the name under which everybody's changes stand who gave none.
            named: whether the person gave a name; without one, nothing but what was sent from there counts.

        Returns:
            What was undone; None where there was nothing left to undo.
        """
        person = without_surrogates(person)
        with self._database.writing(durable=True) as connection:
            known = _action_of(connection, token)
            if known is not None:
                return _undone(connection, known)
            if is_void(connection, token):
                return None
            last = connection.execute(
                "SELECT action FROM corrections c WHERE ((person = :person AND :whole) "
                "OR (person = :nameless AND "
                "(SELECT substr(f.token, 1, length(:sent_from)) FROM corrections f "
                "WHERE f.correction_id = c.action) = :sent_from)) "
                f"AND collection_id = :collection AND {_COUNTS} ORDER BY correction_id DESC LIMIT 1",
                {
                    "person": person,
                    "whole": named or sent_from is None,
                    "nameless": without_surrogates(nameless),
                    "sent_from": sent_from,
                    "collection": collection_id,
                },
            ).fetchone()
            if last is None:
                note_void(connection, token)
                return None
            rows = connection.execute(
                "SELECT correction_id, photo_key FROM corrections c WHERE correction_id >= ?1 "
                f"AND action = ?1 AND {_COUNTS} ORDER BY correction_id",
                last,
            ).fetchall()
            action, made_at, first = _next_action(connection), utc_now(), rows[0][0]
            for correction_id, photo_key in rows:
                (entry,) = connection.execute(
                    "INSERT INTO corrections (action, photo_key, person, made_at, undoes, collection_id, "
                    "token) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING correction_id",
                    (action, photo_key, person, made_at, correction_id, collection_id,
                     token if correction_id == first else None),
                ).fetchone()  # fmt: skip
                connection.execute(
                    "UPDATE corrections SET label = ? WHERE correction_id = ?",
                    (settle_label(connection, photo_key), entry),
                )
            return _undone(connection, action)

    def opinions(self, photo_id: PhotoId) -> list[Correction]:
        """Return what each person says of a photo now, the latest last; not what was undone or removed."""
        said: dict[str, Correction] = {}
        for row in self._rows(
            f"{_SELECT} WHERE photo_id = ? AND {_COUNTS} ORDER BY correction_id", (photo_id,)
        ):
            one = Correction(*row)
            said.pop(one.person, None)
            said[one.person] = one
        return [one for one in said.values() if one.label is not None]

    def all_corrections(self) -> list[Correction]:
        """Return all that people ever said, the oldest first."""
        return [Correction(*row) for row in self._rows(_SELECT + "ORDER BY correction_id")]

    def labels(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, str]:
        """Return the labels that people's words leave standing; photos without one are left out."""
        return dict(
            self._rows(
                "SELECT photo_id, label FROM json_each(?) CROSS JOIN photos ON photo_id = value "
                "CROSS JOIN labels USING (photo_key)",
                (json.dumps(list(photo_ids)),),
            )
        )

    def standing_labels(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Correction]:
        """Return the labels that stand, each with who gave it and when; photos without one are left out."""
        rows = self._rows(
            "SELECT photo_id, labels.label, person, made_at, shown_model_id, shown_label, "
            "shown_confidence FROM json_each(?) CROSS JOIN photos ON photo_id = value "
            "CROSS JOIN labels USING (photo_key) JOIN corrections USING (correction_id)",
            (json.dumps(list(photo_ids)),),
        )
        return {row[0]: Correction(*row) for row in rows}


def key_of_photo(connection: sqlite3.Connection, photo_id: PhotoId) -> int:
    """Return the key of a photo of which a person says something.

    Raises:
        LabelRefusedError: it is unknown.
    """
    row = connection.execute("SELECT photo_key FROM photos WHERE photo_id = ?", (photo_id,)).fetchone()
    if row is None:
        raise LabelRefusedError(
            f"The photo {photo_id} is not in the catalog, so nothing was noted. Reload the page."
        )
    return int(row[0])


def _action_of(connection: sqlite3.Connection, token: str | None) -> int | None:
    """Return the action of a key press; None when nothing of it is kept."""
    row = connection.execute("SELECT action FROM corrections WHERE token = ?", (token,)).fetchone()
    return None if row is None else int(row[0])


def _undone(connection: sqlite3.Connection, action: int) -> Undone:
    """Return what an undo has undone."""
    rows = connection.execute(
        "SELECT said.label, photo_id FROM corrections c "
        "JOIN corrections said ON said.correction_id = c.undoes "
        "JOIN photos ON photos.photo_key = said.photo_key WHERE c.correction_id >= ?1 AND c.action = ?1 "
        "ORDER BY c.correction_id",
        (action,),
    ).fetchall()
    return Undone(rows[0][0], tuple(row[1] for row in rows))


def is_void(connection: sqlite3.Connection, token: str | None) -> bool:
    """Return whether a key press found nothing to undo; sent again, it must not undo what came later."""
    return connection.execute("SELECT 1 FROM void_undos WHERE token = ?", (token,)).fetchone() is not None


def note_void(connection: sqlite3.Connection, token: str | None) -> None:
    """Note that a key press found nothing to undo."""
    if token is not None:
        connection.execute("INSERT OR IGNORE INTO void_undos VALUES (?)", (token,))


def _next_action(connection: sqlite3.Connection) -> int:
    """Return the number of a new action: that of its first correction."""
    return int(
        connection.execute("SELECT coalesce(max(correction_id), 0) + 1 FROM corrections").fetchone()[0]
    )


def settle_label(connection: sqlite3.Connection, photo_key: int) -> str | None:
    """Bring the standing label of a photo up to date, and return it."""
    row = connection.execute(
        f"SELECT label, correction_id FROM corrections c WHERE photo_key = ? AND {_COUNTS} "
        "ORDER BY correction_id DESC LIMIT 1",
        (photo_key,),
    ).fetchone()
    if row is None or row[0] is None:
        connection.execute("DELETE FROM labels WHERE photo_key = ?", (photo_key,))
        return None
    connection.execute("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", (photo_key, *row))
    return str(row[0])


def _label(given: str) -> str:
    label = " ".join(without_surrogates(given).split())
    if not label or len(label) > LABEL_LIMIT:
        raise LabelRefusedError(
            f"A label needs 1 to {LABEL_LIMIT} characters; {given[:LABEL_LIMIT]!r} was given."
        )
    if label in (ALL, UNLIKE, UNSURE, UNREADABLE, WAITING):
        raise LabelRefusedError(
            f"{label!r} is the name of a shelf and cannot be a label. Choose another word."
        )
    return label
