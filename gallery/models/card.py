"""Reading a model's card from JSON, field by field checked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from types import UnionType
from typing import Any

from gallery.errors import ModelError
from gallery.types import ModelCard

_KINDS: dict[str, type | UnionType] = {
    "class_names": list | tuple,
    "input_px": int,
    "parameter_count": int,
    "temperature": int | float,
}


def card_from_json(data: Mapping[str, Any], model_id: str) -> ModelCard:
    """Return the card that a JSON object describes; fields of later versions are left out.

    Args:
        data: the object in ``card.json``, from anyone: nothing in it is believed unchecked.
        model_id: the name of the model's folder, which the card must bear.

    Raises:
        ModelError: a field is missing or holds what it cannot.
    """

    def refuse(what: str) -> ModelError:
        return ModelError(f"The card of {model_id} cannot be used: {what}. Restore or correct its card.json.")

    fields = dataclasses.fields(ModelCard)
    required = [
        f.name
        for f in fields
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    missing = [name for name in required if name not in data]
    if missing:
        raise refuse(f"it lacks {', '.join(missing)}")
    values = {f.name: data[f.name] for f in fields if f.name in data}
    for name in required:
        if not isinstance(values[name], _KINDS.get(name, str)) or isinstance(values[name], bool):
            raise refuse(f"{name} is {values[name]!r}")
    for name in ("trained_on", "tested_on", "library_versions"):
        if name in values and not isinstance(values[name], Mapping):
            raise refuse(f"{name} is not a JSON object")
    if not isinstance(values.get("limits", []), list | tuple):
        raise refuse("limits is not a list")
    for name in ("backbone", "backbone_sha256"):
        if not isinstance(values.get(name), str | None):
            raise refuse(f"{name} is {values[name]!r}")
    names = tuple(values["class_names"])
    if not all(isinstance(name, str) and name for name in names) or not 2 <= len(names) == len(set(names)):
        raise refuse(f"class_names must be two or more different names, not {list(names)!r}")
    if values["model_id"] != model_id:
        raise refuse(f"it is the card of {values['model_id']!r}, in a folder called {model_id}")
    if not 0 < values["temperature"] < 1000:
        raise refuse(f"temperature must be above 0 and below 1000, not {values['temperature']}")
    if not 32 <= values["input_px"] <= 1024:
        raise refuse(f"input_px must be 32 to 1024, not {values['input_px']}")
    if not re.fullmatch(r"[\w-][\w.-]*", values["weights_file"]):
        raise refuse(f"weights_file must be a plain file name, not {values['weights_file']!r}")
    values["class_names"] = names
    values["temperature"] = float(values["temperature"])
    values["weights_sha256"] = values["weights_sha256"].lower()
    values["limits"] = tuple(str(limit) for limit in values.get("limits", ()))
    return ModelCard(**values)
