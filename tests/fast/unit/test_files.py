"""A file is written whole or not at all, whatever comes between."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery import files
from gallery.files import open_atomic, replace_patiently, write_atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize(
    ("content", "stored"),
    [
        ("Füchse\r\n", "Füchse\r\n".encode()),
        (b"\x00\xff", b"\x00\xff"),
        ((piece for piece in (b"a", b"", b"bc")), b"abc"),
        ("", b""),
    ],
    ids=["text", "bytes", "pieces", "nothing"],
)
def test_the_content_replaces_the_older_file(
    tmp_path: Path, content: str | bytes | Iterator[bytes], stored: bytes, durable: bool
) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"an older and longer text")
    content = list(content) if isinstance(content, Iterator) else content
    write_atomic(file, content or stored, durable=durable)
    assert file.read_bytes() == stored
    assert names(tmp_path) == ["notes.txt"]


def test_a_process_killed_while_it_writes_leaves_the_older_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"older")
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gallery.files import open_atomic\n"
        "with open_atomic(Path(sys.argv[1]), durable=True) as out:\n"
        "    out.write(b'half'); out.flush(); print('half', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"half"
    child.kill()
    child.communicate(timeout=30)
    assert file.read_bytes() == b"older"
    [left] = [name for name in names(tmp_path) if name != "notes.txt"]
    assert left.startswith(".notes.txt.")
    assert left.endswith(".part")
    write_atomic(file, b"newer", durable=True)  # what was left is in nobody's way
    assert file.read_bytes() == b"newer"


def test_what_fails_while_it_writes_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the network is gone")

    file = tmp_path / "notes.txt"
    with pytest.raises(RuntimeError, match="the network is gone"):
        write_atomic(file, pieces(), durable=False)
    assert names(tmp_path) == []
    file.write_bytes(b"older")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(file, "caf\udce9", durable=False)
    assert file.read_bytes() == b"older"
    assert names(tmp_path) == ["notes.txt"]


def test_a_full_disk_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "fsync", full)
    file = tmp_path / "notes.txt"
    write_atomic(file, b"older", durable=False)  # which waits for no disk
    with pytest.raises(OSError, match="No space left"):
        write_atomic(file, b"newer", durable=True)
    assert file.read_bytes() == b"older"
    assert names(tmp_path) == ["notes.txt"]


class Busy:
    """As on Windows: a file that another program has open cannot be replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
        self.refusals = refusals
        replace = Path.replace

        def refuses(source: Path, target: Path) -> Path:
            if self.refusals and target.exists():
                self.refusals -= 1
                raise PermissionError(13, "Access is denied")
            return replace(source, target)

        monkeypatch.setattr(Path, "replace", refuses)


def test_a_file_that_is_open_elsewhere_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"older")
    busy = Busy(monkeypatch, 3)
    write_atomic(file, b"newer", durable=False)
    assert busy.refusals == 0
    assert file.read_bytes() == b"newer"


def test_a_file_that_stays_open_elsewhere_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BUSY_S", 0.0)
    file = tmp_path / "notes.txt"
    file.write_bytes(b"older")
    Busy(monkeypatch, 10**9)
    with pytest.raises(PermissionError, match="Access is denied"):
        write_atomic(file, b"newer", durable=False)
    assert file.read_bytes() == b"older"
    assert names(tmp_path) == ["notes.txt"]


def test_a_file_named_by_its_content_may_stay_where_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ab12.jpg"
    file.write_bytes(b"the same picture")
    busy = Busy(monkeypatch, 1)
    write_atomic(file, b"the same picture again", durable=False, keep_busy=True)
    assert busy.refusals == 0  # asked once, and not again
    assert file.read_bytes() == b"the same picture"
    assert names(tmp_path) == ["ab12.jpg"]


def test_a_place_that_may_not_be_written_is_an_error_even_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_source: Path, _target: Path) -> Path:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(files, "BUSY_S", 0.0)
    monkeypatch.setattr(Path, "replace", refuses)
    for keep_busy in (False, True):
        with pytest.raises(PermissionError):
            write_atomic(tmp_path / "new.jpg", b"picture", durable=False, keep_busy=keep_busy)
    assert names(tmp_path) == []


def test_a_folder_that_is_missing_or_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "no" / "notes.txt", b"text", durable=True)
    with pytest.raises(ValueError, match="empty name"):
        write_atomic(Path("/"), b"text", durable=True)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - IsADirectoryError here, PermissionError on Windows
        write_atomic(tmp_path / "folder", b"text", durable=True)
    assert names(tmp_path) == ["folder"]


def test_the_longest_name_that_a_file_may_have_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / ("ü" * 120 + ".txt")
    write_atomic(file, b"text", durable=False)
    assert file.read_bytes() == b"text"


def test_the_file_may_be_read_by_whom_the_system_lets(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"text")
    write_atomic(tmp_path / "atomic", b"text", durable=False)
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_two_that_write_the_same_file_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    with open_atomic(file, durable=False) as first:
        first.write(b"first")
        write_atomic(file, b"second", durable=False)
        first.write(b" and last")
    assert file.read_bytes() == b"first and last"
    threads = [
        threading.Thread(target=write_atomic, args=(file, letter * 100_000), kwargs={"durable": False})
        for letter in (b"a", b"b", b"c", b"d")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    content = file.read_bytes()
    assert content == content[:1] * 100_000
    assert names(tmp_path) == ["notes.txt"]


def test_a_finished_file_is_moved_once_the_other_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    Busy(monkeypatch, 2)
    with pytest.raises(PermissionError):
        replace_patiently(source, target, patience_s=0.0)
    replace_patiently(source, target)
    assert (names(tmp_path), target.read_bytes()) == (["old"], b"new")
