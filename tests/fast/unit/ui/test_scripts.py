"""What the components' scripts compute is held by Node's test runner; what they draw is seen in a browser."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[4]
COMPONENTS = REPOSITORY / "gallery" / "ui" / "components"
SCRIPTS = REPOSITORY / "tests" / "js"
LEAST_NODE = 20
STRICTNESS = ["--allowJs", "--checkJs", "--noEmit", "--strict", "false", "--skipLibCheck"]
BROWSER = ["--target", "es2023", "--lib", "es2023,dom,dom.iterable"]


def node() -> str:
    """Return where a Node.js is that is new enough, or skip."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no Node.js, which runs the scripts' tests")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < LEAST_NODE:
        pytest.skip(f"Node.js {version} is older than {LEAST_NODE}, whose clock can be set")
    return found


def components() -> dict[str, list[str]]:
    """Return the scripts of each component, in the order in which they are put together."""
    found = {}
    for path in sorted(COMPONENTS.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "assets.component":
                (scripts,) = (one.value for one in call.keywords if one.arg == "js")
                found[str(ast.literal_eval(call.args[0]))] = list(ast.literal_eval(scripts))
    return found


def test_the_scripts_pass_their_own_tests() -> None:
    files = [str(path) for path in sorted(SCRIPTS.glob("*.test.mjs"))]
    assert files
    done = subprocess.run([node(), "--test", *files], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_script_is_part_of_a_component_and_asks_for_its_types_to_be_checked() -> None:
    used = {script for scripts in components().values() for script in scripts}
    there = {path.relative_to(COMPONENTS).as_posix() for path in COMPONENTS.rglob("*.js")}
    assert used == there
    for script in used:
        assert (COMPONENTS / script).read_text("utf-8").startswith("// @ts-check\n"), script


@pytest.mark.parametrize("component", components())
def test_the_types_of_a_components_scripts_agree(component: str) -> None:
    compiler = SCRIPTS / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        pytest.skip("no TypeScript: npm install --prefix tests/js")
    files = [str(SCRIPTS / "given.d.ts"), *components()[component]]
    done = subprocess.run(
        [node(), str(compiler), *STRICTNESS, *BROWSER, *files],
        cwd=COMPONENTS, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
