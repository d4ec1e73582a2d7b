"""Play the pointing game with every explanation method and print a table.

    python -m tests.benchmark.pointing_game DATA --photos 200 --score-cam 20 --occlusion 40

DATA holds photos.csv and the photos it lists; the model is the active one of
GALLERY_MODEL_STORE. Test photos, evenly over the classes, are pasted into one
quadrant of a mottled grey canvas, the quadrants in turn, and their true class
is explained. By chance a quarter of the heat lies in the right quadrant.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gallery.errors import CamError
from gallery.explanation import formulas as maths
from gallery.explanation import methods
from gallery.explanation.perturbation import Region
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import RgbImage

QUADRANTS: tuple[Region, ...] = (
    (0.0, 0.0, 0.5, 0.5),
    (0.5, 0.0, 1.0, 0.5),
    (0.0, 0.5, 0.5, 1.0),
    (0.5, 0.5, 1.0, 1.0),
)

TEXTURE_CELL_PX = 8
TEXTURE_SPREAD = 20.0
"""Standard deviation of the canvas's grey, of 255: visible, and like no animal."""

FROM_GRADIENTS = {
    methods.GRAD_CAM: maths.grad_cam,
    methods.GRAD_CAM_PLUS_PLUS: maths.grad_cam_plus_plus,
    methods.HIRES_CAM: maths.hires_cam,
    methods.LAYER_CAM: maths.layer_cam,
}


def pasted(photo: RgbImage, quadrant: int, *, seed: int) -> RgbImage:
    """Return a canvas of mottled grey, twice as large, with the photo in one of its quarters.

    Args:
        photo: (h, w, 3) uint8.
        quadrant: index into `QUADRANTS`: 0 left top, 1 right top, 2 left bottom, 3 right bottom.
        seed: of the mottling.

    Returns:
        (2 h, 2 w, 3) uint8.

    Raises:
        CamError: there is no such quadrant.
    """
    if quadrant not in range(4):
        raise CamError(f"A picture has the quadrants 0 to 3, got {quadrant}.")
    height, width = photo.shape[:2]
    dice = np.random.default_rng(seed)
    cells = (2 * height // TEXTURE_CELL_PX + 1, 2 * width // TEXTURE_CELL_PX + 1)
    mottled = np.kron(dice.normal(124, TEXTURE_SPREAD, cells), np.ones((TEXTURE_CELL_PX, TEXTURE_CELL_PX)))
    grey = np.clip(mottled[: 2 * height, : 2 * width], 0, 255).astype(np.uint8)
    canvas = np.repeat(grey[..., np.newaxis], 3, axis=2)
    top, left = (quadrant // 2) * height, (quadrant % 2) * width
    canvas[top : top + height, left : left + width] = photo
    return canvas


def mass_inside(cam: NDArray[np.floating], region: Region) -> float | None:
    """Return the share of a map's heat that lies in a part of the photo, None for a map without heat.

    The energy-based pointing game (Wang et al. 2020, section 4.3). A cell on the border counts by the part
    of it that lies inside.

    Args:
        cam: (h, w), values >= 0.
        region: left, top, right, bottom as shares of the photo.

    Raises:
        CamError: the region is empty or leaves the photo, or the map is not two-dimensional.

    Example:
        >>> mass_inside(np.array([[3.0, 1.0]]), (0.0, 0.0, 0.5, 1.0))
        0.75
    """
    inside = _coverage(cam, region)
    heat = np.asarray(cam, np.float64)
    total = heat.sum()
    return float((heat * inside).sum() / total) if total > 0 else None


def peak_inside(cam: NDArray[np.floating], region: Region) -> bool | None:
    """Return whether the middle of a map's hottest cell lies in a part of the photo, None without heat.

    The pointing game (Zhang et al. 2016, section 4.2).

    Raises:
        CamError: the region is empty or leaves the photo, or the map is not two-dimensional.
    """
    _coverage(cam, region)
    if not cam.max() > 0:
        return None
    row, column = np.unravel_index(int(np.argmax(cam)), cam.shape)
    left, top, right, bottom = region
    across, down = (column + 0.5) / cam.shape[1], (row + 0.5) / cam.shape[0]
    return bool(left <= across <= right and top <= down <= bottom)


def _coverage(cam: NDArray[np.floating], region: Region) -> NDArray[np.float64]:
    """Return which part of each cell lies in a region, (h, w) in [0, 1]."""
    left, top, right, bottom = region
    if cam.ndim != 2 or not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise CamError(
            "A region is left, top, right, bottom as shares of the photo, 0 to 1, for a map (h, w); "
            f"got {region} for {cam.shape}."
        )

    def covered(cells: int, low: float, high: float) -> NDArray[np.float64]:
        edges = np.arange(cells + 1)
        inside = np.minimum(edges[1:], high * cells) - np.maximum(edges[:-1], low * cells)
        return np.asarray(np.clip(inside, 0, 1), np.float64)

    rows, columns = covered(cam.shape[0], top, bottom), covered(cam.shape[1], left, right)
    return np.asarray(rows[:, np.newaxis] * columns)


def chosen_photos(data: Path, count: int) -> list[tuple[Path, str]]:
    """Return test photos and their classes, one class after the other in turn."""
    of_class: dict[str, list[Path]] = defaultdict(list)
    with (data / "photos.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test":
                of_class[row["class"]].append(data / row["path"])
    dice = np.random.default_rng(0)
    shuffled = {name: [paths[i] for i in dice.permutation(len(paths))] for name, paths in of_class.items()}
    turns = range(max(map(len, shuffled.values())))
    return [(paths[turn], name) for turn in turns for name, paths in shuffled.items() if turn < len(paths)][
        :count
    ]


def canvases(
    photos: list[tuple[Path, str]], side: int, names: tuple[str, ...]
) -> Iterator[tuple[np.ndarray, int, int]]:
    """Yield each canvas as the network takes it, its quadrant, and the class's index."""
    for number, (path, name) in enumerate(photos):
        with Image.open(path) as opened:
            photo = opened.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        quadrant = number % len(QUADRANTS)
        canvas = Image.fromarray(pasted(np.asarray(photo), quadrant, seed=number))
        yield np.asarray(canvas.resize((side, side), Image.Resampling.BICUBIC)), quadrant, names.index(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument(
        "--score-cam", type=int, default=20, help="photos for Score-CAM: hundreds of passes each"
    )
    parser.add_argument("--occlusion", type=int, default=40, help="photos for occlusion: 196 passes each")
    parser.add_argument("--layer", help="target layer (default: the model's)")
    arguments = parser.parse_args()
    models = wiring.model_store(Settings.from_environment())
    card = wiring.chosen_card(models, None)
    explainer = wiring.explainer_of(wiring.load_classifier(models, card.model_id), models)
    masses: dict[str, list[float]] = defaultdict(list)
    hits: dict[str, list[bool]] = defaultdict(list)
    of_called: dict[str, list[float]] = defaultdict(list)
    photos = chosen_photos(arguments.data, arguments.photos)
    started = time.perf_counter()
    for number, (image, quadrant, label) in enumerate(canvases(photos, card.input_px, card.class_names)):
        activations, gradients = explainer.network.activations_and_gradients(image, label, arguments.layer)
        cams = {name: formula(activations, gradients) for name, formula in FROM_GRADIENTS.items()}
        cams[methods.EIGEN_CAM] = maths.eigen_cam(activations)
        if number < arguments.score_cam:
            cams[methods.SCORE_CAM] = explainer.explain(
                image, label, method=methods.SCORE_CAM, layer=arguments.layer
            )
        if number < arguments.occlusion:
            cams[methods.OCCLUSION] = explainer.explain(image, label, method=methods.OCCLUSION)
        called = int(explainer.probabilities(image[np.newaxis])[0].argmax()) == label
        for name, cam in cams.items():
            mass, hit = mass_inside(cam, QUADRANTS[quadrant]), peak_inside(cam, QUADRANTS[quadrant])
            masses[name].append(0.0 if mass is None else mass)  # no evidence does not point at the photo
            hits[name].append(bool(hit))
            if called:
                of_called[name].append(masses[name][-1])
        if (number + 1) % 10 == 0:
            passed_s = time.perf_counter() - started
            print(f"{number + 1} of {len(photos)} photos, {passed_s:.0f} s", file=sys.stderr, flush=True)
    print(
        f"{card.model_id}, {arguments.layer or card.target_layer}; heat in the photo's quadrant (chance 25 %)"
    )
    print(
        f"{'method':<12} {'photos':>6} {'mean share':>10} {'median':>7} {'peak inside':>11} "
        f"{'if called right':>15}"
    )
    for name in methods.METHODS:
        if masses[name]:
            right = f"{np.mean(of_called[name]):.1%} of {len(of_called[name])}" if of_called[name] else "-"
            print(
                f"{name:<12} {len(masses[name]):>6} {np.mean(masses[name]):>10.1%} "
                f"{np.median(masses[name]):>7.1%} {np.mean(hits[name]):>11.1%} {right:>15}"
            )


if __name__ == "__main__":
    main()
