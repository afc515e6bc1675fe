"""Proving that the ledger adds up, row by row: balances in their order, wallets, grants and jobs. It reads all of it, so it is done at night.

What is wrong is named by its first row; whatever follows from that is wrong as well.
"""

from dataclasses import dataclass, field

from sqlalchemy import TextClause, text

from pingvas.base.read_session import ReadSession
from pingvas.billing.ledger import find_disagreements

# Each selects `id`, what stands there and what should: of the first row that is wrong, or nothing.
_BALANCES = text("""
    SELECT id, balance_after AS found, expected
      FROM (SELECT id, created_at, balance_after,
                   SUM(amount) OVER (PARTITION BY subscription_id ORDER BY created_at, id) AS expected
              FROM credit_transactions WHERE subscription_id IS NOT NULL) AS posted
     WHERE balance_after <> expected ORDER BY created_at, id LIMIT 1
""")
# What was there before credits had an age has no posting of its own, nor has what came back late: that is in the job's refund.
_GIVEN = text("""
    SELECT COALESCE(given.id, posted.grant_id) AS id, given.amount AS found, posted.amount AS expected
      FROM (SELECT id, amount FROM credit_grants WHERE kind <> 'return' AND source_key NOT LIKE 'opening:%') AS given
      FULL JOIN (SELECT CAST(metadata ->> 'grant' AS uuid) AS grant_id, SUM(amount) AS amount FROM credit_transactions
                  WHERE transaction_type IN ('grant', 'bonus') AND metadata ? 'grant' GROUP BY 1) AS posted
        ON posted.grant_id = given.id
     WHERE given.amount IS DISTINCT FROM posted.amount ORDER BY 1 LIMIT 1
""")
# A refund does not say into which grants it went: in the opposite order of drawing, and into a new one (`return:`) what had expired.
# So what is left of a grant is known but for what came back late, and for jobs that are forgotten; those leave a span.
_LEFT = text("""
    WITH part AS (
        SELECT posted.id, posted.job_id, posted.transaction_type, CAST(part.value ->> 0 AS uuid) AS grant_id,
               CAST(part.value ->> 1 AS integer) AS credits,
               SUM(CAST(part.value ->> 1 AS integer)) OVER (PARTITION BY posted.id ORDER BY part.ordinality DESC) AS upto
          FROM credit_transactions AS posted
         CROSS JOIN LATERAL jsonb_array_elements(posted.metadata -> 'from') WITH ORDINALITY AS part
         WHERE posted.transaction_type IN ('consume', 'expire') AND posted.metadata ? 'from'
    ), refunded AS (
        SELECT job_id, SUM(amount) AS credits FROM credit_transactions
         WHERE transaction_type = 'refund' AND job_id IS NOT NULL GROUP BY job_id
    ), anew AS (
        SELECT source_key FROM credit_grants WHERE kind = 'return'
    ), moved AS (
        SELECT part.grant_id, SUM(part.credits) AS drawn,
               SUM(CASE WHEN part.transaction_type = 'consume' AND part.job_id IS NULL THEN part.credits
                        ELSE GREATEST(0, LEAST(part.credits, COALESCE(refunded.credits, 0) - part.upto + part.credits)) END) AS back_at_most,
               SUM(CASE WHEN 'return:' || part.job_id IN (SELECT source_key FROM anew)
                          OR 'return:undelivered:' || part.job_id IN (SELECT source_key FROM anew) THEN 0
                        ELSE GREATEST(0, LEAST(part.credits, COALESCE(refunded.credits, 0) - part.upto + part.credits)) END) AS back_at_least
          FROM part LEFT JOIN refunded ON refunded.job_id = part.job_id
         GROUP BY part.grant_id
    )
    SELECT id, remaining AS found, at_least AS expected
      FROM (SELECT given.*, given.amount - COALESCE(drawn, 0) + COALESCE(back_at_least, 0) AS at_least,
                   given.amount - COALESCE(drawn, 0) + COALESCE(back_at_most, 0) AS at_most
              FROM credit_grants AS given LEFT JOIN moved ON moved.grant_id = given.id) AS given
     WHERE remaining NOT BETWEEN at_least AND at_most
     ORDER BY created_at, id LIMIT 1
""")
_JOBS = text("""
    SELECT job.id, COALESCE(posted.paid, 0) AS found,
           CASE WHEN job.completed_at IS NULL THEN job.estimated_credits ELSE job.actual_credits END AS expected
      FROM generation_jobs AS job
      LEFT JOIN (SELECT job_id, -SUM(amount) AS paid FROM credit_transactions
                  WHERE job_id IS NOT NULL GROUP BY job_id) AS posted ON posted.job_id = job.id
     WHERE job.subscription_id IS NOT NULL
       AND COALESCE(posted.paid, 0)
           <> CASE WHEN job.completed_at IS NULL THEN job.estimated_credits ELSE job.actual_credits END
     ORDER BY job.id LIMIT 1
""")
_COUNTS = text("""
    SELECT (SELECT count(*) FROM credit_transactions) AS postings, (SELECT count(*) FROM subscriptions) AS wallets,
           (SELECT count(*) FROM credit_grants) AS grants,
           (SELECT count(*) FROM generation_jobs WHERE subscription_id IS NOT NULL) AS jobs
""")
_CHECKS: tuple[tuple[TextClause, str, str], ...] = (
    (_BALANCES, "credit_transactions", "its balance is not the one before it and its amount"),
    (_GIVEN, "credit_grants", "its amount is not what its posting says"),
    (_LEFT, "credit_grants", "what is left is not what was given less what was drawn"),
    (_JOBS, "generation_jobs", "what was posted for it is not what it cost"),
)


@dataclass(frozen=True)
class WrongRow:
    """The first row of a kind that does not add up."""

    table: str
    id: str
    what: str
    found: int | None
    expected: int | None

    def __str__(self) -> str:
        return f"{self.table} {self.id}: {self.what} ({self.found} where {self.expected} should be)"


@dataclass(frozen=True)
class Verified:
    """How many rows were looked at, and the first wrong one of each kind; none is what must be."""

    postings: int
    wallets: int
    grants: int
    jobs: int
    wrong: list[WrongRow] = field(default_factory=list)

    def __str__(self) -> str:
        """In one line."""
        looked = f"{self.postings:,} postings, {self.wallets:,} balances, {self.grants:,} grants and {self.jobs:,} jobs"
        if not self.wrong:
            return f"The ledger adds up: {looked}."
        return f"The ledger does not add up ({looked}): " + "; ".join(map(str, self.wrong))


async def verify_ledger(session: ReadSession) -> Verified:
    """Look at every row. Each question is one statement, so that what happens meanwhile makes nothing look wrong."""
    wrong = []
    for statement, table, what in _CHECKS:
        row = (await session.execute(statement)).one_or_none()
        if row is not None:
            wrong.append(WrongRow(table, str(row.id), what, _whole(row.found), _whole(row.expected)))
    for wallet in (await find_disagreements(session))[:1]:
        sums = {wallet.posted, wallet.newest_balance_after, wallet.granted} - {wallet.remaining_credits}
        what = "the balance is not the sum of its postings, the newest posting and the sum of its grants"
        wrong.append(
            WrongRow("subscriptions", str(wallet.subscription_id), what, wallet.remaining_credits, min(sums))
        )
    counts = (await session.execute(_COUNTS)).one()
    return Verified(int(counts.postings), int(counts.wallets), int(counts.grants), int(counts.jobs), wrong)


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
