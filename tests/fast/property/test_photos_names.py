"""Whatever a file is called, it lands inside its folder under a name that every system takes."""

from __future__ import annotations

import tempfile
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery.photos.names import safe_component, safe_relative
from gallery.photos.uploads import UploadArea
from tests.counts import examples

NAMES = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="./\\:~ aCON\0\udce9", max_size=30),
    st.lists(st.sampled_from(["..", ".", "", "CON", "a", "C:", "~", "x" * 300, "é" * 200]), max_size=20).map(
        "/".join
    ),
)


@example(name=". .0")
@given(name=NAMES)
def test_components_are_safe_everywhere_and_stay_so(name: str) -> None:
    for part in (safe_component(name), *safe_relative(name)):
        if part == "":
            continue
        assert part not in (".", "..")
        assert not set(part) & set('/\\<>:"|?*\0\n')
        assert len(part.encode("utf-8")) <= 240
        assert part == part.strip()
        assert not part.endswith(".")
        assert not part.startswith(".")
        assert not PureWindowsPath(part).is_reserved()
        assert safe_component(part) == part


@pytest.fixture(scope="module")
def area() -> UploadArea:
    return UploadArea(Path(tempfile.mkdtemp()) / "uploads")


@settings(deadline=None, max_examples=examples(60))
@given(name=NAMES)
def test_every_upload_stays_inside_its_folder(area: UploadArea, name: str) -> None:
    folder = area.begin(name)
    path = area.receive(folder, f"{name}/fox.jpg", [b"1"])
    assert folder in path.resolve().parents
    assert path.suffix == ".jpg"
    assert path.read_bytes() == b"1"
