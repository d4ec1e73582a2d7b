"""Train in a real browser: from a folder, over a killed training, to a kept model; a search's plot."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api")

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gallery.models import ModelStore
from gallery.services import wiring
from gallery.settings import Settings
from gallery.training.history import read_history, write_table
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.search import Trial
from gallery.types import JobKind, JobState
from tests.apps.red_network import red_card, red_weights
from tests.apps.small_gallery import SmallGallery
from tests.e2e.drawn_app import scrolls_sideways, stand_still
from tests.e2e.server import Server
from tests.e2e.test_accessibility import violations

pytestmark = [pytest.mark.network, pytest.mark.timeout(1200)]

LONG_MS = 420_000
"""A training's process loads TensorFlow, on a machine that may be busy with other tests."""


PAGE_MS = 240_000
"""What a page may take then."""


@dataclass(frozen=True)
class TrainApp:
    """A running app with a made model, and a folder of forty photos in two classes."""

    url: str
    settings: Settings
    photos: Path


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainApp]:
    folder = tmp_path_factory.mktemp("train")
    photos = folder / "birds"
    for number in range(20):
        for name, channel in (("cat", 0), ("dog", 2)):
            cells = np.random.default_rng(2 * number + channel).integers(0, 120, (6, 8, 3), np.uint8)
            cells[..., channel] += 120  # cats are red, dogs are blue
            (photos / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(cells.repeat(16, 0).repeat(16, 1)).save(photos / name / f"{number}.png")
    (photos / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more than that")
    with pytest.MonkeyPatch.context() as environment:
        gallery = SmallGallery.make(folder, environment)
        ModelStore(folder / "none", gallery.store).save(red_card(), red_weights())
        server.show()
        yield TrainApp(server.url, Settings.from_environment(), photos)


def visit(page: Page, url: str) -> None:
    """Open a page and wait until it stands still, however busy the machine is."""
    page.set_default_timeout(PAGE_MS)
    page.goto(url)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the script has run; what follows itself every second is never idle."""
    page.locator("[data-test-script-state='notRunning']").first.wait_for(timeout=PAGE_MS)


def fill(box: Locator, value: str) -> None:
    box.fill(value)
    box.press("Enter")


def kill(app: TrainApp, training: str) -> None:
    """Kill a training's process, as the system does when memory is short."""
    with wiring.composed(app.settings) as parts:
        job = parts.catalog.latest_named(JobKind.TRAINING, training)
    assert job is not None
    assert job.pid is not None
    os.kill(job.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def epochs_of(training: Path) -> int:
    return len(read_history(training / "history.csv"))


def no_violations(page: Page) -> None:
    settle(page)
    stand_still(page)
    settle(page)
    assert violations(page) == []
    assert not scrolls_sideways(page)


def test_from_a_folder_to_a_model_that_is_kept_although_its_training_was_killed(
    page: Page, browser: Browser, app: TrainApp
) -> None:
    visit(page, f"{app.url}/train")
    no_violations(page)
    page.locator("input#path").fill(str(app.photos))
    page.get_by_role("button", name="Open", exact=True).click()
    to_recipe = page.get_by_role("button", name="Next: choose a recipe")
    expect(to_recipe).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("1 file could not be read and is left out.")).to_be_visible(timeout=PAGE_MS)
    pictures = page.locator("img[src*='/gallery/labelled/']")
    expect(pictures).to_have_count(20, timeout=PAGE_MS)
    pictures.first.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelector(\"img[src*='/gallery/labelled/']\").naturalWidth > 0"
    )
    no_violations(page)

    to_recipe.click()
    card = page.locator(".st-key-train_recipe_cnn-small")
    card.get_by_role("button", name="Choose").click()
    expect(card.get_by_text("Chosen")).to_be_visible(timeout=PAGE_MS)
    expect(page.locator(".st-key-train_variants img")).to_have_count(9, timeout=PAGE_MS)
    settle(page)
    epochs = page.get_by_role("spinbutton", name="Epochs (passes over the photos)")
    fill(epochs, "900")
    expect(card.get_by_text("900 epochs at most")).to_be_visible(timeout=PAGE_MS)
    no_violations(page)
    page.reload()  # what was changed is found again
    expect(epochs).to_have_value("900", timeout=PAGE_MS)
    settle(page)
    page.get_by_text("More settings").click()
    fill(page.get_by_role("spinbutton", name="Early stopping (epochs)"), "900")
    settle(page)
    page.get_by_role("button", name="Start the training").click()

    expect(page.locator(".st-key-train_state")).to_be_visible(timeout=PAGE_MS)
    other = browser.new_context().new_page()  # a second browser is led to the same training
    visit(other, f"{app.url}/train")
    expect(other.get_by_role("combobox", name="Training")).to_have_value(
        re.compile("^birds, cnn-small"), timeout=PAGE_MS
    )
    other.context.close()
    expect(page.locator(".st-key-train_curves .scatterlayer").first).to_be_visible(timeout=LONG_MS)
    folder = app.settings.trainings / "birds-cnn-small"
    kill(app, folder.name)
    done = epochs_of(folder)
    page.get_by_role("button", name="Resume").click(timeout=PAGE_MS)
    stop = page.get_by_role("button", name="Stop and keep the best")
    expect(stop).to_be_visible(timeout=PAGE_MS)
    until = time.monotonic() + LONG_MS / 1000
    while epochs_of(folder) <= done + 1 and time.monotonic() < until:
        page.wait_for_timeout(300)
    stop.click()

    keep = page.get_by_role("button", name="Keep this model")
    expect(keep).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("McNemar's exact paired test")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Active: red-network").first).to_be_visible(timeout=PAGE_MS)
    no_violations(page)
    assert not (app.settings.own_models / "birds-cnn-small").exists()
    keep.click()
    expect(page.get_by_text(re.compile("Kept$"))).to_be_visible(timeout=PAGE_MS)
    no_violations(page)  # the sentence beside it has come, so the link stays where it is
    page.get_by_role("link", name="See it under Models").click()
    expect(page.get_by_role("heading", name="birds, cnn-small")).to_be_visible(timeout=PAGE_MS)


def test_a_search_is_plotted_with_a_table_and_its_best_trial_becomes_the_recipe(
    page: Page, app: TrainApp
) -> None:
    folder = app.settings.trainings / "birds-search"
    remember(
        TrainingRequest(
            app.photos, recipe_named("cnn-small").changed(epochs=2), "none", "birds", folder,
            app.settings.training_cache,
        )
    )  # fmt: skip
    rows = [(1e-3, 0.5, 2, 3, 64, 0.9), (3e-3, 0.2, 3, 5, 128, 0.4), (9e-4, 0.1, 4, 3, 512, 0.7)]
    trials = [Trial(n, *row, 1 - row[-1] / 2, 2, 9.0) for n, row in enumerate(rows, start=1)]
    write_table(folder / "trials.csv", Trial, trials)
    with wiring.composed(app.settings) as parts:
        job = parts.catalog.queue_job(None, folder.name, kind=JobKind.SEARCH)
        parts.catalog.finish_job(job.job_id, JobState.DONE)
    visit(page, f"{app.url}/train?step=search&training=birds-search")
    expect(page.locator(".st-key-train_parcoords .parcoords").first).to_be_attached(timeout=PAGE_MS)
    expect(page.get_by_text("Best so far: trial 2")).to_be_visible(timeout=PAGE_MS)
    expect(page.get_by_role("region", name="The trials with their settings")).to_be_visible(timeout=PAGE_MS)
    no_violations(page)
    page.get_by_role("button", name="Use these settings").click()
    expect(page).to_have_url(re.compile("step=recipe"), timeout=PAGE_MS)
    expect(page.get_by_text("cnn-small-tuned").first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("spinbutton", name="Dense units (0: default)")).to_have_value(
        "128", timeout=PAGE_MS
    )
