"""The pool: hostile files cost their worker, and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.errors import PhotoError
from gallery.photos import pool as pool_module
from gallery.photos.decode import UnreadablePhoto, decode_photo
from gallery.photos.pool import DecodePool
from gallery.types import DecodedPhoto, SkippedFile, SkipReason
from tests.fast.unit.photos import made_photos as made

FAULTY = [sys.executable, str(Path(__file__).with_name("faulty_worker.py"))]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """A pool of real workers that survives every test of this module."""
    with DecodePool(workers=2, input_px=32, thumbnail_px=48, timeout_s=30) as pool:
        yield pool


@pytest.fixture(scope="module")
def photo_bytes() -> bytes:
    return made.encoded(made.scene(90, 60), "JPEG")


def write_many(folder: Path, data: bytes, names: list[str]) -> list[Path]:
    return [made.write(folder, name, data) for name in names]


def by_name(results: Iterator[DecodedPhoto | SkippedFile]) -> dict[str, str]:
    """Return "photo" or the reason, for each file name."""
    outcome: dict[str, str] = {}
    for result in results:
        assert result.path.name not in outcome, "each file is reported once"
        outcome[result.path.name] = "photo" if isinstance(result, DecodedPhoto) else result.reason.value
    return outcome


def test_what_comes_through_a_worker_is_what_the_loader_gives(pool: DecodePool, tmp_path: Path) -> None:
    facts = made.exif(make="Reconyx", taken="2024:05:01 06:12:09", orientation=6)
    path = made.write(tmp_path, "a.jpg", made.encoded(made.corners(), "JPEG", exif=facts))
    (got,) = pool.decode([path])
    expected = decode_photo(path, input_px=32, thumbnail_px=48)
    assert isinstance(got, DecodedPhoto)
    np.testing.assert_array_equal(got.model_input, expected.model_input)
    assert (got.path, got.photo_id, got.metadata, got.thumbnail_jpeg) == (
        path,
        expected.photo_id,
        expected.metadata,
        expected.thumbnail_jpeg,
    )


def test_every_path_gives_one_result(pool: DecodePool, tmp_path: Path, photo_bytes: bytes) -> None:
    paths = write_many(tmp_path, photo_bytes, [f"{n}.jpg" for n in range(50)])
    assert by_name(pool.decode(iter(paths))) == {path.name: "photo" for path in paths}
    assert list(pool.decode([])) == []


def test_hostile_files_are_reported_and_the_others_are_read(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    for name, (build, _) in made.HOSTILE.items():
        made.write(tmp_path, name, build())
        made.write(tmp_path, f"good after {name}", photo_bytes)
    expected = {name: reason for name, (_, reason) in made.HOSTILE.items()}
    expected |= {f"good after {name}": "photo" for name in made.HOSTILE}
    assert by_name(pool.decode(sorted(tmp_path.iterdir()))) == expected


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_names_that_are_not_utf8_come_back_unchanged(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    path = made.write(tmp_path, os.fsdecode(b"caf\xe9 \xff.jpg"), photo_bytes)
    (result,) = pool.decode([path])
    assert isinstance(result, DecodedPhoto)
    assert os.fsencode(result.path) == os.fsencode(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_named_pipe_hangs_nobody(pool: DecodePool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert by_name(pool.decode([tmp_path / "pipe.jpg"])) == {"pipe.jpg": "not a regular file"}


def test_paths_are_pulled_as_results_are_consumed(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    paths = write_many(tmp_path, photo_bytes, [f"{n}.jpg" for n in range(200)])
    pulled: list[Path] = []

    def noted() -> Iterator[Path]:
        for path in paths:
            pulled.append(path)
            yield path

    results = pool.decode(noted())
    assert pulled == []
    next(results)
    most_ahead = 2 * pool_module.TASKS_AHEAD * pool_module.TASK_PHOTOS
    assert len(pulled) <= most_ahead
    results.close()  # type: ignore[attr-defined]
    assert len(pulled) <= most_ahead
    assert len(by_name(pool.decode(paths[:5]))) == 5  # the pool still works


def test_a_fault_of_the_paths_reaches_the_consumer(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    path = made.write(tmp_path, "a.jpg", photo_bytes)

    def failing() -> Iterator[Path]:
        yield path
        raise RuntimeError("the scan failed")

    with pytest.raises(RuntimeError, match="the scan failed"):
        list(pool.decode(failing()))


def test_two_consumers_share_one_pool(pool: DecodePool, tmp_path: Path, photo_bytes: bytes) -> None:
    paths = write_many(tmp_path, photo_bytes, [f"{n}.jpg" for n in range(30)])
    first, second = pool.decode(paths), pool.decode(paths)
    counts = [sum(1 for _ in results) for results in (zip(first, second, strict=True), first, second)]
    assert counts == [30, 0, 0]


def test_the_large_view_is_served_to_many_threads(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    path = made.write(tmp_path, "a.jpg", photo_bytes)
    sizes: list[tuple[int, int]] = []

    def look() -> None:
        with Image.open(io.BytesIO(pool.large_jpeg(path, 45))) as image:
            sizes.append(image.size)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [(45, 30)] * 8


def test_the_large_view_shows_the_photo_that_was_tagged_or_none(
    pool: DecodePool, tmp_path: Path, photo_bytes: bytes
) -> None:
    path = made.write(tmp_path, "a.jpg", photo_bytes)
    photo_id = hashlib.sha256(photo_bytes).hexdigest()
    assert pool.large_jpeg(path, 40, photo_id=photo_id) == pool.large_jpeg(path, 40)
    made.write(tmp_path, "a.jpg", made.encoded(made.corners(), "JPEG"))
    with pytest.raises(UnreadablePhoto, match="Another picture has taken its place"):
        pool.large_jpeg(path, 40, photo_id=photo_id)


def test_the_large_view_of_a_damaged_file_raises_its_reason(pool: DecodePool, tmp_path: Path) -> None:
    path = made.write(tmp_path, "a.jpg", made.HOSTILE["truncated.jpg"][0]())
    with pytest.raises(UnreadablePhoto) as caught:
        pool.large_jpeg(path, 100)
    assert caught.value.skipped.reason is SkipReason.DAMAGED


@pytest.mark.slow
def test_a_file_that_is_truly_slow_is_given_up_and_the_others_are_read(
    tmp_path: Path, photo_bytes: bytes
) -> None:
    slow = made.write(tmp_path, "slow.jpg", made.slow_jpeg())
    good = write_many(tmp_path, photo_bytes, [f"{n}.jpg" for n in range(12)])
    start = time.monotonic()
    with DecodePool(workers=1, input_px=32, thumbnail_px=48, timeout_s=3) as pool:
        outcome = by_name(pool.decode([*good[:2], slow, *good[2:]]))
    assert outcome == {"slow.jpg": "took too long to read"} | {path.name: "photo" for path in good}
    assert time.monotonic() - start < 60  # of 95 s that its 4,000 scans take


@pytest.mark.slow
def test_faults_of_a_worker_cost_only_their_file(tmp_path: Path, photo_bytes: bytes) -> None:
    faults = {
        "hang 1.jpg": "took too long to read",
        "hang 2.jpg": "took too long to read",
        "crash 1.jpg": "crashed the reader",
        "crash 2.jpg": "crashed the reader",
        "lie.jpg": "crashed the reader",
        "greedy.jpg": "needs too much memory",
        "print.jpg": "photo",
    }
    if sys.platform != "win32":
        faults["killed.jpg"] = "needs too much memory"
    names = [f"{n}.jpg" for n in range(24)]
    for index, name in enumerate(faults):
        names.insert(3 * index + 1, name)
    paths = write_many(tmp_path, photo_bytes, names)
    with DecodePool(workers=2, input_px=32, thumbnail_px=48, timeout_s=3, command=FAULTY) as pool:
        assert by_name(pool.decode(paths)) == {name: faults.get(name, "photo") for name in names}


def test_a_file_is_not_blamed_for_what_an_earlier_one_did_to_the_worker(
    tmp_path: Path, photo_bytes: bytes
) -> None:
    paths = write_many(tmp_path, photo_bytes, ["poison.jpg", "innocent.jpg", "another.jpg"])
    with DecodePool(workers=1, input_px=32, thumbnail_px=48, command=FAULTY) as pool:
        assert set(by_name(pool.decode(paths)).values()) == {"photo"}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no limit of the address space there")
def test_a_file_that_needs_too_much_memory_says_so_and_the_next_is_read(
    tmp_path: Path, photo_bytes: bytes
) -> None:
    large = made.encoded(Image.new("RGB", (6_000, 6_000)), "BMP")  # 108 MB, 144 MB decoded
    paths = [made.write(tmp_path, "a.bmp", large), made.write(tmp_path, "b.jpg", photo_bytes)]
    limit = 400 * 1024**2
    with DecodePool(workers=1, input_px=32, thumbnail_px=48, memory_limit_bytes=limit) as pool:
        assert by_name(pool.decode(paths)) == {"a.bmp": "needs too much memory", "b.jpg": "photo"}


def test_workers_that_do_not_start_blame_no_file(tmp_path: Path, photo_bytes: bytes) -> None:
    path = made.write(tmp_path, "a.jpg", photo_bytes)
    for command in ([*FAULTY, "--fail-to-start"], [str(tmp_path / "no such program")]):
        with (
            DecodePool(input_px=32, command=command) as pool,
            pytest.raises(PhotoError, match="did not start"),
        ):
            list(pool.decode([path]))


def test_closing_ends_a_worker_in_the_middle_of_a_photo(tmp_path: Path, photo_bytes: bytes) -> None:
    path = made.write(tmp_path, "hang.jpg", photo_bytes)
    pool = DecodePool(workers=1, input_px=32, timeout_s=60, command=FAULTY)
    faults: list[BaseException] = []

    def consume() -> None:
        try:
            list(pool.decode([path]))
        except PhotoError as exc:
            faults.append(exc)

    consumer = threading.Thread(target=consume)
    consumer.start()
    while not made.worker_pids(pool):
        time.sleep(0.01)
    start = time.monotonic()
    pool.close()
    consumer.join(10)
    assert time.monotonic() - start < 10
    assert not consumer.is_alive()
    assert len(faults) == 1
    assert made.worker_pids(pool) == []
    pool.close()  # twice is fine
    with pytest.raises(PhotoError, match="closed"):
        list(pool.decode([path]))
    with pytest.raises(PhotoError, match="closed"):
        pool.large_jpeg(path, 10)


def is_running(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.returncode == 0 and not listed.stdout.strip().startswith("Z")


@pytest.mark.skipif(sys.platform == "win32", reason="asks ps")
@pytest.mark.parametrize("name", ["idle.jpg", "hang.jpg"])
def test_workers_end_with_their_parent_however_it_ends(
    repository: Path, tmp_path: Path, photo_bytes: bytes, name: str
) -> None:
    made.write(tmp_path, name, photo_bytes)
    program = (
        "import sys, time, threading, pathlib\n"
        "from gallery.photos.pool import DecodePool\n"
        f"pool = DecodePool(workers=1, input_px=32, timeout_s=600, command={FAULTY!r})\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "threading.Thread(target=lambda: list(pool.decode([path])), daemon=True).start()\n"
        "while not pool._processes: time.sleep(0.01)\n"
        "time.sleep(0.5)\n"
        "print(pool._processes[0]._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / name)], stdout=subprocess.PIPE, cwd=repository
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_running(worker)
        parent.kill()
    deadline = time.monotonic() + 10
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)


def test_a_worker_imports_neither_tensorflow_nor_streamlit_nor_opencv(repository: Path) -> None:
    program = (
        "import sys, gallery.photos.worker; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=repository
    )
    heavy = {"tensorflow", "keras", "streamlit", "cv2", "pandas", "plotly", "scipy", "sqlite3"}
    assert not heavy & set(done.stdout.split())


def test_a_pool_needs_a_worker() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        DecodePool(workers=0, input_px=32)
