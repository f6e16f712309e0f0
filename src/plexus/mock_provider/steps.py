"""What a transcript is made of: each incoming call takes the next step.

``provider.script(Status(429, retry_after=1), Stream("hello", cut_after=3), Reply("hi"))``. A step says nothing about
the protocol: it is written down in the one that the call uses. Positions count complete server-sent events, the
opening ones included: in Chat Completions the first is the one with the role, in Messages ``message_start``,
``content_block_start`` and ``ping`` come before the first text, in Responses four events, in Gemini none. ``OPENING``
as a position stands behind those opening events, wherever that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, Literal

from plexus.mock_provider.answer import Finish, Part, Text, UsageNumbers

OPENING: Final = -1
"""The position behind the opening events."""

Content = str | Part | Sequence[str | Part] | None
"""What to say: text, a part, or several; None lets the model behave as its name says."""


def parts_of(content: str | Part | Sequence[str | Part]) -> tuple[Part, ...]:
    """``content`` as parts; an empty string is none."""
    items: Sequence[str | Part] = (
        [content] if not isinstance(content, Sequence) or isinstance(content, str) else content
    )
    return tuple(Text(one) if isinstance(one, str) else one for one in items if one != "")


@dataclass(frozen=True)
class Status:
    """A failure by its status. The body is the protocol's own for ``kind`` (a name of ``errors.KINDS``; by default the
    usual one of ``code``), or ``body``. ``retry_after`` in seconds, or as the header's text."""

    code: int
    _: KW_ONLY
    kind: str | None = None
    message: str | None = None
    param: str | None = None
    error_code: str | None = None
    """The typed code in the body (Chat only), where it is not the kind's."""
    retry_after: float | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Reply:
    """A proper reply, as JSON or as a stream, as the call asks."""

    content: Content = None
    _: KW_ONLY
    finish: Finish | None = None
    """Why it ends, where that is not what follows from the content and the call's limits."""
    usage: UsageNumbers = field(default_factory=UsageNumbers)
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    """Seconds before the head, by the provider's ``sleep``."""


@dataclass(frozen=True)
class Stream(Reply):
    """A reply that goes wrong, or differs in form. On a call that did not ask for a stream, ``cut_after``,
    ``stall_after`` and ``error_after`` work on the JSON body: half of it, or an error with status 200."""

    chunk: int = 1
    """Tokens in one delta."""
    delay: float = 0.0
    """Seconds between two events."""
    cut_after: int | None = None
    """Events before the stream just ends."""
    cut: Literal["end", "abort"] = "end"
    """How: with a proper end of the body, or by breaking the connection."""
    cut_inside: int = 0
    """Bytes of the next event that still come before the cut."""
    error_after: int | None = None
    """Events before an error event, then the end."""
    error: Status = Status(529)
    """What that error says."""
    stall_after: int | None = None
    """Events before silence, until the caller leaves or ``provider.release()`` lets the rest through."""
    stall_pings: float = 0.0
    """While it is silent, seconds between pings: signs of life without progress. 0 for none."""
    garbage_after: int | None = None
    """Events before one whose data is no JSON; the rest follows."""
    without_done: bool = False
    """No ``[DONE]``, no ``message_stop``."""
    without_usage: bool = False
    """No usage anywhere, even if asked for."""
    without_finish: bool = False
    """No finish reason; the stream's proper end still comes."""
    usage_in_every_event: bool = False
    """Usage that grows with the output, again and again (chat: in each chunk; messages: a ``message_delta`` more)."""
    pings: int = 0
    """Pings (chat: comments) after the opening events, beyond the usual."""
    comments: bool = False
    """A comment before each event."""
    crlf: bool = False
    """Lines end with CR LF."""
    one_write: bool = False
    """The whole stream in one piece."""


@dataclass(frozen=True)
class Raw:
    """Bytes as they are: a head and a body, or anything else, then the connection closes. With ``content_type`` the
    bytes are a body with that type, behind a proper head with status 200."""

    data: bytes
    content_type: str | None = None


@dataclass(frozen=True)
class Hang:
    """No answer at all until the caller leaves, or ``provider.release()``: then ``then``, or a reset."""

    then: Reply | Status | None = None
    head: bool = False
    """The head of a stream comes at once, and then nothing."""


@dataclass(frozen=True)
class Reset:
    """The connection is reset (TCP RST) before anything is answered; or closed right after the head of the reply."""

    after_head: bool = False


@dataclass(frozen=True)
class Html:
    """A web page where an API reply should be, as captive portals and wrong URLs answer."""

    status: int = 200


@dataclass(frozen=True)
class Redirect:
    """A redirect to ``location``."""

    location: str = "https://example.com/v1"
    status: int = 307


Step = Status | Reply | Raw | Hang | Reset | Html | Redirect
