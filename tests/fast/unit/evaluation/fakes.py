"""What is stored of photos, kept in memory: features, metadata, maps and verdicts by photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation import Evaluation, EvaluationReport, LabelSource
from gallery.types import GivenVerdict, PhotoId, PhotoMetadata

ROOT = Path("/photos").absolute()


@dataclass
class FakeStored:
    """Photos that are asked for and are not here have a feature of 1 and no metadata.

    Attributes:
        rows: of each photo in `feature` and `maps`.
        feature: (n, channels).
        maps: (n, 2, h, w) of each photo's true and predicted class; None for a model without maps.
    """

    rows: dict[PhotoId, int] = field(default_factory=dict)
    feature: NDArray[np.floating] | None = None
    about: dict[PhotoId, PhotoMetadata] = field(default_factory=dict)
    maps: NDArray[np.floating] | None = None
    given: dict[tuple[PhotoId, str], GivenVerdict] = field(default_factory=dict)

    def features(self, model_id: str, photo_ids: Sequence[PhotoId]) -> NDArray[np.floating]:
        if self.feature is None:
            return np.ones((len(photo_ids), 1))
        return self.feature[[self.rows[one] for one in photo_ids]]

    def metadata(self, photo_ids: Sequence[PhotoId]) -> list[PhotoMetadata | None]:
        return [self.about.get(one) for one in photo_ids]

    def class_cams(
        self, model_id: str, photo_ids: Sequence[PhotoId], class_indices: NDArray[np.integer]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
        if self.maps is None:
            return None
        found = self.maps[[self.rows[one] for one in photo_ids]].astype(np.float32)
        return found, np.ones(len(found), np.bool_)

    def standing_verdicts(self, photo_ids: Sequence[PhotoId]) -> Mapping[tuple[PhotoId, str], GivenVerdict]:
        return {key: one for key, one in self.given.items() if key[0] in photo_ids}


def made_evaluation(
    report: EvaluationReport,
    *,
    file_ids: Sequence[int] | None = None,
    photo_ids: Sequence[PhotoId] | None = None,
    paths: Sequence[Path] | None = None,
    root: Path = ROOT,
    stored: FakeStored | None = None,
    **others: object,
) -> Evaluation:
    """An evaluation whose photos are named by their file's number."""
    files = list(range(report.n)) if file_ids is None else list(file_ids)
    return Evaluation(
        collection_id=1,
        root=root,
        labels=LabelSource.FOLDERS,
        report=report,
        file_ids=np.array(files, np.int64),
        photo_ids=tuple(photo_ids or (f"{number:064x}" for number in files)),
        paths=tuple(paths or (root / f"{number}.jpg" for number in files)),
        stored=stored or FakeStored(),
        **others,  # type: ignore[arg-type]
    )
