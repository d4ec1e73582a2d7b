"""The entry: ``streamlit run app.py`` serves this app and its photos."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager

from gallery.services import evaluate
from gallery.ui import frame
from gallery.ui.components import messages
from gallery.web import routes

PAGES = Path(__file__).resolve().parent / "pages"

if runtime.exists():
    st.set_page_config(
        page_title="Smart Gallery", page_icon=frame.ICON, layout="wide", initial_sidebar_state="auto"
    )
    frame.style()
    pages = frame.pages(PAGES)
    page = st.navigation(pages, position="top")
    frame.narrow_links(pages)
    with messages.boundary():
        page.run()
else:
    # Else the first address that a new server is asked for, if it is a page's, would run without this frame.
    PagesManager.uses_pages_directory = False
    app = st.App(Path(__file__).resolve(), routes=routes.all_routes(), on_script_error=messages.show_error)
    evaluate.load_libraries_soon()
