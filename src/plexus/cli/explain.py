"""``plexus explain``: the plan for a model and a key, and why. Nothing is sent."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

import typer

from plexus.canonical.errors import GatewayError
from plexus.cli.common import ConfigOption, JsonOption, fail, load_configuration, print_json, settings_for
from plexus.configuration.secrets import digester
from plexus.configuration.urls import protocol_name
from plexus.domain.key import Key
from plexus.domain.route import Target
from plexus.domain.snapshot import Snapshot
from plexus.exchange.serving import choose_codec
from plexus.protocols.registry import CLIENT_PROTOCOLS, CODECS, PROVIDER_CODECS
from plexus.routing.plan import Plan
from plexus.routing.resolve import resolve
from plexus.settings import Settings, load_or_make_root_key


def explain(
    model: Annotated[str, typer.Option(help="The model as a client would name it.")],
    key: Annotated[str, typer.Option(help="A key's name, or its secret.")],
    protocol: Annotated[
        str, typer.Option(help="What the client speaks: chat, responses, messages or gemini.")
    ] = "chat",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which targets a call would use, in which order, on which lane, and why. Nothing is sent."""
    settings = settings_for(config)
    snapshot = load_configuration(settings).snapshot
    client = protocol_name(protocol)
    if client not in CLIENT_PROTOCOLS:
        fail(f"--protocol is {protocol!r}; write chat, responses, messages or gemini.", 2)
    try:
        plan = resolve(model, client, _find_key(key, snapshot, settings), snapshot, Random())  # noqa: S311 - a draw like the gateway's
    except GatewayError as refusal:
        fail(refusal.message)
    answer = describe(plan, client, snapshot)
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{model} -> {plan.model}, order: {plan.reason}")
    for target in answer["targets"]:
        state = "" if target["enabled"] else f"  left out: {target['left_out']}"
        typer.echo(f"  {target['place'] or '-':>2}  {target['name']}  {target['protocol']} ({target['lane']}){state}")


def _find_key(key: str, snapshot: Snapshot, settings: Settings) -> Key:
    named = next((known for known in snapshot.keys.values() if known.name == key), None)
    found = named or snapshot.keys.get(digester(load_or_make_root_key(settings))(key))
    if found is None:
        fail(f"there is no key {key!r}. Known: {', '.join(known.name for known in snapshot.keys.values())}.")
    return found


def describe(plan: Plan, client: str, snapshot: Snapshot) -> dict[str, Any]:
    """The plan as data: each target of the route with its place in the order, or why it was left out."""
    places = {target.name: place for place, target in enumerate(plan.targets, 1)}
    return {
        "model": plan.model,
        "reason": plan.reason,
        "revision": snapshot.revision,
        "targets": sorted(
            (_describe_target(target, client, places.get(target.name)) for target in plan.route.targets),
            key=lambda entry: entry["place"] or len(places) + 1,
        ),
    }


def _describe_target(target: Target, client: str, place: int | None) -> dict[str, Any]:
    codec = choose_codec(CODECS[client, "generate"], target, PROVIDER_CODECS)
    protocol = None if codec is None else codec.protocol
    lane = "translate" if protocol != client else "pass or edit"
    why = None
    if place is None:
        why = "the target is disabled" if target.provider.enabled else "the provider is disabled"
    return {
        "place": place,
        "name": target.name,
        "protocol": protocol,
        "lane": lane if protocol is not None else None,
        "weight": target.weight,
        "enabled": place is not None,
        "left_out": why,
    }
