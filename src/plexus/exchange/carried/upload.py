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


class Passing:
    """A body that passes as it comes. ``read`` gives the next bytes, b"" at the end, and raises ClientError beyond the body's
    own limit; ``length`` is what the client says that there will be, None where it does not."""

    repeatable = False

    def __init__(self, read: Callable[[], Awaitable[bytes]], length: int | None) -> None:
        self.size = 0
        """Bytes so far."""
        self.complete = False
        self._read = read
        self._length = length

    @property
    def length(self) -> int | None:
        """Bytes of the whole body, where that is known."""
        return self.size if self.complete else self._length

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The rest of the body."""
        while not self.complete:
            piece = await self.next()
            if piece:
                yield piece

    async def next(self) -> bytes:
        """The next bytes, b"" at the end."""
        piece = await self._read()
        self.size += len(piece)
        self.complete = not piece
        return piece


class Upload(Passing):
    """A form. ``keep`` is the bound in bytes."""

    def __init__(
        self, read: Callable[[], Awaitable[bytes]], form: FormScanner, *, keep: int, length: int | None
    ) -> None:
        super().__init__(read, length)
        self.form = form
        self.spent = False
        """Bytes that were not kept have gone up: there can be no other attempt."""
        self.kept: list[bytes] = []
        self._keep = keep

    async def collect(self) -> None:
        """Read the body, up to its end or the bound. Raises ClientError for a bad form, TransportError(CLIENT_GONE)."""
        while not self.complete and self.size <= self._keep:
            piece = await self.next()
            kept = self.kept
            if kept and len(kept[-1]) + len(piece) <= JOIN_BELOW:
                kept[-1] += piece
            elif piece:
                kept.append(piece)

    def source(self, edits: Sequence[Edit] = ()) -> Source:
        """The body with ``edits`` to what has been read, for one attempt."""
        return Source(self, edits)

    async def next(self) -> bytes:
        """The next bytes; the form is read in passing. Raises ClientError for a bad one."""
        piece = await super().next()
        if piece:
            self.form.feed(piece)
        else:
            self.form.finish()
        return piece


class Source:
    """See ``upstream.request.BodySource``."""

    def __init__(self, upload: Upload, edits: Sequence[Edit]) -> None:
        self._upload = upload
        self._edits = list(edits)
        length = upload.length
        self.length = None if length is None else length + sum(edit.growth for edit in edits)
        self.repeatable = upload.complete and not upload.spent

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The kept pieces, then the others as they come."""
        upload = self._upload
        for piece in replace(upload.kept, self._edits):
            yield piece
        upload.spent = upload.spent or not upload.complete
        async with aclosing(upload.pieces()) as rest:
            async for piece in rest:
                yield piece
