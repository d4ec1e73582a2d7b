"""The evaluation as one HTML file: the button under Downloads, and the HTTP route behind it.

GET download/report/{model_id}/{collection_id}   ?labels=people  ?trained=count, as in Evaluate's address
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gallery.exchange.photo_zip import portable_name
from gallery.services import report as report_service
from gallery.services import wiring
from gallery.types import display_path
from gallery.ui.evaluate import evaluations
from gallery.ui.evaluate.folder import EvaluatedFolder, Labels
from gallery.web.guard import SAFE, NotAnIdError, guarded

PATH = "/download/report"
_LABELS_FROM = {
    Labels.FOLDERS: "the names of the sub-folders",
    Labels.PEOPLE: "what people said of the photos in the gallery",
}


def all_routes(base: str) -> list[BaseRoute]:
    """Return the route."""
    return [Route(f"{base}{PATH}/{{model_id}}/{{collection_id}}", guarded(report_file), methods=["GET"])]


def show(folder: EvaluatedFolder, *, base: str) -> None:
    """Show the button that makes and downloads the report of what Evaluate shows now."""
    asked = {name: st.query_params[name] for name in ("labels", "trained") if name in st.query_params}
    address = f"{base}{PATH}/{folder.report.model_id}/{folder.collection_id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            "Report (HTML)",
            f"{address}?{urlencode(asked)}" if asked else address,
            icon=":material/download:",
            width=280,
            help="Takes some seconds: the photos are copied into it.",
        )
        st.markdown(
            "all of this page in one file: numbers, matrix, photos, heatmaps, model card. It opens anywhere, "
            "without the gallery",
            width="content",
        )


def report_file(request: Request) -> Response:
    """Answer with the report of a collection; it is made now."""
    number = request.path_params["collection_id"]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotAnIdError
    asked = request.query_params.get("labels", "")
    labels = Labels(asked) if asked in list(Labels) else Labels.FOLDERS
    card = wiring.models().card(request.path_params["model_id"])
    folder = evaluations.find(int(number), card.model_id, labels)
    if request.query_params.get("trained") != "count":
        folder = folder.unseen
    made = report_service.html_report(
        wiring.parts(),
        folder.evaluation,
        card,
        root=folder.root,
        labels_from=_LABELS_FROM[labels],
        left_out=0 if folder.left_out is None else folder.left_out.report.n,
    )
    name = portable_name(display_path(folder.root).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1])
    return Response(
        made.html.encode("utf-8"),
        media_type="text/html; charset=utf-8",
        headers={
            **SAFE,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}_report.html",
        },
    )
