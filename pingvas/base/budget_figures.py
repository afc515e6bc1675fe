"""The figures of all budgets: what one person or one address may have under way at once and ask for in a time.

docs/budgets.md shows them; `budgets` keeps the accounts.
"""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Share:
    """`each`: how much one key may hold at once, `total`: all keys together in one process."""

    each: int
    total: int
    unit: str
    why: str
    retry_after: float = 5.0


@dataclass(frozen=True)
class Rate:
    """`at_once` in a burst; one more every `seconds`."""

    at_once: float
    seconds: float
    unit: str
    why: str


@dataclass(frozen=True)
class Queue:
    """A fair queue: `each` of one key and `total` of all may wait for their turn."""

    each: int
    total: int
    unit: str
    why: str
    retry_after: float = 5.0


FIGURES: dict[str, Share | Rate | Queue] = {
    "requests": Rate(1_000, 0.005, "requests of an address; more wait", "A gallery's page asks a hundred."),
    "requests_of_person": Rate(
        600,
        0.04,
        "requests of a person; more wait",
        "A gallery's page asks a hundred, a script a few a second.",
    ),
    "connections": Share(
        100, 2_000, "connections of an address", "A browser opens six; a school is behind one address."
    ),
    "uploads": Share(
        4,
        500,
        "uploads of a person under way",
        "The page sends three at once; what all hold together is `upload_bytes`.",
    ),
    "upload_bytes": Share(
        64 * MIB, 256 * MIB, "bytes of a person's uploads in memory", "Three of the largest pictures at once."
    ),
    "body_bytes": Share(
        8 * MIB,
        64 * MIB,
        "bytes of an address's other bodies in memory",
        "JSON of 64 KiB from a hundred connections.",
    ),
    "decoding": Queue(4, 64, "pictures of a person that wait to be decoded", "As many as uploads under way."),
    "decoding_seconds": Rate(
        60,
        4,
        "seconds of decoding of a person",
        "The largest picture takes two; a quarter of a core in the long run.",
    ),
    "transactions": Queue(200, 1_000, "calls at the database", "One address has half of it at most."),
    "hashes": Queue(
        5,
        100,
        "passwords of an address that wait to be hashed",
        "A hundred are about three seconds of one core.",
    ),
    "sign_in_pair": Rate(
        10,
        30,
        "wrong passwords for an account from an address",
        "Somebody who has forgotten tries a few times.",
    ),
    "sign_in_address": Rate(30, 10, "wrong passwords from an address", "A school is behind one address."),
    "sign_in_account": Rate(
        50,
        60,
        "wrong passwords for an account from addresses it was never used at",
        "1,440 guesses a day at most.",
    ),
    "sign_ups": Rate(
        20, 60, "sign-ups from an address", "Each costs a hash and rows; a class signs up together."
    ),
    "sign_up_bonuses": Rate(
        10, 7200, "accounts of an address that start with the bonus", "Beyond, an account is made without it."
    ),
    "tokens": Rate(
        30,
        10,
        "sign-in links and refresh tokens that are none, from an address or of a device that was signed out",
        "A real client has none.",
    ),
    "second_factor": Rate(
        10, 300, "wrong codes of an app for an account", "About 300 guesses a day at a million codes."
    ),
    "challenges": Rate(
        60,
        2,
        "sign-ins that an address begins with a passkey or a provider",
        "A school is behind one address.",
    ),
    "mails": Rate(
        5,
        600,
        "mails that somebody asks for, to one person or address",
        "A link that does not come is asked for again.",
    ),
    "mails_of_address": Rate(
        20, 60, "mails that an address asks for", "A school that starts its term is behind one address."
    ),
    "exports": Rate(
        2, 86_400, "exports that a person asks for", "Each copies all of somebody's pictures, once a day."
    ),
    "archives": Share(
        2,
        32,
        "archives of a person that are being fetched",
        "Each reads pictures as fast as the line takes them.",
    ),
    "plain_copies": Share(
        2,
        8,
        "pictures without how they were made that an address fetches",
        "Each is put together in memory.",
    ),
    "api_keys": Rate(
        20, 600, "API keys that a person makes", "One a program; each leaves a row and writes a mail."
    ),
    "codes": Rate(
        10,
        360,
        "codes for credits that are none, of a person",
        "Somebody who has misread one tries a few times.",
    ),
    "sockets": Share(20, 2_000, "sockets of a person", "One a tab."),
    "sockets_of_address": Share(100, 2_000, "sockets of an address", "A school is behind one address."),
    "socket_handshakes": Rate(
        300,
        0.1,
        "handshakes of sockets from an address",
        "Everybody of a school comes back at once; each has two.",
    ),
    "socket_events": Rate(100, 0.1, "events that a socket's person sends", "The page sends two a job."),
    "socket_bytes": Rate(
        256 * 1024, 1 / 16_384, "bytes that a socket's person sends", "Events are under a kilobyte."
    ),
    "held_answers": Share(
        8, 500, "answers of a person held by `Prefer: wait`", "A script waits for one batch after the other."
    ),
    "estimates": Rate(120, 0.1, "estimates of a person", "The page asks one for every change of the form."),
    "lists": Rate(
        300, 0.05, "pages of lists and of the queue of a person", "The page asks a few for a click."
    ),
    "explore": Rate(
        300, 0.1, "pages of public images that an address asks for", "A school is behind one address."
    ),
    "submits": Rate(
        2_000,
        1,
        "jobs that a person asks for; one counts again for every 1,000 characters of its prompts",
        "A script asks for hundreds; a machine makes about one a second.",
    ),
    "sent_images": Rate(
        1_000,
        10,
        "pictures that a person sends in",
        "A folder at once; small ones cost rows rather than room.",
    ),
    "changes": Rate(
        120,
        0.5,
        "changes of a person to their profile, images, collections and jobs",
        "As fast as somebody clicks.",
    ),
    "reports": Rate(
        30,
        120,
        "reports of images that a person makes",
        "Somebody who comes upon a series reports each of them.",
    ),
    "wrong_signatures": Rate(
        30,
        10,
        "events of a payment service with a wrong signature, from an address",
        "The service itself sends none.",
    ),
    "payment_calls": Rate(
        20,
        15,
        "calls of a person that the payment service is asked for",
        "It takes 300 a minute from the whole studio.",
    ),
}
