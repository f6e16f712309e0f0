"""The top level of a JSON body: read members, replace members, keep every other byte.

Duplicate top-level members are refused, also when one is spelled with escapes: we would authorise one ``model`` and the
provider obey the other (RFC 8259 section 4 leaves the meaning of duplicates open).
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from plexus.canonical.errors import bad_request
from plexus.protocols.unreadable import UNREADABLE

T = TypeVar("T")

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DECODERS: dict[object, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind | None) for kind in (str, bool)}
"""Ready-made for the members that every call has; making a decoder costs more than using it."""
_KEY = re.compile(rb'[ \t\n\r]*"((?:[^"\\]|\\.)*)"[ \t\n\r]*:[ \t\n\r]*')
_COMMA, _CLOSE = 0x2C, 0x7D


class Envelope:
    """A JSON object body, decoded one level deep. ``raw`` is the body itself, never copied."""

    __slots__ = ("_found", "members", "raw")

    def __init__(self, raw: bytes, members: dict[str, msgspec.Raw]) -> None:
        self.raw = raw
        self.members = members
        self._found: list[tuple[int, int, int]] | None = None

    @property
    def _spans(self) -> list[tuple[int, int, int]]:
        """(key start, value start, value end) of each member. Raises ClientError for duplicates."""
        if self._found is None:
            self._found = _count_spans(self.members) if self._compact else _spans(self.raw, self.members)
        return self._found

    def check(self) -> None:
        """Raises ClientError for duplicate members.

        A body without whitespace (as the SDKs write it) is as long as its members and the marks between them, and then
        nothing else can be in it. Any other is walked from member to member.
        """
        if not self._compact:
            _ = self._spans

    @property
    def _compact(self) -> bool:
        members = self.members
        content = sum(map(len, members)) + sum(map(len, members.values()))
        return content + 4 * len(members) + (1 if members else 2) == len(self.raw)

    def get(self, name: str, kind: type[T]) -> T | None:
        """The member ``name`` decoded as ``kind``; None when absent or null. Raises ClientError for another type."""
        value = self.members.get(name)
        if value is None:
            return None
        try:
            decoder = _DECODERS.get(kind)
            if decoder is None:
                return msgspec.json.decode(value, type=kind | None)
            found: T | None = decoder.decode(value)
            return found
        except UNREADABLE as wrong:
            raise bad_request(f"{name}: {wrong}", param=name) from None

    def replace(self, edits: dict[str, bytes]) -> bytes:
        """The body with the members of ``edits`` (name -> JSON) replaced, or added at the end; all else untouched."""
        if not edits:
            return self.raw
        raw, pieces, position = self.raw, [], 0
        for name, (_, start, end) in zip(self.members, self._spans, strict=True):
            new = edits.get(name)
            if new is not None:
                pieces += [raw[position:start], new]
                position = end
        added = [msgspec.json.encode(name) + b":" + new for name, new in edits.items() if name not in self.members]
        if added:
            close = raw.rindex(b"}")
            pieces += [raw[position:close], b"," if self.members else b"", b",".join(added)]
            position = close
        pieces.append(raw[position:])
        return b"".join(pieces)

    def remove(self, names: frozenset[str]) -> Envelope:
        """The body without the members ``names``."""
        kept = [raw_member for name, raw_member in self._written() if name not in names]
        return read(b"{" + b",".join(kept) + b"}")

    def _written(self) -> list[tuple[str, bytes]]:
        return [(name, self.raw[key:end]) for name, (key, _, end) in zip(self.members, self._spans, strict=True)]


def read(body: bytes) -> Envelope:
    """Read a JSON object body one level deep.

    Raises ClientError for anything but one JSON object in UTF-8, and for duplicate members.
    """
    try:
        if not body.isascii():
            body.decode()  # members are decoded later, or by others
        members = _MEMBERS.decode(body)
    except UNREADABLE as wrong:
        if isinstance(wrong, msgspec.ValidationError):
            raise bad_request("The body must be a JSON object.") from None
        raise bad_request(f"The body is not valid JSON: {wrong}.") from None
    envelope = Envelope(body, members)
    envelope.check()
    return envelope


def _count_spans(members: dict[str, msgspec.Raw]) -> list[tuple[int, int, int]]:
    """The spans of a body without whitespace."""
    spans = []
    position = 1
    for name, value in members.items():
        start = position + len(name) + 3
        end = start + len(value)
        spans.append((position, start, end))
        position = end + 1
    return spans


def _spans(body: bytes, members: dict[str, msgspec.Raw]) -> list[tuple[int, int, int]]:
    """(key start, value start, value end) of each member, found by walking from key to key over the values' lengths.

    Dicts keep the first place and the last value of a duplicate, so the walk then meets another value or another key
    than the dict has next.
    """
    position = body.index(b"{") + 1
    spans = []
    match_key = _KEY.match
    for name, value in members.items():
        key = match_key(body, position)
        if key is None or not _same(key[1], name):
            raise _duplicate(body, position)
        start = key.end()
        position = start + len(value)
        if body[start:position] != bytes(value):
            raise _duplicate(body, key.start(1) - 1)
        spans.append((key.start(1) - 1, start, position))
        if body[position] not in (_COMMA, _CLOSE):
            position = _skip_space(body, position)
            if body[position] not in (_COMMA, _CLOSE):
                raise _duplicate(body, position)
        if body[position] == _COMMA:
            position += 1
        elif len(spans) != len(members):
            raise _duplicate(body, position)
    if members and body[position - 1] == _COMMA:
        raise _duplicate(body, position)
    return spans


def _skip_space(body: bytes, position: int) -> int:
    while body[position] in b" \t\n\r":
        position += 1
    return position


def _same(written: bytes, name: str) -> bool:
    if b"\\" not in written:
        return written == name.encode()
    return bool(msgspec.json.decode(b'"' + written + b'"') == name)


def _duplicate(body: bytes, position: int) -> Exception:
    key = _KEY.match(body, position)
    name = msgspec.json.decode(b'"' + key[1] + b'"') if key else "?"
    return bad_request(f"The member {name!r} occurs more than once. Send each member once.", param=str(name))
