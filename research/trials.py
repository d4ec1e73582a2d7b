"""Try the recipes on photos of sources that they did not learn from; ``docs/training.md`` has the table.

    python -m research.trials --data DIR --out FOLDER [--teacher FILE] [--minutes N] [TRIAL ...]

DIR holds ``photos.csv``. Each trial trains by ``python -m gallery train`` and is measured by
``python -m gallery evaluate`` on photos of the split "test", at most 30 of each class. FOLDER keeps the
models, and a line of each trial in ``trials.jsonl``; the same command goes on with what is not done.
Networks from scratch are asked to stop after so many minutes and keep their best epoch.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gallery.services.wiring import composed
from gallery.settings import CLASS_NAMES, Settings
from gallery.types import JobKind

FEW, MANY, ALL, PAIR = "few", "unequal", "all", "cats and dogs"


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the table: what learns, from which photos, for how long."""

    name: str
    recipe: str
    photos: str
    options: tuple[str, ...] = ()
    limited: bool = False


TRIALS = (
    Trial("bottleneck", "vgg16-bottleneck", FEW),
    Trial("flatten", "vgg16-flatten", FEW, ("--epochs", "4")),
    Trial("pair", "vgg16-bottleneck", PAIR),
    Trial("small", "cnn-small", ALL, ("--epochs", "200"), limited=True),
    Trial("light", "efficientnet-lite2-gap", FEW, ("--epochs", "4", "--learning-rate", "2e-5")),
    Trial("gap-slow", "vgg16-gap", FEW, ("--epochs", "3", "--learning-rate", "2e-5")),
    Trial("distilled-slow", "vgg16-distilled", FEW, ("--epochs", "3", "--learning-rate", "2e-5")),
    Trial("small-unequal", "cnn-small", MANY, ("--epochs", "25")),
    Trial("small-oversampled", "cnn-small", MANY, ("--epochs", "25", "--balance", "oversample")),
    Trial("large", "cnn-large", MANY, ("--epochs", "110"), limited=True),
    Trial("gap", "vgg16-gap", FEW, ("--epochs", "2")),
    Trial("distilled", "vgg16-distilled", FEW, ("--epochs", "2")),
)


def chosen(rows: Sequence[dict[str, str]], photos: str) -> list[dict[str, str]]:
    """Return the training photos of a trial: evenly over a class's list, which is sorted by source."""
    counts = {
        FEW: dict.fromkeys(CLASS_NAMES, 34),
        MANY: {name: 20 + 6 * place for place, name in enumerate(sorted(CLASS_NAMES))},
        ALL: dict.fromkeys(CLASS_NAMES, len(rows)),
        PAIR: {"cat": 425, "dog": 425},
    }[photos]
    return evenly([row for row in rows if row["split"] == "train"], counts)


def evenly(rows: Sequence[dict[str, str]], counts: dict[str, int]) -> list[dict[str, str]]:
    """Return at most so many rows of each class, evenly over its rows."""
    found = []
    for name, count in counts.items():
        of_class = [row for row in rows if row["class"] == name]
        places = np.linspace(0, len(of_class) - 1, min(count, len(of_class))).round().astype(int)
        found += [of_class[place] for place in places]
    return found


def write_table(file: Path, rows: Sequence[dict[str, str]], data: Path) -> Path:
    """Write a table of path and label, as the commands take it."""
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(("path", "label", "class"))
        writer.writerows((data / row["path"], row["class"], row["class"]) for row in rows)
    return file


def command(*words: str) -> dict[str, Any]:
    """Run a command of the app and return its JSON object."""
    run = [sys.executable, "-m", "gallery", *words, "--json"]
    told = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(told)  # type: ignore[no-any-return]


def stop(home: Path, model: str) -> None:
    """Ask a training to end with its best epoch, as the Train page does."""
    with composed(Settings.from_environment(home)) as parts:
        if job := parts.catalog.latest_named(JobKind.TRAINING, model):
            parts.catalog.request_cancel(job.job_id)


def try_recipe(
    trial: Trial,
    rows: Sequence[dict[str, str]],
    data: Path,
    out: Path,
    teacher: str | None,
    minutes: float,
) -> dict[str, Any]:
    """Train, measure, and return the row of the table."""
    learnt = chosen(rows, trial.photos)
    home, model = out / "home", f"trial-{trial.name}"
    options = list(trial.options)
    if trial.recipe == "vgg16-distilled" and teacher:
        options += ["--teacher", teacher]
    stopper = threading.Timer(60 * minutes if trial.limited else threading.TIMEOUT_MAX, stop, (home, model))
    stopper.daemon = True
    stopper.start()
    told = out / f"{trial.name}.json"  # of the training: the model's id is given once
    if not told.is_file():
        began = time.monotonic()
        table = write_table(out / f"{trial.photos}.csv", learnt, data)
        trained = command(
            "train", "--home", str(home), "--data", str(table), "--recipe", trial.recipe, "--out", model,
            *options,
        )  # fmt: skip
        told.write_text(json.dumps(trained | {"wall_s": round(time.monotonic() - began)}), encoding="utf-8")
    trained = json.loads(told.read_text(encoding="utf-8"))
    stopper.cancel()
    names = {row["class"] for row in learnt}
    asked = [row for row in rows if row["split"] == "test" and row["class"] in names]
    asked = evenly(asked, dict.fromkeys(names, 30 if len(names) > 2 else len(asked)))
    measured = command(
        "evaluate", str(data), "--home", str(home), "--model", model,
        "--labels", str(write_table(out / f"asked-{len(names)}.csv", asked, data)),
    )  # fmt: skip
    return {"trial": trial.name, "photos": len(learnt), "trained": trained, "measured": measured}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teacher")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", default=[trial.name for trial in TRIALS])
    given = parser.parse_args(words)
    if unknown := set(given.trials) - {trial.name for trial in TRIALS}:
        parser.error(f"there is no trial {', '.join(sorted(unknown))}")
    data = given.data.absolute()
    given.out.mkdir(parents=True, exist_ok=True)
    with (data / "photos.csv").open(newline="", encoding="utf-8") as table:
        rows = sorted(csv.DictReader(table), key=lambda row: (row["class"], row["source"], row["path"]))
    kept = given.out / "trials.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    known = {json.loads(line)["trial"] for line in lines}
    for trial in (trial for trial in TRIALS if trial.name in given.trials and trial.name not in known):
        done = try_recipe(trial, rows, data, given.out, given.teacher, given.minutes)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(done) + "\n")
        print(trial.name, done["photos"], done["trained"]["wall_s"], done["measured"]["accuracy"], flush=True)


if __name__ == "__main__":
    main()
