"""The data sets that were opened for training: where each lies, how it is split, the recipe at hand for it.

A page that is reloaded, another browser and a restarted server find all of it again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import DatasetError, TrainingError
from gallery.files import write_atomic
from gallery.training.recipes import Recipe
from gallery.types import display_path

SET_FILE, DRAFT_FILE = "set.json", "draft.json"
LABELS_FILE = "labels-of-people.csv"
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set as it was opened last.

    Attributes:
        set_id: 12 hexadecimal digits, from the source's path.
        source: folder of class sub-folders, zip of one, or table of path and label.
        name: how people call it.
        plan: how it is split.
        folder: in the home, for what is known of it.
    """

    set_id: str
    source: Path
    name: str
    plan: SplitPlan
    folder: Path

    @property
    def split_file(self) -> Path:
        """Where this plan's split is stored; each plan has its own."""
        plan = self.plan
        drawn = "groups" if plan.by_group else "sequences" if plan.by_sequence else "photos"
        words = f"{plan.validation:g}-{plan.test:g}-{drawn}-{plan.seed}"
        return self.folder / f"split-{words}.csv"


@dataclass(frozen=True, slots=True)
class Draft:
    """A recipe as somebody left it, not started yet.

    Attributes:
        weights: as in `TrainingRequest`.
        name: of the new model, as people read it; "" for one made from data and recipe.
        teacher, unlabelled: likewise, for recipes with a teacher; "" for none.
    """

    recipe: Recipe
    weights: str | None
    name: str = ""
    teacher: str = ""
    unlabelled: str = ""


def open_set(source: Path, folder: Path, *, name: str = "") -> DataSet:
    """Return a data set, remembered from now on, with the plan that it had before.

    Args:
        source: absolute.
        folder: of all data sets.
        name: the source's own name if left out.

    Raises:
        DatasetError: the disk refuses.
    """
    set_id = hashlib.sha256(os.fsencode(source)).hexdigest()[:12]
    known = stored_set(set_id, folder)
    shown = name or display_path(Path(source.name)) or display_path(source)
    opened = DataSet(set_id, source, shown, known.plan if known else USUAL, folder / set_id)
    remember_set(opened)
    return opened


def remember_set(opened: DataSet) -> None:
    """Store where a set lies and how it is split.

    Raises:
        DatasetError: the disk refuses.
    """
    values = {
        "source": os.fsencode(opened.source).decode("utf-8", "surrogateescape"),
        "name": opened.name,
        "plan": asdict(opened.plan),
    }
    _write(opened.folder / SET_FILE, json.dumps(values))


def stored_set(set_id: str, folder: Path) -> DataSet | None:
    """Return a data set that was opened before; None where there is none of that id."""
    if not _ID.fullmatch(set_id):
        return None
    place = folder / set_id
    try:
        stored = json.loads((place / SET_FILE).read_text(encoding="utf-8"))
        source = Path(os.fsdecode(stored["source"].encode("utf-8", "surrogateescape")))
        return DataSet(set_id, source, str(stored["name"]), SplitPlan(**stored["plan"]), place)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DatasetError):
        return None


def recent_sets(folder: Path) -> list[DataSet]:
    """Return the data sets that were opened, the latest one first."""
    if not folder.is_dir():
        return []
    places = [place for place in folder.iterdir() if (place / SET_FILE).is_file()]
    places.sort(key=lambda place: (place / SET_FILE).stat().st_mtime, reverse=True)
    found = (stored_set(place.name, folder) for place in places)
    return [one for one in found if one is not None]


def read_draft(opened: DataSet) -> Draft | None:
    """Return the recipe at hand for a set; None where there is none that this version understands."""
    try:
        stored: Mapping[str, Any] = json.loads((opened.folder / DRAFT_FILE).read_text(encoding="utf-8"))
        words = {name: str(stored.get(name, "")) for name in ("name", "teacher", "unlabelled")}
        return Draft(Recipe.from_json(stored["recipe"]), stored["weights"], **words)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, TrainingError):
        return None


def write_draft(opened: DataSet, draft: Draft) -> None:
    """Keep the recipe at hand for a set."""
    write_atomic(opened.folder / DRAFT_FILE, json.dumps(asdict(draft)), durable=False)


def write_people_labels(labels: Iterable[tuple[Path, str]], folder: Path) -> Path:
    """Write a table of photos and what people said of them, and return it; the same labels keep their place.

    A training that is taken up again finds the labels that it began with.

    Args:
        labels: absolute path and label; a path that no text can hold is left out.
        folder: of all data sets.

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
    place = folder / "labels" / hashlib.sha256(text.getvalue().encode()).hexdigest()[:12]
    _write(place / LABELS_FILE, text.getvalue())
    return place / LABELS_FILE


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, text, durable=False)
    except OSError as exc:
        raise DatasetError(
            f"Nothing could be written to {file.parent} ({exc}). Free some space, or mend its rights."
        ) from exc


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return "\n" not in str(path) and "\r" not in str(path)
