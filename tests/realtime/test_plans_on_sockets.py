"""A plan that changes is told to the devices of whoever holds it, and to nobody else's."""

from collections.abc import Awaitable, Callable
from typing import Any

from harness.store import Store
from pingvas.base import clock
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.billing.plans import seed_plans
from pingvas.billing.sold.take import take_word
from pingvas.billing.subscriptions import start_subscription
from tests.make.events import started
from tests.make.sold import SELLER, add_checkout
from tests.realtime.conftest import Ears, Person
from tests.realtime.test_sockets import tell

MakePerson = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[Ears]]


async def take(database: Database, store: Store, *numbers: int) -> None:
    async with database.transaction() as session:
        for number in numbers:
            told = store.told[number]
            await take_word(session, SELLER, told.word, told.token)


def plans_heard(ears: Ears) -> list[Any]:
    return [(data["plan"], data["status"]) for name, data in ears.heard if name == "subscription:updated"]


async def test_a_plan_that_is_bought_is_told_to_every_device_of_its_owner_alone(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    # given two devices of a buyer, a stranger and an admin
    buyer, stranger, admin = await make_person(), await make_person(), await make_person("admin")
    async with worker_database.transaction() as session:
        await seed_plans(session)
        for person in (buyer, stranger, admin):
            await start_subscription(session, person.user_id, 0)
    await add_checkout(worker_database, buyer.user_id, "t")
    hers = [await connect(buyer), await connect(buyer)]
    others = [await connect(stranger), await connect(admin)]
    store = Store(clock.now())

    # when a plan is bought and canceled, and one of the words comes again
    number = store.buy("pro", "monthly", "t")
    await take(worker_database, store, 0, 1)
    store.cancel(number)
    await take(worker_database, store, 2, 0)

    # then it is told with the plan, with its payment, which says until when, and with its end; and nobody else hears of it
    for person in (buyer, stranger, admin):
        await tell(worker_database, person, started(new_id()))
    for ears in (*hers, *others):
        await ears.until("job:started")
    first = await hers[0].until("subscription:updated")
    assert first == {"user_id": str(buyer.user_id), "plan": "pro", "status": "active"}
    told = [("pro", "active"), ("pro", "active"), ("pro", "canceled")]
    assert [plans_heard(ears) for ears in hers] == [told, told]
    assert [name for ears in others for name, _ in ears.heard] == ["job:started"] * 2
