"""Curves of a training and the parallel coordinates of a search, each with its twin table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from gallery.charts.drawing import CLEAR, FONT, GRID, INK, Chart, ring
from gallery.training.history import Epoch
from gallery.training.search import Trial

LEARNT = {False: "#226bae", True: "#6db3ec"}  # by dark
JUDGED = {False: "#b3480a", True: "#f29b55"}


def curves_chart(history: Sequence[Epoch], epochs: int, *, dark: bool) -> Chart:
    """Return loss and accuracy over the epochs, of training and validation photos.

    Args:
        history: one epoch or more.
        epochs: how many there may be; the axis goes so far, so that curves grow into it.
        dark: colours for the dark theme.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(
        1, 2, subplot_titles=("Loss (cross-entropy)", "Accuracy (%)"), horizontal_spacing=0.08
    )
    rows = pd.DataFrame(history)
    best = min(history, key=lambda row: row.val_loss)
    for column, score, units in ((1, "loss", 1), (2, "accuracy", 100)):
        for photos, of, colour, dash in (
            ("Training photos", score, LEARNT, "dash"),
            ("Validation photos", f"val_{score}", JUDGED, "solid"),
        ):
            figure.add_scatter(
                x=rows["epoch"], y=units * rows[of], mode="lines+markers", name=photos,
                showlegend=column == 1, line={"color": colour[dark], "dash": dash, "width": 2},
                marker={"size": 6}, cliponaxis=False,
                hovertemplate=f"epoch %{{x}}: %{{y:.3g}}<extra>{photos}</extra>", row=1, col=column,
            )  # fmt: skip
        mark = ring(best.epoch, units * getattr(best, f"val_{score}"), dark=dark)
        figure.add_trace(mark.update(name="Best epoch", showlegend=column == 1), 1, column)
    figure.update_xaxes(
        title_text="Epoch", range=[0.5, max(epochs, 2) + 0.5], gridcolor=GRID[dark], zeroline=False,
        tick0=0, dtick=epoch_step(epochs), fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(gridcolor=GRID[dark], zeroline=False, fixedrange=True)
    figure.update_yaxes(rangemode="tozero", col=1)
    figure.update_layout(
        height=330, margin={"l": 44, "r": 12, "t": 62, "b": 44}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        font={"color": INK[dark], "family": FONT, "size": 13}, dragmode=False,
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.14, "yanchor": "bottom"},
    )  # fmt: skip
    figure.update_annotations(font={"size": 14, "color": INK[dark]})
    return Chart(
        figure,
        "Loss and accuracy over the epochs, of training and validation photos. The table below holds the "
        "same numbers.",
    )


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


def history_table(history: Sequence[Epoch]) -> None:
    """Show the epochs as a table."""
    _table(
        pd.DataFrame(history),
        {
            "epoch": ("Epoch", "%d"),
            "loss": ("Training loss", "%.3f"),
            "val_loss": ("Validation loss", "%.3f"),
            "accuracy": ("Training accuracy", "percent"),
            "val_accuracy": ("Validation accuracy", "percent"),
            "learning_rate": ("Learning rate", "%.2g"),
            "seconds": ("Seconds", "%.1f"),
        },
        key="train_history_table",
        alt="Loss, accuracy, learning rate and seconds of each epoch",
    )


def trials_table(trials: Sequence[Trial]) -> None:
    """Show the trials as a table, the best one first, those that failed last."""
    _table(
        pd.DataFrame(trials).sort_values("val_loss", kind="stable"),
        {
            "trial": ("Trial", "%d"),
            "val_loss": ("Loss", "%.3f"),
            "val_accuracy": ("Accuracy", "percent"),
            "learning_rate": ("Learning rate", "%.2g"),
            "dropout": ("Dropout", "%.1f"),
            "conv_layers": ("Convolutions", "%d"),
            "kernel_px": ("Kernel (px)", "%d"),
            "dense_units": ("Dense units", "%d"),
            "epochs": ("Epochs", "%d"),
            "seconds": ("Seconds", "%.0f"),
        },
        key="train_trials_table",
        alt="The trials with their settings, the best one first",
    )


def _table(frame: pd.DataFrame, columns: dict[str, tuple[str, str]], *, key: str, alt: str) -> None:
    """Show columns of a table in their order, each by its title and its format."""
    st.dataframe(
        frame,
        hide_index=True,
        key=key,
        column_order=list(columns),
        column_config={
            name: st.column_config.NumberColumn(title, format=digits)
            for name, (title, digits) in columns.items()
        },
        alt=alt,
    )


def search_chart(trials: Sequence[Trial], *, dark: bool) -> Chart:
    """Return the trials that could be trained as parallel coordinates: better ones warmer.

    Args:
        trials: one or more with a loss.
        dark: colours for the dark theme.
    """
    import plotly.graph_objects as go

    rows = pd.DataFrame(trials).dropna().astype(float)
    rates, accuracies = np.log10(rows["learning_rate"]), 100 * rows["val_accuracy"]
    low, high = np.floor(rates.min()), max(np.ceil(rates.max()), np.floor(rates.min()) + 1)
    powers = np.arange(low, high + 1)
    worst, best = rows["val_loss"].max() + 1e-9, rows["val_loss"].min()
    dimensions = [
        {
            "label": "Learning rate", "values": rates, "range": [low, high],
            "tickvals": powers, "ticktext": [f"1e{power:.0f}" for power in powers],
        },
        {"label": "Dropout", "values": rows["dropout"]},
    ]  # fmt: skip
    counts = {"Convolutions": "conv_layers", "Kernel (px)": "kernel_px", "Dense units": "dense_units"}
    for label, name in counts.items():
        ticks = np.unique(rows[name])  # the values that occur
        axis = {"label": label, "values": rows[name], "tickvals": ticks}
        axis["ticktext"] = [f"{tick:.0f}" for tick in ticks]
        dimensions.append(axis if len(ticks) > 1 else axis | {"range": [ticks[0] - 1, ticks[0] + 1]})
    dimensions += [
        {"label": "Loss", "values": rows["val_loss"], "range": [worst, best]},  # the best on top
        {"label": "Accuracy (%)", "values": accuracies},
    ]
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
    return Chart(
        figure,
        "Parallel coordinates: one line per trial through its settings, its loss and its accuracy. The "
        "table below holds the same numbers.",
    )
