"""docs/failures.md: what follows each fault, its table out of the code's own tables."""

from __future__ import annotations

from plexus.canonical.errors import ErrorKind
from plexus.protocols.faults import shown_status
from plexus.routing.verdict import RANKS, RULES, Rule, Same

K = ErrorKind

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"

SHOWS: dict[ErrorKind, str] = {
    K.BAD_REQUEST: "400, 422; or a body that we refuse",
    K.CONTEXT_LENGTH: "the provider's typed code",
    K.CONTENT_REJECTED: "a content filter's typed code",
    K.KEY_INVALID: "no key of ours, or an unknown one",
    K.KEY_FORBIDDEN: "the key may not use the model",
    K.MODEL_UNKNOWN: "no such name here",
    K.NOT_FOUND: "a thing that the client named: an earlier response, a file",
    K.METHOD_NOT_ALLOWED: "the wrong method for a path of ours",
    K.BODY_TOO_LARGE: "413",
    K.QUOTA_EXCEEDED: "a limit of ours",
    K.LOSS_REFUSED: "strictness, and a setting that the target cannot take",
    K.RATE_LIMIT: "429",
    K.OVERLOADED: "503, 529",
    K.UNAVAILABLE: "no target is enabled",
    K.UPSTREAM_AUTH: "401, 403",
    K.UPSTREAM_BILLING: "402; a quota's typed code",
    K.UPSTREAM_FORBIDDEN: "a typed code: this model or region is not for the account",
    K.UPSTREAM_MODEL_UNKNOWN: "a typed code: the provider has no such model",
    K.UPSTREAM_PATH: "404, 405 without a code: the base URL is wrong",
    K.UPSTREAM_REDIRECT: "3xx; never followed",
    K.UPSTREAM_CONFLICT: "408, 409, 425",
    K.UPSTREAM_ERROR: "500; an error inside a 200 that names no other kind",
    K.UPSTREAM_GATEWAY: "502, 504: something in front of the provider",
    K.UPSTREAM_MALFORMED: "JSON or HTTP that cannot be read, or a reply that is too large",
    K.UPSTREAM_FOREIGN: "a web page instead of an API's reply",
    K.UPSTREAM_EMPTY: "a proper end with nothing said; delivered as it is when nothing better comes",
    K.UPSTREAM_CUT: "the connection ended inside the reply",
    K.CONNECT_FAILED: "refused, unreachable",
    K.DNS_FAILED: "the name cannot be resolved",
    K.TLS_FAILED: "certificate or handshake",
    K.CONNECT_TIMEOUT: "`timeouts.connect`",
    K.RESET_REUSED: "a kept connection died before any byte",
    K.RESET: "a fresh connection died before the head",
    K.FIRST_BYTE_TIMEOUT: "`timeouts.first_byte` (streams)",
    K.FIRST_TOKEN_TIMEOUT: "`timeouts.first_token` (streams)",
    K.STALL_TIMEOUT: "`timeouts.idle`, `timeouts.progress`",
    K.DEADLINE: "`timeouts.total`, `x-plexus-deadline-ms`",
    K.CLIENT_GONE: "the client left; the provider is cancelled at once",
    K.SHUTTING_DOWN: "the gateway stops, and its drain time is over",
    K.INTERNAL: "our own defect",
}

SAME: dict[Same, str] = {
    Same.NEVER: "",
    Same.BACKOFF: "the same target after a wait",
    Same.AT_ONCE: "the same target at once, on a fresh connection",
    Same.WHEN_ONLY: "the same target if it is the only one",
    Same.WHEN_TOLD: "the same target if told when",
    Same.RATE_LIMIT: "the same target if told when, or (up to three times) if it is the only one",
}


def render(page: str) -> str:
    """``page`` with its table made anew."""
    lines = ["| Kind | Shows as | Then | Status | Rank |", "|---|---|---|---:|---:|"]
    lines += [
        f"| `{kind.value}` | {SHOWS[kind]} | {then(RULES[kind])} | {shown_status(kind)} | {_rank(kind)} |"
        for kind in ErrorKind
    ]
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{tail}"


def then(rule: Rule) -> str:
    """What follows, in words."""
    steps = [step for step in (SAME[rule.same], "the next target" if rule.other else "") if step]
    return ", then ".join(steps) or "the end"


def _rank(kind: ErrorKind) -> int:
    """Its place in rule 5, from 1."""
    return next((rank for rank, kinds in enumerate(RANKS, start=1) if kind in kinds), len(RANKS) + 1)
