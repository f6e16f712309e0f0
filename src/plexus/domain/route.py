"""A public model name and who serves it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from plexus.domain.provider import Provider, Timeouts

SelectorName: TypeAlias = Literal["random", "in_order"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One provider + upstream model. ``name`` is ``provider/model``, as records and headers show it."""

    name: str
    provider: Provider
    model: str
    protocols: tuple[str, ...]
    """The protocols that reach it, the preferred first."""
    dialects: dict[str, msgspec.Struct]
    """Merged: owner, provider, model pattern."""
    extra_body: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    weight: float = 1.0
    enabled: bool = True
    timeouts: Timeouts = Timeouts()


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A name under ``models:`` with its aliases."""

    name: str
    aliases: tuple[str, ...] = ()
    targets: tuple[Target, ...]
    selector: SelectorName = "random"
    api_match: bool = False
    """``priority: api_match``: targets that speak the client's protocol come first."""
    max_output_tokens: int | None = None
    fallback_on_content_filter: bool = False
    metadata: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


def target_of(provider: Provider, model: str, *, weight: float = 1.0, enabled: bool = True) -> Target:
    """The target that an upstream ``model`` of ``provider`` is, with what the provider's configuration says of it."""
    rule = provider.rule_for(model)
    return Target(
        name=f"{provider.name}/{model}",
        provider=provider,
        model=model,
        protocols=tuple(provider.endpoints) if rule is None or rule.protocols is None else rule.protocols,
        dialects=provider.dialects_for(model),
        extra_body=provider.extra_body if rule is None else rule.extra_body,
        weight=weight,
        enabled=enabled,
        timeouts=provider.timeouts if rule is None else rule.timeouts,
    )
