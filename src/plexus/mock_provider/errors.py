"""The vendors' own error bodies: by kind of fault, by status, and for refused requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from plexus.mock_provider.answer import Json

Protocol = Literal["chat", "messages", "responses", "gemini", "cohere", "ollama", "bedrock"]


class Refused(Exception):
    """The request is not one that the vendor accepts: its status, message and typed members."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid",
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.kind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class Kind:
    """One fault in OpenAI's and Anthropic's words; the others' words follow from the kind."""

    status: int
    chat_type: str
    chat_code: str | None
    messages_type: str
    message: str


KINDS: Final[Mapping[str, Kind]] = {
    "invalid": Kind(400, "invalid_request_error", None, "invalid_request_error", "The request is not valid."),
    "context-length": Kind(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ),
    "content-filter": Kind(
        400,
        "invalid_request_error",
        "content_filter",
        "invalid_request_error",
        "Output blocked by content filtering policy",
    ),
    "authentication": Kind(
        401, "invalid_request_error", "invalid_api_key", "authentication_error", "The API key is not valid."
    ),
    "billing": Kind(
        402, "insufficient_quota", "insufficient_quota", "billing_error", "The account has no credit left."
    ),
    "permission": Kind(
        403, "invalid_request_error", "permission_denied", "permission_error", "This key may not use this resource."
    ),
    "region": Kind(
        403,
        "request_forbidden",
        "unsupported_country_region_territory",
        "permission_error",
        "Country, region, or territory not supported",
    ),
    "model": Kind(404, "invalid_request_error", "model_not_found", "not_found_error", "The model does not exist."),
    "not-found": Kind(404, "invalid_request_error", None, "not_found_error", "Not found"),
    "method": Kind(405, "invalid_request_error", "method_not_supported", "invalid_request_error", "Method not allowed"),
    "timeout": Kind(408, "server_error", None, "timeout_error", "The request took too long."),
    "conflict": Kind(409, "server_error", None, "api_error", "The resource is busy."),
    "too-large": Kind(
        413, "invalid_request_error", "request_too_large", "request_too_large", "Request exceeds the maximum size"
    ),
    "unprocessable": Kind(
        422, "invalid_request_error", None, "invalid_request_error", "The request cannot be processed."
    ),
    "rate-limit": Kind(
        429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "Rate limit reached, please slow down."
    ),
    "quota": Kind(
        429, "insufficient_quota", "insufficient_quota", "rate_limit_error", "You exceeded your current quota."
    ),
    "server": Kind(500, "server_error", None, "api_error", "The server had an error while processing your request."),
    "bad-gateway": Kind(502, "server_error", None, "api_error", "Bad gateway"),
    "unavailable": Kind(503, "server_error", "service_unavailable", "overloaded_error", "The service is unavailable."),
    "gateway-timeout": Kind(504, "server_error", None, "timeout_error", "The upstream server timed out."),
    "overloaded": Kind(529, "server_error", "overloaded", "overloaded_error", "Overloaded"),
}
"""The faults that a vendor states in a typed body."""

BY_STATUS: Final[Mapping[int, str]] = {
    400: "invalid",
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not-found",
    405: "method",
    408: "timeout",
    409: "conflict",
    413: "too-large",
    422: "unprocessable",
    429: "rate-limit",
    500: "server",
    502: "bad-gateway",
    503: "unavailable",
    504: "gateway-timeout",
    529: "overloaded",
}
"""The usual kind of a status."""


def kind_of(status: int, name: str | None = None) -> Kind:
    """The kind called ``name``, or else the usual one of ``status``. Raises KeyError for an unknown name."""
    return KINDS[name or BY_STATUS.get(status, "invalid" if status < 500 else "server")]


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error body says, beside its kind."""

    kind: Kind
    message: str | None = None
    param: str | None = None
    code: str | None = None
    status: int | None = None
    """The status of the reply, where it is not the kind's."""
    retry_after: float | str | None = None
    """Seconds to wait, for the vendors that say so in the body."""


def chat_error(fault: Fault) -> Json:
    """OpenAI's error body, all four members."""
    error: Json = {
        "message": fault.message or fault.kind.message,
        "type": fault.kind.chat_type,
        "param": fault.param,
        "code": fault.code or fault.kind.chat_code,
    }
    return {"error": error}


def messages_error(fault: Fault, request_id: str | None) -> Json:
    """Anthropic's error body; without ``request_id`` in an event of a stream."""
    error: Json = {"type": fault.kind.messages_type, "message": fault.message or fault.kind.message}
    body: Json = {"type": "error", "error": error}
    if request_id is not None:
        body["request_id"] = request_id
    return body
