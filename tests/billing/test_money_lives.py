"""The same purchases lived twice: whatever happens to the events on the way, the same comes of it. Small cases, shrunk by Hypothesis;
`bench/money_histories.py` lives many long ones."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from harness.catalog import make_model
from harness.clock import make_clock_movable
from harness.money_life import afterwards, begin_life, live_steadily, mortally, recover
from harness.mortal_database import TimedDatabase, make_mortal, pass_time_to, set_clock
from harness.store import PACKS, Store
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.plans import seed_plans
from tests.make.sold import add_packs

START = datetime(2027, 1, 31, 10, tzinfo=UTC)
PLANS = ("starter", "pro", "studio")


class Lives(RuleBasedStateMachine):
    """Somebody buys and changes their mind; events come, come again, come late, or do not; the studio dies now and then."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.database = TimedDatabase(self.url, pool_size=1)
        self.store = Store(START)
        self.number: str | None = None
        self.random = Random(7)
        self.key = str(new_id())[-8:]
        set_clock(START - timedelta(minutes=5))
        self.shaken = self.run(begin_life(self.database, self.store, f"{self.key}b"))

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(what)

    def status(self) -> str:
        return "none" if self.number is None else self.store.status(self.number)

    def a_moment_later(self) -> None:
        """Of what is bought and changed within a minute the better plan counts from the first (docs/decisions/0029)."""
        self.store.go_to(self.store.now + timedelta(minutes=2))
        pass_time_to(self.store.now)

    # What somebody does at the seller's.

    @precondition(lambda self: self.status() in ("none", "expired"))
    @rule(
        plan=st.sampled_from(PLANS),
        cycle=st.sampled_from(("monthly", "yearly")),
        trial=st.sampled_from((0, 7)),
    )
    def buy(self, plan: str, cycle: Any, trial: int) -> None:
        self.number = self.store.buy(plan, cycle, "t", trial_days=trial)

    @rule(pack=st.sampled_from(sorted(PACKS)))
    def buy_pack(self, pack: str) -> None:
        self.store.buy_pack(pack, "t")

    @precondition(lambda self: self.status() == "active")
    @rule(plan=st.sampled_from(PLANS))
    def change(self, plan: str) -> None:
        assert self.number is not None
        self.a_moment_later()
        if self.status() != "active":
            return
        variant, paid = self.store.word(self.number).variant, self.store.paid(self.number)
        assert variant is not None
        assert paid is not None
        at_once = PLANS.index(plan) > PLANS.index(paid.plan)
        if variant == paid or not at_once:
            self.store.change(self.number, plan, paid.cycle, at_once=at_once)

    @precondition(lambda self: self.status() == "active")
    @rule()
    def change_to_a_year(self) -> None:
        assert self.number is not None
        self.a_moment_later()
        if self.status() != "active":
            return
        variant = self.store.word(self.number).variant
        if variant is not None and variant.cycle == "monthly" and variant == self.store.paid(self.number):
            self.store.change(self.number, variant.plan, "yearly", at_once=True)

    @precondition(lambda self: self.status() in ("active", "trial", "canceled"))
    @rule()
    def cancel_or_resume(self) -> None:
        assert self.number is not None
        (self.store.resume if self.status() == "canceled" else self.store.cancel)(self.number)

    @precondition(lambda self: self.number is not None)
    @rule(works=st.booleans())
    def have_a_card(self, works: bool) -> None:
        assert self.number is not None
        self.store.card_works(self.number, works)

    @rule(share=st.sampled_from((Decimal(1), Decimal("0.3"))), which=st.integers(0, 3))
    def get_money_back(self, share: Decimal, which: int) -> None:
        numbers = self.store.refundable()
        if which < len(numbers):
            self.store.refund(numbers[which], share)

    @rule(days=st.sampled_from((0.01, 1, 9, 31)))
    def wait(self, days: float) -> None:
        self.store.go_to(self.store.now + timedelta(days=days))
        pass_time_to(self.store.now)

    # And what the studio hears and does.

    @precondition(lambda self: self.store.told)
    @rule(which=st.integers(0, 40), then_apply=st.booleans())
    def hear(self, which: int, then_apply: bool) -> None:
        number = which % len(self.store.told)
        self.run(mortally(self.shaken, self.random, lambda life: life.hear(number)))
        if then_apply:
            self.run(mortally(self.shaken, self.random, lambda life: life.apply()))

    @rule()
    def settle(self) -> None:
        self.run(mortally(self.shaken, self.random, lambda life: life.settle()))

    @rule(credits=st.sampled_from((10, 6_000)))
    def spend(self, credits: int) -> None:
        self.run(self.shaken.spend(credits))

    def teardown(self) -> None:
        """Once the lists were compared, it is as if every event had come at once."""
        if self.store.told:
            self.run(self._compare())
        self.run(self.database.dispose())

    async def _compare(self) -> None:
        self.store.go_to(self.store.now + timedelta(days=2))
        pass_time_to(self.store.now)
        await recover(self.shaken, self.random)
        found = await afterwards(self.shaken, with_balance=False)
        set_clock(START - timedelta(minutes=5))
        steady = await begin_life(self.database, self.store, f"{self.key}a")
        await live_steadily(steady, [])
        assert found == await afterwards(steady, with_balance=False)
        async with self.database.read() as session:
            assert await find_disagreements(session) == []


async def test_whatever_becomes_of_events_the_same_comes_of_what_was_bought(
    database: Database, database_url: str
) -> None:
    # given
    await make_clock_movable(database)
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session, name="toy")
        await session.execute(text("UPDATE subscription_plans SET trial_credits = 500 WHERE name <> 'free'"))
    await add_packs(database)

    # when, then
    def live() -> None:
        make_mortal()
        loop = asyncio.new_event_loop()
        machine = type("Here", (Lives,), {"url": database_url, "loop": loop})
        run_state_machine_as_test(
            machine,
            settings=settings(
                # The same lives each time; the benchmark has others.
                derandomize=True,
                database=None,
                max_examples=25,
                stateful_step_count=14,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        loop.close()

    await asyncio.to_thread(live)
