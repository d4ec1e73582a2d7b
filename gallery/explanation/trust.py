"""How far a heatmap can be trusted: every measure of one map of one photo, and what they come to.

A heatmap is a claim about the network: this is what the answer rests on. It is
tested by taking pixels away or handing them back, and by asking whether a
network that learnt nothing gives the same map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.explanation.perturbation import (
    CURVE_STEPS,
    Classify,
    Curve,
    blurred,
    class_probabilities,
    exchange_curve,
    explained_image,
    neutral,
)
from gallery.explanation.randomisation import RandomisationTest
from gallery.types import RgbImage

RANDOM_ORDERS = 2
"""Orders of cells whose mean is the random baseline: more change its area by about a hundredth."""

SHIFTS = 8
"""Shifts by a third or two of the photo, down, across or both: the same shape, laid elsewhere."""

MARGIN = 0.25
"""By how much of the spread of the shifted maps' leads a map's own must be ahead of the best of them. On 40
test photos, 33 of the Grad-CAM maps are, 5 more are ahead by less and 2 are not; of maps taken from another
photo, which often lie on the animal by chance too, 10, 8 and 22.
The random orders set no mark: scattered cells hand back the whole photo at once, and so rise early."""

RANDOM_CELLS = 14
"""The random baseline exchanges cells as large as those of VGG16's last maps: single pixels at random would
be no fair comparison, they spoil the whole photo at once."""

FAINT_BELOW = 0.05
"""A class that has less than this of the whole photo has nothing that could be taken away."""


class Trust(StrEnum):
    """What the measures of a map come to."""

    PASSES = "passes"
    DOUBTFUL = "doubtful"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class TrustReport:
    """All measures of one map of one photo.

    Attributes:
        deletion: the probability while the hottest pixels are taken away; a good map has a small area.
        insertion: while they are handed back to the blurred photo; a good map has a large area.
        deletion_elsewhere: the mean of the same map shifted, `SHIFTS` times.
        insertion_elsewhere: the same for insertion.
        deletion_random: the mean of `RANDOM_ORDERS` random orders of cells.
        insertion_random: the same for insertion.
        deletion_others: the area of each shifted map.
        insertion_others: the same for insertion.
        whole: the class's probability for the whole photo.
        kept: for the photo with each pixel kept as far as it is hot.
        randomisation: None where it was not asked for.
    """

    deletion: Curve
    insertion: Curve
    deletion_elsewhere: Curve
    insertion_elsewhere: Curve
    deletion_random: Curve
    insertion_random: Curve
    deletion_others: tuple[float, ...]
    insertion_others: tuple[float, ...]
    whole: float
    kept: float
    randomisation: RandomisationTest | None

    @property
    def drop(self) -> float:
        """The share of the probability that is lost when only the hot pixels are shown, in [0, 1]."""
        return max(0.0, self.whole - self.kept) / self.whole if self.whole > 0 else 0.0

    @property
    def increased(self) -> bool:
        """Whether the probability is higher when only the hot pixels are shown."""
        return self.kept > self.whole

    @property
    def deletes_early(self) -> bool:
        """Whether removing the hot pixels costs more than the same shape elsewhere and than random cells."""
        return self.deletion.area < min(*self.deletion_others, self.deletion_random.area)

    @property
    def inserts_early(self) -> bool:
        """Whether restoring the hot pixels gives more than the same shape elsewhere and than random cells."""
        return self.insertion.area > max(*self.insertion_others, self.insertion_random.area)

    @property
    def lead(self) -> float:
        """How far insertion lies above deletion: the area between both curves, in [-1, 1]."""
        return self.insertion.area - self.deletion.area

    @property
    def other_leads(self) -> tuple[float, ...]:
        """The same of each shifted map."""
        pairs = zip(self.insertion_others, self.deletion_others, strict=True)
        return tuple(inserted - deleted for inserted, deleted in pairs)

    @property
    def is_ahead(self) -> bool:
        """Whether the map leads every shifted one."""
        return self.lead > max(self.other_leads)

    @property
    def points_at_evidence(self) -> bool:
        """Whether it leads them clearly, by `MARGIN` of their spread."""
        others = self.other_leads
        return self.lead > max(others) + MARGIN * (max(others) - min(others))

    @property
    def is_faint(self) -> bool:
        """Whether the class has too little of the photo for the curves to tell anything."""
        return self.whole < FAINT_BELOW

    @property
    def verdict(self) -> Trust:
        """What all measures come to.

        Fails: the map does not depend on what the network learnt, or the same shape laid elsewhere finds
        as much. Passes: it finds clearly more than everywhere else, on a class that the photo has, and
        scrambled networks, if they were asked for, gave maps to compare. Else doubtful.
        """
        test = self.randomisation
        if test is not None and test.passed is False:
            return Trust.FAILS
        if self.is_faint or (test is not None and test.passed is None):
            return Trust.DOUBTFUL
        if self.points_at_evidence:
            return Trust.PASSES
        return Trust.DOUBTFUL if self.is_ahead else Trust.FAILS

    def to_json(self) -> dict[str, Any]:
        """Return it as plain numbers and lists, from which `from_json` makes it again."""
        test = self.randomisation
        return {
            "shares": list(self.deletion.shares),
            **{name: list(getattr(self, name).probabilities) for name in _CURVES},
            "deletion_areas_of_others": list(self.deletion_others),
            "insertion_areas_of_others": list(self.insertion_others),
            "whole": self.whole,
            "kept": self.kept,
            "scrambled_correlations": None if test is None else list(test.correlations),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> TrustReport:
        """Return the report that `to_json` wrote.

        Raises:
            CamError: it is none.
        """
        try:
            shares = tuple(float(share) for share in kept["shares"])
            curves = {name: Curve(shares, tuple(float(value) for value in kept[name])) for name in _CURVES}
            if any(len(curve.probabilities) != len(shares) for curve in curves.values()):
                raise ValueError("curves of different lengths")
            test = None
            if (correlations := kept["scrambled_correlations"]) is not None:
                test = RandomisationTest(tuple(None if one is None else float(one) for one in correlations))
            deletion, insertion = (
                tuple(float(area) for area in kept[f"{kind}_areas_of_others"])
                for kind in ("deletion", "insertion")
            )
            if not deletion or len(deletion) != len(insertion):
                raise ValueError("no shifted maps, or not of both kinds")
            return cls(
                **curves,
                deletion_others=deletion,
                insertion_others=insertion,
                whole=float(kept["whole"]),
                kept=float(kept["kept"]),
                randomisation=test,
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise CamError("What was kept of a test of a heatmap cannot be read. Test it again.") from exc


_CURVES = tuple(f"{kind}{of}" for of in ("", "_elsewhere", "_random") for kind in ("deletion", "insertion"))


def measure_trust(
    image: RgbImage,
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    *,
    randomisation: RandomisationTest | None = None,
    steps: int = CURVE_STEPS,
) -> TrustReport:
    """Return every measure of one map; `passes(steps)` photos are classified.

    Args:
        image: (side, side, 3) uint8 RGB, as the network takes it.
        heatmap: (side, side) in [0, 1], the map enlarged to the image.
        class_index: the class that the map explains.
        classify: of the network that the map explains.
        randomisation: from `randomisation_test`, to be reported together.
        steps: of each curve.

    Raises:
        CamError: image and heatmap differ in size, the heatmap leaves [0, 1], or there is no such class.
    """
    whole, kept = class_probabilities(
        classify, np.stack([image, explained_image(image, heatmap)]), class_index
    )
    thirds = [[round(side * third / 3) for third in range(3)] for side in heatmap.shape]
    shifts = [(down, across) for down in thirds[0] for across in thirds[1] if down or across]
    elsewhere = [np.roll(heatmap, by, (0, 1)) for by in shifts]
    at_random = [random_order(heatmap.shape, seed=seed) for seed in range(RANDOM_ORDERS)]

    measured: dict[str, Any] = {}
    for kind, start, finish in (("deletion", image, neutral(image)), ("insertion", blurred(image), image)):
        found = [
            exchange_curve(start, finish, heat, class_index, classify, steps=steps)
            for heat in (heatmap, *elsewhere, *at_random)
        ]
        shifted, random = found[1 : 1 + len(elsewhere)], found[1 + len(elsewhere) :]
        measured |= {
            kind: found[0],
            f"{kind}_elsewhere": _mean(shifted),
            f"{kind}_random": _mean(random),
            f"{kind}_others": tuple(each.area for each in shifted),
        }
    return TrustReport(whole=whole, kept=kept, randomisation=randomisation, **measured)


def passes(steps: int = CURVE_STEPS) -> int:
    """Return how many photos `measure_trust` has classified.

    Example:
        >>> passes(14)  # the map itself, eight elsewhere, two at random, each both ways
        332
    """
    return 2 * (1 + SHIFTS + RANDOM_ORDERS) * (steps + 1) + 2


def random_order(shape: tuple[int, ...], *, seed: int) -> NDArray[np.float64]:
    """Return a heatmap whose cells, `RANDOM_CELLS` a side, are hot in random order, each evenly."""
    cells = np.random.default_rng(seed).permutation(RANDOM_CELLS**2).reshape(RANDOM_CELLS, RANDOM_CELLS)
    rows, columns = (np.arange(side) * RANDOM_CELLS // side for side in shape)
    return np.asarray(cells[np.ix_(rows, columns)] / (RANDOM_CELLS**2 - 1))


def _mean(curves: Sequence[Curve]) -> Curve:
    values = np.mean([curve.probabilities for curve in curves], axis=0)
    return Curve(curves[0].shares, tuple(float(value) for value in values))
