"""`pingvas models …`: looking after the models from the command line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pingvas.base.settings import Settings

models = typer.Typer(help="Look after the models: add, list, verify, remove.", no_args_is_help=True)


@models.command("add")
def models_add(
    where: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_URL", help="A safetensors file, a diffusers folder, or s3://bucket/folder."
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="What requests call it; from the file when left out.")
    ] = None,
    display_name: Annotated[str | None, typer.Option(help="What people read.")] = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", help="checkpoint, lora, controlnet, vae or upscaler: refuse anything else."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="What a part is made for, where its file does not tell: a family or a model."),
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(help="epsilon, v_prediction or sample, where the file does not tell.")
    ] = None,
    components: Annotated[
        str | None,
        typer.Option(help="A diffusers folder of the same family, for what a single file leaves out."),
    ] = None,
    refiner: Annotated[
        str | None, typer.Option(help="An SDXL refiner that takes over the last steps.")
    ] = None,
    trigger: Annotated[
        list[str] | None, typer.Option(help="A word that calls up what a LoRA learned; may be repeated.")
    ] = None,
    tier: Annotated[
        list[str] | None, typer.Option(help="A plan that may use it; may be repeated. None: all may.")
    ] = None,
    copy_to_storage: Annotated[
        bool,
        typer.Option("--copy-to-storage", help="Copy it into the studio's storage, for workers elsewhere."),
    ] = False,
) -> None:
    """Add a model: look what it is, record its hashes, put it into the catalog."""
    from pingvas.launch.models_command import ModelToAdd, add
    from pingvas.launch.models_screen import fetching, print_models
    from pingvas.launch.which_database import with_any_database

    new = ModelToAdd(
        where=where,
        name=name,
        display_name=display_name,
        kind=kind,
        base=base,
        prediction=prediction,
        components=components,
        refiner=refiner,
        trigger_words=tuple(trigger or ()),
        tiers=tuple(tier or ()),
        copy_to_storage=copy_to_storage,
    )
    with with_any_database(_settings()) as settings, fetching() as on_progress:
        added = asyncio.run(add(settings, new, on_progress))
    print_models([added])


@models.command("list")
def models_list() -> None:
    """Show every model, those that are switched off too."""
    from pingvas.launch.models_command import list_models
    from pingvas.launch.models_screen import print_models
    from pingvas.launch.which_database import with_any_database

    with with_any_database(_settings()) as settings:
        print_models(asyncio.run(list_models(settings)))


@models.command("verify")
def models_verify(
    name: Annotated[str | None, typer.Argument(help="One model; all of them when left out.")] = None,
) -> None:
    """Read every file and compare it with what was added. Exit code 1 when something is wrong."""
    from pingvas.launch.models_command import verify
    from pingvas.launch.models_screen import print_checked
    from pingvas.launch.which_database import with_any_database

    with with_any_database(_settings()) as settings:
        code = print_checked(asyncio.run(verify(settings, name)))
    raise typer.Exit(code)


@models.command("remove")
def models_remove(name: Annotated[str, typer.Argument(help="The model's name.")]) -> None:
    """Take a model out of the catalog; one that jobs name is switched off. Your own files stay."""
    from pingvas.launch.models_command import remove
    from pingvas.launch.which_database import with_any_database

    with with_any_database(_settings()) as settings:
        removal = asyncio.run(remove(settings, name))
    kept = (
        "switched off: jobs name it, or it ships with the studio" if removal == "switched_off" else "removed"
    )
    typer.echo(f"{name}: {kept}")


def _settings() -> Settings:
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import load_settings

    settings = load_settings()
    keep_files_private(settings)
    return settings
