"""An evaluation as one HTML file that opens anywhere: no server, no network."""

from gallery.exchange.report.contents import Pictures, ReportContents, Thumbnail
from gallery.exchange.report.file import (
    REPORT_LIMIT_BYTES,
    ReportFile,
    check_report_place,
    html_report,
    write_html_report,
)

__all__ = [
    "REPORT_LIMIT_BYTES",
    "Pictures",
    "ReportContents",
    "ReportFile",
    "Thumbnail",
    "check_report_place",
    "html_report",
    "write_html_report",
]
