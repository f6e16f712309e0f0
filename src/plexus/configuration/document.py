"""The configuration document as pydantic models: the only place that describes what may stand in the file.

Both dialects load: the mission's (``base_url``, ``provider`` + ``model_id``, ``aliases``) and the fuller one (``api_base_url``,
``targets``, ``additional_aliases``). Every member may be written in snake_case or camelCase. The descriptions go into the
published JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

PROTOCOL_NAMES: dict[str, str] = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "gemini": "gemini",
    "converse": "bedrock_converse",
    "ollama": "ollama",
    "cohere": "cohere",
    "embeddings": "embeddings",
    "transcriptions": "transcriptions",
    "speech": "speech",
    "image": "images",
    "images": "images",
    "rerank": "rerank",
    "moderations": "moderations",
}
"""The short names of protocols and operations in the file -> ours. Our own names are taken too."""


class Model(BaseModel):
    """The base: unknown members are errors, camelCase is taken beside snake_case."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _snake_case(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        names = {to_camel(name): name for name in cls.model_fields}
        return {names.get(key, key): value for key, value in data.items()}


def _named(value: Any) -> Any:
    """A list of names as a mapping from each to nothing."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    return value


def _or_list_of_names(schema: dict[str, Any]) -> None:
    """What ``_named`` takes, for the JSON Schema."""
    schema["anyOf"].append({"type": "array", "items": {"type": "string"}})


def _nothing(value: Any) -> Any:
    return {} if value is None else value


class PriceRange(Model):
    """Prices for inputs of a certain length, in dollars per million tokens."""

    lower_bound: float = Field(0, description="Tokens of input from which these prices hold.")
    upper_bound: float = Field(float("inf"), description="Tokens of input up to which they hold.")
    input_per_m: float = Field(..., description="Input.")
    output_per_m: float = Field(..., description="Output.")
    cached_per_m: float | None = Field(None, description="Input that came from the cache.")
    cache_write_per_m: float | None = Field(None, description="Input that was written to the cache.")


class Pricing(Model):
    """What a model costs."""

    source: Literal["simple", "openrouter", "per_request", "defined"] = Field(
        "simple", description="How the price is given."
    )
    input: float | None = Field(None, description="Dollars per million input tokens.")
    output: float | None = Field(None, description="Dollars per million output tokens.")
    cached: float | None = Field(None, description="Dollars per million cached input tokens.")
    cache_write: float | None = Field(None, description="Dollars per million tokens written to the cache.")
    slug: str | None = Field(None, description="The model's name at OpenRouter.")
    discount: float | None = Field(None, ge=0, le=1, description="The part that is taken off, 0 to 1.")
    amount: float | None = Field(None, description="Dollars per request.")
    range: list[PriceRange] | None = Field(None, description="Prices by input length.")


class ProviderModel(Model):
    """What is known of one of a provider's models."""

    pricing: Pricing | None = Field(None, description="Its price.")
    access_via: list[str] | None = Field(None, description="Protocols that reach it, the preferred first.")
    type: Literal["chat", "responses", "embeddings", "transcriptions", "speech", "image", "text"] | None = Field(
        None, description="What it does."
    )


class QuotaChecker(Model):
    """Asks a provider for what is left of an allowance."""

    type: str = Field(..., description="Which checker.")
    enabled: bool = Field(True, description="Whether it asks.")
    interval_minutes: float = Field(30, ge=1, description="Minutes between two questions.")
    id: str | None = Field(None, description="Its name where several providers share one.")
    options: dict[str, Any] = Field({}, description="What this type of checker wants to know.")


class Timeouts(Model):
    """Time limits in seconds; null switches one off."""

    connect: float | None = Field(None, gt=0, description="Name, TCP and TLS together. Default 5.")
    first_byte: float | None = Field(None, gt=0, description="To the head of a streamed reply. Default 60.")
    first_token: float | None = Field(
        None, gt=0, description="To the first meaningful event of a stream. Off by default."
    )
    idle: float | None = Field(None, gt=0, description="Between two bytes of a stream. Default 180.")
    progress: float | None = Field(None, gt=0, description="Between two meaningful events of a stream. Default 300.")
    total: float | None = Field(None, gt=0, description="A whole JSON exchange, all attempts. Default 600.")
    total_stream: float | None = Field(None, gt=0, description="A whole streamed exchange. Default 3600.")


class Tls(Model):
    """How to trust a provider's server."""

    ca_file: str | None = Field(None, description="PEM file of certificate authorities; the system's by default.")
    cert_file: str | None = Field(None, description="PEM file of a client certificate.")
    key_file: str | None = Field(None, description="PEM file of its key, if it stands apart.")
    verify: bool = Field(True, description="Check the server's certificate. Never switch it off outside a test.")


class AwsAccount(Model):
    """Keys that sign requests to Amazon Bedrock. All left out: those of the environment, else of the shared files."""

    access_key_id: str | None = Field(None, description="The key's id.")
    secret_access_key: str | None = Field(None, description="The key: text, ${ENV} or file:PATH.")
    session_token: str | None = Field(None, description="With keys that expire.")
    profile: str | None = Field(None, description="Of the shared files in ~/.aws, instead of keys.")
    region: str | None = Field(None, description="What signatures hold for; by default the parameter of that name.")


class GoogleAccount(Model):
    """Who asks Google for access tokens. Left out: the environment's application default credentials."""

    credentials: str | None = Field(None, description="A key file's JSON, or file:PATH of it.")


class EntraAccount(Model):
    """An application that asks Microsoft Entra for access tokens."""

    tenant_id: str = Field(description="The directory.")
    client_id: str = Field(description="The application.")
    client_secret: str = Field(description="Its secret: text, ${ENV} or file:PATH.")
    scope: str = Field("https://cognitiveservices.azure.com/.default", description="What the token is for.")
    authority: str = Field("https://login.microsoftonline.com", description="Who gives it; another in national clouds.")


class Provider(Model):
    """An upstream account."""

    preset: str | None = Field(None, description="A known provider; by default the one of the same name, if any.")
    display_name: str | None = Field(None, description="For people.")
    base_url: Any = Field(None, description="Its address, or a map from protocol to address.")
    api_base_url: Any = Field(None, description="The same, under its other name.")
    api_key: str | None = Field(None, description="The credential: text, ${ENV} or file:PATH.")
    auth: Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "query", "none"] | None = Field(
        None, description="How the credential is sent; by default as the protocol or the preset says."
    )
    parameters: dict[str, str] = Field({}, description="What the braces in the preset's addresses stand for.")
    aws: AwsAccount | None = Field(None, description="Signs its requests, instead of api_key.")
    google: GoogleAccount | None = Field(None, description="Asks for its tokens, instead of api_key.")
    entra: EntraAccount | None = Field(None, description="Asks for its tokens, instead of api_key.")
    enabled: bool = Field(True, description="Whether its targets may be used.")
    headers: Annotated[dict[str, str], BeforeValidator(_nothing)] = Field({}, description="Sent with every request.")
    extra_body: Annotated[dict[str, Any], BeforeValidator(_nothing)] = Field(
        {}, description="Members put into every request's body."
    )
    models: Annotated[dict[str, ProviderModel | None] | None, BeforeValidator(_named)] = Field(
        None,
        description="Names or globs of its models, or a map with details. All, when left out.",
        json_schema_extra=_or_list_of_names,
    )
    passthrough: bool | list[Annotated[str, Field(pattern=r"^(/[^/?#%]+)+$")]] = Field(
        False,
        description="Opens `/raw/NAME/PATH` to keys that have passthrough: calls go to the provider as they are, with its "
        "credential. true: below its base URLs; a list of paths: below these.",
    )
    dialect: dict[str, dict[str, Any]] = Field({}, description="Answers to a protocol's dialect questions.")
    timeouts: Timeouts | None = Field(None, description="Its own time limits.")
    tls: Tls | None = Field(None, description="How to trust it.")
    disable_cooldown: bool = Field(False, description="Never set its targets aside.")
    discount: float | None = Field(None, ge=0, le=1, description="The part that is taken off its prices.")
    estimate_tokens: bool = Field(False, description="Count tokens where it does not say.")
    quota_checker: QuotaChecker | None = Field(None, description="Asks it for what is left.")
    oauth_provider: Any = Field(None, exclude=True)
    oauth_account: Any = Field(None, exclude=True)


class Target(Model):
    """One provider and upstream model."""

    provider: str = Field(description="A name under providers.")
    model: str = Field(description="The model's name at the provider.")
    enabled: bool = Field(True, description="Whether it may be used.")
    weight: float = Field(1.0, gt=0, description="Its share with the random selector.")


Selector = Literal["random", "in_order", "cost", "latency", "usage", "performance"]


class ModelRoute(Model):
    """A public model name and who serves it."""

    provider: str | None = Field(None, description="The one provider (with model_id), instead of targets.")
    model_id: str | None = Field(None, description="The model's name there; the public name by default.")
    targets: list[Target] | None = Field(None, description="Who serves it.")
    aliases: list[str] = Field([], description="Further public names.")
    additional_aliases: list[str] = Field([], description="The same, under its other name.")
    selector: Selector = Field("random", description="How targets are ordered.")
    priority: Literal["selector", "api_match"] = Field(
        "selector", description="api_match: targets that speak the client's protocol first."
    )
    type: str | None = Field(None, description="What it does.")
    max_output_tokens: int | None = Field(None, gt=0, description="The bound of an answer that names none.")
    fallback_on_content_filter: bool = Field(False, description="Try the next target when one refuses the content.")
    timeouts: Timeouts | None = Field(None, description="Its own time limits.")
    extra_body: Annotated[dict[str, Any], BeforeValidator(_nothing)] = Field(
        {}, description="Members put into the body."
    )
    advanced: list[dict[str, Any]] | None = Field(None, description="Behaviours.")
    metadata: dict[str, Any] | None = Field(None, description="Where its description is taken from.")


class ClientKey(Model):
    """A client's key."""

    secret: str | None = Field(None, description="What the client sends: text, ${ENV} or file:PATH.")
    models: list[str] | None = Field(None, description="Globs of the model names that it may use. All, when left out.")
    comment: str | None = Field(None, description="For people.")
    enabled: bool = Field(True, description="Whether it is admitted.")
    passthrough: bool = Field(
        False,
        description="May send raw calls to providers that have passthrough. Where models are listed, `raw/PROVIDER` must be "
        "among them.",
    )
    strict: bool = Field(False, description="Refuse requests that a translation would lose something of.")
    quota: str | None = Field(None, description="A name under user_quotas.")


class UserQuota(Model):
    """A limit."""

    type: Literal["rolling", "daily", "weekly"] = Field(..., description="Which kind of window.")
    limit_type: Literal["requests", "tokens"] = Field(..., description="What is counted.")
    limit: float = Field(ge=1, description="How many of them.")
    duration: str | None = Field(None, description="How long a rolling window is: `30m`, `5h`, `7d`.")


class Failover(Model):
    """How far to go on after a failure."""

    enabled: bool = Field(True, description="Whether another target is tried at all.")
    retries: int = Field(1, ge=0, le=5, description="Further tries of the same target.")
    max_attempts: int = Field(6, ge=1, le=20, description="Attempts of an exchange in all.")
    patience: float = Field(3.0, ge=0, description="Seconds of Retry-After that are worth waiting for.")
    retryable_status_codes: list[int] | None = Field(
        None, description="When given, a status outside is never retried; inside, at least the next target is tried."
    )
    retryable_errors: list[str] | None = Field(None, description="Kept for old files; network errors always move on.")


class Cooldown(Model):
    """How long a failing target is set aside."""

    initial_minutes: float = Field(2, gt=0, description="After the first failure.")
    max_minutes: float = Field(300, gt=0, description="At most.")
    probe_seconds: float = Field(15, gt=0, description="Between two tries of a target that is set aside.")


class McpServer(Model):
    """An MCP server behind the gateway."""

    upstream_url: str = Field(..., description="Where it is.")
    enabled: bool = Field(True, description="Whether it is reachable.")
    headers: dict[str, str] = Field({}, description="Headers that go to it.")


class Limits(Model):
    """What one client may use up."""

    max_body_bytes: int = Field(64 * 1024 * 1024, gt=0, description="Of a body, decompressed.")
    keep_upload_bytes: int = Field(
        32 * 1024 * 1024,
        ge=64 * 1024,
        description="Of a form (a file to transcribe, a picture to edit), kept in memory so that another target can be tried. "
        "A longer one streams through and has one attempt.",
    )


class Responses(Model):
    """How the Responses API is served, and what is kept for it: `store`, `previous_response_id`, conversations."""

    websocket: bool = Field(
        True,
        description="Answer `GET /v1/responses` with a WebSocket, as Codex uses it. When off it is a 405, on which clients go on "
        "over HTTP.",
    )
    store: bool = Field(
        True, description="Keep replies and conversations. When off, a reply says `store: false`, and nothing is found."
    )
    retention_days: float | None = Field(
        30.0, gt=0, description="Days for which a reply is kept; null for until it is deleted."
    )
    conversation_retention_days: float | None = Field(
        None,
        gt=0,
        description="Days after its last use for which a conversation is kept; null for until it is deleted.",
    )


class Document(Model):
    """The whole file."""

    admin_key: str | None = Field(None, description="Opens the management API. ADMIN_KEY in the environment wins.")
    providers: Annotated[dict[str, Provider], BeforeValidator(_nothing)] = Field({}, description="Upstream accounts.")
    models: Annotated[dict[str, ModelRoute], BeforeValidator(_nothing)] = Field({}, description="Public model names.")
    keys: Annotated[dict[str, Annotated[ClientKey, BeforeValidator(_nothing)]], BeforeValidator(_nothing)] = Field(
        {}, description="Client keys."
    )
    failover: Failover = Field(Failover(), description="What follows a failure.")
    timeouts: Timeouts = Field(Timeouts(), description="Time limits for all.")
    heartbeat_seconds: float | None = Field(
        15.0, gt=0, description="Silence of a stream after which a heartbeat is sent; null for none."
    )
    limits: Limits = Field(Limits(), description="What one client may use up.")
    responses: Responses = Field(Responses(), description="How the Responses API is served, and what is kept for it.")
    cooldown: Cooldown | None = Field(None, description="How long a failing target is set aside.")
    user_quotas: dict[str, UserQuota] | None = Field(None, description="Limits that keys may name.")
    performance_exploration_rate: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The share of calls that try a target without figures, with the selector performance.",
    )
    latency_exploration_rate: float | None = Field(None, ge=0, le=1, description="The same, with the selector latency.")
    mcp_servers: dict[str, McpServer] | None = Field(None, description="MCP servers behind the gateway.")


NOT_IN_EFFECT: frozenset[str] = frozenset(
    {
        "cooldown",
        "failover.retryable_errors",
        "keys.*.quota",
        "latency_exploration_rate",
        "mcp_servers",
        "models.*.advanced",
        "models.*.metadata",
        "models.*.selector=cost",
        "models.*.selector=latency",
        "models.*.selector=performance",
        "models.*.selector=usage",
        "models.*.type",
        "performance_exploration_rate",
        "providers.*.disable_cooldown",
        "providers.*.discount",
        "providers.*.estimate_tokens",
        "providers.*.models.*.pricing",
        "providers.*.models.*.type",
        "providers.*.quota_checker",
        "user_quotas",
    }
)
"""Members that load and change nothing yet; each is one warning. A test holds this list: it may only shrink."""
