"""Data sets: open a folder, a file or people's labels to train on, and have it read and inspected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.errors import CatalogError, DatasetError
from gallery.services import wiring
from gallery.services.folders import typed_path
from gallery.services.training_parts import training_parts
from gallery.training.data_sets import (
    DataSet,
    open_set,
    recent_sets,
    remember_set,
    stored_set,
    write_people_labels,
)
from gallery.types import CANNOT_TELL, PhotoId, display_path

if TYPE_CHECKING:
    from gallery.datasets.split import SplitPlan
    from gallery.jobs.task import Report, Task
    from gallery.training.preparing import Prepared


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
        ((_place(photo_id), label) for photo_id, label in labels.items() if label != CANNOT_TELL),
        wiring.settings().training_sets,
    )
    return _open(table, name="Photos labelled in this gallery")


def _place(photo_id: PhotoId) -> Path:
    try:
        return wiring.catalog().photo_at(photo_id).path
    except CatalogError:
        return Path(f"photo {photo_id[:12]}, which no opened folder holds any more")


def _open(source: Path, *, name: str = "") -> DataSet:
    opened = open_set(source, wiring.settings().training_sets, name=name)
    forget(opened)
    return opened


def known_set(set_id: str) -> DataSet | None:
    """Return a data set that was opened before; None where there is none of that id."""
    return stored_set(set_id, wiring.settings().training_sets)


def known_sets() -> list[DataSet]:
    """Return the data sets that were opened, the latest first."""
    return recent_sets(wiring.settings().training_sets)


def set_of(source: Path) -> DataSet:
    """Return the data set of a source, opened now unless it was before.

    Raises:
        DatasetError: the disk refuses.
    """
    known = {one.source: one for one in known_sets()}
    return known.get(source) or open_set(source, wiring.settings().training_sets)


def split_as(chosen: DataSet, plan: SplitPlan) -> None:
    """Split a set otherwise from now on.

    Raises:
        DatasetError: the disk refuses.
    """
    remember_set(replace(chosen, plan=plan))


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
