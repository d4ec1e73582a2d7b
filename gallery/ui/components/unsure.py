"""Below which confidence a photo lies on the Unsure shelf: as the view says, else as chosen on Evaluate."""

from __future__ import annotations

from gallery.services import wiring
from gallery.settings import UNSURE_BELOW
from gallery.ui.components import view_state


def chosen(model_id: str) -> float | None:
    """Return the threshold that people chose for a model; None where nobody did."""
    return wiring.catalog().unsure_threshold(model_id)


def threshold(model_id: str, in_view: float | None = None) -> float:
    """Return the threshold that holds: a view's own, the one chosen for the model, or the usual one."""
    if in_view is not None:
        return in_view
    kept = chosen(model_id)
    return UNSURE_BELOW if kept is None else kept


def choose(model_id: str, threshold: float | None) -> None:
    """Keep a model's threshold from now on; None goes back to the usual one.

    What this session had set in Browse gives way to it.

    Raises:
        CatalogError: it is no share of 1, or cannot be kept.
    """
    wiring.catalog().choose_unsure_threshold(model_id, threshold)
    view_state.change(unsure_below=None)
