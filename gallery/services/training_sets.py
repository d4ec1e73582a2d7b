"""Data sets: open a folder, a file or people's labels to train on, and have it read and inspected.

Where a set lies, how it is split and the draft of its recipe are kept in the home: a page that is reloaded,
another browser and a restarted server find all of it again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import CatalogError, DatasetError, TrainingError
from gallery.files import write_atomic
from gallery.services import wiring
from gallery.services.folders import typed_path
from gallery.services.training_parts import training_parts
from gallery.training.data_sets import DataSet, Draft
from gallery.training.recipes import Recipe
from gallery.types import CANNOT_TELL, PhotoId, display_path

if TYPE_CHECKING:
    from gallery.jobs.task import Report, Task
    from gallery.training.preparing import Prepared

SET_FILE, DRAFT_FILE = "set.json", "draft.json"
LABELS_FILE = "labels-of-people.csv"
_ID = re.compile(r"[0-9a-f]{12}")


def open_folder(path: str) -> DataSet:
    """Open a folder with a sub-folder a class.

    Raises:
        GalleryError: it may not be opened.
    """
    return _open(wiring.settings().allow(typed_path(path)))


def open_file(path: str) -> DataSet:
    """Open a zip of such a folder, or a table of path and label.

    Raises:
        DatasetError: it is neither.
        PhotoError: its folder may not be opened.
    """
    file = typed_path(path)
    if file.suffix.lower() not in (".zip", ".csv") or not file.is_file():
        raise DatasetError(
            f"{display_path(file) if path.strip() else 'Nothing'} is no zip or CSV file. Give the whole path "
            "of one, such as /home/me/owls.zip."
        )
    return _open(wiring.settings().allow(file.absolute().parent) / file.name)


def open_peoples_labels() -> DataSet:
    """Open the photos that people labelled in this gallery, with the labels that stand now.

    Every label becomes a class, whatever the model's classes are; photos of which nobody can tell what they
    show are left out. A labelled photo that no opened folder holds any more is a row of the table whose
    file is not there, so that the reading leaves it out and says so.

    Raises:
        DatasetError: nobody has labelled a photo.
    """
    catalog = wiring.catalog()
    labels = catalog.labels(list(dict.fromkeys(one.photo_id for one in catalog.all_corrections())))
    table = write_people_labels(
        (_place(photo_id), label) for photo_id, label in labels.items() if label != CANNOT_TELL
    )
    return _open(table, name="Photos labelled in this gallery")


def _place(photo_id: PhotoId) -> Path:
    try:
        return wiring.catalog().photo_at(photo_id).path
    except CatalogError:
        return Path(f"photo {photo_id[:12]}, which no opened folder holds any more")


def _open(source: Path, *, name: str = "") -> DataSet:
    opened = open_set(source, name=name)
    forget(opened)
    return opened


def write_people_labels(labels: Iterable[tuple[Path, str]]) -> Path:
    """Write a table of photos and what people said of them, and return it; the same labels keep their place.

    A training that is taken up again finds the labels that it began with.

    Args:
        labels: absolute path and label; a path that no text can hold is left out.

    Raises:
        DatasetError: there are none, or the disk refuses.
    """
    rows = sorted((str(path), label) for path, label in labels if _is_text(path))
    if not rows:
        raise DatasetError(
            "Nobody has labelled a photo in this gallery yet. Open photos in Browse and set their class with "
            "the keys 1 to 9 and 0; then train on them."
        )
    text = io.StringIO("path,label\n", newline="")
    text.seek(0, io.SEEK_END)
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    place = (
        wiring.settings().training_sets / "labels" / hashlib.sha256(text.getvalue().encode()).hexdigest()[:12]
    )
    _write(place / LABELS_FILE, text.getvalue())
    return place / LABELS_FILE


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return "\n" not in str(path) and "\r" not in str(path)


# What is known of a set


def open_set(source: Path, *, name: str = "") -> DataSet:
    """Return a data set, remembered from now on, with the plan that it had before.

    Args:
        source: absolute.
        name: the source's own name if left out.

    Raises:
        DatasetError: the disk refuses.
    """
    set_id = hashlib.sha256(os.fsencode(source)).hexdigest()[:12]
    known = known_set(set_id)
    shown = name or display_path(Path(source.name)) or display_path(source)
    folder = wiring.settings().training_sets / set_id
    opened = DataSet(set_id, source, shown, known.plan if known else USUAL, folder)
    _remember(opened)
    return opened


def _remember(opened: DataSet) -> None:
    values = {
        "source": os.fsencode(opened.source).decode("utf-8", "surrogateescape"),
        "name": opened.name,
        "plan": asdict(opened.plan),
    }
    _write(opened.folder / SET_FILE, json.dumps(values))


def known_set(set_id: str) -> DataSet | None:
    """Return a data set that was opened before; None where there is none of that id."""
    if not _ID.fullmatch(set_id):
        return None
    folder = wiring.settings().training_sets / set_id
    try:
        stored = json.loads((folder / SET_FILE).read_text(encoding="utf-8"))
        source = Path(os.fsdecode(stored["source"].encode("utf-8", "surrogateescape")))
        return DataSet(set_id, source, str(stored["name"]), SplitPlan(**stored["plan"]), folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DatasetError):
        return None


def known_sets() -> list[DataSet]:
    """Return the data sets that were opened, the latest first."""
    files = sorted(
        wiring.settings().training_sets.glob(f"*/{SET_FILE}"),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    found = (known_set(file.parent.name) for file in files)
    return [one for one in found if one is not None]


def set_of(source: Path) -> DataSet:
    """Return the data set of a source, opened now unless it was before.

    Raises:
        DatasetError: the disk refuses.
    """
    known = {one.source: one for one in known_sets()}
    return known.get(source) or open_set(source)


def split_as(chosen: DataSet, plan: SplitPlan) -> None:
    """Split a set otherwise from now on.

    Raises:
        DatasetError: the disk refuses.
    """
    _remember(replace(chosen, plan=plan))


def read_draft(opened: DataSet) -> Draft | None:
    """Return the draft of a recipe for a set; None where there is none that this version understands."""
    try:
        stored: Mapping[str, Any] = json.loads((opened.folder / DRAFT_FILE).read_text(encoding="utf-8"))
        words = {name: str(stored.get(name, "")) for name in ("name", "teacher", "unlabelled")}
        return Draft(Recipe.from_json(stored["recipe"]), stored["weights"], **words)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, TrainingError):
        return None


def write_draft(opened: DataSet, draft: Draft) -> None:
    """Keep the draft of a recipe for a set."""
    write_atomic(opened.folder / DRAFT_FILE, json.dumps(asdict(draft)), durable=False)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, text, durable=False)
    except OSError as exc:
        raise DatasetError(
            f"Nothing could be written to {file.parent} ({exc}). Free some space, or mend its rights."
        ) from exc


# The photos of a set, read and inspected in the background


def inspection(chosen: DataSet) -> Task[Prepared]:
    """Return the work of reading and inspecting a set: done, under way, failed, or begun now."""
    tasks, key = wiring.tasks(), _key(chosen)
    known: Task[Prepared] | None = tasks.known(key)
    if known is not None:
        return known

    def work(report: Report) -> Prepared:
        from gallery.jobs.task import State
        from gallery.training.preparing import inspect_data

        here = wiring.settings()
        before = [task.result for task in tasks.kept(*key[:2]) if task.state is State.DONE]
        return inspect_data(
            chosen,
            training_parts(here),
            here.training_cache,
            report,
            before=before[0] if before else None,
        )

    return tasks.ask(key, work, lane=key[:2])


def forget(chosen: DataSet) -> None:
    """Read a set anew next time: photos may have been added or removed."""
    wiring.tasks().forget(*_key(chosen)[:2])


def _key(chosen: DataSet) -> tuple[str, str, SplitPlan]:
    return ("data set", str(chosen.folder), chosen.plan)
