"""Access tokens (OAuth 2.0, RFC 6749): asked for when first needed, kept until shortly before they end.

One question serves all who wait for its answer; a token that ends soon is renewed in the background, while it still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError

Fetch = Callable[[str, dict[str, str]], Awaitable[tuple[int, bytes]]]
"""(URL, form) -> (status, body) of a POST. Raises TransportError."""

AHEAD = 300.0
"""Seconds before its end at which a token is renewed."""
SHORTEST = 10.0
"""A token that lives no longer than this is not kept."""


class Question(msgspec.Struct, frozen=True):
    """What a token is asked for with."""

    url: str
    form: dict[str, str]


class Token(msgspec.Struct, frozen=True):
    """An access token, and until when (by the clock) it holds."""

    text: str
    until: float

    def __repr__(self) -> str:
        return f"Token(***, {self.until})"


class WireToken(msgspec.Struct):
    """The answer (RFC 6749 section 5)."""

    access_token: str | None = None
    expires_in: float | str | None = None
    error: str | None = None
    error_description: str | None = None


class Tokens:
    """The tokens of all accounts. ``clock`` gives unix seconds."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: dict[Hashable, Token] = {}
        self._asking: dict[Hashable, asyncio.Task[Token]] = {}

    async def get(self, account: Hashable, question: Callable[[], Question]) -> str:
        """A token of ``account`` that holds. ``question`` is made only when one is asked for. Raises ProviderError,
        TransportError."""
        known, now = self._known.get(account), self._clock()
        if known is not None and now < known.until:
            if now > known.until - AHEAD and account not in self._asking:
                self._ask(account, question)
            return known.text
        asking = self._asking.get(account) or self._ask(account, question)
        return (await asyncio.shield(asking)).text

    def forget(self, account: Hashable) -> None:
        """The provider refused the token: the next call asks for a new one."""
        self._known.pop(account, None)

    def _ask(self, account: Hashable, question: Callable[[], Question]) -> asyncio.Task[Token]:
        task = self._asking[account] = asyncio.get_running_loop().create_task(self._renew(account, question))
        task.add_done_callback(_consume)
        return task

    async def _renew(self, account: Hashable, question: Callable[[], Question]) -> Token:
        try:
            asked = question()
            started = self._clock()
            token = read_token(*await self._fetch(asked.url, asked.form), started)
            if token.until > started + SHORTEST:
                self._known[account] = token
            return token
        finally:
            del self._asking[account]

    async def close(self) -> None:
        """Ask no more."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)


def _consume(task: asyncio.Task[Token]) -> None:
    """A renewal in the background that failed is tried again by the next call; nobody waits for this one."""
    if not task.cancelled():
        task.exception()


def read_token(status: int, body: bytes, now: float) -> Token:
    """The token of an answer. Raises ProviderError: a refusal is the credential's fault, all else the service's."""
    try:
        wire = msgspec.json.decode(body, type=WireToken)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        wire = WireToken()
    if status == 200 and wire.access_token:
        return Token(wire.access_token, now + _seconds(wire.expires_in))
    raise _refusal(status, wire)


def _seconds(value: float | str | None) -> float:
    try:
        return float(value) if value is not None else 0.0
    except ValueError:
        return 0.0


def _refusal(status: int, wire: WireToken) -> GatewayError:
    said = ": ".join(part for part in (wire.error, wire.error_description) if part) or "no reason given"
    refused = 400 <= status < 500 and status not in (408, 429)
    return ProviderError(
        ErrorKind.UPSTREAM_AUTH if refused else ErrorKind.UPSTREAM_ERROR,
        "The provider's credential was refused." if refused else "No access token could be had for the provider.",
        hint=f"the token service answered {status}, {said}",
        status=status,
    )
