"""Does the page stay quiet while somebody writes? The longest delay of a keystroke, and what moves when pictures arrive.

A Chromium trace of the real page on a real studio: four jobs run at once and report their steps while a prompt is written, key by key; then
nobody touches the page while the pictures arrive. The delay of a keystroke is what the browser itself measures (Event Timing): how long a key
waits until the page takes it, which is what jobs can do to it, and how long until a frame shows it, which is the processor's and the screen's
too. The shift of the layout is the sum of the browser's scores, those after a key or a click left out, as in the Core Web Vitals. The peer is
the same writing while nothing runs.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright

from bench._figures import percentile, report
from harness.running_studio import running_studio

JOBS = 4
STEPS = 40
WORDS = "a long road over the hills to a small town by the sea, seen from far above in the evening light "
KEY_PAUSE_MS = 60  # about as fast as a person types
PATIENCE_MS = 300_000
GOAL_MS = 50
_CATEGORIES = ["devtools.timeline", "loading", "latencyInfo", "blink.user_timing"]


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
        page = browser.new_page(base_url=studio.url, locale="en-US", viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        heard = _progress_heard(page)
        page.goto(f"/sign-in/link#token={studio.sign_in_token}")
        quiet = _trace(browser, page, lambda: _write(page, rounds=1))
        _ask(page)
        expect(_previews(page).first).to_be_visible(timeout=PATIENCE_MS)
        before = len(heard)
        busy = _trace(browser, page, lambda: _write_while_they_run(page))
        reports = len(heard) - before
        _wait_for_pictures(page, JOBS)
        _ask(page)
        expect(_previews(page).first).to_be_visible(timeout=PATIENCE_MS)
        arriving = _trace(browser, page, lambda: _wait_for_pictures(page, 2 * JOBS))
        browser.close()
    quiet_keys, busy_keys = _keys(quiet), _keys(busy)
    rows = [("keys written, reports of progress meanwhile", f"{len(busy_keys)}, {reports}")]
    for name, keys in ((f"while {JOBS} jobs run", busy_keys), ("while nothing runs", quiet_keys)):
        waits, frames = [key.wait for key in keys], [key.frame for key in keys]
        rows.append((f"until the page takes a key, {name}: p50, p99, longest", _spread(waits)))
        rows.append((f"until a frame shows it, {name}: p50, p99, longest", _spread(frames)))
    rows.append((f"shift of the layout while {JOBS} pictures arrive (goal 0)", f"{_shift(arriving):.4f}"))
    report(
        f"Writing a prompt while {JOBS} jobs report progress (goal: no key delayed over {GOAL_MS} ms)", rows
    )


def _ask(page: Page) -> None:
    page.get_by_label("Steps").fill(str(STEPS))
    page.get_by_label("Pictures").fill(str(JOBS))
    page.get_by_label("Prompt", exact=True).fill("a red house at sunset")
    page.get_by_role("button", name=re.compile(f"^Create {JOBS} pictures")).click()


def _write(page: Page, *, rounds: int) -> None:
    prompt = page.get_by_label("Prompt", exact=True)
    for _ in range(rounds):
        prompt.press("End")
        prompt.press_sequentially(WORDS, delay=KEY_PAUSE_MS)


def _write_while_they_run(page: Page) -> None:
    """As long as pictures form; at least once."""
    while True:
        _write(page, rounds=1)
        if _previews(page).count() == 0:
            return


def _previews(page: Page) -> Any:
    return page.get_by_role("img", name="Preview of the unfinished picture")


def _wait_for_pictures(page: Page, number: int) -> None:
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs.get_by_role("link", name=re.compile("^Open picture"))).to_have_count(
        number, timeout=PATIENCE_MS
    )


def _trace(browser: Browser, page: Page, work: Any) -> list[dict[str, Any]]:
    browser.start_tracing(page=page, categories=_CATEGORIES)
    work()
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    return events


@dataclass(frozen=True)
class Key:
    """A key press, milliseconds: until its handlers began, and until the next frame after them."""

    wait: float
    frame: float


def _keys(events: list[dict[str, Any]]) -> list[Key]:
    found = [
        event["args"]["data"]
        for event in events
        if event["name"] == "EventTiming" and "data" in event.get("args", {})
    ]
    keys = [
        Key(data["processingStart"] - data["timeStamp"], data["duration"])
        for data in found
        if data.get("type") == "keydown" and "duration" in data
    ]
    if not keys:
        raise SystemExit("The trace has no times of keys: is this a Chromium?")
    return keys


def _spread(values: list[float]) -> str:
    return ", ".join(f"{percentile(values, share):.0f} ms" for share in (0.5, 0.99, 1))


def _shift(events: list[dict[str, Any]]) -> float:
    shifts = [event["args"]["data"] for event in events if event["name"] == "LayoutShift"]
    total: float = sum(data["score"] for data in shifts if not data["had_recent_input"])
    return total


def _progress_heard(page: Page) -> list[str | bytes]:
    """The socket's messages that report a step, as they come."""
    heard: list[str | bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: heard.append(frame) if "job:progress" in str(frame) else None
        )

    page.on("websocket", listen)
    return heard


if __name__ == "__main__":
    main()
