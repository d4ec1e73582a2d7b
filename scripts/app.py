"""Start the app; words given here go on to ``streamlit run``."""

from __future__ import annotations

import sys

from _environment import run

run("streamlit", "run", "app.py", *sys.argv[1:])
