"""The phases of the distillation, one after the other, and what distinguishes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """What distinguishes the phases.

    Attributes:
        batch_norm: blocks 4 and 5 normalise, and they and the head alone learn.
        average_decay: of the moving average of the weights, a step.
        whole_map_after: progress from which the crops grow from 160 to 224 pixels.
        after: the phase that it goes on from, "" for none. One with batch norm takes that phase's over and
            learns from the cached maps; one without folds it away and learns from the photos themselves.
        blended_share: of the photos' views, shown as a mixture of two.
        styled_share: of the photos' views, see `styles`.
    """

    name: str
    batch_norm: bool
    muon_rate: float
    adam_rate: float
    batch_size: int
    steps_per_epoch: int
    average_decay: float
    whole_map_after: float
    after: str = ""
    blended_share: float = 0.0
    styled_share: float = 0.0

    @property
    def sees_photos(self) -> bool:
        """Whether it learns from pixels, not from the lower blocks' cached maps."""
        return not self.batch_norm


PHASES = {
    "upper": Phase("upper", True, 0.012, 4e-4, 96, 160, 0.98, 0.75),
    "long": Phase("long", True, 0.012, 4e-4, 96, 320, 0.99, 0.75, after="upper"),
    "all": Phase("all", False, 0.003, 1e-4, 48, 144, 0.99, 0.75, after="long",
                 blended_share=0.25, styled_share=0.25),
}  # fmt: skip
