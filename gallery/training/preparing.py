"""What every training and search begins with: labelled photos read, decoded, split and inspected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gallery.datasets.duplicates import duplicate_groups
from gallery.datasets.inspection import Inspection, inspect_set
from gallery.datasets.pixel_store import DecodedSet, decode_set
from gallery.datasets.reader import Unlabelled, read_data, read_unlabelled, unknown_rows
from gallery.datasets.split import Split, SplitPlan, split_set
from gallery.jobs.task import Report
from gallery.training.data_sets import DataSet
from gallery.training.history import Tell, preparing
from gallery.training.request import SPLIT_FILE, TrainingParts, TrainingRequest

INSPECTED_PX = 224
"""Photos are inspected in the input size of most recipes, which then find them read already."""

LISTING, READING = "looking for photos", "reading photos"
COMPARING = "looking for duplicates and drawing the split"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data set ready to be trained on."""

    decoded: DecodedSet
    split: Split
    inspection: Inspection
    unlabelled: Unlabelled | None = None


def prepare(request: TrainingRequest, parts: TrainingParts, tell: Tell = lambda _: None) -> Prepared:
    """Return the photos of a request decoded, split and inspected.

    Raises:
        GalleryError: the data cannot be read, or not be split as planned.
        Stopped: as `tell` does.
    """
    data = read_data(request.data, scan=parts.scan, unzip=parts.unzip)
    more = read_unlabelled(request.unlabelled, scan=parts.scan) if request.unlabelled else None
    side, told = request.recipe.input_px, preparing(tell, request.recipe)
    with parts.decode(side) as decode:
        read = partial(decode_set, input_px=side, decode=decode, folder=request.cache, on_progress=told)
        decoded, unlabelled = read(data), None if more is None else read(more)
    request.folder.mkdir(parents=True, exist_ok=True)
    stored = request.folder / SPLIT_FILE
    prepared = _split_and_inspected(decoded, duplicate_groups(decoded), request.plan, stored)
    if unlabelled is None:
        return prepared
    skipped = (*prepared.inspection.skipped, *unlabelled.skipped)
    rows = unknown_rows(unlabelled, decoded, prepared.split)
    inspection = replace(prepared.inspection, skipped=skipped)
    return replace(prepared, inspection=inspection, unlabelled=Unlabelled(unlabelled, rows))


def inspect_data(
    chosen: DataSet, parts: TrainingParts, cache: Path, report: Report, *, before: Prepared | None
) -> Prepared:
    """Return a data set as a training would find it, before there is one.

    Args:
        chosen: the set, with its plan of the split.
        parts: the adapters.
        cache: where decoded photos are kept.
        report: is told how many photos are read.
        before: the set, if it was inspected with another plan.

    Raises:
        GalleryError: the data cannot be read, or not be split as planned.
        Stopped: as `report` does.
    """
    if before is None:
        report(0, 0, LISTING)
        data = read_data(chosen.source, scan=parts.scan, unzip=parts.unzip)
        report(0, len(data), READING)
        with parts.decode(INSPECTED_PX) as decode:
            decoded = decode_set(
                data,
                input_px=INSPECTED_PX,
                decode=decode,
                folder=cache,
                on_progress=lambda done, total: report(done, total, READING),
            )
    else:
        decoded = before.decoded
    report(len(decoded.photo_ids), len(decoded.photo_ids), COMPARING)
    copies = before.inspection.copies if before else duplicate_groups(decoded)
    return _split_and_inspected(decoded, copies, chosen.plan, chosen.split_file)


def _split_and_inspected(
    decoded: DecodedSet, copies: Sequence[tuple[int, ...]], plan: SplitPlan, stored: Path
) -> Prepared:
    split = split_set(decoded, plan, copies, stored=stored)
    return Prepared(decoded, split, inspect_set(decoded, copies, split.parts))
