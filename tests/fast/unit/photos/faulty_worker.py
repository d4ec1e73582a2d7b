"""A reading process that fails on purpose, by the name of the file it is given."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from gallery.photos.worker import Worker, main


class FaultyWorker(Worker):
    """Hangs, crashes, lies or eats memory when a name says so; else works."""

    _poisoned = False

    def read_photo(self, path: Path) -> tuple[dict[str, Any], list[bytes]]:
        if path.name.startswith("hang"):
            time.sleep(600)
        if path.name.startswith("crash") or self._poisoned:
            os.abort()
        if path.name.startswith("killed"):
            os.kill(os.getpid(), 9)
        if path.name.startswith("poison"):
            FaultyWorker._poisoned = True
        if path.name.startswith("greedy"):
            raise MemoryError
        if path.name.startswith("lie"):
            return {"kind": "photo", "photo_id": "0"}, [b"too few pixels", b""]
        if path.name.startswith("print"):
            print("a library prints into standard output")
            sys.stdout.flush()
            os.write(1, b"\xff" * 100)
        return super().read_photo(path)


if __name__ == "__main__":
    if "--fail-to-start" in sys.argv:
        sys.exit(3)
    main(kind=FaultyWorker)
