"""Google's error bodies: ``google.rpc.Status`` as JSON, with typed details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import KINDS, Fault
from plexus.mock_provider.frame import Frame

STATUSES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
"""https://ai.google.dev/gemini-api/docs/troubleshooting and google/rpc/code.proto."""

TOO_LONG: Final = "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."
"""https://github.com/google-gemini/gemini-cli/issues/6678; there is no typed code for it."""
_RPC: Final = "type.googleapis.com/google.rpc."


def error(fault: Fault, _ident: str = "") -> Json:
    """The body of an error."""
    code = fault.status or fault.kind.status
    found: Json = {
        "code": code,
        "message": fault.message or (TOO_LONG if fault.kind is KINDS["context-length"] else fault.kind.message),
        "status": _status(fault, code),
    }
    details = _details(fault)
    if details:
        found["details"] = details
    return {"error": found}


def frames(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    """An error in a stream: an event with nothing but the error."""
    return [Frame("error", error(fault))]


def _status(fault: Fault, code: int) -> str:
    if fault.kind is KINDS["region"]:
        return "FAILED_PRECONDITION"
    return STATUSES.get(code, "INVALID_ARGUMENT" if code < 500 else "INTERNAL")


def _details(fault: Fault) -> list[Json]:
    if fault.kind is KINDS["authentication"]:
        reason = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        service = {"service": "generativelanguage.googleapis.com"}
        return [{"@type": f"{_RPC}ErrorInfo", **reason, "metadata": service}]
    if fault.param is not None:
        field = {"field": fault.param, "description": fault.message}
        return [{"@type": f"{_RPC}BadRequest", "fieldViolations": [field]}]
    found: list[Json] = []
    spans = {"rate-limit": "PerMinute", "quota": "PerDay"}
    for name, span in spans.items():
        if fault.kind is KINDS[name]:
            metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
            violation: Json = {
                "quotaMetric": metric,
                "quotaId": f"GenerateRequests{span}PerProjectPerModel-FreeTier",
                "quotaDimensions": {"location": "global", "model": "mock-chat"},
                "quotaValue": "10",
            }
            found.append({"@type": f"{_RPC}QuotaFailure", "violations": [violation]})
    if fault.retry_after is not None:
        found.append({"@type": f"{_RPC}RetryInfo", "retryDelay": _delay(fault.retry_after)})
    return found


def _delay(seconds: float | str) -> str:
    """A ``google.protobuf.Duration``; a text is sent as it is."""
    return seconds if isinstance(seconds, str) else f"{seconds:g}s"
