"""One history of buying, lived twice in one database: undisturbed, and with its events shuffled, repeated, dropped and late while the
studio is killed between statements. After the seller's lists were compared, both must come to the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from harness.histories import random_history, renamed
from harness.jobs import image_request
from harness.mortal_database import TICK, TimedDatabase, dying, running_clock, set_clock
from harness.store import Store
from pingvas.accounts.actor import Actor
from pingvas.adapters.sellers.seller import Event, InvoiceWord, OrderWord, SentEvent, SoldWord
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.billing.credits import InsufficientCredits, draw
from pingvas.billing.inbox import keep_event
from pingvas.billing.sold.apply import apply_events
from pingvas.billing.sold.reconcile import reconcile
from pingvas.billing.sold.settle import settle
from pingvas.billing.sold.tokens import hash_token
from pingvas.billing.subscriptions import lock_current_subscription, start_subscription
from pingvas.generation.lifecycle.cancel import cancel_all
from pingvas.generation.requests import submit

# Whatever was late has expired by then.
_AFTERWARDS = timedelta(days=8)

_PERSON = text("""
    INSERT INTO users (id, email, display_name, role) VALUES (:id, :email, 'Somebody', 'user')
""")
_CHECKOUT = text("""
    INSERT INTO checkouts (id, user_id, token_hash, variant) VALUES (:id, :user_id, :token_hash, 'pro_monthly')
""")
_DUE = "SELECT LEAST(settle_at, credits_expire_at) FROM subscriptions WHERE user_id = $1"
_ASSIGN = text("""
    UPDATE billing_events SET user_id = :user_id, status = 'waiting', next_try_at = now()
     WHERE provider = :provider AND event_name = 'listed' AND status IN ('nobody', 'waiting')
""")
_WAITING = "SELECT min(next_try_at) FROM billing_events WHERE provider = $1 AND status = 'waiting'"
_HELD = text("""
    SELECT plan.name AS plan, held.status, held.trial_ends_at, held.grace_ends_at, next.name AS next_plan,
           CASE WHEN plan.name <> 'free' THEN held.billing_cycle END AS cycle,
           CASE WHEN plan.name <> 'free' THEN held.current_period_start END AS starts,
           CASE WHEN plan.name <> 'free' THEN held.current_period_end END AS ends
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
      LEFT JOIN subscription_plans AS next ON next.id = held.next_plan_id
     WHERE held.user_id = :user_id
""")
_BALANCE = text("SELECT remaining_credits FROM subscriptions WHERE user_id = :user_id")
_PAID = text("""
    SELECT kind, provider_id, credits_given - taken_back - not_taken_back AS kept, refunded > 0 AS is_refunded
      FROM payments WHERE user_id = :user_id
""")
_GIVEN = text("""
    SELECT (SELECT COALESCE(SUM(amount), 0) FROM credit_grants WHERE user_id = :user_id AND kind IN ('monthly', 'pack'))
         - (SELECT COALESCE(SUM(credits_given), 0) FROM payments WHERE user_id = :user_id)
""")
_KEYS = text("SELECT source_key, amount FROM credit_grants WHERE user_id = :user_id ORDER BY starts_at, id")
_TRIALS = text("""
    SELECT COALESCE(SUM(amount), 0) FROM credit_grants WHERE user_id = :user_id AND kind = 'trial'
""")
# What lasts: of what was heard of too late the days say when that was.
_LASTING = text("""
    SELECT kind, expires_at, SUM(amount) AS amount FROM credit_grants
     WHERE user_id = :user_id AND kind IN ('monthly', 'trial', 'pack') AND expires_at > now()
     GROUP BY kind, expires_at ORDER BY kind, expires_at
""")
_UNPAID_BACK = text("""
    SELECT count(*) FROM (SELECT job_id FROM credit_transactions WHERE user_id = :user_id AND job_id IS NOT NULL
                           GROUP BY job_id HAVING SUM(amount) <> 0) AS lost
""")


@dataclass
class Life:
    """Somebody's, with the seller's name that their things have here; ids of these begin with it."""

    database: TimedDatabase
    user_id: UUID
    provider: str
    store: Store
    test_mode: bool = True

    @property
    def name(self) -> str:
        return self.provider

    @property
    def actor(self) -> Actor:
        return Actor(user_id=self.user_id, role="user", session_id=None)

    # As a seller: what it says is read by its number.

    def read_event(self, body: Mapping[str, Any]) -> Event:
        told = self.store.told[body["n"]]
        token = None if told.token is None else f"{self.provider}{told.token}"
        return Event("told", token, renamed(told.word, self.provider))

    async def list_subscriptions(self) -> AsyncIterator[SoldWord]:
        for word in self.store.lists():
            if isinstance(word, SoldWord):
                yield renamed(word, self.provider)

    async def list_invoices(self) -> AsyncIterator[InvoiceWord]:
        for word in self.store.lists():
            if isinstance(word, InvoiceWord):
                yield renamed(word, self.provider)

    async def list_orders(self) -> AsyncIterator[OrderWord]:
        for word in self.store.lists():
            if isinstance(word, OrderWord):
                yield renamed(word, self.provider)

    # What happens in it.

    async def hear(self, number: int) -> None:
        event = SentEvent("told", {"n": number}, f"{number}")
        async with self.database.transaction() as session:
            await keep_event(session, self.provider, event)

    async def apply(self) -> None:
        await apply_events(self.database, self)  # type: ignore[arg-type]  # as much of a seller as it takes

    async def settle(self) -> None:
        async with self.database.transaction() as session:
            await settle(session, self.user_id)

    async def spend(self, credits: int) -> None:
        with suppress(InsufficientCredits):
            async with self.database.transaction() as session:
                held = await lock_current_subscription(session, self.user_id)
                await draw(session, self.user_id, held.id, credits, "spent")

    async def submit(self, model: str) -> None:
        with suppress(InsufficientCredits):
            async with self.database.transaction() as session:
                await submit.submit(session, self.actor, image_request(model=model, count=2))

    async def cancel(self) -> None:
        async with self.database.transaction() as session:
            await cancel_all(session, self.actor)

    async def pass_to(self, moment: datetime) -> None:
        """Let time pass, and do what is due on the way when it is."""
        clock = running_clock()
        while True:
            due = await self.database.peek(_DUE, self.user_id)
            if due is None or due > moment:
                break
            clock.pass_to(due + TICK)
            await self.settle()
        clock.pass_to(moment)


async def begin_life(database: TimedDatabase, store: Store, provider: str) -> Life:
    """A new person with a checkout."""
    user_id = new_id()
    async with database.transaction() as session:
        await session.execute(_PERSON, {"id": user_id, "email": f"{user_id}@example.com"})
        await start_subscription(session, user_id, 0)
        token = {"id": new_id(), "user_id": user_id, "token_hash": hash_token(f"{provider}t")}
        await session.execute(_CHECKOUT, token)
    return Life(database, user_id, provider, store)


Deed = Callable[[Life], Awaitable[None]]


def random_deeds(random: Random, store: Store, model: str) -> list[tuple[datetime, Deed]]:
    """What they do besides: spend, ask for pictures, think better of it."""
    if random.random() < 0.5:
        return []
    begins, ends = store.told[0].at, store.now
    deeds: list[tuple[datetime, Deed]] = []
    for _ in range(random.randrange(1, 8)):
        at = begins + random.random() * (ends - begins)
        credits = random.choice((10, 500, 4000, 20000))
        kind = random.random()
        if kind < 0.6:
            deeds.append((at, lambda life, credits=credits: life.spend(credits)))  # type: ignore[misc]
        elif kind < 0.85:
            deeds.append((at, lambda life: life.submit(model)))
        else:
            deeds.append((at, lambda life: life.cancel()))
    return deeds


async def live_steadily(life: Life, deeds: Iterable[tuple[datetime, Deed]]) -> None:
    """Every event comes when it is sent, and all that is due is done in time."""
    happens: list[tuple[datetime, Deed]] = [
        (told.at, lambda life, n=n: _hear_and_apply(life, n))  # type: ignore[misc]
        for n, told in enumerate(life.store.told)
    ]
    for at, deed in sorted([*happens, *deeds], key=lambda each: each[0]):
        await life.pass_to(at)
        await deed(life)
    await life.pass_to(life.store.now)


async def _hear_and_apply(life: Life, number: int) -> None:
    await life.hear(number)
    await life.apply()
    # One that came before anybody knew whose it is.
    waiting = await life.database.peek(_WAITING, life.provider)
    if waiting is not None and waiting < running_clock().moment + timedelta(seconds=4):
        running_clock().pass_to(waiting + TICK)
        await life.apply()


async def live_shaken(life: Life, random: Random, deeds: Iterable[tuple[datetime, Deed]]) -> list[int]:
    """Events are dropped, repeated and late, chores come when they come, and the studio dies now and then; the numbers of events that
    are still under way at the end."""
    share = random.choice((0.0, 0.3, 0.7, 0.95, 1.0))
    happens: list[tuple[datetime, Deed]] = list(deeds)
    late: list[int] = []
    for number, told in enumerate(life.store.told):
        if random.random() >= share:
            continue
        for _ in range(random.choice((1, 1, 1, 2))):
            delay = random.choice((0, random.randrange(1, 600), random.randrange(60 * 86400)))
            at = told.at + timedelta(seconds=delay)
            if at >= life.store.now:
                late.append(number)
            else:
                happens.append((at, lambda life, n=number: life.hear(n)))  # type: ignore[misc]
                if random.random() < 0.6:
                    happens.append((at + timedelta(seconds=random.randrange(600)), lambda life: life.apply()))
    for _ in range(random.randrange(6)):
        at = life.store.told[0].at + random.random() * (life.store.now - life.store.told[0].at)
        happens.append((at, lambda life: life.settle()))
    for at, deed in sorted(happens, key=lambda each: each[0]):
        running_clock().pass_to(at)
        await mortally(life, random, deed)
    running_clock().pass_to(life.store.now)
    return late


async def recover(life: Life, random: Random) -> None:
    """The lists are compared, however often that is cut off, and what waits is applied."""

    async def all_of_it(life: Life) -> None:
        await reconcile(life.database, life)  # type: ignore[arg-type]  # as much of a seller as it takes

    for _ in range(3):
        await mortally(life, random, all_of_it)
    await all_of_it(life)
    # Of what no event ever told, an admin says whose it is.
    async with life.database.transaction() as session:
        await session.execute(_ASSIGN, {"provider": life.provider, "user_id": life.user_id})
    while True:
        waiting = await life.database.peek(_WAITING, life.provider)
        if waiting is None:
            break
        running_clock().pass_to(waiting + TICK)
        await life.apply()
    await life.settle()


async def mortally(life: Life, random: Random, deed: Deed) -> None:
    if random.random() >= 0.4:
        await deed(life)
        return
    with dying(random.randrange(1, 40), by_cut=random.random() < 0.1, after_commit=random.random() < 0.2):
        await deed(life)


@dataclass(frozen=True)
class Outcome:
    """What both lives must have in common; `lasting`, how many credits end when, where nothing was refunded, and `balance` where
    nothing was spent either."""

    held: Any
    kept: dict[tuple[str, str], int]
    trials: int
    lasting: tuple[tuple[str, datetime, int], ...] | None
    balance: int | None


async def outcome_of(life: Life, *, with_balance: bool) -> Outcome:
    person = {"user_id": life.user_id}
    async with life.database.read() as session:
        held = tuple((await session.execute(_HELD, person)).one())
        rows = (await session.execute(_PAID, person)).all()
        differs = await session.scalar(_GIVEN, person)
        assert differs == 0, (
            f"what was given and what it was given for differ: {await _grants(session, life)}"
        )
        is_comparable = not any(row.is_refunded for row in rows)
        lasting = (await session.execute(_LASTING, person)).all() if is_comparable else None
        return Outcome(
            held=held,
            kept={
                (row.kind, row.provider_id.removeprefix(life.provider)): row.kept for row in rows if row.kept
            },
            trials=int(await session.scalar(_TRIALS, person)),
            lasting=None if lasting is None else tuple(tuple(row) for row in lasting),
            balance=await session.scalar(_BALANCE, person) if is_comparable and with_balance else None,
        )


async def _grants(session: ReadSession, life: Life) -> str:
    rows = await session.execute(_KEYS, {"user_id": life.user_id})
    return ", ".join(f"{row.source_key} {row.amount}" for row in rows)


async def live_twice(database: TimedDatabase, seed: str, model: str) -> str | None:
    """None: both lives came to the same. Else what differs."""
    random = Random(seed)
    history = random_history(random)
    deeds = random_deeds(random, history, model)

    set_clock(history.told[0].at - timedelta(minutes=5))
    steady = await begin_life(database, history, f"{seed}a")
    await live_steadily(steady, deeds)
    await steady.cancel()
    expected = await afterwards(steady, with_balance=not deeds)

    set_clock(history.told[0].at - timedelta(minutes=5))
    shaken = await begin_life(database, history, f"{seed}b")
    late = await live_shaken(shaken, random, deeds)
    await recover(shaken, random)
    await shaken.cancel()
    for number in late:
        await shaken.hear(number)
    await shaken.apply()
    found = await afterwards(shaken, with_balance=not deeds)
    if found != expected:
        return f"seed {seed}: {expected} became {found}"
    return None


async def afterwards(life: Life, *, with_balance: bool) -> Outcome:
    await life.pass_to(max(running_clock().moment, life.store.now + _AFTERWARDS))
    async with life.database.read() as session:
        assert not await session.scalar(_UNPAID_BACK, {"user_id": life.user_id}), "a refund was lost"
    return await outcome_of(life, with_balance=with_balance)
