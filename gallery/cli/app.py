"""``smart-gallery`` without a word: the app in the browser."""

from __future__ import annotations

from collections.abc import Sequence

from streamlit.web import cli as streamlit_cli

from gallery.settings import app_folder


def open_app(options: Sequence[str]) -> int:
    """Serve the app until Ctrl+C, and return the exit code.

    The options beside app.py win over those of the folder that the program is started in, so the app
    listens on this machine only wherever that is.

    Args:
        options: of Streamlit's own, such as ``--server.port 8600``.
    """
    try:
        streamlit_cli.main(["run", str(app_folder() / "app.py"), *options])
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else 1
    return 0
