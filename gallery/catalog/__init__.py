"""The store: photos, predictions, corrections and jobs in SQLite; vectors and cams in flat files beside it."""
