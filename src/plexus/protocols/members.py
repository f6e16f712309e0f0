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
from plexus.protocols.unreadable import UNREADABLE

T = TypeVar("T")

_DECODERS: dict[object, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (str, int, float, bool, dict[str, msgspec.Raw], list[msgspec.Raw], list[str])
}

NULL = msgspec.Raw(b"null")
QUOTE = ord('"')

Object = dict[str, msgspec.Raw]
Array = list[msgspec.Raw]

_OBJECTS = msgspec.json.Decoder(list[Object])


class Members:
    """A JSON object whose members are taken one after the other. ``path`` is where it stands in the body.

    A request has hundreds of members, and most of those that the protocol knows are absent: taking one costs next to
    nothing then, and paths are written only for errors.
    """

    __slots__ = ("_key", "_parent", "raw")

    def __init__(self, raw: Object, path: str = "") -> None:
        self.raw = dict(raw)
        self._parent: Members | None = None
        self._key = path

    def _child(self, raw: Object, key: str) -> Members:
        """The object in the member ``key``; ``raw`` becomes its own."""
        child = Members.__new__(Members)
        child.raw = raw
        child._parent = self  # noqa: SLF001 - its own class
        child._key = key  # noqa: SLF001
        return child

    @property
    def path(self) -> str:
        """Where it stands in the body: ``messages[2].content``; "" for the body itself."""
        return self._parent.where(self._key) if self._parent is not None else self._key

    def where(self, name: str) -> str:
        """The path of the member ``name``."""
        path = self.path
        return f"{path}.{name}" if path else name

    def take(self, name: str, kind: type[T]) -> T | None:
        """The member as ``kind`` (a str, int, float, bool, Object, Array or list[str]); None when absent or null.

        Raises ClientError for another type.
        """
        value = self.raw.pop(name, None)
        if value is None or value == NULL:
            return None
        try:
            taken: T = _DECODERS[kind].decode(value)
        except UNREADABLE:
            return decode_as(value, kind, self.where(name))
        return taken

    def require(self, name: str, kind: type[T]) -> T:
        """As ``take``; raises ClientError when absent."""
        value = self.take(name, kind)
        if value is None:
            raise bad_request(f"{self.where(name)} is missing.", param=self.where(name))
        return value

    def take_raw(self, name: str) -> msgspec.Raw | None:
        """The member's own bytes; None when absent or null."""
        value = self.raw.pop(name, None)
        return None if value is None or value == NULL else value

    def take_members(self, name: str) -> Members | None:
        """The member as an object to be taken apart in turn."""
        if name not in self.raw:
            return None
        value = self.take(name, Object)
        return None if value is None else self._child(value, name)

    def take_list(self, name: str) -> list[Members]:
        """The member as a list of objects; [] when absent. Raises ClientError for other elements."""
        value = self.raw.pop(name, None)
        if value is None or value == NULL:
            return []
        try:
            objects = _OBJECTS.decode(value)
        except UNREADABLE:
            path = self.where(name)
            items = decode_as(value, Array, path)
            objects = [decode_as(item, Object, f"{path}[{index}]") for index, item in enumerate(items)]
        return [self._child(each, f"{name}[{index}]") for index, each in enumerate(objects)]

    def peek(self, name: str) -> msgspec.Raw | None:
        """The member's own bytes, left where it is."""
        return self.raw.get(name)

    def rest(self, origin: str) -> Extras | None:
        """What nobody took, nulls left out; None for nothing."""
        if not self.raw:
            return None
        kept = {name: value for name, value in self.raw.items() if value != NULL}
        return Extras(origin, kept) if kept else None

    def whole(self) -> msgspec.Raw:
        """What is left, as one JSON object."""
        return msgspec.Raw(msgspec.json.encode(self.raw))


def decode_as(value: msgspec.Raw, kind: type[T], path: str) -> T:
    """``value`` as one of the kinds of ``Members.take``. Raises ClientError naming ``path``."""
    try:
        decoded: T = _DECODERS[kind].decode(value)
    except UNREADABLE as wrong:
        raise bad_request(f"{path}: {wrong}.", param=path) from None
    return decoded


ABSENT = msgspec.Raw()
"""The default of a raw member in a wire struct (msgspec takes no ``Raw | None``)."""


def present(raw: msgspec.Raw) -> bool:
    """Whether a raw member of a wire struct was there and is not null."""
    return raw is not ABSENT and raw != NULL


def is_string(value: msgspec.Raw) -> bool:
    """Whether ``value`` is a JSON string."""
    return memoryview(value)[0] == QUOTE


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
