"""The configuration document: everything that may stand in ``config/plexus.yaml``, in both dialects.

The texts behind the members are what the JSON Schema says (``plexus config schema``), and docs/configuration.md has a row
for each. Members whose names differ between the dialects load under both (``spelled``); values are compiled by ``compile``.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue, SecretStr

from plexus.configuration.later import Advanced, Cooldown, McpServer, Metadata, Pricing, QuotaChecker, UserQuota
from plexus.configuration.names import ProtocolName
from plexus.configuration.part import Part, Seconds, Share, Text, spelled
from plexus.domain.provider import AuthScheme

Secret: TypeAlias = SecretStr
ApiType: TypeAlias = Literal[
    "chat", "responses", "messages", "gemini", "embeddings", "transcriptions", "speech", "image"
]
Status: TypeAlias = Annotated[int, Field(ge=100, le=599)]
ByProtocol: TypeAlias = dict[ProtocolName, dict[str, JsonValue]]


class TimeoutsPart(Part):
    """Limits in seconds. What is left out is inherited: model from provider, provider from the top."""

    connect: Seconds = 5.0
    """Name look-up, TCP and TLS together."""
    first_byte: Seconds | None = 60.0
    """From the request to the head of the reply, for streamed calls. `null`: no limit."""
    first_token: Seconds | None = None
    """From the request to the first meaningful event of a stream. `null`: no limit."""
    idle: Seconds | None = 180.0
    """Between two bytes of a stream. `null`: no limit."""
    progress: Seconds | None = 300.0
    """Between two meaningful events of a stream; pings do not count. `null`: no limit."""
    total: Seconds = 600.0
    """The whole call, when it is not streamed."""
    total_stream: Seconds = 3600.0
    """The whole call, when it is streamed."""


class TlsPart(Part):
    """How connections to a provider are secured. Paths are relative to the configuration's folder."""

    ca_file: Text | None = None
    """Certificates to trust, PEM. Left out: the system's."""
    cert_file: Text | None = None
    """The certificate that we show, PEM."""
    key_file: Text | None = None
    """Its key, PEM. Left out: it is in `cert_file`."""
    verify: bool = True
    """`false` accepts any certificate: for tests only."""


class ProviderModelPart(Part):
    """What is special about a provider's model, or about all whose names match a pattern."""

    access_via: Annotated[list[ProtocolName], Field(min_length=1)] | None = None
    """The protocols that reach this model, the preferred first. Left out: all that the provider speaks."""
    extra_body: dict[str, JsonValue] = Field(default_factory=dict, validation_alias=spelled("extra_body", "extraBody"))
    """Members to put into every request, over those of the provider."""
    timeouts: TimeoutsPart | None = None
    """Time limits, over those of the provider."""
    dialect: ByProtocol = Field(default_factory=dict)
    """How this model's use of a protocol differs, by protocol."""
    pricing: Pricing | None = None
    """What it costs."""
    type: ApiType | None = None
    """What the model is for."""


class ProviderPart(Part):
    """An upstream account: where, and who. The name may be that of a preset, which then knows the rest."""

    display_name: Text | None = None
    """The name to show. Left out: the provider's name."""
    preset: Text | None = None
    """The preset to build on. Left out: the one of the provider's name or of the URL's host, if there is one."""
    base_url: Annotated[
        str | dict[ProtocolName, str] | None, Field(validation_alias=spelled("base_url", "api_base_url"))
    ] = None
    """Where the API is, or a map from protocol to URL. Left out: the preset's. An address that ends in a version (`/v1`) is
    used as it is; otherwise the preset's or the protocol's prefix is added."""
    api_key: Secret | None = None
    """The credential. Write `${NAME}` for an environment variable, `file:PATH` for a file."""
    auth: AuthScheme | dict[ProtocolName, AuthScheme] | None = None
    """How the credential is sent, for all protocols or by protocol. Left out: as the protocol's owner wants it."""
    enabled: bool = True
    """`false` takes all its targets out."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send with every request; values may be `file:PATH`."""
    extra_body: dict[str, JsonValue] = Field(default_factory=dict, validation_alias=spelled("extra_body", "extraBody"))
    """Members to put into every request."""
    models: list[Text] | dict[Text, ProviderModelPart | None] | None = None
    """Upstream models, names or patterns (`gpt-*`): a list, or a map to what is special about each. Left out: any. It limits
    what `direct/<provider>/<model>` reaches, and makes no public names by itself."""
    timeouts: TimeoutsPart | None = None
    """Time limits, over those of the top."""
    tls: TlsPart | None = None
    """How connections are secured."""
    max_response_bytes: Annotated[int, Field(gt=0)] = 64 * 1024 * 1024
    """The longest reply that is accepted, in bytes, where it is not streamed."""
    dialect: ByProtocol = Field(default_factory=dict)
    """How this provider's use of a protocol differs, by protocol; over the preset's answers."""
    disable_cooldown: bool = False
    """`true` never sets its targets aside."""
    discount: Share | None = None
    """Share that is taken off all its prices."""
    estimate_tokens: Annotated[bool, Field(validation_alias=spelled("estimate_tokens", "estimateTokens"))] = False
    """Whether tokens are estimated where the provider reports none."""
    quota_checker: QuotaChecker | None = None
    """How to ask it what is left."""


class TargetPart(Part):
    """One provider and one of its models."""

    provider: Text
    """A name under `providers`."""
    model: Annotated[Text, Field(validation_alias=spelled("model", "model_id"))]
    """The provider's name for the model."""
    enabled: bool = True
    """`false` takes it out."""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How often it comes first under the selector `random`, in proportion to the others."""


class ModelPart(Part):
    """A public model name: either `provider` (and `model_id`), or `targets`."""

    provider: Text | None = None
    """A name under `providers`, where there is only one target."""
    model_id: Annotated[Text | None, Field(validation_alias=spelled("model_id", "model"))] = None
    """The provider's name for the model. Left out: the public name."""
    targets: list[TargetPart] | None = None
    """Who serves it."""
    aliases: list[Text] = Field(default_factory=list, validation_alias=spelled("aliases", "additional_aliases"))
    """Further public names."""
    selector: Literal["random", "in_order", "cost", "latency", "usage", "performance"] = "random"
    """The order in which targets are tried: `random` (by weight) or `in_order`. The others are not in effect yet."""
    priority: Literal["selector", "api_match"] = "selector"
    """`api_match`: targets that speak the client's protocol come first."""
    fallback_on_content_filter: bool = False
    """Whether a reply that the provider's filter refused moves on to the next target."""
    type: ApiType | None = None
    """What the model is for."""
    advanced: list[Advanced] | None = None
    """Changes that requests undergo."""
    metadata: Metadata | None = None
    """Where the facts about it are taken from."""


class KeyPart(Part):
    """A client's key. In the short form the name is the secret, and there is no `secret`."""

    secret: Secret | None = None
    """What clients send: at least 12 characters, no colon, no space. Write `${NAME}` or `file:PATH` to keep it elsewhere."""
    models: list[Text] | None = None
    """Public model names or patterns that it may use, `direct/…` included. Left out: all."""
    comment: str | None = None
    """For people."""
    strict: bool = False
    """Whether what cannot be translated without loss is refused."""
    enabled: bool = True
    """`false` refuses the key."""
    quota: Text | None = None
    """A name under `user_quotas`."""


class FailoverPart(Part):
    """How far to go on after a failure."""

    enabled: bool = True
    """`false`: the first failure is the answer."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Further tries of the same target, where the failure is worth one."""
    max_attempts: Annotated[int, Field(ge=1, le=50)] = 6
    """Tries in all for one call."""
    patience: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3.0
    """Seconds of `retry-after` that are waited for; longer ones move on to the next target."""
    retryable_status_codes: Annotated[
        list[Status] | None, Field(validation_alias=spelled("retryable_status_codes", "retryableStatusCodes"))
    ] = None
    """When given: another status is never retried; one of these at least at the next target, faults of the client
    excepted. Left out: by the kind of failure."""
    retryable_errors: Annotated[
        list[str] | None, Field(validation_alias=spelled("retryable_errors", "retryableErrors"))
    ] = None
    """Network errors that are retried, by their names."""


class Document(Part):
    """The configuration of Plexus. Members at the top that begin with `x-` are free, for anchors."""

    admin_key: Annotated[Secret | None, Field(validation_alias=spelled("admin_key", "adminKey"))] = None
    """The operator's secret, at least 12 characters. The environment variable ADMIN_KEY wins over it."""
    providers: dict[Text, ProviderPart | None] = Field(default_factory=dict)
    """Upstream accounts, by name."""
    models: dict[Text, ModelPart] = Field(default_factory=dict)
    """Public model names."""
    keys: dict[Text, KeyPart | None] = Field(default_factory=dict)
    """What clients authenticate with: by name with a `secret`, or by the secret itself."""
    failover: FailoverPart | None = None
    """How far to go on after a failure."""
    timeouts: TimeoutsPart | None = None
    """Time limits of all providers."""
    heartbeat_seconds: Seconds | None = 15.0
    """Silence in a stream after which we send a heartbeat. `null`: never."""
    max_body_bytes: Annotated[int, Field(gt=0)] = 64 * 1024 * 1024
    """The longest body that clients may send, in bytes after decompression."""
    user_quotas: dict[Text, UserQuota] | None = None
    """Limits, by name."""
    cooldown: Cooldown | None = None
    """How long a failing target is set aside."""
    performance_exploration_rate: Annotated[
        Share | None, Field(validation_alias=spelled("performance_exploration_rate", "performanceExplorationRate"))
    ] = None
    """Share of calls that try a target without figures, under the selector `performance`."""
    latency_exploration_rate: Annotated[
        Share | None, Field(validation_alias=spelled("latency_exploration_rate", "latencyExplorationRate"))
    ] = None
    """Share of calls that try a target without figures, under the selector `latency`."""
    mcp_servers: dict[Text, McpServer] | None = None
    """MCP servers behind the gateway."""
