"""Ten people at once: browsers that look at photos, label, explain and evaluate while a folder is tagged.

    python -m tests.benchmark.browsers http://localhost:8501 --server PID --chromium /usr/bin/chromium

The app must be running with a labelled, tagged collection. Each browser does what comes next at random,
one act a second. It prints how long acts took, what went wrong, and the server's memory each minute.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

TIMEOUT_MS = 60_000
PAUSE_S = 1.0
SHOWN = {
    "browse": ".cell",
    "review": "[data-testid=stMain]",
    "explain": "img",
    "evaluate?collection=1": "[role=tab]",
    "models": "h1",
}
"""Each page's address, and what stands on it when it is there."""


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB of 1,000,000 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")


async def person(
    browser: Browser, url: str, number: int, until: float, took: dict[str, list[float]], wrong: Counter[str]
) -> None:
    """Do one act after the other until a time of the monotonic clock."""
    choose = random.Random(number)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: wrong.update([f"page error: {error}"[:120]]))
    page.on("response", lambda got: wrong.update([f"HTTP {got.status}"]) if got.status >= 500 else None)
    while time.monotonic() < until:
        act = choose.choice([*SHOWN, "scroll", "label", "large"])
        began = time.monotonic()
        try:
            await do(page, url, act, choose)
            if await page.get_by_text("Something went wrong").count():
                wrong.update([f"{act}: the page says that something went wrong"])
        except PlaywrightError as exc:
            wrong.update([f"{act}: {str(exc).splitlines()[0]}"[:120]])
        took[act].append(time.monotonic() - began)
        await asyncio.sleep(PAUSE_S)
    await context.close()


async def do(page: Page, url: str, act: str, choose: random.Random) -> None:
    """Do one act."""
    if act in SHOWN:
        await page.goto(f"{url}/{act.replace('browse', '')}")
        await page.locator(SHOWN[act]).first.wait_for()
        return
    await page.goto(url)
    cell = page.locator(".cell").first
    await cell.wait_for()
    if act == "scroll":
        await page.mouse.move(640, 500)
        await page.mouse.wheel(0, choose.randint(200, 4000))
        await page.locator(".cell img").first.wait_for()
    elif act == "label":
        await cell.click()
        await page.keyboard.press(choose.choice("123456789"))
        await page.keyboard.press("Control+z")
    else:
        await cell.dblclick()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Escape")


async def measure(url: str, server: int, people: int, minutes: float, chromium: str | None) -> None:
    """Let people work, and print what came of it."""
    took: dict[str, list[float]] = defaultdict(list)
    wrong: Counter[str] = Counter()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        until = time.monotonic() + 60 * minutes
        working = asyncio.gather(*(person(browser, url, n, until, took, wrong) for n in range(people)))
        while not working.done():
            acts = sum(map(len, took.values()))
            left = max(0.0, until - time.monotonic())
            print(f"{left:4.0f} s left, {acts} acts, server {memory_mb(server):.0f} MB", flush=True)
            await asyncio.wait([working], timeout=60)
        await working
        await browser.close()
    for act, seconds in sorted(took.items()):
        seconds.sort()
        middle, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
        print(f"{act:8} {len(seconds):5} times, median {middle:.2f} s, 95 % under {late:.2f} s")
    print(f"server {memory_mb(server):.0f} MB; wrong: {dict(wrong) or 'nothing'}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--server", type=int, required=True, metavar="PID")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--chromium", help="its path, where Playwright's own is not installed")
    args = parser.parse_args()
    asyncio.run(measure(args.url, args.server, args.people, args.minutes, args.chromium))


if __name__ == "__main__":
    main()
