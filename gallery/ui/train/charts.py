"""Curves of a training and the parallel coordinates of a search; each has a twin table on its page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from gallery.charts.drawing import CLEAR, FONT, GRID, INK
from gallery.training.history import Epoch
from gallery.training.search import Trial

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEARNT = {False: "#226bae", True: "#6db3ec"}  # by dark
JUDGED = {False: "#b3480a", True: "#f29b55"}


def curves_figure(history: Sequence[Epoch], epochs: int, *, dark: bool) -> go.Figure:
    """Return loss and accuracy over the epochs, of training and validation photos.

    Args:
        history: one epoch or more.
        epochs: how many there may be; the axis goes so far, so that curves grow into it.
        dark: colours for the dark theme.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(
        1, 2, subplot_titles=("Loss (cross-entropy)", "Accuracy (%)"), horizontal_spacing=0.08
    )
    numbers = [row.epoch for row in history]
    best = min(history, key=lambda row: row.val_loss)
    shown: tuple[tuple[int, list[float], list[float], float], ...] = (
        (1, [row.loss for row in history], [row.val_loss for row in history], best.val_loss),
        (
            2,
            [100 * row.accuracy for row in history],
            [100 * row.val_accuracy for row in history],
            100 * best.val_accuracy,
        ),
    )
    for column, learnt, judged, at_best in shown:
        first = column == 1
        figure.add_trace(_line(numbers, learnt, "Training photos", LEARNT[dark], "dash", first), 1, column)
        figure.add_trace(_line(numbers, judged, "Validation photos", JUDGED[dark], "solid", first), 1, column)
        ring = {"size": 14, "symbol": "circle-open", "color": JUDGED[dark], "line": {"width": 3}}
        mark = go.Scatter(
            x=[best.epoch], y=[at_best], mode="markers", marker=ring, name="Best epoch", showlegend=first,
            hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
        figure.add_trace(mark, 1, column)
    figure.update_xaxes(
        title_text="Epoch", range=[0.5, max(epochs, 2) + 0.5], gridcolor=GRID[dark], zeroline=False,
        tick0=0, dtick=epoch_step(epochs), fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(gridcolor=GRID[dark], zeroline=False, rangemode="tozero", fixedrange=True, col=1)
    figure.update_yaxes(gridcolor=GRID[dark], zeroline=False, fixedrange=True, col=2)
    figure.update_layout(
        height=330, margin={"l": 44, "r": 12, "t": 62, "b": 44}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        font={"color": INK[dark], "family": FONT, "size": 13}, dragmode=False,
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.14, "yanchor": "bottom"},
    )  # fmt: skip
    figure.update_annotations(font={"size": 14, "color": INK[dark]})
    return figure


def epoch_step(epochs: int) -> int:
    """Return how many epochs lie between two ticks of an axis: whole and round, for ten ticks at most.

    Example:
        >>> [epoch_step(epochs) for epochs in (4, 10, 11, 40, 100, 900)]
        [1, 1, 2, 5, 10, 100]
    """
    size = 1
    while epochs > 100 * size:
        size *= 10
    return next(step * size for step in (1, 2, 5, 10) if epochs <= 10 * step * size)


def _line(
    numbers: list[int], values: list[float], name: str, colour: str, dash: str, in_legend: bool
) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        x=numbers, y=values, mode="lines+markers", name=name, showlegend=in_legend,
        line={"color": colour, "dash": dash, "width": 2}, marker={"size": 6}, cliponaxis=False,
        hovertemplate="epoch %{x}: %{y:.3g}<extra>" + name + "</extra>",
    )  # fmt: skip


def history_frame(history: Sequence[Epoch]) -> pd.DataFrame:
    """Return the epochs as a table that people read."""
    return pd.DataFrame(
        {
            "Epoch": [row.epoch for row in history],
            "Training loss": [row.loss for row in history],
            "Validation loss": [row.val_loss for row in history],
            "Training accuracy (%)": [100 * row.accuracy for row in history],
            "Validation accuracy (%)": [100 * row.val_accuracy for row in history],
            "Learning rate": [row.learning_rate for row in history],
            "Seconds": [row.seconds for row in history],
        }
    )


def search_figure(trials: Sequence[Trial], *, dark: bool) -> go.Figure:
    """Return the trials that could be trained as parallel coordinates: better ones warmer.

    Args:
        trials: one or more with a loss.
        dark: colours for the dark theme.
    """
    import plotly.graph_objects as go

    trained = [trial for trial in trials if trial.val_loss is not None and trial.val_accuracy is not None]
    rates = [math.log10(trial.learning_rate) for trial in trained]
    low, high = math.floor(min(rates)), max(math.ceil(max(rates)), math.floor(min(rates)) + 1)
    powers = list(range(low, high + 1))
    losses = [float(trial.val_loss or 0) for trial in trained]
    accuracies = [100 * float(trial.val_accuracy or 0) for trial in trained]
    dimensions: list[dict[str, Any]] = [
        {
            "label": "Learning rate", "values": rates, "range": [low, high],
            "tickvals": powers, "ticktext": [f"1e{power}" for power in powers],
        },
        {"label": "Dropout", "values": [trial.dropout for trial in trained]},
        _counted("Convolutions", [trial.conv_layers for trial in trained]),
        _counted("Kernel (px)", [trial.kernel_px for trial in trained]),
        _counted("Dense units", [trial.dense_units for trial in trained]),
        {"label": "Loss", "values": losses, "range": [max(losses) + 1e-9, min(losses)]},  # the best on top
        {"label": "Accuracy (%)", "values": accuracies},
    ]  # fmt: skip
    scale = [[0, "#7d8fa3"], [0.5, "#3f90da"], [1, "#e76300" if not dark else "#ffa90e"]]
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": accuracies, "colorscale": scale, "showscale": False},
            labelfont={"size": 13, "color": INK[dark]},
            tickfont={"size": 12, "color": INK[dark]},
            rangefont={"size": 11, "color": CLEAR},
        )
    )
    figure.update_layout(
        height=340, margin={"l": 60, "r": 50, "t": 56, "b": 24}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        font={"color": INK[dark], "family": FONT},
    )  # fmt: skip
    return figure


def _counted(label: str, values: list[int]) -> dict[str, Any]:
    """Return an axis whose ticks are the values that occur."""
    ticks = sorted(set(values))
    spread = {} if len(ticks) > 1 else {"range": [ticks[0] - 1, ticks[0] + 1]}
    return {
        "label": label,
        "values": values,
        "tickvals": ticks,
        "ticktext": [str(tick) for tick in ticks],
        **spread,
    }


def trials_frame(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the trials as a table, the best one first, those that failed last."""
    ordered = sorted(trials, key=lambda trial: math.inf if trial.val_loss is None else trial.val_loss)
    return pd.DataFrame(
        {
            "Trial": [trial.trial for trial in ordered],
            "Loss": [trial.val_loss for trial in ordered],
            "Accuracy (%)": [None if t.val_accuracy is None else 100 * t.val_accuracy for t in ordered],
            "Learning rate": [trial.learning_rate for trial in ordered],
            "Dropout": [trial.dropout for trial in ordered],
            "Convolutions": [trial.conv_layers for trial in ordered],
            "Kernel (px)": [trial.kernel_px for trial in ordered],
            "Dense units": [trial.dense_units for trial in ordered],
            "Epochs": [trial.epochs for trial in ordered],
            "Seconds": [trial.seconds for trial in ordered],
        }
    )
