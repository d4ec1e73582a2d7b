"""Accuracies with their intervals, and two models' side by side with the paired test of their difference."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gallery.evaluation.comparison import ModelComparison
from gallery.ui.components.plain_text import escaped
from gallery.words import interval, percent


def show(title: str, accuracy: float, bounds: tuple[float, float], n: int) -> None:
    """Show an accuracy on n photos with the bounds of its 95 % interval."""
    with st.container(gap=None):
        st.metric(title, percent(accuracy))
        st.caption(f"95 % CI {interval(bounds)}, n = {n:,}")


def show_two(compared: ModelComparison, names: Sequence[str]) -> None:
    """Show the accuracies of two models of these names, their difference, and whether it may be chance."""
    first, second, difference = st.columns(3, border=True)
    with first:
        show(escaped(names[0]), compared.accuracy_a, compared.interval_a, compared.n)
    with second:
        show(escaped(names[1]), compared.accuracy_b, compared.interval_b, compared.n)
    low, high = compared.difference_interval
    with difference.container(gap=None):
        st.metric("Difference (second minus first)", f"{100 * compared.difference:+.1f} points")
        st.caption(
            f"95 % CI {100 * low:+.1f} to {100 * high:+.1f} points. McNemar's exact paired test: "
            f"{p_text(compared.p_value)}; {compared.chance}."
        )


def p_text(p_value: float) -> str:
    """Return a p-value as people read it.

    Example:
        >>> p_text(0.0416), p_text(0.00001), p_text(1.0)
        ('p = 0.042', 'p < 0.001', 'p = 1')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
