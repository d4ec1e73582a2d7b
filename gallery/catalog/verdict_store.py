"""Verdicts: what people say where a label and a model differ, only ever added to."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.catalog.correction_store import is_void, key_of_photo, note_void
from gallery.catalog.paths import utc_now
from gallery.catalog.store import Store
from gallery.errors import LabelRefusedError
from gallery.types import GivenVerdict, PhotoId, Verdict
from gallery.words import without_surrogates

_COUNTS = """undoes IS NULL AND NOT EXISTS
    (SELECT 1 FROM verdicts u WHERE u.undoes = v.verdict_id)"""  # neither takes one back nor was taken back

_WITH_CLASS = (Verdict.LABEL_WRONG, Verdict.BOTH_IN_IT)


class VerdictStore(Store):
    """What the catalog knows of people's verdicts on labels; one stands for each photo and label."""

    def give_verdict(
        self,
        photo_id: PhotoId,
        label: str,
        verdict: Verdict,
        *,
        other: str | None = None,
        person: str,
        model_id: str | None = None,
        shown_label: str | None = None,
        token: str | None = None,
    ) -> None:
        """Note what a person says of a photo's label; on the disk when it returns.

        Args:
            photo_id: the photo.
            label: the class that is judged.
            verdict: what is said of it.
            other: with "label wrong" the right class, None for none that a model
                knows; with "both animals in it" the second one.
            person: who says it.
            model_id: whose answer the person was looking at.
            shown_label: that answer.
            token: of the key press; a second verdict of the same token is the same one, sent again.

        Raises:
            LabelRefusedError: the photo is unknown, or the classes make no sense; nothing is noted.
        """
        if not label or other == label or (other is not None and verdict not in _WITH_CLASS):
            raise LabelRefusedError(
                f"The verdict {verdict} on the label {label!r} does not go with the class {other!r}. "
                "Choose a class other than the label, or another verdict."
            )
        texts = (label, str(verdict), other, person, utc_now(), model_id, shown_label, token)
        with self._database.writing(durable=True, shown=False) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO verdicts (photo_key, label, verdict, other, person, made_at, "
                "shown_model_id, shown_label, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key_of_photo(connection, photo_id), *(_plain(text) for text in texts)),
            )

    def take_back_verdict(
        self, photo_id: PhotoId, label: str, *, person: str, token: str | None = None
    ) -> bool:
        """Take back the last verdict on a photo's label that this person gave and that still counts.

        What others said of it stays, and so does what this person had said before.

        Args:
            photo_id: the photo.
            label: the class that was judged.
            person: who takes it back.
            token: of the key press; the same press does nothing the second time.

        Returns:
            Whether there was one.

        Raises:
            LabelRefusedError: the photo is unknown.
        """
        with self._database.writing(durable=True, shown=False) as connection:
            photo_key = key_of_photo(connection, photo_id)
            if (
                token is not None
                and connection.execute("SELECT 1 FROM verdicts WHERE token = ?", (_plain(token),)).fetchone()
            ):
                return True
            last = connection.execute(
                f"SELECT verdict_id FROM verdicts v WHERE photo_key = ? AND label = ? AND person = ? "
                f"AND {_COUNTS} ORDER BY verdict_id DESC LIMIT 1",
                (photo_key, _plain(label), _plain(person)),
            ).fetchone()
            if last is None or is_void(connection, _plain(token)):
                note_void(connection, _plain(token))
                return False
            connection.execute(
                "INSERT INTO verdicts (photo_key, label, person, made_at, token, undoes) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (photo_key, _plain(label), _plain(person), utc_now(), _plain(token), last[0]),
            )
            return True

    def standing_verdicts(
        self, photo_ids: Sequence[PhotoId] | None = None
    ) -> dict[tuple[PhotoId, str], GivenVerdict]:
        """Return the verdict that stands for each photo and label, in the order in which they were given.

        People give verdicts one at a time, so there are thousands at most.

        Args:
            photo_ids: only of these photos; of all if left out.
        """
        rows = self._rows(
            "SELECT photo_id, label, verdict, other, person, made_at, shown_model_id, shown_label "
            f"FROM verdicts v JOIN photos USING (photo_key) WHERE {_COUNTS} ORDER BY verdict_id"
        )
        wanted = None if photo_ids is None else frozenset(photo_ids)
        standing: dict[tuple[PhotoId, str], GivenVerdict] = {}
        for photo_id, label, verdict, *rest in rows:
            if wanted is None or photo_id in wanted:
                standing.pop((photo_id, label), None)  # a later one moves to the end
                standing[photo_id, label] = GivenVerdict(photo_id, label, Verdict(verdict), *rest)
        return standing


def _plain(text: str | None) -> str | None:
    return None if text is None else without_surrogates(text)
