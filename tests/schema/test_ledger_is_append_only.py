"""The ledger only grows; the one change an entry knows is that a row it named is gone."""

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.billing.tables import CreditTransaction, Subscription
from pingvas.generation.tables import GenerationJob
from tests.make.accounts import make_user
from tests.schema.rows import add_job, add_ledger_row, add_subscription


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit_transactions SET amount = amount + 1",
        "UPDATE credit_transactions SET amount = amount",
        "UPDATE credit_transactions SET metadata = '{\"why\" : 1}', user_id = NULL",
        "UPDATE credit_transactions SET user_id = NULL",
        "UPDATE credit_transactions SET subscription_id = NULL",
        "DELETE FROM credit_transactions",
        "TRUNCATE credit_transactions",
        "TRUNCATE users CASCADE",
    ],
)
async def test_the_database_refuses_to_change_the_ledger(session: AsyncSession, change: str) -> None:
    # given
    user = await make_user(session)
    await add_ledger_row(session, await add_subscription(session, user.id))

    # when
    with pytest.raises(IntegrityError, match="append-only") as refused:
        async with session.begin_nested():
            await session.execute(text(change))

    # then
    assert getattr(refused.value.orig, "sqlstate", None) == "23000"


async def test_deleting_a_person_keeps_their_history_without_their_name(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    subscription = await add_subscription(session, user.id)
    job = await add_job(session, user.id, subscription_id=subscription.id)
    entry = await add_ledger_row(session, subscription, transaction_type="consume", amount=-5, job_id=job.id)

    # when
    await session.execute(delete(User).where(User.id == user.id))
    session.expunge_all()

    # then
    kept = (await session.scalars(select(CreditTransaction).where(CreditTransaction.id == entry.id))).one()
    assert (kept.user_id, kept.subscription_id, kept.job_id, kept.amount) == (
        None,
        subscription.id,
        job.id,
        -5,
    )
    assert (await session.get_one(Subscription, subscription.id)).user_id is None
    assert (await session.get_one(GenerationJob, job.id)).user_id is None


async def test_deleting_a_job_or_a_subscription_keeps_what_it_cost(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    subscription = await add_subscription(session, user.id)
    job = await add_job(session, user.id, subscription_id=subscription.id)
    entry = await add_ledger_row(session, subscription, transaction_type="consume", amount=-5, job_id=job.id)

    # when
    await session.execute(delete(GenerationJob).where(GenerationJob.id == job.id))
    await session.execute(delete(Subscription).where(Subscription.id == subscription.id))
    session.expunge_all()

    # then
    kept = (await session.scalars(select(CreditTransaction).where(CreditTransaction.id == entry.id))).one()
    assert (kept.user_id, kept.subscription_id, kept.job_id, kept.amount) == (user.id, None, None, -5)


@pytest.mark.parametrize("transaction_type", ["consume", "refund"])
async def test_a_job_is_charged_once_and_settled_once(session: AsyncSession, transaction_type: str) -> None:
    # given
    user = await make_user(session)
    subscription = await add_subscription(session, user.id)
    job = await add_job(session, user.id)
    amount = -5 if transaction_type == "consume" else 5
    await add_ledger_row(
        session, subscription, transaction_type=transaction_type, amount=amount, job_id=job.id
    )

    # when, then
    with pytest.raises(IntegrityError, match="uq_credit_transactions_job_type"):
        await add_ledger_row(
            session, subscription, transaction_type=transaction_type, amount=amount, job_id=job.id
        )


@pytest.mark.parametrize(
    ("transaction_type", "amount"),
    [
        ("grant", -1),
        ("grant", 0),
        ("consume", 1),
        ("consume", 0),
        ("refund", -1),
        ("expire", 1),
        ("bonus", -1),
    ],
)
async def test_the_sign_of_an_entry_follows_from_its_type(
    session: AsyncSession, transaction_type: str, amount: int
) -> None:
    # given
    user = await make_user(session)
    subscription = await add_subscription(session, user.id)

    # when, then
    with pytest.raises(IntegrityError, match="chk_credit_transactions_amount_sign"):
        await add_ledger_row(session, subscription, transaction_type=transaction_type, amount=amount)


async def test_the_newest_entry_is_the_last_one_even_within_a_transaction(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    subscription = await add_subscription(session, user.id)

    # when
    entries = [await add_ledger_row(session, subscription) for _ in range(5)]

    # then
    moments = [entry.created_at for entry in entries]
    assert moments == sorted(set(moments))
