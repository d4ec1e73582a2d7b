"""The documents are true: the files they name are there, and the layer table is the one that is tested."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from tests.fast.unit.test_layers import MAY_IMPORT, MAY_USE, REACHES, REPOSITORY, RESULT_TYPES_ONLY, ROWS

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])
NAMED = re.compile(r"`((?:[\w.-]+/)*[\w.-]*(?:\.(?:py|js|css|md|toml|yaml|txt)|(?<=[\w-])/))`")
"""A path in backticks: a file of the repository, or a folder with its slash."""


def named_files() -> list[tuple[str, str]]:
    return [
        (document.relative_to(REPOSITORY).as_posix(), path)
        for document in DOCUMENTS
        for path in dict.fromkeys(NAMED.findall(document.read_text("utf-8")))
        if "/" in path
    ]


@pytest.mark.parametrize(("document", "path"), named_files())
def test_every_file_that_a_document_names_exists(document: str, path: str) -> None:
    assert (REPOSITORY / path).exists(), f"{document} names {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def room(name: str) -> str:
    return "`gallery`" if name == "gallery" else f"`{name.removeprefix('gallery.')}`"


def rooms(names: Iterable[str]) -> str:
    return " ".join(room(name) for name in names)


def layer_table() -> str:
    """The table of tests/fast/unit/test_layers.py as docs/architecture.md shows it."""
    lines = ["| row | rooms | imports, beside itself |", "|---|---|---|"]
    for row, names in ROWS.items():
        below = []
        for other in ROWS:
            if other in MAY_IMPORT[row] and other != row:
                below.append(f"result types of {other}" if (row, other) in RESULT_TYPES_ONLY else other)
        reaching = [f"{room(a)} also {rooms(sorted(b))}" for a, b in REACHES.items() if a in names]
        lines.append(f"| {row} | {rooms(names)} | {', '.join(below + reaching) or 'nothing'} |")
    return "\n".join(lines)


def library_table() -> str:
    """The table of libraries in the same way."""
    lines = ["| library | rooms that import it |", "|---|---|"]
    lines += [f"| {library} | {rooms(sorted(names))} |" for library, names in MAY_USE.items()]
    return "\n".join(lines)


def test_the_layer_table_in_the_architecture_is_the_one_that_is_tested() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    for table in (layer_table(), library_table()):
        assert table in text, "write this into docs/architecture.md:\n" + table
