"""What becomes of an account is told on every page of its owner that is open at that moment."""

from collections.abc import Awaitable, Callable

from pingvas.accounts.admin.audit import Doer
from pingvas.accounts.admin.people import suspend
from pingvas.accounts.leaving.deletion import ask_to_leave
from pingvas.accounts.one_time import create_token
from pingvas.accounts.people.addresses import verify_email
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.make.events import started
from tests.realtime.conftest import Ears, Person
from tests.realtime.test_sockets import tell

MakePerson = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[Ears]]


async def test_the_pages_of_whoever_is_suspended_are_told_at_once(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    # given
    person, admin = await make_person(), await make_person("admin")
    theirs, others = [await connect(person), await connect(person)], await connect(admin)

    # when
    doer = Doer(admin.user_id, None)
    async with worker_database.transaction() as session:
        await suspend(session, doer, person.user_id, "Spam")

    # then
    for ears in theirs:
        assert await ears.until("auth:expired") == {"code": "account_suspended"}
    await tell(worker_database, admin, started(new_id()))
    await others.until("job:started")
    assert [name for name, _ in others.heard] == ["job:started"]


async def test_the_pages_of_whoever_deletes_the_account_are_told_at_once(
    make_person: MakePerson, connect: Connect, worker_database: Database, settings: Settings
) -> None:
    # given
    person = await make_person()
    theirs = await connect(person)

    # when
    async with worker_database.transaction() as session:
        await ask_to_leave(session, settings, person.user_id, session_id=None)

    # then
    assert await theirs.until("auth:expired") == {"code": "account_leaving"}


async def test_the_pages_that_ask_to_prove_an_address_are_told_that_it_is(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    # given
    person, stranger = await make_person(), await make_person()
    theirs, others = [await connect(person), await connect(person)], await connect(stranger)

    # when
    async with worker_database.transaction() as session:
        token = await create_token(session, person.user_id, "verify_email")
    async with worker_database.transaction() as session:
        await verify_email(session, token)

    # then
    for ears in theirs:
        assert await ears.until("account:updated") == {}
    await tell(worker_database, stranger, started(new_id()))
    await others.until("job:started")
    assert [name for name, _ in others.heard] == ["job:started"]
