"""``plexus providers``: the providers that need nothing but a credential, and what is known about each."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

import typer

from plexus.cli.common import JsonOption, fail, print_json
from plexus.protocols.registry import PROTOCOLS
from plexus.providers.presets import Preset, load_presets

app = typer.Typer(no_args_is_help=True, help="The known providers (presets) and how they differ.")


@app.command("list")
def list_(
    protocol: Annotated[str | None, typer.Option(help="Only those that speak it: chat, messages …")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the known providers. A provider of such a name in the configuration needs its credential only."""
    from plexus.configuration.urls import protocol_name  # noqa: PLC0415 - pydantic is slow to load

    wanted = protocol_name(protocol) if protocol is not None else None
    if protocol is not None and wanted is None:
        fail(f"--protocol is {protocol!r}; write chat, messages, responses, gemini, ollama or cohere.", 2)
    found = [preset for preset in load_presets().values() if wanted is None or wanted in preset.endpoints]
    if as_json:
        print_json([describe(preset) for preset in found])
        return
    rows = [
        [preset.name, preset.display_name, ", ".join(map(_spoken, preset.endpoints)), address(preset)]
        for preset in found
    ]
    _print_table(("name", "provider", "speaks", "address"), rows)
    if any(set(preset.endpoints) - PROTOCOLS for preset in found):
        typer.echo("(in brackets: known, not spoken by Plexus yet)")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The preset's name, as `plexus providers list` has it.")],
    as_json: JsonOption = False,
) -> None:
    """Show what is known about one provider: addresses, credential, and where it differs from the protocol's owner."""
    presets = load_presets()
    preset = presets.get(name)
    if preset is None:
        close = get_close_matches(name, presets, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(presets)}."
        fail(f"there is no preset {name!r}. {hint}")
    if as_json:
        print_json(describe(preset))
        return
    typer.echo(f"{preset.display_name}\n{preset.docs}\n")
    rows = [[_spoken(protocol), endpoint.url, endpoint.auth] for protocol, endpoint in preset.endpoints.items()]
    _print_table(("protocol", "address", "credential"), rows)
    answers = [["", protocol, *answer] for protocol, answer in _answers(preset.dialects)]
    answers += [
        [model.match, protocol, *answer] for model in preset.models for protocol, answer in _answers(model.dialects)
    ]
    if answers:
        typer.echo("")
        _print_table(("models", "protocol", "differs in", "answer"), answers)


def describe(preset: Preset) -> dict[str, Any]:
    """The preset as data. ``spoken`` says whether Plexus speaks the protocol."""
    return {
        "name": preset.name,
        "display_name": preset.display_name,
        "docs": preset.docs,
        "credential": preset.credential,
        "endpoints": {
            protocol: {"url": endpoint.url, "auth": endpoint.auth, "spoken": protocol in PROTOCOLS}
            for protocol, endpoint in preset.endpoints.items()
        },
        "dialects": preset.dialects,
        "models": [{"match": model.match, "dialects": model.dialects} for model in preset.models],
    }


def address(preset: Preset) -> str:
    """Its first address, and how many others it has."""
    urls = list(dict.fromkeys(endpoint.url for endpoint in preset.endpoints.values()))
    return urls[0] if len(urls) == 1 else f"{urls[0]} (+{len(urls) - 1})"


def _spoken(protocol: str) -> str:
    return protocol if protocol in PROTOCOLS else f"({protocol})"


def _answers(dialects: dict[str, dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [
        (protocol, [question, ", ".join(answer) or "none" if isinstance(answer, list) else str(answer).lower()])
        for protocol, answers in dialects.items()
        for question, answer in answers.items()
    ]


def _print_table(titles: tuple[str, ...], rows: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for people
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)
