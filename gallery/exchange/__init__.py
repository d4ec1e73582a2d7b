"""One module a format: what leaves the catalog, and what comes back as labels."""

from gallery.exchange.csv_text import safe_text
from gallery.exchange.photo_zip import ZipEntry, stream_zip
from gallery.exchange.predictions_csv import predictions_csv, write_predictions_csv
from gallery.exchange.rows import PredictionRow, prediction_rows
from gallery.exchange.verdicts_csv import verdict_rows, verdicts_csv, write_verdicts_csv

__all__ = [
    "PredictionRow",
    "ZipEntry",
    "prediction_rows",
    "predictions_csv",
    "safe_text",
    "stream_zip",
    "verdict_rows",
    "verdicts_csv",
    "write_predictions_csv",
    "write_verdicts_csv",
]
