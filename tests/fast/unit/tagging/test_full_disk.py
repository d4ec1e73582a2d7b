"""A disk that is really full while photos are tagged: a small file system in memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.catalog.database import integrity_problem
from gallery.errors import GalleryError
from gallery.services import wiring
from tests.fast.unit.cli.colour_place import ColourClassifier, Place

pytestmark = pytest.mark.slow


def mounted(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, timeout=20, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or not shutil.which("mount"):
        pytest.skip("only Linux has file systems in memory that a test may make")
    if not mounted("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)):
        pytest.skip("mounting needs rights that this account lacks")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], timeout=20, check=True)


def test_a_full_disk_ends_the_run_with_a_sentence_and_what_was_kept_stays(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: ColourClassifier())
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "none"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    place = Place(small_disk)
    originals = tmp_path / "originals"
    originals.mkdir()
    random = np.random.default_rng(0)
    for number in range(120):  # noise: a thumbnail is some 60 KB
        Image.fromarray(random.integers(0, 256, (320, 320, 3), np.uint8)).save(originals / f"{number}.png")

    from gallery.services import tagging

    def tag() -> int:
        return tagging.tag_folder(
            originals, place.settings, "colours",
            cluster=None, note=print, on_progress=print, cancelled=lambda: False,
        ).tagged  # fmt: skip

    with pytest.raises(GalleryError, match=r"(?i)room|space|disk"):
        tag()
    with wiring.composed(place.settings) as parts:
        kept = parts.catalog.prediction_table(1, "colours")
        assert 0 < len(kept) < 120
        assert parts.catalog.features("colours", kept.photo_ids).shape == (len(kept), 3)
    assert integrity_problem(place.settings.catalog_dir / "catalog.sqlite3") is None

    assert mounted("-o", "remount,size=64m", str(small_disk))
    tag()
    with wiring.composed(place.settings) as parts:
        assert not parts.catalog.pending_files(1, "colours")
        table = parts.catalog.prediction_table(1, "colours")
        assert len(table) == 120
        assert parts.catalog.features("colours", table.photo_ids).shape == (120, 3)
        assert parts.catalog.give_up_damaged() == {"colours": (120, 0)}
    assert integrity_problem(place.settings.catalog_dir / "catalog.sqlite3") is None
