"""What tests of the prompt language share: hostile texts, and the tables of docs/prompts.md."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

PAGE = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
MARKS = st.sampled_from(
    [*"()[]{}|:\\<>", "1.2", ":1.3)", "BREAK", "2::", "2$$", "<lora:a:", " ", "가", "🦊", "x"]
)
LETTERS = "".join(map(chr, range(0x250))) + "가힣漢ー🦊\u200d\ufe0f\u202e\u3000"
# A slow machine is no failure.
QUICK = settings(max_examples=60, deadline=None)
HOSTILE = st.lists(MARKS, max_size=60).map("".join) | st.text(LETTERS, max_size=60)


def rows(heading: str) -> list[tuple[str, ...]]:
    """The cells of the table under a heading of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)
