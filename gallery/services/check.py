"""Is everything there that tagging needs, and is it whole?"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gallery import words
from gallery.errors import GalleryError
from gallery.services import wiring
from gallery.settings import Settings, app_folder
from gallery.types import SkippedFile, display_path

if TYPE_CHECKING:
    from gallery.models import ModelEntry, ModelStore

FREE_DISK_BYTES = 1_000_000_000
"""Thumbnails, predictions and maps of 50,000 photos: 20 KB a photo."""

NAMED_AT_MOST = 5
"""Files that a sentence names one by one."""

UNDER_WAY_S = 3600.0
"""A thumbnail younger than this may be of a photo that is being read."""

PYTHON_LEAST = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and how it was found; a detail of something wrong ends with the remedy."""

    name: str
    ok: bool
    detail: str


def findings(settings: Settings, model_id: str | None, *, content: bool, repair: bool) -> Iterator[Finding]:
    """Yield what is found, one part after the other.

    Args:
        settings: where things are.
        model_id: the model that is looked at; None looks at all of them.
        content: whether all photos, features and maps are read, to find what changed under an unchanged
            size and date or is damaged.
        repair: whether thumbnails that belong to no photo are removed.
    """
    for name, check in _checks(settings, model_id, content=content, repair=repair):
        try:
            yield Finding(name, True, check())
        except (GalleryError, OSError) as exc:
            yield Finding(name, False, str(exc))


def _checks(
    settings: Settings, model_id: str | None, *, content: bool, repair: bool
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield what is looked at, with what says how it is, or raises what is wrong with it."""
    in_catalog = partial(_in_catalog, settings)
    yield "python", check_python
    for package, least in required_versions().items():
        yield package, partial(check_library, package, least)
    yield "home", partial(check_home, settings.home)
    yield "disk", partial(check_disk, settings.home)
    yield "catalog", partial(check_catalog, settings)
    yield "folders", partial(in_catalog, "none was opened yet", check_folders)
    yield "leftovers", partial(in_catalog, "none", partial(check_leftovers, repair=repair))
    if content:
        yield "content", partial(in_catalog, "no photos yet", check_content)
        yield "features and maps", partial(in_catalog, "none yet", check_records)
    yield "reading photos", check_reading
    yield "HEIC (optional)", check_heic
    store = wiring.model_store(settings)
    entries = [entry for entry in store.entries() if model_id in (None, entry.model_id)]
    for entry in entries:
        yield f"model {entry.model_id}", partial(check_model, store, entry)
    if not entries:
        yield "model", partial(_no_model, store, model_id)
    yield "network", partial(check_network, store, model_id)


def check_python() -> str:
    """Return the version of Python.

    Raises:
        GalleryError: it is too old.
    """
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < PYTHON_LEAST:
        asked = ".".join(map(str, PYTHON_LEAST))
        raise GalleryError(f"{found}, but {asked} is needed. Install a newer Python.")
    return found


def check_library(package: str, least: str) -> str:
    """Return the version of a library.

    Raises:
        GalleryError: it is not installed, or older than the least version.
    """
    try:
        found = metadata.version(package)
    except metadata.PackageNotFoundError as exc:
        raise GalleryError("is not installed. Run: pip install -r requirements.txt") from exc
    if _numbers(found) < _numbers(least):
        raise GalleryError(f"{found}, but {least} is needed. Run: pip install -r requirements.txt")
    return found


def required_versions() -> dict[str, str]:
    """Return the least version of each library, as the app's requirements.txt says; else none."""
    try:
        lines = (app_folder() / "requirements.txt").read_text("utf-8").splitlines()
    except OSError:
        return {}
    found = (re.match(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def check_home(home: Path) -> str:
    """Return that the app's directory can be written; it is made if it is not there.

    Raises:
        GalleryError: it cannot.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"written")
    except OSError as exc:
        raise GalleryError(
            f"{display_path(home)} cannot be written: {exc.strerror or exc}. Set GALLERY_HOME or --home to a "
            "folder that can."
        ) from exc
    return f"{display_path(home)} can be written"


def check_disk(home: Path) -> str:
    """Return how much room the disk of the app's directory has.

    Raises:
        GalleryError: too little for a large collection, or nobody knows.
    """
    place = next((folder for folder in [home, *home.parents] if folder.exists()), home)
    try:
        free = shutil.disk_usage(place).free
    except OSError as exc:
        raise GalleryError(f"the free space of {display_path(place)} is not known: {exc}.") from exc
    found = f"{free / 1e9:.1f} GB free"
    if free < FREE_DISK_BYTES:
        raise GalleryError(f"{found}. Free some, or set GALLERY_HOME to another disk.")
    return found


def check_catalog(settings: Settings) -> str:
    """Return what the catalog holds.

    Raises:
        GalleryError: it is damaged, or cannot be opened.
    """
    from gallery.catalog.database import integrity_problem

    file = settings.catalog_dir / "catalog.sqlite3"
    if not file.exists():
        return "none yet; it is made when the first folder is opened"
    problem = integrity_problem(file)
    if problem is not None:
        raise GalleryError(
            f"{display_path(file)} is damaged ({problem}). Move the folder {display_path(file.parent)} aside "
            "or put back a copy of it; the photos themselves are untouched."
        )
    with wiring.composed(settings) as parts:
        collections = parts.catalog.collections()
        return (
            f"whole; {sum(one.photo_count for one in collections):,} photos in "
            f"{len(collections):,} opened folders and uploads, tagged by "
            f"{', '.join(parts.catalog.models_used()) or 'no model yet'}"
        )


def _in_catalog(settings: Settings, before: str, ask: Callable[[wiring.Parts], str]) -> str:
    """Return what is found in the catalog; `before` where there is none yet."""
    if not (settings.catalog_dir / "catalog.sqlite3").exists():
        return before
    with wiring.composed(settings) as parts:
        return ask(parts)


def check_folders(parts: wiring.Parts) -> str:
    """Return that the folders of all collections still hold photos: an empty mount point holds none.

    Raises:
        GalleryError: some do not.
    """
    opened = parts.catalog.collections()
    gone = [one for one in opened if one.photo_count and not holds_photos(one.root)]
    if gone:
        named = "; ".join(
            f"{words.photo_count(one.photo_count)} that were in {display_path(one.root)}" for one in gone
        )
        raise GalleryError(f"gone: {named}. Is the disk connected? Tags and labels are kept.")
    return f"all {len(opened):,} that were opened are there"


def holds_photos(root: Path) -> bool:
    """Return whether a photo lies in a folder or below it."""
    try:
        return any(True for _ in wiring.photos_in(root))
    except GalleryError:
        return False


def check_content(parts: wiring.Parts) -> str:
    """Return that files still hold what was read; the next tagging reads those again that do not.

    A scan compares size and date alone. Here every photo whose size and date are as they were is read whole.

    Raises:
        GalleryError: some do not.
    """
    read, changed = 0, []
    for file in parts.catalog.read_files():
        try:
            status = file.path.stat()
            if (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.modified_ns):
                continue  # the next scan sees this
            with file.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            continue  # a disk that is not connected, or a file that is gone: a scan says so
        read += 1
        if digest != file.sha256:
            changed.append(file)
    parts.catalog.read_files_again([file.file_id for file in changed])
    if not changed:
        return f"{words.photo_count(read)} hold what was read of them"
    named = ", ".join(display_path(file.path) for file in changed[:NAMED_AT_MOST])
    more = f" and {len(changed) - NAMED_AT_MOST:,} more" if len(changed) > NAMED_AT_MOST else ""
    raise GalleryError(
        f"{len(changed):,} of {words.photo_count(read)} changed under an unchanged size and date: "
        f"{named}{more}. "
        "Tag their folder again: they are read anew, and labels stay with every picture that is the same."
    )


def check_records(parts: wiring.Parts) -> str:
    """Return that stored features and maps are as they were written; tagging makes damaged ones anew.

    Raises:
        GalleryError: some are not.
    """
    found = parts.catalog.give_up_damaged()
    wrong = [
        f"of {damaged:,} of {words.photo_count(read)} by {model_id}"
        for model_id, (read, damaged) in found.items()
        if damaged
    ]
    if wrong:
        raise GalleryError(
            f"damaged: those {', '.join(wrong)}. Tag again with that model: only these photos are read."
        )
    return f"{sum(read for read, _ in found.values()):,} match their checksums"


def check_leftovers(parts: wiring.Parts, *, repair: bool) -> str:
    """Return what lies in the home and belongs to nothing; an upload is only named, for it holds photos."""
    roots = {one.root for one in parts.catalog.collections()}
    thumbnails = list(parts.thumbnails.leftovers(parts.catalog.known_photos(), UNDER_WAY_S))
    said = []
    if thumbnails and repair:
        removed = 0
        for path in thumbnails:
            with contextlib.suppress(OSError):  # a program shows it, or it is gone
                path.unlink()
                removed += 1
        said.append(f"{words.counted(removed, 'thumbnail')} of unknown photos removed")
    elif thumbnails:
        counted = words.counted(len(thumbnails), "thumbnail")
        said.append(f"{counted} of unknown photos: check --repair removes them")
    uploads = [one for one in wiring.upload_area(parts.settings).folders() if one not in roots]
    if uploads:
        named = ", ".join(display_path(one) for one in uploads[:NAMED_AT_MOST])
        said.append(f"{words.counted(len(uploads), 'upload')} in no collection: open {named}, or delete it")
    return "; ".join(said) or "none"


def check_reading() -> str:
    """Return that the processes that read photos start and read one.

    Raises:
        GalleryError: they do not.
    """
    with tempfile.TemporaryDirectory() as folder, wiring.new_decode_pool(32) as pool:
        file = Path(folder) / "dot.png"
        file.write_bytes(bytes.fromhex(_DOT_PNG))
        (result,) = pool.decode([file])
    if isinstance(result, SkippedFile):
        raise GalleryError(f"{result.reason}: {result.detail}")
    return "the reading processes start and read"


def check_heic() -> str:
    """Return whether iPhone photos can be read; that they cannot is no fault."""
    try:
        return f"can be read, with pillow-heif {metadata.version('pillow-heif')}"
    except metadata.PackageNotFoundError:
        return "cannot be read; for iPhone photos run: pip install pillow-heif"


def check_model(store: ModelStore, entry: ModelEntry) -> str:
    """Return that a model's card can be read and its weights are the card's.

    Raises:
        GalleryError: one of both is not so.
    """
    problem = entry.problem or store.verify(entry.model_id)
    if problem is not None:
        raise GalleryError(problem)
    return f"weights match SHA-256{', active' if entry.model_id == store.active_id() else ''}"


def _no_model(store: ModelStore, model_id: str | None) -> str:
    what = f"called {model_id}" if model_id else "at all"
    raise GalleryError(
        f"there is none {what} in {display_path(store.shipped)}. Restore model_store from the download."
    )


def check_network(store: ModelStore, model_id: str | None) -> str:
    """Return in which arithmetic the network runs; this loads TensorFlow.

    Raises:
        GalleryError: it does not run.
    """
    card = wiring.chosen_card(store, model_id)
    try:
        classifier = wiring.load_classifier(store, card.model_id)
        said = classifier.classify(np.zeros((1, card.input_px, card.input_px, 3), np.uint8))
    except ImportError as exc:
        raise GalleryError(f"TensorFlow does not load ({exc}). Run: pip install -r requirements.txt") from exc
    if not np.isfinite(said.probabilities).all():
        raise GalleryError("gives no numbers.")
    kind = (
        "bfloat16: this processor has units for it"
        if classifier.precision == "bfloat16"
        else "float32: this processor has no bfloat16 units, so tagging is several times slower"
    )
    return f"runs in {kind} ({os.cpu_count()} cores)"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


_DOT_PNG = (  # one green pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6388aab001"
    "00023e010f815624320000000049454e44ae426082"
)
