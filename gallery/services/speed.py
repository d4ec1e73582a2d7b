"""How fast the shipped models are on this machine: where VGG16 is slow, the light one is offered."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping

import numpy as np

from gallery.files import write_atomic
from gallery.network.precision import likely_precision
from gallery.services import wiring
from gallery.settings import LIGHT_MODEL_ID
from gallery.types import ModelCard

SPEEDS_FILE = "speeds.json"
BATCH = 8
"""Photos of a measured pass: small, for the machines that this is for take seconds over it."""


def light_model_for(active: ModelCard) -> ModelCard | None:
    """Return the light model if the active one is a VGG16 and the processor computes it in float32."""
    if not active.architecture.startswith("vgg16") or likely_precision() == "bfloat16":
        return None
    light = next((entry for entry in wiring.models().entries() if entry.model_id == LIGHT_MODEL_ID), None)
    return light.card if light is not None and light.ok else None


def measured() -> Mapping[str, float]:
    """Return photos/s by model id, as they were measured on this machine; empty where they were not."""
    try:
        stored = json.loads((wiring.settings().home / SPEEDS_FILE).read_text(encoding="utf-8"))
        speeds = stored["speeds"] if stored["machine"] == _machine() else {}
        return {str(model_id): float(speed) for model_id, speed in speeds.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def measure(*model_ids: str) -> Mapping[str, float]:
    """Time the forward passes of models, keep their photos/s beside earlier ones, and return all.

    Raises:
        ModelError: a model is missing, damaged, or does not fit the code.
        OSError: the figures cannot be kept.
    """
    speeds = {**measured(), **{model_id: _photos_per_second(model_id) for model_id in model_ids}}
    content = json.dumps({"machine": _machine(), "speeds": speeds}, indent=2)
    write_atomic(wiring.settings().home / SPEEDS_FILE, content + "\n", durable=False)
    return speeds


def _photos_per_second(model_id: str) -> float:
    classifier = wiring.classifier(model_id)
    photos = np.random.default_rng(0).integers(
        0, 256, (BATCH, classifier.input_px, classifier.input_px, 3), dtype=np.uint8
    )
    classifier.classify(photos)  # tracing and the choice of kernels are not what is measured
    started = time.perf_counter()
    classifier.classify(photos)
    return BATCH / (time.perf_counter() - started)


def _machine() -> str:
    """Return what a home on a shared disk tells its machines apart by."""
    return f"{platform.node()} {platform.machine()} {platform.processor()}"
