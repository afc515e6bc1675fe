"""docs/security.md says what the code does: each figure of its tables stands where the page says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from math import isqrt

import pytest

from pingvas.base.budget_figures import FIGURES, Rate
from pingvas.base.settings import REPOSITORY, Settings

PAGE = (REPOSITORY / "docs" / "security.md").read_text()
KIB = 1024


@dataclass(frozen=True)
class Row:
    """`figure` as the page writes it; `places` are where it stands."""

    what: str
    figure: str
    places: tuple[str, ...]


def rows() -> list[Row]:
    bounded = PAGE.partition("## What is bounded")[2].partition("## What a proxy")[0]
    found = []
    for line in bounded.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[2] != "where":
            found.append(Row(cells[0], cells[1], tuple(re.findall(r"`([\w.]+)`", cells[2]))))
    return found


def values_at(place: str) -> list[float | str]:
    """What stands there: one value, or the two of a budget."""
    if place.startswith("PINGVAS_"):
        value = Settings.model_fields[place.removeprefix("PINGVAS_").lower()].default
        return [value]
    room, _, name = place.rpartition(".")
    if room == "budgets":
        figure = FIGURES[name]
        if isinstance(figure, Rate):
            often = figure.seconds if figure.seconds >= 1 else 1 / figure.seconds
            return [figure.at_once, often]
        return [figure.each, figure.total]
    value = getattr(import_module(f"pingvas.{room}"), name)
    assert isinstance(value, int | float), place
    return [value]


def ways_to_write(value: float | str) -> set[str]:
    """A number as the page may write it: 65536 is 65,536 or 64 KiB."""
    if isinstance(value, str):
        return {value}
    whole = round(value)
    assert whole == pytest.approx(value), value
    ways = {f"{whole:,}"}
    if whole % KIB == 0:
        ways.add(f"{whole // KIB:,} KiB")
    if whole % KIB**2 == 0:
        ways.add(f"{whole // KIB**2:,} MiB")
    side = isqrt(whole)
    if side > KIB and side**2 == whole:
        ways.add(f"{side}²")
    if whole % (8192**2) == 0:
        ways.add(f"{whole // 8192**2} × 8192²")
    return ways


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_a_figure_is_what_stands_where_the_page_says(row: Row) -> None:
    assert row.places, "where does it stand?"

    for place in row.places:
        for value in values_at(place):
            ways = ways_to_write(value)
            written = any(
                re.search(rf"(?<![\d,.]){re.escape(way)}(?![\d²])(?!,\d)", row.figure) for way in ways
            )
            assert written, f"{place} is {value}, and the page says {row.figure!r}"


def test_every_budget_is_on_the_page() -> None:
    named = {place.removeprefix("budgets.") for row in rows() for place in row.places if "budgets." in place}

    assert named == set(FIGURES)


def test_a_proxy_takes_as_large_a_body_as_the_studio_and_waits_as_long() -> None:
    from pingvas.api.http.bodies import ROOM_FOR_THE_FORM
    from pingvas.api.http.held_answer import MAX_WAIT_SECONDS

    largest = Settings.model_fields["upload_max_bytes"].default + ROOM_FOR_THE_FORM
    (nginx,) = re.findall(r"client_max_body_size +(\d+)m;", PAGE)
    (caddy,) = re.findall(r"max_size (\d+)MiB", PAGE)
    (patience,) = re.findall(r"proxy_read_timeout (\d+)s;", PAGE)

    assert int(nginx) * KIB**2 >= largest
    assert int(caddy) * KIB**2 >= largest
    assert int(patience) > MAX_WAIT_SECONDS


def test_a_proxy_overwrites_who_it_speaks_for_and_passes_on_no_metrics() -> None:
    fragment = PAGE.partition("## What a proxy should add")[2].partition("## What is not promised")[0]
    directives = [line.split("#")[0].strip() for line in fragment.splitlines() if line.startswith("    ")]

    told = [line for line in directives if "X-Forwarded-For" in line]
    assert told
    assert all(line.endswith("$remote_addr;") for line in told)
    assert "location = /metrics { return 404; }" in directives
    assert "respond /metrics 404" in directives
