"""Reading JSON objects member by member, so that what nobody knows is kept as raw bytes.

``Members`` hands out the members that the codec has a place for; ``extras`` is what is left. Explicit nulls count as
absent, as they do for every provider of Chat.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.errors import ClientError, bad_request

PROTOCOL = "openai_chat"

T = TypeVar("T")

OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_QUOTE, _BRACKET = 0x22, 0x5B

ABSENT = msgspec.Raw(b"null")
"""The default of raw members in structs that are decoded: msgspec reads ``Raw | None`` as null only."""

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a stranger's JSON may raise: wrong syntax, wrong type, wrong UTF-8, endless nesting."""


class Misfit(Exception):
    """A member that is not what the protocol says. ``path`` is written as in OpenAI's errors: ``messages[0].role``."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path

    def for_client(self) -> ClientError:
        """The 400 that says so."""
        return bad_request(str(self), param=self.path or None)


class Members:
    """One JSON object without its nulls. ``path`` is where it stands in the document."""

    __slots__ = ("path", "raw", "values")

    def __init__(self, raw: bytes | msgspec.Raw, path: str = "") -> None:
        """Raises Misfit for anything but an object."""
        self.raw = raw
        self.path = path
        try:
            read = OBJECT.decode(raw)
        except UNREADABLE as wrong:
            raise Misfit(path, str(wrong)) from None
        self.values: dict[str, msgspec.Raw] = {name: value for name, value in read.items() if not is_null(value)}

    def at(self, name: str) -> str:
        """The path of the member ``name``."""
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, kind: type[T]) -> T | None:
        """Remove the member and decode it; None where it is absent. Raises Misfit for another type."""
        raw = self.values.pop(name, None)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=kind)
        except UNREADABLE as wrong:
            raise Misfit(self.at(name), str(wrong)) from None

    def need(self, name: str, kind: type[T]) -> T:
        """As ``take``, but the member must be there."""
        value = self.take(name, kind)
        if value is None:
            raise Misfit(self.at(name), "the member is missing")
        return value

    def take_if(self, name: str, kind: type[T]) -> T | None:
        """As ``take``, but a value of another type stays where it is, among the extras."""
        raw = self.values.get(name)
        if raw is None:
            return None
        value = read_as(raw, kind)
        if value is not None:
            del self.values[name]
        return value

    def take_text(self, name: str) -> str | None:
        """A string; any other value stays among the extras."""
        return self.take_if(name, str) if self.is_string(name) else None

    def take_raw(self, name: str) -> msgspec.Raw | None:
        """Remove the member as it stands."""
        return self.values.pop(name, None)

    def take_list(self, name: str) -> list[msgspec.Raw] | None:
        """Remove a list, its elements as they stand. Raises Misfit for anything but a list."""
        raw = self.values.pop(name, None)
        if raw is None:
            return None
        try:
            return _LIST.decode(raw)
        except UNREADABLE as wrong:
            raise Misfit(self.at(name), str(wrong)) from None

    def take_members(self, name: str) -> Members | None:
        """Remove an object. Raises Misfit for anything else."""
        raw = self.values.pop(name, None)
        return None if raw is None else Members(raw, self.at(name))

    def take_cache(self) -> CacheMark | None:
        """The ``cache_control`` that several providers take, where it is of the known kind."""
        control = self.take_if("cache_control", _CacheControl)
        return None if control is None else CacheMark(control.ttl)

    def is_string(self, name: str) -> bool:
        """Whether the member is there and is a string."""
        raw = self.values.get(name)
        return raw is not None and memoryview(raw)[0] == _QUOTE

    def is_list(self, name: str) -> bool:
        """Whether the member is there and is a list."""
        raw = self.values.get(name)
        return raw is not None and memoryview(raw)[0] == _BRACKET

    def put_back(self, name: str, rest: Members) -> None:
        """What is left of a nested object stays among the extras, under its name."""
        if rest.values:
            self.values[name] = as_raw(rest.values)

    def extras(self) -> Extras | None:
        """What nobody took."""
        return Extras(PROTOCOL, self.values) if self.values else None


class _CacheControl(msgspec.Struct, forbid_unknown_fields=True, tag="ephemeral"):
    ttl: Literal["5m", "1h"] | None = None


def is_null(raw: msgspec.Raw) -> bool:
    """Whether a value is ``null``."""
    return raw is ABSENT or (len(memoryview(raw)) == 4 and bytes(raw) == b"null")


def read_as(raw: bytes | msgspec.Raw, kind: type[T]) -> T | None:
    """The value as ``kind``; None where it is of another type."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        return None


def as_raw(value: object) -> msgspec.Raw:
    """A value as JSON."""
    return msgspec.Raw(msgspec.json.encode(value))


def cache_control(mark: CacheMark) -> dict[str, str]:
    """The wire form of a cache mark."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


def own_members(extras: Extras | None) -> dict[str, msgspec.Raw]:
    """The extras that this protocol may write back."""
    return extras.members if extras is not None and extras.origin == PROTOCOL else {}


def foreign_names(extras: Extras | None) -> tuple[str, ...]:
    """The names of members that belong to another protocol: losses here."""
    return tuple(extras.members) if extras is not None and extras.origin != PROTOCOL else ()
