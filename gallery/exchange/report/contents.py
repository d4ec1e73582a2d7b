"""What the report is made of: everything is handed in, nothing is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.types import ModelCard

if TYPE_CHECKING:
    from gallery.evaluation.comparison import EvaluationPair
    from gallery.evaluation.evaluation import Evaluation
    from gallery.evaluation.evidence import Group
    from gallery.evaluation.verdicts import JudgedReport


class Thumbnail(Protocol):
    """A small picture of a photo."""

    @property
    def jpeg(self) -> bytes: ...
    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...


class Pictures(Protocol):
    """What the report needs of the photos; `gallery.photos.report_pictures` has the real one."""

    def thumbnail(self, row: int, max_px: int, quality: int) -> Thumbnail | None:
        """Return a photo's thumbnail, its longer side `max_px` at most; None when it is gone."""
        ...

    def heatmaps(self, row: int, classes: Sequence[int]) -> list[bytes | None] | None:
        """Return transparent PNGs of the heatmaps of some classes, all on one scale.

        None in the list where nothing speaks for the class; None for all where no
        maps are stored.
        """
        ...

    def average_map(self, heat: NDArray[np.floating]) -> bytes:
        """Return a map of many photos, (h, w) >= 0, as an opaque PNG."""
        ...

    def heat_colours(self) -> Sequence[str]:
        """Return "#rrggbb" from no evidence to the strongest."""
        ...


@dataclass(frozen=True)
class ReportContents:
    """What is written down.

    Attributes:
        evaluation: what was evaluated.
        card: the model's.
        folder: the name of the evaluated folder.
        names: n file names as they are shown, below the folder.
        made_at: when, in words.
        labels_from: where the labels come from, as in "the folders' names".
        label_table_sha256: of the table of labels, if they come from one.
        judged: the report before and after people's verdicts; None without any.
        pair: both models' evaluations of the same photos; None unless a comparison was asked for.
        full_path: the folder's path, if it shall be told.
        other_card: of the model that is compared.
        made_by: the program and its version.
        library_versions: of what computed the numbers.
    """

    evaluation: Evaluation
    card: ModelCard
    folder: str
    names: Sequence[str] = field(repr=False)
    made_at: str
    labels_from: str = "the names of the sub-folders"
    label_table_sha256: str | None = None
    judged: JudgedReport | None = None
    pair: EvaluationPair | None = None
    full_path: str | None = None
    other_card: ModelCard | None = None
    made_by: str = "Smart Gallery"
    library_versions: Sequence[tuple[str, str]] = ()

    @property
    def title(self) -> str:
        """The report's heading."""
        return f"{self.card.name}: how well it names the photos of “{self.folder}”"

    @property
    def left_out(self) -> int:
        """Photos that are in no number, since the model was trained on them."""
        return 0 if self.evaluation.left_out is None else self.evaluation.left_out.report.n

    @property
    def outstanding(self) -> tuple[Group, ...]:
        """Cells and classes whose evidence lies at the border of the picture far more than others'."""
        evidence = self.evaluation.evidence
        return () if evidence is None else evidence.outstanding
