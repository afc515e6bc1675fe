"""What one person, or one address before anybody signed in, may have under way at once and ask for in a time.

Every figure stands in `budget_figures.FIGURES`. Two kinds: a share is held while something is under way and
given back; a rate fills up again with time. Both answer within microseconds from this process's memory, which is bounded:
shares are as many as the requests that hold them, rates forget the key that was used longest ago. What is beyond a budget
is refused with TooMany and the time to come back, and counted.

`Budgets` belongs to one app: the API makes one and keeps it at `app.state.budgets`. A key is a person's id, an address made
by `address_key`, or several of these in a tuple.
"""

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import ceil
from uuid import UUID

from prometheus_client import Counter

from pingvas.base.budget_figures import FIGURES, Rate, Share
from pingvas.base.errors import TooMany, Unavailable
from pingvas.base.metrics import REGISTRY

Key = UUID | str | tuple[UUID | str, ...]

_LONGEST_KEY = 100
# Keys that a rate remembers; an entry is about 200 bytes.
MAX_KEYS = 20_000

REFUSED = Counter(
    "pingvas_refused", "Requests refused because a budget was used up", ("budget",), registry=REGISTRY
)


class BudgetUsedUp(TooMany):
    """One person, or one address, has more under way, or asked more often, than is allowed."""

    default_detail = "You have too much of this under way, or ask too often. Try again a little later."


class StudioBusy(Unavailable):
    """All people together have more of it under way than this process can bear."""

    default_detail = "Too many people ask for this at this moment. Try again in a few seconds."


@lru_cache(maxsize=4096)
def address_key(host: str | None) -> str:
    """The key of a client's address: of IPv6 its /64, which one household has to itself."""
    if host is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:_LONGEST_KEY]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def short_key(text: str) -> str:
    """A key for a text that somebody else chose, of one length however long the text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def refuse(budget: str, retry_after: float) -> BudgetUsedUp:
    """The error for one who is beyond a budget; it is counted here."""
    REFUSED.labels(budget).inc()
    seconds = max(1, ceil(retry_after))
    return BudgetUsedUp(retry_after=seconds, extra={"budget": budget})


def busy(budget: str, retry_after: float) -> StudioBusy:
    """The error when all people together are beyond a budget; it is counted here."""
    REFUSED.labels(budget).inc()
    return StudioBusy(retry_after=max(1, ceil(retry_after)), extra={"budget": budget})


class Holding:
    """What one holds of a share for now. `more` takes more of it, as bytes arrive, say."""

    def __init__(self, shares: "Shares", who: Key) -> None:
        self._shares = shares
        self._who = who
        self.amount = 0

    def more(self, amount: int = 1) -> None:
        """Raises BudgetUsedUp or StudioBusy, and then holds what it held."""
        self._shares.take(self._who, amount)
        self.amount += amount

    def give_back(self) -> None:
        """All of it. A second time does nothing."""
        self._shares.give_back(self._who, self.amount)
        self.amount = 0


class Shares:
    """A share of something for each key. One who holds nothing may take any amount while anything is left for all."""

    def __init__(self, name: str, figure: Share) -> None:
        self.name = name
        self.figure = figure
        self.held_by_all = 0
        self._held: dict[Key, int] = {}

    def held_by(self, who: Key) -> int:
        return self._held.get(who, 0)

    def take(self, who: Key, amount: int = 1) -> None:
        """Take so much and keep it until `give_back`. Raises BudgetUsedUp, and StudioBusy when all hold too much together."""
        mine = self._held.get(who, 0)
        # What is larger than a share (a limit that an operator has raised) goes through one by one.
        if mine and mine + amount > self.figure.each:
            raise refuse(self.name, self.figure.retry_after)
        if self.held_by_all and self.held_by_all + amount > self.figure.total:
            raise busy(self.name, self.figure.retry_after)
        self._held[who] = mine + amount
        self.held_by_all += amount

    def give_back(self, who: Key, amount: int = 1) -> None:
        """Give back so much of what was taken."""
        left = self._held.get(who, 0) - amount
        self.held_by_all -= amount
        if left > 0:
            self._held[who] = left
        else:
            self._held.pop(who, None)

    @contextmanager
    def of(self, who: Key, amount: int = 1) -> Iterator[Holding]:
        """Hold so much while the block lasts; inside, `.more()` takes more. Raises as `take` does."""
        holding = Holding(self, who)
        holding.more(amount)
        try:
            yield holding
        finally:
            holding.give_back()


class Rates:
    """So many at once and then one by one, for each key (the generic cell rate algorithm: one number a key)."""

    def __init__(self, name: str, figure: Rate, clock: Callable[[], float]) -> None:
        self.name = name
        self.figure = figure
        self._clock = clock
        self._room = figure.at_once * figure.seconds
        self._full_again_at: OrderedDict[Key, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_again_at)

    def wait_for(self, who: Key, cost: float = 1.0) -> float:
        """Seconds until `take` would go through; 0: now."""
        now = self._clock()
        used = self._full_again_at.get(who, now) - now
        if used <= 0:
            return 0.0  # one who has used nothing may ask for any amount
        return max(0.0, used + cost * self.figure.seconds - self._room)

    def used_by(self, who: Key) -> float:
        """How many of the burst are used up at this moment."""
        return max(0.0, self._full_again_at.get(who, 0.0) - self._clock()) / self.figure.seconds

    def check(self, who: Key, cost: float = 1.0) -> None:
        """Raises BudgetUsedUp when it is used up; takes nothing. For what is only known afterwards: see `add`."""
        wait = self.wait_for(who, cost)
        if wait > 0:
            raise refuse(self.name, wait)

    def take(self, who: Key, cost: float = 1.0) -> None:
        """Use so many. Raises BudgetUsedUp, and then nothing is used."""
        self.check(who, cost)
        self.add(who, cost)

    def add(self, who: Key, cost: float = 1.0) -> None:
        """Use so many, even beyond what is there."""
        now = self._clock()
        at = max(now, self._full_again_at.get(who, now)) + cost * self.figure.seconds
        self._full_again_at[who] = at
        self._full_again_at.move_to_end(who)
        self._forget(now)

    @contextmanager
    def counting(self, who: Key, *wrong: type[BaseException]) -> Iterator[None]:
        """Use one when the block ends in one of these errors, and nothing otherwise. Raises BudgetUsedUp before the block when
        none is left."""
        self.check(who)
        try:
            yield
        except wrong:
            self.add(who)
            raise

    @contextmanager
    def charging(self, who: Key, *wrong: type[BaseException]) -> Iterator[None]:
        """Use one when the block ends in one of these errors; raises BudgetUsedUp in its place when none is left. A block that ends
        well is never refused."""
        try:
            yield
        except wrong:
            self.take(who)
            raise

    @contextmanager
    def one_if_left(self, who: Key) -> Iterator[bool]:
        """Whether there was one to use; it is given back when the block fails. That there was none is counted, nobody is
        refused."""
        left = self.wait_for(who) <= 0
        if left:
            self.add(who)
        else:
            REFUSED.labels(self.name).inc()
        try:
            yield left
        except BaseException:
            if left:
                self.give_back(who)
            raise

    def give_back(self, who: Key, cost: float = 1.0) -> None:
        """What was taken did not count, as with a password that was right."""
        at = self._full_again_at.get(who)
        if at is not None:
            self._full_again_at[who] = at - cost * self.figure.seconds

    def _forget(self, now: float) -> None:
        """Drop what is full again from the old end, a few at each call, and what is beyond the memory in any case."""
        for _ in range(2):
            oldest = next(iter(self._full_again_at))
            if self._full_again_at[oldest] > now and len(self._full_again_at) <= MAX_KEYS:
                return
            del self._full_again_at[oldest]
            if not self._full_again_at:
                return


class Budgets:
    """All budgets of one process, by the names of `FIGURES`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        def shares(name: str) -> Shares:
            figure = FIGURES[name]
            assert isinstance(figure, Share), name  # noqa: S101 - a slip in this file
            return Shares(name, figure)

        def rates(name: str) -> Rates:
            figure = FIGURES[name]
            assert isinstance(figure, Rate), name  # noqa: S101 - a slip in this file
            return Rates(name, figure, clock)

        self.requests = rates("requests")
        self.requests_of_person = rates("requests_of_person")
        self.connections = shares("connections")
        self.uploads = shares("uploads")
        self.upload_bytes = shares("upload_bytes")
        self.body_bytes = shares("body_bytes")
        self.decoding_seconds = rates("decoding_seconds")
        self.sign_in_pair = rates("sign_in_pair")
        self.sign_in_address = rates("sign_in_address")
        self.sign_in_account = rates("sign_in_account")
        self.sign_ups = rates("sign_ups")
        self.second_factor = rates("second_factor")
        self.challenges = rates("challenges")
        self.mails = rates("mails")
        self.exports = rates("exports")
        self.archives = shares("archives")
        self.plain_copies = shares("plain_copies")
        self.mails_of_address = rates("mails_of_address")
        self.sign_up_bonuses = rates("sign_up_bonuses")
        self.tokens = rates("tokens")
        self.api_keys = rates("api_keys")
        self.codes = rates("codes")
        self.sockets = shares("sockets")
        self.sockets_of_address = shares("sockets_of_address")
        self.socket_handshakes = rates("socket_handshakes")
        self.socket_events = rates("socket_events")
        self.socket_bytes = rates("socket_bytes")
        self.held_answers = shares("held_answers")
        self.estimates = rates("estimates")
        self.lists = rates("lists")
        self.explore = rates("explore")
        self.reports = rates("reports")
        self.submits = rates("submits")
        self.sent_images = rates("sent_images")
        self.changes = rates("changes")
        self.wrong_signatures = rates("wrong_signatures")
        self.payment_calls = rates("payment_calls")
