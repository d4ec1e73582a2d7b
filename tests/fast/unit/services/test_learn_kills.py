"""Learning, killed at any moment: labels stand, a kept head is whole, and what was begun can be kept."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gallery.services import check, learn, wiring
from gallery.services.candidates import CANDIDATE_FILE
from tests.counts import count
from tests.fast.unit.learnt_place import BASE, LearntPlace

LEARNER = Path(__file__).parent / "hasty_learner.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def killed_after(seconds: float, folder: Path, repository: Path, seed: int, *, kept: bool) -> list[list[str]]:
    """Return what a learner said that it had done until it was killed; after it kept a head, if so asked."""
    with subprocess.Popen(
        [sys.executable, str(LEARNER), str(folder), str(seed)],
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        before = [process.stdout.readline()] if kept else []
        while before and before[-1] and not before[-1].startswith("kept"):
            before.append(process.stdout.readline())
        time.sleep(seconds)
        process.kill()
        output = "".join(before) + process.stdout.read()  # communicate() would miss what is buffered here
        errors = process.stderr.read()
    assert "Error" not in errors, errors
    return [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]


def test_a_kill_while_learning_loses_no_label_and_leaves_no_half_head(
    tmp_path: Path, repository: Path
) -> None:
    place = LearntPlace(tmp_path)
    with wiring.composed(place.settings) as parts:
        photos = [one for kind in ("new cat", "dog", "cow") for one in place.tag(parts.catalog, kind, 30)]
        parts.catalog.correct(photos[:4], "cat", person="Ada", model_id=BASE)
        parts.catalog.correct(photos[40:44], "dog", person="Ada", model_id=BASE)
        before = parts.catalog.labels(photos)
    rng = random.Random(7)
    # of each photo the label that was given last, and what was being given when it was killed
    labels: dict[str, set[str | None]] = {}
    heads: set[str] = set()
    for round_ in range(count(100)):
        said = killed_after(rng.uniform(0, 1.5), tmp_path, repository, round_, kept=round_ == 0)
        for what, name, *word in said:
            if what == "kept":
                heads.add(name)
            elif what == "given":
                labels[name] = {*word}
            else:
                labels.setdefault(name, {before.get(name)}).update(word)
    assert labels
    assert heads
    with wiring.composed(place.settings) as parts:
        standing = parts.catalog.labels(photos)
        assert {name: words for name, words in labels.items() if standing.get(name) not in words} == {}
        entries = {entry.model_id: entry for entry in parts.models.entries()}
        assert heads <= set(entries)
        assert [entry.problem for entry in entries.values() if not entry.ok] == []
        for model_id in set(entries) - {BASE}:
            assert set(parts.models.weights(model_id)) >= {"predictions/kernel", "block1_conv1/kernel"}
        for model_id in heads:
            assert "nothing" not in place.tags(parts.catalog, photos, model_id)
        assert parts.models.active_id() in entries
        begun = [file.parent.name for file in place.settings.learnt_heads.glob(f"*/{CANDIDATE_FILE}")]
        for candidate in begun:
            learn.keep(parts, candidate)
            assert parts.models.active_id() == candidate
            assert "nothing" not in place.tags(parts.catalog, photos, candidate)
        assert learn.keep(parts, learn.preview(parts).id).photos == len(photos)
    told = itertools.takewhile(
        lambda one: one.name != "reading photos",
        check.findings(place.settings, None, content=False, repair=False),
    )
    assert [one for one in told if not one.ok and one.name != "folders"] == []  # the photos were never there
