"""The layer table of docs/architecture.md, held against the imports in the code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

ROWS: dict[str, tuple[str, ...]] = {
    "faces": ("app", "pages", "gallery.__main__", "gallery.ui", "gallery.web", "gallery.cli"),
    "services": ("gallery.services",),
    "work": ("gallery.tagging", "gallery.training", "gallery.learning", "gallery.exchange"),
    "charts": ("gallery.charts",),
    "logic": ("gallery.evaluation", "gallery.explanation", "gallery.jobs"),
    "datasets": ("gallery.datasets",),
    "adapters": ("gallery.photos", "gallery.network", "gallery.catalog", "gallery.models"),
    "nouns": tuple(
        f"gallery{name}"
        for name in (
            "",
            ".types",
            ".errors",
            ".settings",
            ".files",
            ".words",
            ".class_styles",
            ".clock_shift",
        )
    ),
}
"""From top to bottom; a room imports only what MAY_IMPORT says of its row."""

MAY_IMPORT = {
    "faces": {"faces", "services", "work", "charts", "logic", "datasets", "nouns"},
    "services": {"work", "logic", "datasets", "adapters", "nouns"},
    "work": {"work", "charts", "logic", "datasets", "nouns"},
    "charts": {"logic", "datasets", "nouns"},
    "logic": {"datasets", "nouns"},
    "datasets": {"nouns"},
    "adapters": {"nouns"},
    "nouns": {"nouns"},
}
RESULT_TYPES_ONLY = {("faces", "work"), ("faces", "logic"), ("faces", "datasets")}
"""A face imports classes and constants of these rows, never a function or a module."""

REACHES = {"gallery.training": {"gallery.network"}}
"""Work is handed its adapters; only training reaches one itself."""

MAY_USE: dict[str, set[str]] = {
    "streamlit": {"app", "pages", "gallery.ui", "gallery.web", "gallery.cli.app"},
    "starlette": {"gallery.web"},
    "plotly": {"gallery.charts", "gallery.exchange.report", "gallery.ui"},
    "jinja2": {"gallery.exchange.report"},
    "pandas": {"gallery.ui", "gallery.evaluation"},
    "keras": {"gallery.network", "gallery.training"},
    "tensorflow": {"gallery.network", "gallery.training"},
    "keras_tuner": {"gallery.training"},
    "sklearn": {
        "gallery.datasets",
        "gallery.evaluation",
        "gallery.explanation",
        "gallery.learning",
        "gallery.training",
    },
    "scipy": {
        "gallery.datasets",
        "gallery.evaluation",
        "gallery.explanation",
        "gallery.learning",
        "gallery.network",
        "gallery.training",
    },
    "threadpoolctl": {"gallery.learning"},
    "faiss": {"gallery.learning.nearest"},
    "numpy": {"gallery"},
    "sqlite3": {"gallery.catalog"},
    "distributed": {"gallery.services.cluster", "gallery.tagging.cluster"},
    "PIL": {"gallery.photos"},
    "pillow_heif": {"gallery.photos"},
    "cv2": {"gallery.photos"},
    "tqdm": {"gallery.cli"},
    "platformdirs": {"gallery.settings"},
}
"""Every library from outside, and the rooms that may import it."""


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def source_files() -> list[Path]:
    return [REPOSITORY / "app.py", *sorted((REPOSITORY / "pages").glob("*.py")),
            *sorted((REPOSITORY / "gallery").rglob("*.py"))]  # fmt: skip


MODULES = {module_name(path): path for path in source_files()}


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def room_of(module: str) -> str:
    """Return the longest room of the table in which a module lies."""
    rooms = [room for row in ROWS.values() for room in row if inside(module, room)]
    assert rooms, f"{module} has no room in the table"
    return max(rooms, key=len)


def row_of(room: str) -> str:
    return next(row for row, rooms in ROWS.items() if room in rooms)


def imports_of(path: Path, *, for_types: bool = False) -> Iterator[tuple[str, str | None]]:
    """Yield (module, imported name or None) of every import, also inside functions."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for child in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only and not for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full, None) if full in MODULES else (node.module, alias.name)


def problems_of(module: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield (imported, reason) for each import that the table forbids."""
    room = room_of(module)
    row = row_of(room)
    for imported, name in imports_of(path):
        package = imported.split(".")[0]
        if package in sys.stdlib_module_names or package == "__future__":
            if package in MAY_USE and not any(inside(module, place) for place in MAY_USE[package]):
                yield imported, f"{room} must not use {package}"
            continue
        if package not in {"gallery", "pages", "app"}:
            if package not in MAY_USE:
                yield imported, f"{package} is not in the table of libraries"
            elif not any(inside(module, place) for place in MAY_USE[package]):
                yield imported, f"{room} must not use {package}"
            continue
        other = room_of(imported)
        if other == room or other in REACHES.get(room, set()):
            continue
        if row_of(other) not in MAY_IMPORT[row]:
            yield imported, f"{room} ({row}) must not import {other} ({row_of(other)})"
        elif (row, row_of(other)) in RESULT_TYPES_ONLY and not (name or "")[:1].isupper():
            yield imported, f"{room} may import result types of {other} only, not {name or 'a module'}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_import_goes_downward_in_the_layer_table(module: str) -> None:
    assert not dict(problems_of(module, MODULES[module]))


def test_every_room_of_the_package_is_in_the_table() -> None:
    rooms = {room for row in ROWS.values() for room in row}
    found = {name for name in MODULES if name.count(".") == 1 and name.startswith("gallery.")}
    assert found == {room for room in rooms if room.startswith("gallery.")}


@pytest.mark.parametrize("room", ["pages", "gallery.ui", "gallery.web"])
def test_pages_and_routes_ask_use_cases_and_touch_no_store(room: str) -> None:
    """What they may take from the composition root is no adapter: cards, settings, a name, work under way."""
    allowed = {"settings", "active_model", "shown_model", "person", "tasks"}
    taken = {
        (module, node.attr)
        for module, path in MODULES.items()
        if inside(module, room)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "wiring"
    }
    assert not {(module, name) for module, name in taken if name not in allowed}


def test_the_routes_stand_apart_from_the_pages() -> None:
    routes = [path for module, path in MODULES.items() if inside(module, "gallery.web")]
    assert not [name for path in routes for name, _ in imports_of(path) if inside(name, "gallery.ui")]


def test_no_modules_import_each_other_in_a_circle() -> None:
    edges = {
        module: {other for other, _ in imports_of(path, for_types=True)} & set(MODULES) - {module}
        for module, path in MODULES.items()
    }
    done: set[str] = set()
    circles: list[list[str]] = []

    def follow(module: str, trail: list[str]) -> None:
        if module in trail:
            circles.append([*trail[trail.index(module) :], module])
            return
        if module in done:
            return
        for other in sorted(edges[module]):
            follow(other, [*trail, module])
        done.add(module)

    for module in sorted(edges):
        follow(module, [])
    assert not circles


def test_research_is_never_imported_by_the_product() -> None:
    for path in MODULES.values():
        assert not [name for name, _ in imports_of(path) if inside(name, "research")], path


def test_no_page_bears_the_name_of_a_package() -> None:
    taken = {path.name for path in REPOSITORY.iterdir()} | set(sys.stdlib_module_names)
    assert not {path.stem for path in (REPOSITORY / "pages").glob("*.py")} & taken


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_importing_an_entry_loads_no_tensorflow(tmp_path: Path) -> None:
    pages = sorted((REPOSITORY / "pages").glob("*.py"))
    entries = [REPOSITORY / "app.py", REPOSITORY / "gallery" / "__main__.py", *pages]
    code = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"for path in {[str(path) for path in entries]!r}:\n"
        "    try: runpy.run_path(path, run_name='looked_at')\n"
        "    except BaseException as error: print('stopped by', type(error).__name__, error)\n"
        "    print(path, 'HEAVY', sorted({'tensorflow', 'keras'} & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, timeout=240, cwd=tmp_path,
        env={**os.environ, "GALLERY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert [line for line in run.stdout.splitlines() if "HEAVY" in line] == [
        f"{path} HEAVY []" for path in entries
    ], run.stdout + run.stderr
