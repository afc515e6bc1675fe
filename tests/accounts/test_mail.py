"""Mail: composed in both languages, sent once it is decided, tried again, and given up."""

import asyncio
import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from sqlalchemy import func, select, update

from pingvas.accounts.mail.compose import LANGUAGES, compose, templates
from pingvas.accounts.mail.mails import write_to, write_to_address
from pingvas.accounts.mail.sending import PAUSES, send_due_mail
from pingvas.accounts.people.profile import change_account
from pingvas.accounts.tables import Mail
from pingvas.adapters.mail import Letter, MailRefused, MailUnavailable, open_post
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.make.accounts import address_of, make_user
from tests.make.mail import sent_mail, text_of, token_in

VALUES: dict[str, Any] = {
    "studio": "Pingvas Studio",
    "name": "Ada <b>",
    "url": "https://studio.example/verify-email#token=pvo_x",
    "hours": 24,
    "minutes": 30,
    "when": "2026-11-29 12:00 UTC",
    "new_email": "new@example.com",
    "device": "Firefox · Linux",
    "address": "203.0.113.7",
    "passkey": "phone",
    "left": 9,
    "provider": "Google",
    "key": "script",
    "leaves_on": "2026-12-13",
    "size": "3.1 MB",
    "until": "2026-12-06",
    "credits": "42",
    "on": "2026-12-06",
    "reason": "Spam & <i>",
    "admin": "Grace",
    "words": "Not <here>",
}


class Post:
    """A mail server that says what it is told to say."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


async def _make_due(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(Mail).values(next_attempt_at=func.now()))


def test_both_languages_have_the_same_messages_with_the_same_things_filled_in() -> None:
    english, korean = templates("en"), templates("ko")

    assert list(english) == list(korean)
    for name in english:
        filled = [
            set(re.findall(r"{{ (\w+) }}", words[name].model_dump_json())) for words in (english, korean)
        ]
        assert filled[0] == filled[1], name
        assert (english[name].action is None) == (korean[name].action is None), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_composed_as_text_and_as_html_with_nothing_left_open(language: Any) -> None:
    for name, words in templates(language).items():
        composed = compose(name, language, VALUES)

        assert composed.subject
        assert "\n" not in composed.subject
        for body in (composed.text, composed.html):
            assert "{{" not in body
            assert "None" not in body
        assert "<b>" not in composed.html
        assert "Ada <b>" in composed.text
        if words.action is not None:
            assert VALUES["url"] in composed.text
            assert f'href="{VALUES["url"]}"' in composed.html


async def test_a_mail_is_sent_after_its_transaction_in_the_persons_language_with_a_link_that_is_kept_hashed(
    database: Database, settings: Settings
) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
        await change_account(session, user.id, {"preferences": {"language": "ko"}})
        await write_to(session, user, "verify_email")

    # when
    [letter] = await sent_mail(database, settings)

    # then
    assert letter["to"] == user.email
    assert letter["subject"] == templates("ko")["verify_email"].subject
    assert letter["auto-submitted"] == "auto-generated"
    token = token_in(letter)
    async with database.read() as reading:
        rows = list(await reading.scalars(select(Mail)))
    assert rows[0].sent_at is not None
    assert token not in str(rows[0].parameters)
    assert len(await sent_mail(database, settings)) == 1


async def test_a_mail_of_a_transaction_that_failed_is_never_sent(
    database: Database, settings: Settings
) -> None:
    async def decide_and_fail() -> None:
        async with database.transaction() as session:
            await write_to(session, await make_user(session), "verify_email")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await decide_and_fail()

    assert await sent_mail(database, settings) == []


async def test_whoever_asks_for_an_address_that_is_nobodys_has_nothing_sent(
    database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        await write_to_address(session, "nobody@example.com", "reset_password")

    assert await sent_mail(database, settings) == []
    async with database.read() as reading:
        [row] = list(await reading.scalars(select(Mail)))
    assert row.sent_at is not None


async def test_while_the_server_is_away_a_mail_waits_longer_each_time_and_is_given_up_in_the_end(
    database: Database, settings: Settings
) -> None:
    # given
    async with database.transaction() as session:
        await write_to(session, await make_user(session), "account_back")
    post = Post(*[MailUnavailable("away")] * len(PAUSES))

    # when
    outcomes = []
    for _ in PAUSES:
        await _make_due(database)
        outcomes.append(await send_due_mail(database, settings, post))

    # then
    assert [outcome.postponed for outcome in outcomes] == [1] * (len(PAUSES) - 1) + [0]
    assert outcomes[-1].given_up == 1
    assert len({letter.message_id for letter in post.letters}) == 1
    await _make_due(database)
    assert (await send_due_mail(database, settings, Post())).sent == 0


async def test_a_mail_that_the_server_refuses_for_good_is_given_up_at_once_and_the_next_is_sent(
    database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        for _ in range(2):
            await write_to(session, await make_user(session), "account_back")

    sent = await send_due_mail(database, settings, Post(MailRefused("no such mailbox")))

    assert (sent.sent, sent.postponed, sent.given_up) == (1, 0, 1)


async def test_of_two_processes_that_send_at_once_each_mail_goes_out_once(
    database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        for _ in range(10):
            await write_to(session, await make_user(session), "account_back")
    post = Post()

    await asyncio.gather(*(send_due_mail(database, settings, post) for _ in range(3)))

    assert len(post.letters) == len({letter.message_id for letter in post.letters}) == 10


class _Inbox:
    """What a real SMTP server was given."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refuse = ""

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 Message accepted for delivery"


@asynccontextmanager
async def _smtp_server(inbox: _Inbox) -> AsyncIterator[int]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"studio", b"a fake password"))

    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # of a password without encryption, which is the point here
            return SMTP(inbox, authenticator=check, auth_require_tls=False, auth_required=True, loop=loop)

    server = await loop.create_server(connection, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_mail_goes_through_a_real_smtp_server_that_wants_a_password(
    database: Database, make_settings: Any
) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session, display_name="강물")
        await write_to(session, user, "account_back")
    inbox = _Inbox()

    # when
    async with _smtp_server(inbox) as port:
        settings = make_settings(smtp_url=f"smtp://studio:a%20fake%20password@127.0.0.1:{port}?tls=off")
        sent = await send_due_mail(database, settings, open_post(settings))
        inbox.refuse = "550 no such mailbox"
        with pytest.raises(MailRefused):
            await open_post(settings).send(Letter(address_of(user), "s", "t", "<p>t</p>", "id"))
        inbox.refuse = "450 later"
        with pytest.raises(MailUnavailable):
            await open_post(settings).send(Letter(address_of(user), "s", "t", "<p>t</p>", "id"))
        wrong = make_settings(smtp_url=f"smtp://studio:wrong@127.0.0.1:{port}?tls=off")
        with pytest.raises(MailUnavailable):
            await open_post(wrong).send(Letter(address_of(user), "s", "t", "<p>t</p>", "id"))

    # then
    assert sent.sent == 1
    assert inbox.taken[0].rcpt_tos == [user.email]
    assert "강물" in text_of_bytes(inbox.taken[0].content)


async def test_a_password_is_told_to_no_server_that_offers_no_encryption(make_settings: Any) -> None:
    inbox = _Inbox()
    async with _smtp_server(inbox) as port:
        settings = make_settings(smtp_url=f"smtp://studio:a%20fake%20password@127.0.0.1:{port}")

        with pytest.raises(MailUnavailable):
            await open_post(settings).send(Letter("a@example.com", "s", "t", "<p>t</p>", "id"))

    assert inbox.taken == []


def text_of_bytes(content: Any) -> str:
    from email import message_from_bytes, policy

    return text_of(message_from_bytes(content, policy=policy.default))
