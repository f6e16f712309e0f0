"""``plexus config``: check the file, publish its schema."""

from __future__ import annotations

from typing import Annotated

import typer

from plexus.cli.common import ConfigOption, JsonOption, load_configuration, print_json, settings_for

app = typer.Typer(no_args_is_help=True, help="Check the configuration, publish its schema.")


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with the configuration, each with its place. Exit status 2 when it cannot be used."""
    settings = settings_for(config)
    loaded = load_configuration(settings)
    snapshot = loaded.snapshot
    counts = {
        "revision": snapshot.revision,
        "providers": len(snapshot.providers),
        "models": len({route.name for route in snapshot.routes.values()}),
        "keys": len(snapshot.keys),
        "warnings": [str(warning) for warning in loaded.warnings],
    }
    if as_json:
        print_json(counts)
        return
    for warning in loaded.warnings:
        typer.echo(f"{settings.config}:{warning}")
    typer.echo(
        f"{settings.config} is good: {counts['providers']} provider(s), {counts['models']} model(s), {counts['keys']} key(s)."
    )


@app.command()
def schema(
    output: Annotated[str | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the JSON Schema of the configuration, so that editors complete and check it."""
    from pathlib import Path  # noqa: PLC0415 - rarely needed

    from plexus.configuration.schema import json_schema  # noqa: PLC0415

    if output is None:
        typer.echo(json_schema(), nl=False)
    else:
        Path(output).write_text(json_schema(), encoding="utf-8")
