"""Review and Learn as a person goes through them: keys, undo, reload, learn, see, keep, go back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api")

from PIL import Image
from playwright.sync_api import Page, expect

from gallery.services import wiring
from tests.e2e.server import Server
from tests.fast.unit.learnt_place import BASE, LearntPlace

CATS = DOGS = 14


@pytest.fixture(scope="module")
def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LearntPlace]:
    """Cats of a kind that the model takes for dogs, and dogs; of each photo there is the thumbnail alone."""
    made = LearntPlace(tmp_path_factory.mktemp("review"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GALLERY_HOME", str(made.settings.home))
        environment.setenv("GALLERY_MODEL_STORE", str(made.settings.shipped_models))
        environment.setenv("GALLERY_USER", "ada")
        with wiring.composed(made.settings) as parts:
            cats, dogs = made.tag(parts.catalog, "new cat", CATS), made.tag(parts.catalog, "dog", DOGS)
            for number, photo_id in enumerate(cats + dogs):
                picture = io.BytesIO()
                shade = (40, 90, 3 * number) if photo_id in dogs else (200, 120, 3 * number)
                Image.fromarray(np.full((30, 40, 3), shade, np.uint8)).save(picture, "JPEG")
                parts.thumbnails.put(photo_id, picture.getvalue())
        server.show()
        yield made


def test_the_whole_loop_from_keys_to_a_kept_version_and_back(
    server: Server, place: LearntPlace, page: Page
) -> None:
    page.goto(f"{server.url}/review")
    expect(page.locator(".cell.loaded").first).to_be_visible()
    page.locator(".cell").first.click()
    shown = page.locator("dialog.large")
    name = shown.locator(".panel h2")
    expect(shown.get_by_text("Why it is next")).to_be_visible()

    seen = []
    for _ in range(12):  # a cat takes a key of its class, a dog is accepted; the next photo follows by itself
        seen.append(name.inner_text())
        page.keyboard.press("2" if seen[-1].startswith("new cat") else "Enter")
        expect(name).not_to_have_text(seen[-1])
    assert {one.split(" ")[0] for one in seen} == {"new", "dog"}
    page.keyboard.press("Control+z")
    expect(shown.get_by_text(re.compile("^Undid: "))).to_be_visible()
    expect(name).to_have_text(seen[-1])

    page.keyboard.press("m")  # what is like it, in place of the queue, and back
    expect(page.get_by_text(f"photos like {seen[-1]}")).to_be_visible()
    expect(page.locator(".cell").first).to_have_attribute("aria-label", re.compile(re.escape(seen[-1])))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="← Back")).to_be_hidden()
    expect(page.get_by_text("11 of 28 photos reviewed")).to_be_visible()

    page.reload()
    expect(page.get_by_text("11 of 28 photos reviewed")).to_be_visible()
    page.locator(".cell.loaded").first.click()
    before = name.inner_text()
    page.keyboard.press("2" if before.startswith("new cat") else "1")
    expect(name).not_to_have_text(before)
    page.keyboard.press("ArrowLeft")
    row = shown.get_by_role("button", name=re.compile("^Set [0-9]+ photos to "))
    alike = int(re.findall("[0-9]+", row.inner_text())[0])
    page.keyboard.press("a")  # the look-alikes in the row, too
    expect(shown.get_by_text(re.compile(f"{alike} photos set to (Cat|Dog)")).first).to_be_visible()
    page.keyboard.press("Control+z")
    expect(shown.get_by_text(re.compile(f"Undid: {alike} photos"))).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Learn", exact=True).click()
    expect(page.get_by_text("Tags that would change")).to_be_visible()
    changed = page.get_by_test_id("stMetric").filter(has_text="Tags that would change")
    assert int(changed.get_by_test_id("stMetricValue").inner_text()) > 0
    expect(page.get_by_role("combobox", name="Photos that would change")).to_be_visible()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("base-model-learnt-1 tags from now on")).to_be_visible()
    expect(page.get_by_text(re.compile("0 corrected"))).to_be_visible()
    page.get_by_text("Versions (2)").click()
    page.get_by_role("button", name="Go to this version").click()
    expect(page.get_by_text("base-model tags from now on")).to_be_visible()
    with wiring.composed(place.settings) as parts:
        assert parts.models.active_id() == BASE
        assert len(parts.catalog.named_photos(BASE)) == 12
