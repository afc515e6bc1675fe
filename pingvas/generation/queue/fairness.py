"""The order of the queue: fair between people, weighted by plan, and readable from one index. Arithmetic and parts of SQL.

Every job that enters the queue gets a *turn*, once, and workers take the smallest turn. Turns are virtual time
(self-clocked fair queueing): each person has a share that is used up to `served_until`; a job of c credits moves that on
by c ÷ weight, where the weight is the plan's `queue_weight`, kept with the job as its `priority`. Who has used little lately stands in front; who asks for much
stands behind their own earlier jobs and in nobody's way.

- The clock is the turn of whoever stood first at the latest claim. Nobody's share starts before it, so nobody saves up
  the time in which they asked for nothing. It is a sequence: a row would be a lock that all claims wait for.
- Aging needs no sweep: the clock comes nearer to a waiting job's turn with every job that starts. While somebody with
  weight w who has not used their share waits, another person with weight v starts at most v ÷ w + 1 jobs by their turns;
  what workers may take out of turn is bounded in `lifecycle/statements.py`.
- New turns are later than the clock, so reading from the clock on skips the dead entries of jobs already taken. That is
  what keeps claims fast while a long transaction keeps vacuum from its work.
- The idle lane comes after every turn of the normal one, first come, first served, and uses up nobody's share.
"""

# A credit at weight 1, in turns. Integers, so that sums do not drift.
TURNS_PER_CREDIT = 1_000_000
# Turns of the idle lane begin here.
IDLE_LANE = 2**60

# The turn of what enters that lane now.
IDLE_TURN = f"{IDLE_LANE} + CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1e6 AS bigint)"

# Where a person's next job begins: parts of other statements, which name `:user_id`.
SHARE = f"""
    share AS (
        SELECT GREATEST(clock.last_value, COALESCE(used.served_until, 0)) AS begins,
               {IDLE_TURN} AS idle_begins
          FROM queue_clock AS clock LEFT JOIN queue_shares AS used ON used.user_id = :user_id
    )
"""  # noqa: S608 - our own constants
# A job that waits again keeps its place; if that has been passed meanwhile, it stands first.
TURN_AGAIN = "GREATEST(turn, (SELECT last_value FROM queue_clock))"


def head_start(weight: int) -> int:
    """Turns between the beginning of a person's share and the turn of their next job: less for those who pay more."""
    return TURNS_PER_CREDIT // weight


def used_by(credits: int, weight: int) -> int:
    """Turns by which a job moves its person's share on."""
    return TURNS_PER_CREDIT * credits // weight
