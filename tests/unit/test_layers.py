"""The layer table of the design, held against the imports in the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

ROOM_ROW = {
    "app": 5, "pages": 5, "gallery.cli": 5, "gallery.__main__": 5,
    "gallery.composition": 4, "gallery.ui": 4,
    "gallery.tagging": 3, "gallery.evaluation": 3, "gallery.training": 3, "gallery.exchange": 3,
    "gallery.photos": 2, "gallery.network": 2, "gallery.catalog": 2, "gallery.model_files": 2,
    "gallery.child_process": 1, "gallery.types": 1, "gallery.errors": 1, "gallery.settings": 1, "gallery": 1,
}  # fmt: skip

MAY_USE = {
    "streamlit": {"app", "pages", "gallery.ui"},
    "starlette": {"app", "gallery.ui"},
    "plotly": {"gallery.ui"},
    "pandas": {"gallery.ui", "gallery.evaluation", "gallery.exchange", "gallery.training"},
    "keras": {"gallery.network", "gallery.training"},
    "tensorflow": {"gallery.network", "gallery.training"},
    "h5py": {"gallery.network"},
    "sqlite3": {"gallery.catalog"},
    "PIL": {"gallery.photos"},
    "pillow_heif": {"gallery.photos"},
    "cv2": {"gallery.photos"},
    "tqdm": {"gallery.cli"},
    "platformdirs": {"gallery.settings"},
}

USE_CASES_REACH = {"gallery.training": {"gallery.network"}}
"""Use cases are handed their adapters; only training reaches one itself."""


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    candidates = [room for room in ROOM_ROW if module == room or module.startswith(room + ".")]
    return max(candidates, key=len)


def source_files() -> list[Path]:
    return [REPOSITORY / "app.py", *sorted((REPOSITORY / "pages").glob("*.py")),
            *sorted((REPOSITORY / "gallery").rglob("*.py"))]  # fmt: skip


def imports_of(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, also inside functions, but not for types alone."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for child in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", source_files(), ids=module_name)
def test_every_import_goes_downward_in_the_layer_table(path: Path) -> None:
    room = room_of(module_name(path))
    row = ROOM_ROW[room]
    for imported in imports_of(path):
        package = imported.split(".")[0]
        if package in MAY_USE:
            assert room in MAY_USE[package], f"{room} must not use {package}"
        if package not in {"gallery", "pages", "app"}:
            continue
        other = room_of(imported)
        if other == room:
            continue
        assert ROOM_ROW[other] <= row, f"{room} imports {other}, which lies above it"
        if row == 2:
            assert ROOM_ROW[other] == 1, f"{room} imports {other}: adapters do not know each other"
        if row == 3:
            allowed = ROOM_ROW[other] == 1 or other in USE_CASES_REACH.get(room, set())
            assert allowed, f"{room} imports {other}: use cases are handed their parts"
        if room == "pages":
            assert ROOM_ROW[other] in {1, 4}, f"a page imports {other}: pages ask the face only"


def test_no_page_bears_the_name_of_a_package() -> None:
    taken = {path.name for path in REPOSITORY.iterdir()} | set(sys.stdlib_module_names)
    assert not {path.stem for path in (REPOSITORY / "pages").glob("*.py")} & taken


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "path",
    [
        REPOSITORY / "app.py",
        REPOSITORY / "gallery" / "__main__.py",
        *sorted((REPOSITORY / "pages").glob("*.py")),
    ],
    ids=module_name,
)
def test_importing_an_entry_loads_no_tensorflow(path: Path, tmp_path: Path) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"try: runpy.run_path({str(path)!r}, run_name='looked_at')\n"
        "except BaseException as error: print('stopped by', type(error).__name__, error)\n"
        "heavy = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, timeout=240, cwd=tmp_path,
        env={**_environment(), "GALLERY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert "HEAVY []" in run.stdout, run.stdout + run.stderr


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)
