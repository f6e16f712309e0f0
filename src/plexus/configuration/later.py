"""Parts of the document whose feature is not built yet. They are checked like all others, and have no effect.

Their names and defaults are those of the fuller dialect, so that such a file loads today and takes effect by itself when the
feature comes. ``NOT_IN_EFFECT`` may only shrink.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import Discriminator, Field, JsonValue, Tag

from plexus.configuration.part import Part, Share, Text, spelled

PerMillion: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class SimplePricing(Part):
    """The same price whatever the length. Dollars per million tokens."""

    source: Literal["simple"] = "simple"
    """How the price is made up."""
    input: PerMillion = 0
    """Input."""
    output: PerMillion = 0
    """Output."""
    cached: PerMillion | None = None
    """Input that came from the provider's prompt cache."""
    cache_write: PerMillion | None = None
    """Input that was written to the provider's prompt cache."""


class OpenRouterPricing(Part):
    """The price that OpenRouter publishes for a model."""

    source: Literal["openrouter"]
    """How the price is made up."""
    slug: Text
    """OpenRouter's name of the model."""
    discount: Share | None = None
    """Share that is taken off."""


class PerRequestPricing(Part):
    """One price a call."""

    source: Literal["per_request"]
    """How the price is made up."""
    amount: PerMillion
    """Dollars a call."""


class PriceRange(Part):
    """Prices for calls whose input lies within bounds, both inclusive. Dollars per million tokens."""

    lower_bound: Annotated[float, Field(ge=0)] = 0
    """Tokens of input from which these prices hold."""
    upper_bound: Annotated[float, Field(ge=0)] = float("inf")
    """Tokens of input up to which they hold."""
    input_per_m: PerMillion
    """Input."""
    output_per_m: PerMillion
    """Output."""
    cached_per_m: PerMillion | None = None
    """Input that came from the provider's prompt cache."""
    cache_write_per_m: PerMillion | None = None
    """Input that was written to the provider's prompt cache."""


class DefinedPricing(Part):
    """Prices by the length of the input."""

    source: Literal["defined"]
    """How the price is made up."""
    range: Annotated[list[PriceRange], Field(min_length=1)]
    """The lengths, each with its prices."""


def _source(value: object) -> str:
    found = value.get("source", "simple") if isinstance(value, dict) else getattr(value, "source", "simple")
    return str(found)


Pricing: TypeAlias = Annotated[
    Annotated[SimplePricing, Tag("simple")]
    | Annotated[OpenRouterPricing, Tag("openrouter")]
    | Annotated[PerRequestPricing, Tag("per_request")]
    | Annotated[DefinedPricing, Tag("defined")],
    Discriminator(_source),
]


class QuotaChecker(Part):
    """How to ask a provider what is left of the account."""

    type: Text
    """Which checker."""
    enabled: bool = True
    """Whether it asks."""
    interval_minutes: Annotated[float, Field(ge=1, validation_alias=spelled("interval_minutes", "intervalMinutes"))] = (
        30
    )
    """Minutes between two questions."""
    id: Text | None = None
    """Its name where several providers share one."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """What this type of checker wants to know."""


class RollingQuota(Part):
    """A limit over a window that moves along."""

    type: Literal["rolling"]
    """Which kind of window."""
    limit_type: Annotated[Literal["requests", "tokens"], Field(validation_alias=spelled("limit_type", "limitType"))]
    """What is counted."""
    limit: Annotated[float, Field(ge=1)]
    """How many of them."""
    duration: Text
    """How long the window is: `30m`, `5h`, `7d`."""


class CalendarQuota(Part):
    """A limit a day or a week, in UTC; weeks begin on Monday."""

    type: Literal["daily", "weekly"]
    """Which kind of window."""
    limit_type: Annotated[Literal["requests", "tokens"], Field(validation_alias=spelled("limit_type", "limitType"))]
    """What is counted."""
    limit: Annotated[float, Field(ge=1)]
    """How many of them."""


UserQuota: TypeAlias = Annotated[RollingQuota | CalendarQuota, Field(discriminator="type")]


class Advanced(Part):
    """A change that a model's requests undergo."""

    type: Literal["strip_adaptive_thinking"]
    """Which change."""
    enabled: bool
    """Whether it happens."""


class Metadata(Part):
    """Where the facts about a model are taken from."""

    source: Literal["openrouter", "models.dev", "catwalk"]
    """The catalogue."""
    source_path: Text
    """The model's name there."""


class Cooldown(Part):
    """How long a failing target is set aside: doubled with each failure in a row."""

    initial_minutes: Annotated[float, Field(gt=0, validation_alias=spelled("initial_minutes", "initialMinutes"))] = 2
    """Minutes after the first failure."""
    max_minutes: Annotated[float, Field(gt=0, validation_alias=spelled("max_minutes", "maxMinutes"))] = 300
    """Minutes at most."""


class McpServer(Part):
    """An MCP server behind the gateway."""

    upstream_url: Text
    """Where it is."""
    enabled: bool = True
    """Whether it is reachable."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers that go to it."""


class Pending(NamedTuple):
    """A member without effect. ``path`` has ``*`` for any name. ``values``: only these have none."""

    path: tuple[str, ...]
    values: frozenset[str] = frozenset()
    instead: str = ""
    """What happens instead, where that is not obvious."""


NOT_IN_EFFECT: tuple[Pending, ...] = (
    Pending(("providers", "*", "disable_cooldown"), instead="No target is set aside yet."),
    Pending(("providers", "*", "discount")),
    Pending(("providers", "*", "estimate_tokens")),
    Pending(("providers", "*", "quota_checker")),
    Pending(("providers", "*", "models", "*", "pricing")),
    Pending(("providers", "*", "models", "*", "type")),
    Pending(
        ("models", "*", "selector"),
        frozenset({"cost", "latency", "usage", "performance"}),
        "Such a model uses `random`.",
    ),
    Pending(("models", "*", "type")),
    Pending(("models", "*", "advanced")),
    Pending(("models", "*", "metadata")),
    Pending(("keys", "*", "quota"), instead="The key has no limit."),
    Pending(("user_quotas",), instead="There are no limits."),
    Pending(("failover", "retryable_errors"), instead="Every failure of a connection moves on to the next target."),
    Pending(("cooldown",), instead="No target is set aside yet."),
    Pending(("performance_exploration_rate",)),
    Pending(("latency_exploration_rate",)),
    Pending(("mcp_servers",)),
)
"""Each gives one warning, however often it stands in the file."""
