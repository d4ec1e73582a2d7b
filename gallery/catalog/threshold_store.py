"""The threshold of the Unsure shelf that people chose for a model: confidences differ from model to model."""

from __future__ import annotations

from gallery.catalog.store import Store
from gallery.errors import CatalogError


class ThresholdStore(Store):
    """What the catalog knows of thresholds."""

    def unsure_threshold(self, model_id: str) -> float | None:
        """Return below which confidence a photo is unsure; None where nobody chose a threshold."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT threshold FROM unsure_thresholds WHERE model_id = ?", (model_id,)
            ).fetchone()
        return None if row is None else float(row[0])

    def choose_unsure_threshold(self, model_id: str, threshold: float | None) -> None:
        """Keep a threshold, or for None forget it, so that the usual one holds again.

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
