"""The clocks of cameras: what is added to the dates of a folder's photos where one was set wrongly."""

from __future__ import annotations

from gallery.catalog.store import Store
from gallery.clock_shift import ClockShift
from gallery.errors import CatalogError

_SHIFT = """
    SELECT c.shift FROM clock_shifts c WHERE c.collection_id = f.collection_id AND (c.folder = ''
    OR f.folder = c.folder OR (f.folder > c.folder || '/' AND f.folder < c.folder || '0'))
    ORDER BY length(c.folder) DESC LIMIT 1
"""

TAKEN = f"""
    CASE WHEN EXISTS (SELECT 1 FROM clock_shifts c WHERE c.collection_id = f.collection_id)
    THEN by_right_clock(taken_at, ({_SHIFT})) ELSE taken_at END
"""
"""When a photo was taken, of files ``f`` joined with photos: by the clock, shifted where that was wrong."""


class ClockStore(Store):
    """What the catalog knows of clocks that were set wrongly."""

    def clock_shifts(self, collection_id: int) -> dict[str, str]:
        """Return the shifts of a collection's cameras by folder, "" for all that have none of their own."""
        return dict(
            self._rows(
                "SELECT folder, shift FROM clock_shifts WHERE collection_id = ? ORDER BY folder",
                (collection_id,),
            )
        )

    def clock_of(self, file_id: int) -> tuple[str | None, str | None]:
        """Return when a photo was taken by what its file says, and the shift that this date has.

        None where it has no date, and where its camera's clock counts as right.
        """
        row = self._row(
            f"SELECT taken_at, ({_SHIFT}) FROM files f LEFT JOIN photos USING (photo_key) WHERE file_id = ?",
            (file_id,),
        )
        return row or (None, None)

    def shift_clock(self, collection_id: int, folder: str, shift: str | None) -> None:
        """Keep what is added to the dates of a folder's photos, in place of what was; None: nothing.

        Args:
            collection_id: the collection.
            folder: below its root, "/"-separated, with all below it; "" for the whole collection.
            shift: as `ClockShift` writes it.

        Raises:
            CatalogError: it is no shift, or there is no such folder.
        """
        written = None if shift is None else str(ClockShift.parse(shift))
        with self._database.writing(durable=True) as connection:
            there = connection.execute(
                "SELECT 1 FROM files f WHERE collection_id = :collection AND (:folder = '' OR "
                "f.folder = :folder OR (f.folder > :folder || '/' AND f.folder < :folder || '0')) LIMIT 1",
                {"collection": collection_id, "folder": folder},
            ).fetchone()
            if there is None:
                raise CatalogError(f"There is no sub-folder {folder!r} with photos in this collection.")
            connection.execute(
                "DELETE FROM clock_shifts WHERE collection_id = ? AND folder = ?", (collection_id, folder)
            )
            if written is not None:
                connection.execute(
                    "INSERT INTO clock_shifts VALUES (?, ?, ?)", (collection_id, folder, written)
                )
            connection.execute(
                "INSERT OR IGNORE INTO stale_sequences SELECT DISTINCT collection_id, folder, 0 FROM files "
                "WHERE collection_id = ?",
                (collection_id,),
            )
