"""Does a gallery of 100,000 pictures scroll like one of a hundred? How long frames take, and how much the page holds.

The real page on a real studio, whose database has the rows of so many pictures; their bytes are not there, and every address is answered with
one small picture by the browser itself. The page is scrolled by the wheel as fast as it goes, deep into the list, and back. Frames are measured by the page
(`requestAnimationFrame`), memory and elements are the browser's own figures after a collection. The peer is the same scrolling over a hundred pictures.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import asyncpg
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bench._figures import percentile, report
from harness.running_studio import RunningStudio, running_studio
from pingvas.launch.embedded_postgres import find

MANY, FEW = 100_000, 100
SCREENS = 400
PATIENCE_MS = 300_000
PASSWORD = "a long and quiet river"  # noqa: S105 - of people who live for one run

_ROWS = """
    INSERT INTO images (id, user_id, s3_key, thumbnail_url, width, height, format, file_size, generation_params, created_at)
    SELECT gen_random_uuid(), $1, 'images/' || $1::uuid || '/' || n || '.v2.png', 'thumbnails/' || $1::uuid || '/' || n || '.webp',
           (ARRAY[1024, 768, 1216, 832])[1 + n % 4], (ARRAY[1024, 1152, 832, 1216])[1 + n % 4], 'png', 1000000,
           jsonb_build_object('prompt', 'a house by the sea, number ' || n, 'model', 'toy', 'steps', 20), now() - n * interval '10 minutes'
      FROM generate_series(1, $2) AS n
"""
_WATCH = """() => {
    window.frames_ = []; let before = performance.now();
    const tick = (now) => { window.frames_.push(now - before); before = now; requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
}"""


@dataclass(frozen=True)
class Scrolled:
    """Milliseconds of each frame; what the page holds afterwards; how many pictures it knows of."""

    frames: list[float]
    heap_mb: float
    elements: int
    known: int


def main() -> None:
    chromium = os.environ.get("PINGVAS_CHROMIUM", "/usr/bin/chromium")
    with (
        tempfile.TemporaryDirectory(prefix="pingvas-bench-") as folder,
        running_studio(Path(folder) / "data") as studio,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium if Path(chromium).exists() else None, args=["--disable-dev-shm-usage"]
        )
        found = {}
        for count in (FEW, MANY):
            email = f"of-{count}@example.com"
            user = studio.sign_up(email, PASSWORD).get("/api/v1/me").json()["user"]
            # The browser has a loop of its own in this thread.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, _fill(studio, user["id"], count)).result()
            context = browser.new_context(base_url=studio.url, viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            found[count] = _scroll(page, email)
            context.close()
        browser.close()
    report(
        f"A gallery of {FEW:,} and of {MANY:,} pictures, scrolled as fast as it goes",
        [
            ("pictures reached", _pair(found, lambda one: f"{one.known:,}")),
            ("frame, p50 and p99 (ms)", _pair(found, _frames)),
            ("longest frame (ms)", _pair(found, lambda one: f"{max(one.frames):.0f}")),
            ("heap afterwards (MB)", _pair(found, lambda one: f"{one.heap_mb:.0f}")),
            ("elements in the page", _pair(found, lambda one: f"{one.elements:,}")),
        ],
    )


async def _fill(studio: RunningStudio, user_id: str, count: int) -> None:
    server = find(studio.data_dir)
    assert server is not None
    connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
    try:
        await connection.execute(_ROWS, user_id, count)
        await connection.execute("ANALYZE images")
    finally:
        await connection.close()


def _scroll(page: Page, email: str) -> Scrolled:
    drawn = BytesIO()
    Image.new("RGB", (64, 48), "skyblue").save(drawn, "WEBP")
    picture = drawn.getvalue()
    page.route("**/files/**", lambda route: route.fulfill(body=picture, content_type="image/webp"))
    page.goto("/sign-in")
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/create")
    page.goto("/gallery")
    page.locator("button[data-open]").first.wait_for()
    page.evaluate(_WATCH)
    page.mouse.move(700, 500)
    for direction in (1, -1):
        for _ in range(SCREENS):
            page.mouse.wheel(0, direction * 900)
            page.wait_for_timeout(16)
        page.wait_for_timeout(1000)
    frames: list[float] = page.evaluate("() => window.frames_.slice(1)")
    known = int(page.locator("li[aria-setsize]").first.get_attribute("aria-setsize") or 0)
    browser = page.context.new_cdp_session(page)
    browser.send("HeapProfiler.collectGarbage")
    heap = browser.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    elements: int = page.evaluate("() => document.querySelectorAll('*').length")
    return Scrolled(frames, heap, elements, known)


def _pair(found: dict[int, Scrolled], say: Callable[[Scrolled], str]) -> str:
    return f"{say(found[FEW])} and {say(found[MANY])}"


def _frames(one: Scrolled) -> str:
    return f"{percentile(one.frames, 0.5):.0f}, {percentile(one.frames, 0.99):.0f}"


if __name__ == "__main__":
    main()
