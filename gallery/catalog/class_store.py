"""Classes of people's own: what each word counts for when a head learns; labels stay as they were given."""

from __future__ import annotations

from collections.abc import Mapping

from gallery.catalog.store import Store


class ClassStore(Store):
    """What the catalog knows of words and the classes that they count for."""

    def class_map(self) -> dict[str, str | None]:
        """Return the class that each changed word counts for, None for no class; its own: it was added."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT word, class_name FROM class_map ORDER BY rowid"))

    def label_counts(self) -> dict[str, int]:
        """Return how many photos people have labelled with each word."""
        with self._database.reading() as connection:
            return dict(
                connection.execute("SELECT label, count(*) FROM labels GROUP BY label ORDER BY label")
            )

    def change_class_map(self, changes: Mapping[str, str | None]) -> None:
        """Let words count for other classes from now on; on the disk when it returns."""
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
