"""A form that a client uploads: kept once, so that another target can be tried, and streamed beyond a bound.

It is read whole before the first attempt, as long as it stays within the bound: then its fields are known in any order, its
length too, a bad form costs nothing, and every attempt gets the same pieces, which are never joined. What is longer is
begun with its beginning (which must hold the model) and streams through; it can be sent once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from plexus.protocols.multipart import Edit, FormScanner, replace

JOIN_BELOW = 16 * 1024
"""Bytes up to which a small piece is added to the one before it: a body in tiny pieces must not cost many times its size."""


class Upload:
    """``read`` gives the next bytes, b"" at the end, and raises ClientError beyond the body's own limit; ``keep`` is the
    bound in bytes, ``length`` what the client says that there will be, None where it does not."""

    def __init__(
        self, read: Callable[[], Awaitable[bytes]], form: FormScanner, *, keep: int, length: int | None
    ) -> None:
        self.form = form
        self.size = 0
        """Bytes so far."""
        self.complete = False
        self.spent = False
        """Bytes that were not kept have gone up: there can be no other attempt."""
        self.kept: list[bytes] = []
        self._read = read
        self._keep = keep
        self._length = length

    async def collect(self) -> None:
        """Read the body, up to its end or the bound. Raises ClientError for a bad form, TransportError(CLIENT_GONE)."""
        while not self.complete and self.size <= self._keep:
            piece = await self._next()
            kept = self.kept
            if kept and len(kept[-1]) + len(piece) <= JOIN_BELOW:
                kept[-1] += piece
            elif piece:
                kept.append(piece)

    def source(self, edits: Sequence[Edit] = ()) -> Source:
        """The body with ``edits`` to what has been read, for one attempt."""
        return Source(self, edits)

    @property
    def length(self) -> int | None:
        """Bytes of the whole body, where that is known."""
        return self.size if self.complete else self._length

    async def rest(self) -> AsyncGenerator[bytes, None]:
        """What has not been kept, as it comes."""
        while not self.complete:
            self.spent = True
            piece = await self._next()
            if piece:
                yield piece

    async def _next(self) -> bytes:
        piece = await self._read()
        if piece:
            self.size += len(piece)
            self.form.feed(piece)
        else:
            self.complete = True
            self.form.finish()
        return piece


class Source:
    """See ``upstream.request.BodySource``."""

    def __init__(self, upload: Upload, edits: Sequence[Edit]) -> None:
        self._upload = upload
        self._edits = list(edits)
        length = upload.length
        self.length = None if length is None else length + sum(edit.growth for edit in edits)
        self.repeatable = upload.complete

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The kept pieces, then the others as they come."""
        for piece in replace(self._upload.kept, self._edits):
            yield piece
        async with aclosing(self._upload.rest()) as rest:
            async for piece in rest:
                yield piece
