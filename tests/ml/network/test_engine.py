"""TensorFlow comes late and says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.network


def run(code: str, repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, timeout=100, check=False
    )


def test_package_store_and_arithmetic_load_no_tensorflow(repository: Path) -> None:
    code = (
        "import sys, gallery.network, gallery.network.layouts, gallery.network.precision, gallery.models\n"
        "print([name for name in ('tensorflow', 'keras', 'h5py') if name in sys.modules])"
    )
    result = run(code, repository)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_loading_and_running_tensorflow_writes_nothing_but_what_others_write(repository: Path) -> None:
    code = (
        "import sys, warnings\n"
        "import gallery.network.classifier\n"
        "from gallery.network.engine import keras, tf, without_library_notes\n"
        "print(int(keras.ops.sum(tf.ones(3))), keras.backend.backend())\n"
        "with without_library_notes():\n"
        "    print('W0000 00:00:1 a note', 'a message', sep='\\n', file=sys.stderr)\n"
    )
    result = run(code, repository)
    assert result.stdout == "3 tensorflow\n"
    assert result.stderr == "a message\n"


def test_trial_of_the_processor_gives_a_ratio() -> None:
    from gallery.network.precision import trial_speedup

    assert 0 <= trial_speedup() < 1000


def test_a_page_that_has_run_leaves_a_network_alone_that_is_being_built(repository: Path) -> None:
    """Streamlit empties the state of Keras after each run of a page, and layers would be named anew."""
    code = (
        "from streamlit.runtime.scriptrunner import script_runner\n"
        "from gallery.network.engine import keras\n"
        "first = keras.layers.Dense(1)\n"
        "script_runner._clean_problem_modules()\n"
        "print(keras.Sequential([first, keras.layers.Dense(1)]).layers[1].name)\n"
    )
    result = run(code, repository)
    assert result.stdout == "dense_1\n", result.stderr


def test_what_the_libraries_made_is_not_looked_through_for_garbage(repository: Path) -> None:
    code = (
        "import gc, gallery.network.engine\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000, len(gc.get_objects()) < 10_000)\n"
    )
    assert run(code, repository).stdout == "True True True\n"
