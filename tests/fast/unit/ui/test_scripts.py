"""What the components' scripts compute is held by Node's test runner; what they draw is seen in a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "js"
LEAST_NODE = 20


def test_the_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js, which runs the scripts' tests")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < LEAST_NODE:
        pytest.skip(f"Node.js {version.strip()} is older than {LEAST_NODE}, whose clock can be set")
    files = [str(path) for path in sorted(SCRIPTS.glob("*.test.mjs"))]
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
