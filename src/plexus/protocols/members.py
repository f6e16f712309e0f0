"""Reading a JSON object member by member, keeping what nobody took.

Every node of a request is read so: known members are taken with their type, the rest becomes the node's extras. A wrong type
is the client's fault and names its path.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.errors import bad_request
from plexus.canonical.request import GenerateRequest

T = TypeVar("T")

_DECODERS: dict[object, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (str, int, float, bool, dict[str, msgspec.Raw], list[msgspec.Raw], list[str])
}

Object = dict[str, msgspec.Raw]
Array = list[msgspec.Raw]


class Members:
    """A JSON object whose members are taken one after the other. ``path`` is where it stands in the body."""

    __slots__ = ("path", "raw")

    def __init__(self, raw: Object, path: str = "") -> None:
        self.raw = dict(raw)
        self.path = path

    def where(self, name: str) -> str:
        """The path of the member ``name``."""
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, kind: type[T]) -> T | None:
        """The member as ``kind`` (a str, int, float, bool, Object, Array or list[str]); None when absent or null.

        Raises ClientError for another type.
        """
        value = self.raw.pop(name, None)
        if value is None or bytes(value) == b"null":
            return None
        return decode_as(value, kind, self.where(name))

    def require(self, name: str, kind: type[T]) -> T:
        """As ``take``; raises ClientError when absent."""
        value = self.take(name, kind)
        if value is None:
            raise bad_request(f"{self.where(name)} is missing.", param=self.where(name))
        return value

    def take_raw(self, name: str) -> msgspec.Raw | None:
        """The member's own bytes; None when absent or null."""
        value = self.raw.pop(name, None)
        return None if value is None or bytes(value) == b"null" else value

    def take_members(self, name: str) -> Members | None:
        """The member as an object to be taken apart in turn."""
        value = self.take(name, Object)
        return None if value is None else Members(value, self.where(name))

    def take_list(self, name: str) -> list[Members]:
        """The member as a list of objects; [] when absent. Raises ClientError for other elements."""
        path = self.where(name)
        return [
            Members(decode_as(item, Object, f"{path}[{index}]"), f"{path}[{index}]")
            for index, item in enumerate(self.take(name, Array) or [])
        ]

    def peek(self, name: str) -> msgspec.Raw | None:
        """The member's own bytes, left where it is."""
        return self.raw.get(name)

    def rest(self, origin: str) -> Extras | None:
        """What nobody took, nulls left out; None for nothing."""
        kept = {name: value for name, value in self.raw.items() if bytes(value) != b"null"}
        return Extras(origin, kept) if kept else None

    def whole(self) -> msgspec.Raw:
        """What is left, as one JSON object."""
        return msgspec.Raw(msgspec.json.encode(self.raw))


def decode_as(value: msgspec.Raw, kind: type[T], path: str) -> T:
    """``value`` as one of the kinds of ``Members.take``. Raises ClientError naming ``path``."""
    try:
        decoded: T = _DECODERS[kind].decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise bad_request(f"{path}: {wrong}.", param=path) from None
    return decoded


ABSENT = msgspec.Raw()
"""The default of a raw member in a wire struct (msgspec takes no ``Raw | None``)."""


def present(raw: msgspec.Raw) -> bool:
    """Whether a raw member of a wire struct was there and is not null."""
    return raw is not ABSENT and bytes(raw) not in (b"", b"null")


def is_string(value: msgspec.Raw) -> bool:
    """Whether ``value`` is a JSON string."""
    return bytes(value).startswith(b'"')


def own_members(extras: Extras | None, origin: str) -> Object:
    """All of ``extras`` when they stem from ``origin``; {} otherwise."""
    if extras is None or extras.origin != origin:
        return {}
    return {**extras.members, **extras.twins} if extras.twins else extras.members


def with_twins(extras: Extras | None, origin: str, twins: Object) -> Extras | None:
    """``extras`` with ``twins`` of ``origin`` beside them."""
    if not twins:
        return extras
    return Extras(origin, extras.members if extras is not None else {}, twins)


def refuse_bound(request: GenerateRequest, protocol: str) -> None:
    """Raises ClientError where ``request`` hangs on something that only another protocol's service keeps."""
    if request.origin != protocol:
        for bound in request.bound:
            raise bad_request(bound.message, param=bound.param)


def raw_json(value: object) -> msgspec.Raw:
    """``value`` as raw JSON."""
    return msgspec.Raw(msgspec.json.encode(value))
