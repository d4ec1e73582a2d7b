"""Training a dense top alone: what the frozen convolutions say of each photo is computed once and kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.files import open_atomic
from gallery.network.architectures import NetworkOptions, bottleneck_top, get_weights, set_weights
from gallery.network.engine import keras
from gallery.training.fit import BATCH, FitData, fit
from gallery.training.history import FitResult, Tell, preparing
from gallery.training.request import TrainingRequest

LAST_FROZEN = "block5_pool"
TOP_LAYERS = frozenset(("fc1", "predictions"))


def fit_top(
    network: keras.Model,
    data: FitData,
    request: TrainingRequest,
    *,
    options: NetworkOptions,
    photo_set: str,
    on_progress: Tell,
) -> tuple[FitResult, keras.Model, FitData]:
    """Train the dense top of vgg16-bottleneck on saved outputs, and put it into the network.

    Args:
        network: the whole one; its convolutions are rounded to float16, as they are kept, and then stay.
        data: photos.
        request: how; in its cache the outputs are kept, for other trainings of the same photos too.
        options: those that the network was built with.
        photo_set: tells one set of photos from another.
        on_progress: is told, first of photos "preparing", then of epochs.

    Returns:
        What came of it, the top alone, and the saved outputs that it judges by in place of photos, which
        spares the convolutions a second pass.

    Raises:
        TrainingError: as `fit`, or the disk refuses.
    """
    set_weights(network, {name: tensor.astype(np.float16) for name, tensor in get_weights(network).items()})
    told = preparing(on_progress, request.recipe)
    features = saved_features(network, data, request.cache, photo_set, told)
    top = bottleneck_top(data.class_count, features.shape[1:], options)
    set_weights(top, get_weights(network), only=TOP_LAYERS)
    on_features = replace(data, inputs=lambda rows: features[rows], preprocessing=None)
    fitted = fit(top, on_features, request.recipe, folder=request.folder, on_progress=on_progress)
    set_weights(network, get_weights(top), only=TOP_LAYERS)
    return fitted, top, on_features


def saved_features(
    network: keras.Model,
    data: FitData,
    folder: Path,
    photo_set: str,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> NDArray[np.float16]:
    """Return the frozen convolutions' outputs of all photos, (N, 7, 7, 512) float16, mapped from disk.

    The ``.npy`` file is named by the photos and the weights, and written once.

    Raises:
        TrainingError: the disk refuses.
    """
    last = network.get_layer(LAST_FROZEN).output
    convolutions = keras.Model(network.input, last)
    digest = hashlib.sha256(photo_set.encode())
    for name, tensor in sorted(get_weights(convolutions).items()):
        digest.update(name.encode() + tensor.tobytes())
    file = folder / f"{LAST_FROZEN}-{digest.hexdigest()[:16]}.npy"
    count = len(data.labels)
    try:
        if not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shape = (count, *(int(side) for side in last.shape[1:]))
            with open_atomic(file, durable=False, keep_busy=True) as out:
                np.lib.format.write_array_header_1_0(
                    out, {"descr": "<f2", "fortran_order": False, "shape": shape}
                )
                for start in range(0, count, BATCH):
                    rows = np.arange(start, min(start + BATCH, count))
                    outputs = convolutions.predict_on_batch(data.given(data.inputs(rows)))
                    capped = np.minimum(np.asarray(outputs, np.float32), np.finfo(np.float16).max)
                    out.write(capped.astype("<f2").tobytes())
                    on_progress(int(rows[-1]) + 1, count)
        with contextlib.suppress(OSError):
            os.utime(file)  # used just now, for `pixel_store.trim_cache`
        return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    except OSError as exc:
        raise TrainingError(
            f"The outputs could not be saved in {folder}: {exc}. Free space and resume."
        ) from exc
