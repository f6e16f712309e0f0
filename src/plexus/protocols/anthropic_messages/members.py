"""Reading JSON objects member by member, so that what nobody knows is kept as raw bytes.

``Members`` hands out the members that the codec has a place for; ``extras`` is what is left. Explicit nulls count as absent,
as they do at Anthropic.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from plexus.canonical.content import CacheMark, Extras

PROTOCOL = "anthropic_messages"

T = TypeVar("T")

WireBlock: TypeAlias = dict[str, Any] | msgspec.Raw
"""A block on its way out: built by us, or kept as it came."""

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading JSON of strangers may raise: wrong syntax, wrong type, wrong UTF-8, endless nesting."""


QUOTE = 0x22


class Misfit(Exception):
    """A member that is not what the protocol says. ``path`` is written as in the vendor's own errors."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path


def check_utf8(body: bytes) -> None:
    """Raises Misfit for a document that is not UTF-8: what is kept raw is never looked into otherwise."""
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        raise Misfit("", f"the body is not valid UTF-8: {wrong}") from None


class Members:
    """One JSON object. ``path`` is where it stands in the document."""

    __slots__ = ("path", "raw", "values")

    def __init__(self, raw: bytes | msgspec.Raw, path: str) -> None:
        """Raises Misfit for anything but an object."""
        self.raw = raw
        self.path = path
        try:
            self.values: dict[str, msgspec.Raw] = _OBJECT.decode(raw)
        except UNREADABLE as wrong:
            raise Misfit(path, str(wrong)) from None

    def at(self, name: str) -> str:
        """The path of the member ``name``."""
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, kind: type[T]) -> T | None:
        """Remove the member and decode it; None where it is absent or null. Raises Misfit for another type."""
        raw = self.values.pop(name, None)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=kind | None)
        except UNREADABLE as wrong:
            raise Misfit(self.at(name), str(wrong)) from None

    def need(self, name: str, kind: type[T]) -> T:
        """As ``take``, but the member must be there."""
        value = self.take(name, kind)
        if value is None:
            raise Misfit(self.at(name), "the member is missing")
        return value

    def take_raw(self, name: str) -> msgspec.Raw | None:
        """Remove the member as it stands; None where it is absent or null."""
        raw = self.values.pop(name, None)
        return None if raw is None or bytes(raw) == b"null" else raw

    def take_list(self, name: str) -> list[msgspec.Raw] | None:
        """Remove a list, its elements as they stand. Raises Misfit for anything but a list."""
        raw = self.take_raw(name)
        if raw is None:
            return None
        try:
            return _LIST.decode(raw)
        except UNREADABLE as wrong:
            raise Misfit(self.at(name), str(wrong)) from None

    def take_cache(self) -> CacheMark | None:
        """The ``cache_control``, where it is of the known kind; any other stays among the extras."""
        raw = self.values.get("cache_control")
        if raw is None:
            return None
        try:
            control = msgspec.json.decode(raw, type=_CacheControl | None)
        except UNREADABLE:
            return None
        del self.values["cache_control"]
        return None if control is None else CacheMark(control.ttl)

    def is_string(self, name: str) -> bool:
        """Whether the member is there and is a string."""
        raw = self.values.get(name)
        return raw is not None and memoryview(raw)[0] == QUOTE

    def extras(self) -> Extras | None:
        """What nobody took."""
        left = {name: raw for name, raw in self.values.items() if bytes(raw) != b"null"}
        return Extras(PROTOCOL, left) if left else None


class _CacheControl(msgspec.Struct, forbid_unknown_fields=True, tag="ephemeral"):
    ttl: Literal["5m", "1h"] | None = None


def cache_control(mark: CacheMark) -> dict[str, str]:
    """The wire form of a cache mark."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}
