"""Small builders of domain values for tests."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from plexus.domain.key import Key
from plexus.domain.provider import AuthScheme, Credential, Endpoint, Origin, Provider, Timeouts
from plexus.domain.route import Route, Target
from plexus.domain.snapshot import Snapshot

SECRET = "sk-test-secret-0123456789"


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


BASES = {"gemini": "/v1beta", "ollama": "/api", "cohere": "/v2", "bedrock_converse": ""}
AUTHS: dict[str, AuthScheme] = {"anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}
"""Where a protocol differs from ``/v1`` and a bearer token."""


def provider(
    name: str = "acme", *, port: int = 9, protocols: tuple[str, ...] = ("openai_chat",), **members: Any
) -> Provider:
    origin = Origin("127.0.0.1", port)
    members.setdefault("timeouts", Timeouts())
    members.setdefault("auth", {protocol: AUTHS.get(protocol, "bearer") for protocol in protocols})
    return Provider(
        name=name,
        display_name=name,
        endpoints={protocol: Endpoint(protocol, origin, BASES.get(protocol, "/v1")) for protocol in protocols},
        credential=Credential("default", "upstream-secret"),
        **members,
    )


def target(of: Provider | None = None, model: str = "m1", **members: Any) -> Target:
    of = of or provider()
    members.setdefault("timeouts", of.timeouts)
    return Target(
        name=f"{of.name}/{model}",
        provider=of,
        model=model,
        protocols=tuple(of.endpoints),
        dialects=of.dialects_for(model),
        **members,
    )


def route(name: str = "chat", *targets: Target, **members: Any) -> Route:
    members.setdefault("selector", "in_order")
    return Route(name=name, targets=targets or (target(),), **members)


def key(name: str = "tester", secret: str = SECRET, models: str | None = None, **members: Any) -> Key:
    pattern = re.compile(models) if models is not None else None
    return Key(name=name, digest=digest(secret), models=pattern, **members)


def snapshot(*routes: Route, keys: tuple[Key, ...] = (), **members: Any) -> Snapshot:
    routes = routes or (route(),)
    keys = keys or (key(),)
    by_name = {name: one for one in routes for name in (one.name, *one.aliases)}
    providers = {one.provider.name: one.provider for each in routes for one in each.targets}
    return Snapshot(
        revision="test", providers=providers, routes=by_name, keys={one.digest: one for one in keys}, **members
    )
