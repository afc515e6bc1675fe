"""The command line. Each command imports what it needs when it runs: the API never imports torch, help is quick."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pingvas import __version__
from pingvas.base.errors import StudioError
from pingvas.base.withheld import trace_without_values
from pingvas.launch.billing_commands import billing
from pingvas.launch.import_command import import_pictures
from pingvas.launch.ledger_command import ledger
from pingvas.launch.models_lines import models
from pingvas.launch.sandbox_command import sandbox
from pingvas.launch.storage_command import storage
from pingvas.launch.users_commands import show_mail, users

if TYPE_CHECKING:
    from pingvas.base.settings import Settings

app = typer.Typer(
    name="pingvas",
    help="Pingvas Studio: pictures made from words, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(models, name="models")
app.add_typer(users, name="users")
app.add_typer(ledger, name="ledger")
app.add_typer(billing, name="billing")
app.add_typer(storage, name="storage")
app.command()(sandbox)
app.command("import")(import_pictures)


# A folder of somebody else's, a disk that is only read, a file where a folder is named.
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


def main() -> NoReturn:
    """Run the command in `sys.argv` and end the process.

    It ends without Python's own clearing up: a thread of a library that is not done by then (storage, torch) meets an
    interpreter that is half gone, and now and then the process was aborted after its work was done. All that must be
    closed has been closed by the command.
    """
    try:
        _run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:  # noqa: BLE001 - shown as Python itself would, less the values in it
        print(trace_without_values(error), file=sys.stderr)  # noqa: T201
        code = 1
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run() -> None:
    """What a person can put right is a sentence, not a traceback."""
    from pydantic import ValidationError

    try:
        app()
    except StudioError as error:
        _fail(error.detail)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        _fail(
            "\n".join(f"PINGVAS_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        )
    except Exception as error:
        sentence = _of_the_disk(error)
        if sentence is None:
            raise
        _fail(sentence)


def _of_the_disk(error: Exception) -> str | None:
    """What a person can put right about a folder or its disk; None when the error is of something else."""
    from pingvas.base.disk_full import is_disk_full

    if is_disk_full(error):
        named = getattr(error, "filename", None)
        return "There is no room left on the disk" + (f" of {named}." if named else " of the studio.")
    if isinstance(error, OSError) and error.errno in _NOT_ALLOWED and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return None


def _fail(text: str) -> NoReturn:
    print(f"pingvas: {text}", file=sys.stderr)  # noqa: T201
    sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"pingvas {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def up(
    workers: Annotated[
        int,
        typer.Option(min=0, max=64, help="Worker processes; 0: they run elsewhere."),
    ] = 1,
    quiet: Annotated[bool, typer.Option(help="Say only what is wrong, and the address.")] = False,
) -> None:
    """Start everything on this machine and print the address. Ctrl-C stops it."""
    from pingvas.launch.screen import announce, teller
    from pingvas.launch.up import up as run

    run(_settings(), tell=teller(quiet=quiet), announce=announce, workers=workers)


@app.command()
def api() -> None:
    """Serve the API, the page and the live events."""
    from pingvas.launch.serve import serve_api
    from pingvas.launch.which_database import with_running_database

    settings = with_running_database(_settings())
    _log_to_stderr(settings)
    serve_api(settings)


@app.command()
def worker() -> None:
    """Take jobs from the queue and make their pictures."""
    from pingvas.base.secret_keys import SECRET_VARIABLES, SELLER_VARIABLES
    from pingvas.launch.cpu_threads import let_threads_sleep

    chosen = _settings().without_secret()
    for name in [name for name in os.environ if name.upper() in SECRET_VARIABLES | SELLER_VARIABLES]:
        del os.environ[name]  # a worker keeps one key of it
    let_threads_sleep(os.environ, chosen.worker_device)  # before torch is loaded

    import uvloop

    from pingvas.launch.serve import work
    from pingvas.launch.which_database import with_running_database

    settings = with_running_database(chosen)
    _log_to_stderr(settings)
    uvloop.run(work(settings))


@app.command()
def chores() -> None:
    """Do what the house does by itself: lost jobs, deletions, checks."""
    import uvloop

    from pingvas.launch.serve import do_chores
    from pingvas.launch.which_database import with_running_database

    settings = with_running_database(_settings(), as_owner=True)  # they make the tables of their schedule
    _log_to_stderr(settings)
    uvloop.run(do_chores(settings))


@app.command()
def migrate(
    grant_to: Annotated[
        str | None,
        typer.Option(help="A role of yours that API, workers and chores use: give it the rights they need."),
    ] = None,
) -> None:
    """Bring the database to this version, and add the plans and models that are missing."""
    from pingvas.launch.migrations import migrate_and_seed
    from pingvas.launch.which_database import with_any_database

    with with_any_database(_settings()) as settings:
        typer.echo(asyncio.run(migrate_and_seed(settings, grant_to)))


@app.command("file-url-key")
def file_url_key() -> None:
    """Print the key of picture addresses, for workers on machines that should not hold the secret."""
    typer.echo(_settings().key_for("file-url").hex())


@app.command()
def reseal() -> None:
    """Seal what the database keeps sealed with the present secret, before the previous one is forgotten."""
    from pingvas.launch.reseal import reseal as run
    from pingvas.launch.which_database import with_running_database

    typer.echo(asyncio.run(run(with_running_database(_settings()))))


@app.command()
def link(
    minutes: Annotated[float, typer.Option(min=1, max=1440, help="How long the link may wait.")] = 60,
) -> None:
    """Print a link that signs in the studio's owner, once."""
    from pingvas.launch.owner_link import make_owner_link
    from pingvas.launch.which_database import with_running_database

    typer.echo(asyncio.run(make_owner_link(with_running_database(_settings()), minutes)))


@app.command()
def mail(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many letters.")] = 10,
) -> None:
    """Show the latest mail that lies in the outbox, for want of a mail server."""
    show_mail(count)


@app.command()
def doctor() -> None:
    """Look at every part and say what is wrong and what to do. Exit code 1 when something is."""
    from pingvas.launch.doctor import examine
    from pingvas.launch.screen import print_findings

    raise typer.Exit(print_findings(examine(_settings())))


@app.command("image-info")
def image_info(file: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG or WebP.")]) -> None:
    """Say what a picture's file says: whether AI made it, who signed that, and how it was made."""
    from pingvas.launch.image_info import describe

    for line in describe(file):
        typer.echo(line)


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="What the picture shows.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write it; with --count, a number is added.")
    ] = Path("picture.png"),
    model: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    size: Annotated[str | None, typer.Option(help="256, or 256x192.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    cfg: Annotated[float | None, typer.Option(help="How closely to follow the words.")] = None,
    sampler: Annotated[str | None, typer.Option(help="Name of the sampler.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same picture.")] = None,
    negative: Annotated[str, typer.Option(help="What to stay away from.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 1,
) -> None:
    """Make a picture, through the running studio or one started just for this.

    A studio elsewhere is named by PINGVAS_URL and PINGVAS_TOKEN.
    """
    from pingvas.base.settings import load_settings
    from pingvas.launch.generate import Request, generate_images

    request = Request(
        prompt=prompt,
        output=output,
        model=model,
        size=size,
        steps=steps,
        cfg_scale=cfg,
        sampler=sampler,
        seed=seed,
        negative_prompt=negative,
        count=count,
    )
    # The picture is the caller's own file; a studio that is started for it sees to its files itself.
    for path in generate_images(load_settings(), request):
        typer.echo(path)


def _settings() -> Settings:
    """The settings; whatever this process writes from here on is private."""
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import load_settings

    settings = load_settings()
    keep_files_private(settings)
    return settings


def _log_to_stderr(settings: Settings) -> None:
    from pingvas.base.log_lines import log_to_stderr

    log_to_stderr(settings.log_level)


if __name__ == "__main__":
    main()
