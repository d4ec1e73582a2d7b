"""Measure learning from labels on training photos of sources that a head has not learnt from.

    python -m research.reviewing --data DIR --features FILE --out FOLDER [--only order|class|unlike]

DIR holds ``photos.csv``; FILE has the light model's features of its photos, as `research.make` leaves them.
Test photos stay apart. Writes a JSON file a measurement into FOLDER, and the plot of docs/learning.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from gallery.learning.fit import LABEL_COUNTS, Examples, Scale, fit_head, labelled
from gallery.learning.head import Head
from gallery.learning.likeness import likeness, units_of
from gallery.learning.queue import margins, review_order
from gallery.settings import CLASS_NAMES
from research.heads import as_two_layers, logistic_regression
from research.photos import HELD_OUT_SOURCES, LabelledPhoto, held_out, read_photos
from research.remembered import VALUES_OF_A_CLASS, balanced

TEMPERATURE = 0.836
"""That of the light model's card."""

BASE_PHOTOS = 150
"""Of each class, from which the heads of the measurements are fitted: enough, and quick."""

ROUNDS, OF_A_ROUND = 10, 20
"""Labels are given twenty at a time; after each round the head learns."""

NEW_CLASS_PHOTOS = 20


class Photos:
    """Training photos with their features, and heads fitted on some of them."""

    def __init__(self, data: Path, features: Path) -> None:
        listed = read_photos(data)
        values = np.load(features)
        rows = [
            row
            for row, photo in enumerate(listed)
            if photo.split == "train" and np.isfinite(values[row]).all() and values[row].any()
        ]
        self.photos: list[LabelledPhoto] = [listed[row] for row in rows]
        self.features = np.asarray(values[rows], np.float32)
        self.labels = np.array([photo.label for photo in self.photos], np.int64)

    def head(self, rows: NDArray[np.int64], classes: Sequence[int]) -> Head:
        """Return a head as the shipped ones are made, of some classes, fitted on a selection of rows."""
        own = np.array([self.photos[row] for row in rows], object)
        chosen = rows[balanced(list(own), BASE_PHOTOS)]
        linear = logistic_regression(
            self.features[chosen], [self.photos[row] for row in chosen], inverse_penalty=0.003
        )
        names = [CLASS_NAMES[label] for label in classes]
        return Head.of(names, TEMPERATURE, as_two_layers(linear))

    def remembered(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of what such a head's model would carry."""
        of_each = VALUES_OF_A_CLASS // self.features.shape[1]
        return rows[balanced([self.photos[row] for row in rows], of_each)]


def reviewer_orders(known: Photos, seeds: int = 3) -> dict[str, Any]:
    """Return accuracy against number of labels for each order, for each turn's sources and each seed."""
    orders: dict[str, Callable[[Any, Any, int], list[int]]] = {
        "queue": _queue,
        "unsure, spread": _spread,
        "least certain": lambda p, _, __: np.argsort(margins(p), kind="stable")[:OF_A_ROUND].tolist(),
        "random": lambda p, _, seed: np.random.default_rng(seed).permutation(len(p))[:OF_A_ROUND].tolist(),
    }
    curves: dict[str, list[list[float]]] = {name: [] for name in orders}
    model_alone: dict[str, list[list[float]]] = {name: [] for name in orders}
    for turn in range(len(HELD_OUT_SOURCES)):
        out = held_out(known.photos, turn)
        collection, rest = np.flatnonzero(out), np.flatnonzero(~out)
        base = known.head(rest, range(len(CLASS_NAMES)))
        kept = known.remembered(rest)
        for seed in range(seeds):
            # half of the collection is never labelled: it tells what the head itself has learnt
            dice = np.random.default_rng(100 * turn + seed).permutation(collection)
            offered, apart = dice[: len(dice) // 2], dice[len(dice) // 2 :]
            for name, order in orders.items():
                whole, alone = _review(known, base, kept, offered, apart, order, seed)
                curves[name].append(whole)
                model_alone[name].append(alone)
                print(turn, seed, name, np.round(whole, 4).tolist(), np.round(alone, 4).tolist(), flush=True)
    return {
        "labels": [OF_A_ROUND * n for n in range(ROUNDS + 1)],
        "collection": curves,
        "photos_never_offered": model_alone,
    }


def _queue(probabilities: Any, features: Any, seed: int) -> list[int]:
    del features
    return [one.row for one in review_order(probabilities, OF_A_ROUND, seed=seed)]


def _spread(probabilities: Any, features: Any, seed: int) -> list[int]:
    """Return the most different ones of ten times as many unsure photos, the least certain one first."""
    del seed
    unsure = np.argsort(margins(probabilities), kind="stable")[: 10 * OF_A_ROUND]
    units = units_of(features[unsure])
    chosen: list[int] = []
    nearest, place = np.full(len(units), -np.inf), 0
    while len(chosen) < min(OF_A_ROUND, len(units)):
        chosen.append(place)
        nearest = np.maximum(nearest, units @ units[place])
        nearest[place] = np.inf
        place = int(nearest.argmin())
    return [int(row) for row in unsure[chosen]]


def _review(
    known: Photos,
    base: Head,
    kept: NDArray[np.int64],
    offered: NDArray[np.int64],
    apart: NDArray[np.int64],
    order: Callable[[Any, Any, int], list[int]],
    seed: int,
) -> tuple[list[float], list[float]]:
    scale = Scale.of(known.features[kept])
    remembered = labelled(known.features[kept], known.labels[kept], len(CLASS_NAMES), 1.0)
    head, given = base, np.zeros(len(offered), bool)
    whole, alone = [], []
    for turn in range(ROUNDS + 1):
        right = head.scores(known.features[offered]).argmax(1) == known.labels[offered]
        whole.append(float((right | given).mean()))
        alone.append(float((head.scores(known.features[apart]).argmax(1) == known.labels[apart]).mean()))
        if turn == ROUNDS:
            break
        left = np.flatnonzero(~given)
        features = known.features[offered[left]]
        given[left[order(head.probabilities(features), features, 1000 * seed + turn)]] = True
        lessons = offered[given]
        examples = labelled(known.features[lessons], known.labels[lessons], len(CLASS_NAMES), LABEL_COUNTS)
        head = fit_head(base, remembered + examples, scale)
    return whole, alone


def new_classes(known: Photos, seeds: int = 3) -> dict[str, Any]:
    """Return recall of each class left out and added with twenty photos, and what it costs the others."""
    found: dict[str, Any] = {}
    for label, name in enumerate(CLASS_NAMES):
        others = [k for k in range(len(CLASS_NAMES)) if k != label]
        base, rest, apart, pool = _without(known, label)
        kept = known.remembered(rest)
        scale = Scale.of(known.features[kept])
        columns = [None if k == label else others.index(k) for k in range(len(CLASS_NAMES))]
        start = base.with_classes(CLASS_NAMES, columns)
        before = np.array(others)[base.scores(known.features[apart]).argmax(1)] == known.labels[apart]
        remembered = labelled(known.features[kept], known.labels[kept], len(CLASS_NAMES), 1.0)
        recalls, costs = [], []
        for seed in range(seeds):
            dice = np.random.default_rng(seed).permutation(pool)
            shown, unseen = dice[:NEW_CLASS_PHOTOS], dice[NEW_CLASS_PHOTOS:]
            examples: Examples = remembered + labelled(
                known.features[shown], known.labels[shown], len(CLASS_NAMES), LABEL_COUNTS
            )
            head = fit_head(start, examples, scale)
            recalls.append(float((head.scores(known.features[unseen]).argmax(1) == label).mean()))
            after = head.scores(known.features[apart]).argmax(1) == known.labels[apart]
            costs.append(float(before.mean() - after.mean()))
        found[name] = {"recall": recalls, "cost": costs}
        print(name, np.round(recalls, 4), np.round(costs, 4), flush=True)
    return found


def left_out_classes(known: Photos) -> dict[str, Any]:
    """Return the area under the ROC curve of each class left out against unseen photos of the other nine."""
    found: dict[str, Any] = {}
    for label, name in enumerate(CLASS_NAMES):
        base, rest, apart, pool = _without(known, label)
        kept = known.remembered(rest)
        rows = np.concatenate([apart, pool])
        strange = np.repeat([0, 1], [len(apart), len(pool)])
        features = known.features[rows]
        scores = base.scores(features)
        energy = -np.logaddexp.reduce(scores.astype(np.float64), axis=1)
        found[name] = {
            "likeness": float(roc_auc_score(strange, -likeness(features, units_of(known.features[kept])))),
            "energy": float(roc_auc_score(strange, energy)),
            "confidence": float(roc_auc_score(strange, -base.probabilities(features).max(axis=1))),
        }
        print(name, found[name], flush=True)
    return found


def _without(
    known: Photos, label: int
) -> tuple[Head, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return a head without a class, the rows it may know, 1,000 it may not, and those of the class."""
    others = [k for k in range(len(CLASS_NAMES)) if k != label]
    dice = np.random.default_rng(label).permutation(np.flatnonzero(known.labels != label))
    apart, rest = dice[:1000], np.sort(dice[1000:])
    return known.head(rest, others), rest, apart, np.flatnonzero(known.labels == label)


COLOURS = {"queue": "#226bae", "least certain": "#5c6c6a", "unsure, spread": "#ae4b00", "random": "#bd1f01"}
LEAST, PANEL_PX, HEIGHT_PX = 0.92, 400, 330


def plot(found: dict[str, Any]) -> str:
    """Return the accuracies of `reviewer_orders` as SVG: the mean of all trials, against number of labels."""
    most = found["labels"][-1]

    def place(labels: float, share: float) -> tuple[float, float]:
        return 46 + 220 * labels / most, 40 + 240 * (1 - (share - LEAST) / (1 - LEAST))

    drawn = []
    panels = {
        "collection": "Collection, labelled ones right",
        "photos_never_offered": "Photos never offered",
    }
    for number, (part, title) in enumerate(panels.items()):
        inside = [f'<text x="46" y="22" font-weight="600">{title}</text>']
        for share in np.arange(LEAST, 1.001, 0.02):
            _, y = place(0, share)
            inside.append(f'<path d="M46 {y:.1f}h220" stroke="#ddd"/>')
            inside.append(f'<text x="40" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
        for labels in range(0, most + 1, 50):
            x, _ = place(labels, 1)
            inside.append(f'<text x="{x:.1f}" y="298" text-anchor="middle">{labels}</text>')
        inside.append('<text x="156" y="318" text-anchor="middle">labels</text>')
        ends = sorted(found[part], key=lambda name: -np.mean(found[part][name], axis=0)[-1])
        for order, name in enumerate(ends):
            means = np.mean(found[part][name], axis=0)
            points = [place(*pair) for pair in zip(found["labels"], means.tolist(), strict=True)]
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            inside.append(
                f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
            )
            y = points[-1][1] + 4 if name == "random" else 44 + 16 * order
            inside.append(
                f'<text x="272" y="{y:.1f}" fill="{COLOURS[name]}">{name}, {100 * means[-1]:.1f} %</text>'
            )
        drawn.append(f'<g transform="translate({PANEL_PX * number} 0)">{"".join(inside)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * PANEL_PX}" height="{HEIGHT_PX}" '
        'font-family="sans-serif" font-size="12" fill="#222"><title>Accuracy against labels</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(drawn)}</svg>\n'
    )


MEASUREMENTS: dict[str, Callable[[Photos], dict[str, Any]]] = {
    "order": reviewer_orders,
    "class": new_classes,
    "unlike": left_out_classes,
}


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with photos.csv")
    parser.add_argument("--features", type=Path, required=True, help="features-*.npy of the same photos")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", choices=MEASUREMENTS, help="one of the measurements")
    arguments = parser.parse_args()
    known = Photos(arguments.data, arguments.features)
    for name, measure in MEASUREMENTS.items():
        if arguments.only in (None, name):
            file = arguments.out / f"{name}.json"
            found = measure(known)
            file.write_text(json.dumps(found, indent=2), encoding="utf-8")
            if name == "order":
                file.with_suffix(".svg").write_text(plot(found), encoding="utf-8")


if __name__ == "__main__":
    main()
