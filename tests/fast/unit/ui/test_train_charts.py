"""The curves of a training as they are drawn."""

from __future__ import annotations

import pytest

from gallery.training.history import Epoch
from gallery.ui.train.charts import curves_chart


@pytest.mark.parametrize(("epochs", "step"), [(1, 1), (4, 1), (10, 1), (40, 5), (900, 100)])
def test_the_epochs_axis_has_whole_ticks_and_shows_every_epoch(epochs: int, step: int) -> None:
    history = [Epoch(number, 1.0, 0.5, 1.1, 0.4, 1e-3, 4.0) for number in range(1, min(epochs, 3) + 1)]
    figure = curves_chart(history, epochs, dark=False).figure.to_dict()["layout"]
    for axis in (figure["xaxis"], figure["xaxis2"]):
        assert (axis["tick0"], axis["dtick"]) == (0, step)
        low, high = axis["range"]
        assert low < 1 <= epochs < high
        assert "nticks" not in axis
