"""How fast Evaluate answers: milliseconds from the press of the mouse to the frame that shows the result.

    python -m tests.benchmark.clicks http://localhost:8501 --collection 1 --chromium /usr/bin/chromium

The app must be running, with a labelled collection that is tagged; photos that the model was trained on are
counted too. The page itself keeps the time, so what the driving of the browser costs is not in it. It
prints, and fails nothing.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Position, sync_playwright

WATCH = """([words, tab, chart]) => {
  window.__answered = null;
  const drawn = () => document.querySelector(`.st-key-${chart} .nsewdrag`)?.getBoundingClientRect().width > 0;
  const shown = () => {
    const part = document.querySelector(tab ? ".st-key-evaluate_tabs" : "[data-testid=stMain]");
    return new RegExp(words).test(part.textContent) && (!chart || drawn());
  };
  if (shown()) throw new Error(words + " is there before the press");
  document.addEventListener("pointerdown", () => {
    const pressed = performance.now();
    const look = () => requestAnimationFrame(() => {
      if (shown()) requestAnimationFrame(() => { window.__answered = performance.now() - pressed; });
      else look();
    });
    look();
  }, { once: true, capture: true });
}"""

PARTS = {
    "Confidence": ("tab", "Does accuracy match confidence", "evaluate_reliability"),
    "Precision, recall and ROC": ("radio", "area under the ROC curve", "evaluate_precision_recall"),
    "By site, time, quality": ("tab", "All groups as a table", "evaluate_slices_chart"),
    "Labels": ("tab", "You decide", ""),
    "Compare": ("tab", "Both models are evaluated", ""),
    "Report": ("tab", "Precision: share of photos", ""),
    "misclassified": ("radio", "All photos, misclassified", ""),
    "correct": ("radio", "All photos, correct", ""),
}
"""What is pressed: its role, the words that it shows, and the key of its chart."""

POINTS = {
    "Confidence": [
        ("evaluate_reliability", r"Confidence \d+ to \d+\s%: ", ".points path"),
        ("evaluate_coverage", "At this point: a confidence threshold", ".scatterlayer .js-line"),
    ],
}
"""Charts whose points are pressed then: what a point shows, and what is drawn of it."""

PLACE = """([key, drawn]) => {
  const shapes = [...document.querySelectorAll(`.st-key-${key} ${drawn}`)];
  const size = (shape) => { const box = shape.getBoundingClientRect(); return box.width * box.height; };
  const shape = shapes.sort((a, b) => size(b) - size(a))[0];
  const middle = shape.getPointAtLength(shape.getTotalLength() / 2).matrixTransform(shape.getScreenCTM());
  const box = shape.getBoundingClientRect();
  const area = document.querySelector(`.st-key-${key} .nsewdrag`).getBoundingClientRect();
  const [x, y] = drawn.includes("line")
    ? [middle.x, middle.y]
    : [box.x + box.width / 2, box.y + box.height / 2];
  return { x: x - area.x, y: y - area.y };
}"""
"""Where the largest bar, or the middle of a line, lies in its chart."""

CELLS = [(0, 1), (3, 4), (7, 2)]
"""Row and column of the matrix: (true class, what is predicted)."""


def rest(page: Page) -> None:
    """Wait until nothing runs any more."""
    time.sleep(1.5)
    page.wait_for_selector("[data-test-script-state='notRunning']")


def press(page: Page, place: Locator, at: Position | None = None) -> None:
    """Press the mouse on a place; the pointer is there before, as a person's is."""
    place.hover(position=at, force=at is not None)
    time.sleep(0.3)
    page.mouse.down()
    page.mouse.up()


@contextmanager
def timed(page: Page, name: str, words: str, *, tab: str = "", chart: str = "") -> Iterator[None]:
    """Print how long the answer to the press inside takes."""
    page.evaluate(WATCH, [words, tab, chart])
    yield
    page.wait_for_function("window.__answered !== null")
    print(f"{name:34s} {page.evaluate('window.__answered'):5.0f} ms", flush=True)
    rest(page)


def main() -> None:
    """Open Evaluate twice and press cells, tabs and parts of tabs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--collection", type=int, default=1)
    parser.add_argument("--chromium", help="its path, where Playwright's own is not installed")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=args.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for visit in ("first", "second"):
            print(f"{visit} visit")
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(60_000)
            page.goto(f"{args.url}/evaluate?collection={args.collection}&trained=count")
            page.get_by_role("tab").first.wait_for()
            time.sleep(5)
            rest(page)
            print(page.locator(".st-key-evaluate_open_all").inner_text())
            matrix = page.locator(".st-key-evaluate_confusion")
            for row, column in CELLS:
                cell = matrix.locator("tbody tr").nth(row).locator(".cell").nth(column)
                words = f"{cell.get_attribute('data-what')}: "
                with timed(page, words, words):
                    press(page, cell)
            for title, (role, words, chart) in PARTS.items():
                button = page.get_by_role(role, name=re.compile(f"{title}$")).first
                button.scroll_into_view_if_needed()
                with timed(page, title, words, tab=title, chart=chart):
                    press(page, button)
                for key, shown, drawn in POINTS.get(title, []):
                    area = page.locator(f".st-key-{key} .nsewdrag")
                    area.scroll_into_view_if_needed()
                    place = page.evaluate(PLACE, [key, drawn])
                    with timed(page, f"a point of {key}", shown, tab=title, chart=key):
                        press(page, area, place)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
