"""What one may have at once and ask for in a time, and who gets a turn."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import pytest

from pingvas.base.budget_figures import FIGURES, Queue, Rate, Share
from pingvas.base.budgets import (
    MAX_KEYS,
    REFUSED,
    Budgets,
    BudgetUsedUp,
    Rates,
    Shares,
    StudioBusy,
    address_key,
    short_key,
)
from pingvas.base.fair_queue import FairQueue
from pingvas.base.settings import REPOSITORY

PAGE = REPOSITORY / "docs" / "budgets.md"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def row_of(name: str, figure: Share | Rate | Queue) -> str:
    """How docs/budgets.md shows a figure."""
    if isinstance(figure, Rate):
        seconds = figure.seconds
        then = f"one every {seconds:,} s" if seconds >= 1 else f"{1 / seconds:,.0f} a second"
        amounts = f"{figure.at_once:,} | {then}"
    else:
        amounts = f"{figure.each:,} | {figure.total:,}"
    return f"| `{name}` | {figure.unit} | {amounts} | {figure.why} |"


def refusals(budget: str) -> float:
    return sum(
        sample.value
        for metric in REFUSED.collect()
        for sample in metric.samples
        if sample.name == "pingvas_refused_total" and sample.labels == {"budget": budget}
    )


def test_the_page_shows_every_figure_and_no_other() -> None:
    shown = [line for line in Path(PAGE).read_text().splitlines() if line.startswith("| `")]

    assert sorted(shown) == sorted(row_of(name, figure) for name, figure in FIGURES.items())


def test_every_figure_has_a_budget_of_its_name() -> None:
    budgets = vars(Budgets())

    assert set(budgets) == {name for name, figure in FIGURES.items() if not isinstance(figure, Queue)}
    assert [name for name, budget in budgets.items() if budget.name != name] == []


def test_every_budget_is_used_where_something_costs() -> None:
    table = REPOSITORY / "pingvas" / "base" / "budget_figures.py"
    code = "".join(path.read_text() for path in (REPOSITORY / "pingvas").rglob("*.py") if path != table)

    unused = [
        name
        for name in FIGURES
        if not re.search(
            rf'budgets\.{name}\b|FIGURES\["{name}"\]|FairQueue\("{name}"|within\("{name}"\)',
            code,
        )
    ]

    assert unused == []


def test_a_share_is_given_back_whatever_happens() -> None:
    # given
    shares = Shares("sockets", Share(2, 3, "", ""))

    # when
    with suppress(ZeroDivisionError), shares.of("me") as mine:
        mine.more()
        raise ZeroDivisionError

    # then
    assert (shares.held_by("me"), shares.held_by_all) == (0, 0)


def test_one_holds_no_more_than_a_share_and_another_is_served() -> None:
    # given
    shares = Shares("sockets", Share(2, 3, "", "", retry_after=7))
    before = refusals("sockets")
    shares.take("me", 2)

    # when
    with pytest.raises(BudgetUsedUp) as refused:
        shares.take("me")
    shares.take("you")
    with pytest.raises(StudioBusy):
        shares.take("third")

    # then
    assert refused.value.retry_after == 7
    assert refused.value.extra == {"budget": "sockets"}
    assert (shares.held_by("me"), shares.held_by("you"), shares.held_by("third")) == (2, 1, 0)
    assert refusals("sockets") == before + 2


def test_what_is_larger_than_a_share_goes_through_one_by_one() -> None:
    shares = Shares("sockets", Share(2, 3, "", ""))

    with shares.of("me", 10), pytest.raises(BudgetUsedUp):
        shares.take("me")

    assert shares.held_by_all == 0


def test_a_rate_lets_a_burst_through_and_then_one_after_the_other() -> None:
    # given
    clock = Clock()
    rates = Rates("sockets", Rate(3, 10, "", ""), clock)
    for _ in range(3):
        rates.take("me")

    # when
    with pytest.raises(BudgetUsedUp) as refused:
        rates.take("me")
    rates.take("you")
    clock.now += 10
    rates.take("me")

    # then
    assert refused.value.retry_after == 10
    assert rates.wait_for("me") == 10
    assert rates.wait_for("you") == 0


def test_what_did_not_count_is_given_back_and_what_is_known_late_is_added() -> None:
    # given
    rates = Rates("sockets", Rate(2, 10, "", ""), Clock())

    # when
    for _ in range(5):
        rates.take("right")
        rates.give_back("right")
    rates.check("heavy")
    rates.add("heavy", 30)

    # then
    assert rates.used_by("right") == 0
    with pytest.raises(BudgetUsedUp) as refused:
        rates.check("heavy")
    assert refused.value.retry_after == 290


def test_many_addresses_do_not_fill_the_memory() -> None:
    # given
    clock = Clock()
    rates = Rates("sockets", Rate(2, 10, "", ""), clock)

    # when
    for number in range(MAX_KEYS + 500):
        rates.take(f"a{number}")
    kept = len(rates)
    clock.now += 100
    for _ in range(MAX_KEYS):
        rates.take("me")
        clock.now += 10

    # then
    assert kept == MAX_KEYS
    assert len(rates) == 1


def test_an_address_is_one_household() -> None:
    assert address_key("192.0.2.7") == "192.0.2.7"
    assert address_key("::ffff:192.0.2.7") == "192.0.2.7"
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:1") == "2001:db8::/64"
    assert address_key("fe80::1%eth0") == "fe80::/64"
    assert address_key(None) == "unknown"
    assert len(address_key("x" * 5000)) == 100
    assert len(short_key("\ud800" * 5000)) == 32


async def test_keys_have_their_turns_one_after_the_other() -> None:
    # given one who runs, and then many of one key before one of another
    queue, order = FairQueue("hashes", running=1), []
    gate = asyncio.Event()

    async def ask(who: str, rank: int = 0) -> None:
        async with queue.turn(who, rank):
            await gate.wait()
            order.append(who)

    tasks = [asyncio.create_task(ask(who)) for who in ("first", "many", "many", "many", "other")]
    tasks.append(asyncio.create_task(ask("guesser", rank=2)))
    tasks.append(asyncio.create_task(ask("late")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    # when
    gate.set()
    await asyncio.gather(*tasks)

    # then
    assert order == ["first", "many", "other", "late", "many", "many", "guesser"]
    assert (queue.running, queue.waiting) == (0, 0)


async def test_one_key_waits_with_a_few_and_a_full_queue_gives_way_to_the_better_behaved() -> None:
    # given a queue full of guessers
    figure = FIGURES["hashes"]
    assert isinstance(figure, Queue)
    queue, gate = FairQueue("hashes", running=1), asyncio.Event()

    async def ask(who: str, rank: int = 0) -> str:
        async with queue.turn(who, rank):
            await gate.wait()
            return who

    tasks = [asyncio.create_task(ask("runs"))]
    tasks += [asyncio.create_task(ask(f"g{number}", 1)) for number in range(figure.total)]
    await asyncio.sleep(0)
    assert queue.waiting == figure.total

    # when
    honest = asyncio.create_task(ask("honest"))
    another = asyncio.create_task(ask("another guesser", 1))
    await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    # then
    assert await honest == "honest"
    with pytest.raises(StudioBusy):
        await another
    assert sum(isinstance(answer, StudioBusy) for answer in answers) == 1
    assert queue.running == 0


async def test_one_key_may_not_fill_the_queue() -> None:
    # given
    figure = FIGURES["hashes"]
    assert isinstance(figure, Queue)
    queue, gate = FairQueue("hashes", running=1), asyncio.Event()

    async def ask() -> None:
        async with queue.turn("me"):
            await gate.wait()

    tasks = [asyncio.create_task(ask()) for _ in range(figure.each + 4)]
    await asyncio.sleep(0)

    # when
    gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    # then
    assert sum(isinstance(answer, BudgetUsedUp) for answer in answers) == 3


async def test_who_leaves_the_queue_leaves_nothing_behind() -> None:
    # given
    queue, gate = FairQueue("hashes", running=1), asyncio.Event()

    async def ask(who: str) -> None:
        async with queue.turn(who):
            await gate.wait()

    runs, waits, next_one = (asyncio.create_task(ask(who)) for who in ("runs", "waits", "next"))
    await asyncio.sleep(0)

    # when
    waits.cancel()
    await asyncio.sleep(0)
    runs.cancel()
    await asyncio.sleep(0)
    next_one.cancel()  # its turn comes at this very moment
    await asyncio.gather(runs, waits, next_one, return_exceptions=True)

    # then
    assert (queue.running, queue.waiting) == (0, 0)


def test_what_fails_is_counted_afterwards_and_what_succeeds_is_not() -> None:
    # given
    rates = Rates("tokens", Rate(2, 10, "", ""), Clock())

    # when
    for _ in range(5):
        with rates.counting("me", KeyError):
            pass
    with suppress(ValueError), rates.counting("me", KeyError):
        raise ValueError
    used_before = rates.used_by("me")
    for _ in range(2):
        with suppress(KeyError), rates.counting("me", KeyError):
            raise KeyError

    # then
    assert used_before == 0
    with pytest.raises(BudgetUsedUp), rates.counting("me", KeyError):
        raise AssertionError("the block was entered")
    with rates.counting("somebody else", KeyError):
        pass
