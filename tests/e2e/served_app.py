"""The app of ``streamlit run app.py`` with one route more, by which tests show it another home."""

from __future__ import annotations

import os

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import app as gallery
from gallery.ui.components import messages
from gallery.web import routes


async def take_environment(request: Request) -> Response:
    """Replace every GALLERY_ variable by those given, and forget what was kept of the home before."""
    given = await request.json()
    for name in [name for name in os.environ if name.startswith("GALLERY_")]:
        del os.environ[name]
    os.environ.update(given)
    st.cache_data.clear()
    st.cache_resource.clear()
    return Response(status_code=204)


app = st.App(
    gallery.script_path,
    routes=[*routes.all_routes(), Route("/tests/environment", take_environment, methods=["PUT"])],
    on_script_error=messages.show_error,
)
