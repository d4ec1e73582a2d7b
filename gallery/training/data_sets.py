"""A data set that was opened for training, and the draft of its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gallery.datasets.split import SplitPlan
from gallery.training.recipes import Recipe


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
