"""``plexus connect``: the settings with which a program uses this gateway."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from plexus.cli.common import ConfigOption, JsonOption, fail, load_configuration, print_json, settings_for
from plexus.clients.client import Change, Client, Connection, Wish
from plexus.clients.merge import CannotMerge, merge
from plexus.clients.registry import CLIENTS
from plexus.clients.write import apply_changes
from plexus.settings import Settings

NO_KEY = "YOUR-KEY"


def connect(  # noqa: PLR0913, PLR0917 - each is an option of the command
    client: Annotated[str, typer.Argument(help="The program; without it, a list of them.", show_default=False)] = "",
    url: Annotated[str | None, typer.Option(help="The gateway's address (HOST and PORT).")] = None,
    key: Annotated[str | None, typer.Option(envvar="PLEXUS_KEY", help="The client's key (PLEXUS_KEY).")] = None,
    model: Annotated[str | None, typer.Option(help="The model (the first one of the configuration).")] = None,
    small_model: Annotated[str | None, typer.Option(help="The model for titles and the like (--model).")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the program's own files, after a backup.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the settings with which a program uses this gateway, or apply them."""
    if not client:
        _print_list(as_json)
        return
    known = CLIENTS.get(client)
    if known is None:
        fail(f"there is no client {client!r}. Known: {', '.join(CLIENTS)}.", 2)
    settings = settings_for(config)
    chosen = model or _first_model(settings)
    wish = Wish(url=_root(url, settings), key=key or NO_KEY, model=chosen, small_model=small_model or chosen)
    connection = known.connect(wish)
    if write:
        _apply(known, connection, has_key=key is not None)
    elif as_json:
        print_json(_data(known, connection))
    else:
        typer.echo(text_of(known, connection))


def _print_list(as_json: bool) -> None:
    if as_json:
        print_json([_data(client, None) for client in CLIENTS.values()])
        return
    for client in CLIENTS.values():
        typer.echo(f"{client.name:14} {client.title}, {client.protocol}")


def _first_model(settings: Settings) -> str:
    if not settings.config.exists():
        fail("Name a model: --model NAME. (There is no configuration here to take one from.)", 2)
    routes = load_configuration(settings).snapshot.routes
    if not routes:
        fail("Name a model: --model NAME. (The configuration here has none.)", 2)
    return next(iter(routes.values())).name


def _root(url: str | None, settings: Settings) -> str:
    if url is None:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - to be shown, not bound
        return f"http://{host}:{settings.port}"
    root = url.rstrip("/").removesuffix("/v1beta").removesuffix("/v1")
    if not root.startswith(("http://", "https://")):
        fail(f"--url is {url!r}. Write it with http:// or https://.", 2)
    return root


def _data(client: Client, connection: Connection | None) -> dict[str, Any]:
    base = {"client": client.name, "title": client.title, "protocol": client.protocol, "page": client.page}
    return base if connection is None else base | msgspec.to_builtins(connection)


def _apply(client: Client, connection: Connection, *, has_key: bool) -> None:
    if not connection.changes:
        fail(f"{client.title} has no file that could be written. `plexus connect {client.name}` says what to do.")
    if not has_key:
        fail("Say which key: --key KEY, or PLEXUS_KEY in the environment.", 2)
    home = Path(os.environ.get("HOME") or Path.home())
    try:
        for path, backup, changed in apply_changes(connection.changes, home):
            was = f" (as it was: {backup.name})" if backup is not None else ""
            typer.echo(f"{path} is written{was}." if changed else f"{path} is as it should be.")
    except CannotMerge as reason:
        fail(f"{reason}. Nothing was written; `plexus connect {client.name}` prints what belongs there.")
    except OSError as refused:
        fail(f"{refused.filename} cannot be written: {refused.strerror}.")
    for note in connection.notes:
        typer.echo(note)


def text_of(client: Client, connection: Connection) -> str:
    """For people: each file with what belongs into it, what does the same for one shell, code, and notes."""
    parts = [f"{client.title} ({client.page})"]
    parts += [_change(change) for change in connection.changes]
    if connection.environment:
        title = "Or, for one shell:" if connection.changes else "In the environment:"
        lines = [f"  export {name}={shlex.quote(value)}" for name, value in connection.environment.items()]
        parts.append("\n".join([title, *lines]))
    if connection.code:
        parts.append(connection.code.rstrip("\n"))
    if connection.notes:
        parts.append("\n".join(connection.notes))
    return "\n\n".join(parts)


def _change(change: Change) -> str:
    text = merge("", change.form, json.loads(json.dumps(change.members)))
    return "\n".join([f"In ~/{change.path}:", *(f"  {line}" if line else "" for line in text.rstrip("\n").split("\n"))])
