"""What the model predicts of the five photos of the Evaluate page's tests: 3 of 5 are right."""

from __future__ import annotations

SAID = {
    "cane/1.png": {"dog": 0.9, "cat": 0.1},
    "cane/2.png": {"cat": 0.8, "dog": 0.2},  # the surest error
    "cane/3.png": {"cat": 0.6, "dog": 0.4},
    "Cats/1.png": {"cat": 1.0},
    "Cats/2.png": {"cat": 0.7, "cow": 0.3},
}
