"""Is everything there that tagging needs, and is it whole?"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from gallery import words
from gallery.errors import GalleryError
from gallery.services import wiring
from gallery.settings import Settings, app_folder
from gallery.types import DecodedPhoto, FileEntry, display_path

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


def findings(
    settings: Settings, model_id: str | None = None, *, content: bool = False, repair: bool = False
) -> Iterator[Finding]:
    """Yield what is found, one part after the other.

    Args:
        settings: where things are.
        model_id: the model that is looked at; None looks at all of them.
        content: whether all photos, features and maps are read, to find what changed under an unchanged
            size and date or is damaged.
        repair: whether thumbnails that belong to no photo are removed.
    """
    yield from check_versions()
    yield check_home(settings.home)
    yield check_disk(settings.home)
    yield check_catalog(settings)
    yield in_catalog(settings, "folders", "none was opened yet", check_folders)
    leftovers = functools.partial(check_leftovers, repair=repair)
    yield in_catalog(settings, "leftovers", "none", leftovers)
    if content:
        yield in_catalog(settings, "content", "no photos yet", check_content)
        yield in_catalog(settings, "features and maps", "none yet", check_records)
    yield check_reading()
    yield check_heic()
    yield from check_models(settings, model_id)
    yield check_network(settings, model_id)


def check_versions() -> list[Finding]:
    """Return whether Python and the libraries are as new as requirements.txt asks."""
    version = platform.python_version()
    asked = ".".join(map(str, PYTHON_LEAST))
    remedy = "" if sys.version_info >= PYTHON_LEAST else f", but {asked} is needed. Install a newer Python."
    findings = [
        Finding("python", not remedy, f"{version} on {platform.system()} {platform.machine()}{remedy}")
    ]
    for package, least in required_versions().items():
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            detail = "is not installed. Run: pip install -r requirements.txt"
            findings.append(Finding(package, False, detail))
            continue
        old = _numbers(found) < _numbers(least)
        detail = f", but {least} is needed. Run: pip install -r requirements.txt" if old else ""
        findings.append(Finding(package, not old, f"{found}{detail}"))
    return findings


def required_versions() -> dict[str, str]:
    """Return the least version of each library, as the app's requirements.txt says; else none."""
    try:
        lines = (app_folder() / "requirements.txt").read_text("utf-8").splitlines()
    except OSError:
        return {}
    found = (re.match(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def check_home(home: Path) -> Finding:
    """Return whether the app's directory can be written; it is made if it is not there."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"written")
    except OSError as exc:
        detail = (
            f"{display_path(home)} cannot be written: {exc.strerror or exc}. Set GALLERY_HOME or --home to a "
            "folder that can."
        )
        return Finding("home", False, detail)
    return Finding("home", True, f"{display_path(home)} can be written")


def check_disk(home: Path) -> Finding:
    """Return whether the disk of the app's directory has room for a large collection."""
    place = next((folder for folder in [home, *home.parents] if folder.exists()), home)
    try:
        free = shutil.disk_usage(place).free
    except OSError as exc:
        return Finding("disk", False, f"the free space of {display_path(place)} is not known: {exc}.")
    remedy = "" if free >= FREE_DISK_BYTES else ". Free some, or set GALLERY_HOME to another disk."
    return Finding("disk", not remedy, f"{free / 1e9:.1f} GB free{remedy}")


def check_catalog(settings: Settings) -> Finding:
    """Return whether the catalog is whole, and what it holds."""
    from gallery.catalog.integrity import integrity_problem

    file = settings.catalog_dir / "catalog.sqlite3"
    if not file.exists():
        return Finding("catalog", True, "none yet; it is made when the first folder is opened")
    problem = integrity_problem(file)
    if problem is not None:
        detail = (
            f"{display_path(file)} is damaged ({problem}). Move the folder {display_path(file.parent)} aside "
            "or put back a copy of it; the photos themselves are untouched."
        )
        return Finding("catalog", False, detail)
    try:
        with wiring.composed(settings) as parts:
            collections = parts.catalog.collections()
            detail = (
                f"whole; {sum(one.photo_count for one in collections):,} photos in "
                f"{len(collections):,} opened folders and uploads, tagged by "
                f"{', '.join(parts.catalog.models_used()) or 'no model yet'}"
            )
    except GalleryError as exc:
        return Finding("catalog", False, str(exc))
    return Finding("catalog", True, detail)


def in_catalog(settings: Settings, name: str, before: str, ask: Callable[[wiring.Parts], Finding]) -> Finding:
    """Return what is found in the catalog; `before` where there is none yet, its fault if it is damaged."""
    if not (settings.catalog_dir / "catalog.sqlite3").exists():
        return Finding(name, True, before)
    try:
        with wiring.composed(settings) as parts:
            return ask(parts)
    except (GalleryError, OSError) as exc:
        return Finding(name, False, str(exc))


def check_folders(parts: wiring.Parts) -> Finding:
    """Return whether the folders of all collections still hold photos: an empty mount point holds none."""
    opened = parts.catalog.collections()
    gone = [one for one in opened if one.photo_count and not holds_photos(one.root)]
    if not gone:
        return Finding("folders", True, f"all {len(opened):,} that were opened are there")
    named = "; ".join(
        f"{words.photo_count(one.photo_count)} that were in {display_path(one.root)}" for one in gone
    )
    return Finding("folders", False, f"gone: {named}. Is the disk connected? Tags and labels are kept.")


def holds_photos(root: Path) -> bool:
    """Return whether a photo lies in a folder or below it."""
    try:
        return any(isinstance(found, FileEntry) for found in wiring.scan(root))
    except GalleryError:
        return False


def check_content(parts: wiring.Parts) -> Finding:
    """Return whether files still hold what was read; the next tagging reads those again that do not.

    A scan compares size and date alone. Here every photo whose size and date are as they were is read whole.
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
        return Finding("content", True, f"{words.photo_count(read)} hold what was read of them")
    named = ", ".join(display_path(file.path) for file in changed[:NAMED_AT_MOST])
    more = f" and {len(changed) - NAMED_AT_MOST:,} more" if len(changed) > NAMED_AT_MOST else ""
    detail = (
        f"{len(changed):,} of {words.photo_count(read)} changed under an unchanged size and date: "
        f"{named}{more}. "
        "Tag their folder again: they are read anew, and labels stay with every picture that is the same."
    )
    return Finding("content", False, detail)


def check_records(parts: wiring.Parts) -> Finding:
    """Return whether stored features and maps are as they were written; tagging makes damaged ones anew."""
    found = parts.catalog.give_up_damaged()
    wrong = [
        f"of {damaged:,} of {words.photo_count(read)} by {model_id}"
        for model_id, (read, damaged) in found.items()
        if damaged
    ]
    if not wrong:
        read = sum(read for read, _ in found.values())
        return Finding("features and maps", True, f"{read:,} match their checksums")
    detail = f"damaged: those {', '.join(wrong)}. Tag again with that model: only these photos are read."
    return Finding("features and maps", False, detail)


def check_leftovers(parts: wiring.Parts, *, repair: bool) -> Finding:
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
    return Finding("leftovers", True, "; ".join(said) or "none")


def check_reading() -> Finding:
    """Return whether the processes that read photos start and read one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dot.png"
        file.write_bytes(bytes.fromhex(_DOT_PNG))
        try:
            with wiring.new_decode_pool(32) as pool:
                (result,) = pool.decode([file])
        except GalleryError as exc:
            return Finding("reading photos", False, str(exc))
    if isinstance(result, DecodedPhoto):
        return Finding("reading photos", True, "the reading processes start and read")
    return Finding("reading photos", False, f"{result.reason}: {result.detail}")


def check_heic() -> Finding:
    """Return whether iPhone photos can be read; that they cannot is no fault."""
    try:
        return Finding(
            "HEIC (optional)", True, f"can be read, with pillow-heif {metadata.version('pillow-heif')}"
        )
    except metadata.PackageNotFoundError:
        return Finding(
            "HEIC (optional)", True, "cannot be read; for iPhone photos run: pip install pillow-heif"
        )


def check_models(settings: Settings, model_id: str | None) -> list[Finding]:
    """Return for each model, or for one, whether its card can be read and its weights are the card's."""
    store = wiring.model_store(settings)
    entries = [entry for entry in store.entries() if model_id in (None, entry.model_id)]
    if not entries:
        what = f"called {model_id}" if model_id else "at all"
        detail = (
            f"there is none {what} in {display_path(store.shipped)}. Restore model_store from the download."
        )
        return [Finding("model", False, detail)]
    findings = []
    for entry in entries:
        problem = entry.problem or store.verify(entry.model_id)
        active = ", active" if entry.model_id == store.active_id() else ""
        findings.append(
            Finding(f"model {entry.model_id}", problem is None, problem or f"weights match SHA-256{active}")
        )
    return findings


def check_network(settings: Settings, model_id: str | None) -> Finding:
    """Return whether the network runs, and in which arithmetic; this loads TensorFlow."""
    store = wiring.model_store(settings)
    try:
        card = wiring.chosen_card(store, model_id)
        classifier = wiring.load_classifier(store, card.model_id)
        said = classifier.classify(np.zeros((1, card.input_px, card.input_px, 3), np.uint8))
    except GalleryError as exc:
        return Finding("network", False, str(exc))
    except ImportError as exc:
        return Finding(
            "network", False, f"TensorFlow does not load ({exc}). Run: pip install -r requirements.txt"
        )
    kind = (
        "bfloat16: this processor has units for it"
        if classifier.precision == "bfloat16"
        else "float32: this processor has no bfloat16 units, so tagging is several times slower"
    )
    whole = bool(np.isfinite(said.probabilities).all())
    return Finding(
        "network", whole, f"runs in {kind} ({os.cpu_count()} cores)" if whole else "gives no numbers."
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


_DOT_PNG = (  # one green pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6388aab001"
    "00023e010f815624320000000049454e44ae426082"
)
