"""All commands but the fast path of ``serve``, joined. Each stands in a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plexus.cli import config, connect, database, explain, init, mock, providers, records, version

app = typer.Typer(no_args_is_help=True, help="One API in front of every LLM provider.", rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST, 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PORT, 4000).")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file (PLEXUS_CONFIG, config/plexus.yaml).")] = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew whenever the source changes (development).")
    ] = False,
) -> None:
    """Run a gateway until it is told to stop."""
    from plexus.cli.serve import main  # noqa: PLC0415 - only this command runs a gateway

    arguments = [
        f"--{name}={value}" for name, value in (("host", host), ("port", port), ("config", config)) if value is not None
    ]
    raise typer.Exit(main([*arguments, *(["--reload"] if reload else [])]))


app.command("init")(init.init)
app.add_typer(config.app, name="config")
app.command("explain")(explain.explain)
app.command("connect")(connect.connect)
app.add_typer(providers.app, name="providers")
app.command("records")(records.records)
app.command("mock")(mock.mock)
app.add_typer(database.app, name="db")
app.command("version")(version.version)
