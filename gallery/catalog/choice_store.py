"""What people chose: a model's threshold of the Unsure shelf, and the classes that words count for."""

from __future__ import annotations

from collections.abc import Mapping

from gallery.catalog.store import Store
from gallery.errors import CatalogError


class ChoiceStore(Store):
    """What the catalog knows of people's choices; labels stay as they were given."""

    def unsure_threshold(self, model_id: str) -> float | None:
        """Return below which confidence a photo is unsure; None where nobody chose a threshold."""
        row = self._row("SELECT threshold FROM unsure_thresholds WHERE model_id = ?", (model_id,))
        return None if row is None else float(row[0])

    def choose_unsure_threshold(self, model_id: str, threshold: float | None) -> None:
        """Keep a threshold, or for None forget it, so that the usual one holds again.

        Confidences differ from model to model.

        Raises:
            CatalogError: it is no share of 1.
        """
        if threshold is not None and not 0.0 <= threshold <= 1.0:
            raise CatalogError(f"A threshold lies between 0 and 1, got {threshold}. Choose another one.")
        with self._database.writing(durable=True, shown=False) as connection:  # Browse asks for it anew
            if threshold is None:
                connection.execute("DELETE FROM unsure_thresholds WHERE model_id = ?", (model_id,))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO unsure_thresholds VALUES (?, ?)", (model_id, float(threshold))
                )

    def class_map(self) -> dict[str, str | None]:
        """Return the class that each changed word counts for, None for no class; its own: it was added."""
        return dict(self._rows("SELECT word, class_name FROM class_map ORDER BY rowid"))

    def label_counts(self) -> dict[str, int]:
        """Return how many photos people have labelled with each word."""
        return dict(self._rows("SELECT label, count(*) FROM labels GROUP BY label ORDER BY label"))

    def change_class_map(self, changes: Mapping[str, str | None]) -> None:
        """Let words count for other classes from now on when a head learns; on the disk when it returns."""
        with self._database.writing(durable=True, shown=False) as connection:
            connection.executemany(
                "INSERT INTO class_map VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET class_name = excluded.class_name",
                changes.items(),
            )

    def forget_words(self, words: list[str]) -> None:
        """Let words count for themselves again."""
        with self._database.writing(durable=True, shown=False) as connection:
            connection.executemany("DELETE FROM class_map WHERE word = ?", [(word,) for word in words])
