"""`pingvas users …`: what whoever runs the machine does to people. Each deed is in the audit log as the command line's."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from pingvas.accounts.tables import User
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings

users = typer.Typer(
    help="Look after people: create, promote, suspend, reset a password.", no_args_is_help=True
)

T = TypeVar("T")
Who = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address, or their id.")]
Reason = Annotated[str, typer.Option(help="Kept in the audit log.")]


@users.command("list")
def list_people(
    words: Annotated[str | None, typer.Argument(help="Part of an address, a name or a handle.")] = None,
) -> None:
    """Show people, those who came last first."""
    from pingvas.accounts.admin.people import PeopleFilter, list_people
    from pingvas.base.pages import MAX_LIMIT, PageRequest

    async def read(session: AsyncSession, settings: Settings) -> list[User]:
        page = await list_people(session, PeopleFilter(words), PageRequest(b"", MAX_LIMIT))
        return page.items

    for user in _do(read):
        typer.echo(f"{user.id}  {user.role:5}  {user.status:9}  {user.email or '-'}  {user.display_name}")


@users.command("create")
def create(
    email: Annotated[str, typer.Argument(help="The address they sign in with.")],
    name: Annotated[str, typer.Option(help="What people read.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="Make them an admin.")] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They set one by the link of a forgotten password.")
    ] = False,
) -> None:
    """Make an account. The password is read from the terminal, or from standard input."""
    from pingvas.accounts.admin.audit import FROM_COMMAND_LINE, record
    from pingvas.billing.open_account import open_account

    password = None if no_password else _read_password()
    role = "admin" if admin else "user"

    async def make(session: AsyncSession, settings: Settings) -> str:
        user = await open_account(
            session,
            settings,
            email=email,
            password=password,
            display_name=name or email.partition("@")[0],
            role=role,
        )
        await record(session, FROM_COMMAND_LINE, "user.create", "user", user.id, after={"role": role})
        return str(user.id)

    typer.echo(_do(make))


@users.command("promote")
def promote(
    who: Who,
    to: Annotated[str, typer.Option(help="admin or user.")] = "admin",
    reason: Reason = "From the command line",
) -> None:
    """Make somebody an admin, or with --to user no admin any more."""
    from pingvas.accounts.admin.audit import FROM_COMMAND_LINE
    from pingvas.accounts.admin.people import set_role
    from pingvas.launch.find_person import find_person

    if to not in ("admin", "user"):
        raise typer.BadParameter("admin or user", param_hint="--to")

    async def change(session: AsyncSession, settings: Settings) -> None:
        await set_role(session, FROM_COMMAND_LINE, (await find_person(session, who)).id, to, reason)

    _do(change)
    typer.echo(f"{who}: {to}")


@users.command("reset-password")
def reset_password(who: Who) -> None:
    """Set somebody's password and sign all their devices out. It is read from the terminal, or from standard input."""
    from pingvas.accounts.admin.audit import FROM_COMMAND_LINE, record
    from pingvas.accounts.sign_in.change_password import set_password
    from pingvas.launch.find_person import find_person

    password = _read_password()

    async def change(session: AsyncSession, settings: Settings) -> None:
        user = await find_person(session, who)
        await set_password(session, settings, user, password)
        await record(session, FROM_COMMAND_LINE, "user.reset_password", "user", user.id)

    _do(change)
    typer.echo(f"{who}: the password is set, all devices are signed out")


@users.command("suspend")
def suspend(who: Who, reason: Annotated[str, typer.Option(help="They are told it.")]) -> None:
    """Keep somebody out. Their jobs end, their devices are signed out and their keys stop working."""
    from pingvas.accounts.actor import Actor
    from pingvas.accounts.admin.audit import FROM_COMMAND_LINE
    from pingvas.accounts.admin.people import suspend
    from pingvas.generation.lifecycle.cancel import cancel_all
    from pingvas.launch.find_person import find_person

    async def change(session: AsyncSession, settings: Settings) -> None:
        user = await find_person(session, who)
        await cancel_all(session, Actor(user.id, "user", None))
        await suspend(session, FROM_COMMAND_LINE, user.id, reason)

    _do(change)
    typer.echo(f"{who}: suspended")


@users.command("restore")
def restore(who: Who, reason: Reason = "From the command line") -> None:
    """Let somebody in again who was suspended."""
    from pingvas.accounts.admin.audit import FROM_COMMAND_LINE
    from pingvas.accounts.admin.people import restore
    from pingvas.launch.find_person import find_person

    async def change(session: AsyncSession, settings: Settings) -> None:
        await restore(session, FROM_COMMAND_LINE, (await find_person(session, who)).id, reason)

    _do(change)
    typer.echo(f"{who}: restored")


def show_mail(count: int) -> None:
    """Print the latest letters of the outbox folder, as text."""
    from email import message_from_bytes, policy

    from pingvas.adapters.mail import outbox_folder
    from pingvas.base.settings import load_settings

    settings = load_settings()
    folder = outbox_folder(settings)
    if settings.smtp_url is not None:
        typer.echo("Mail goes to PINGVAS_SMTP_URL; what lies here is older.", err=True)
    letters = sorted(folder.glob("*.eml"))[-count:]
    if not letters:
        typer.echo(f"There is no mail in {folder}.", err=True)
    for path in letters:
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = letter.get_body(("plain",))
        typer.echo(f"── {path.name}\nTo: {letter['to']}\nSubject: {letter['subject']}\n")
        typer.echo(body.get_content() if body is not None else "")


def _do(act: Callable[[AsyncSession, Settings], Awaitable[T]]) -> T:
    from pingvas.launch.with_database import run_with_database

    async def run(database: Database, settings: Settings) -> T:
        async with database.transaction() as session:
            return await act(session, settings)

    return run_with_database(run)


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise typer.BadParameter("the two are not the same", param_hint="password")
    return password
