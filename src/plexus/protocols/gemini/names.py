"""Names of members: proto3 JSON takes both ``camelCase`` and ``snake_case`` (https://protobuf.dev/programming-guides/json)."""

from __future__ import annotations

import re

from plexus.canonical.errors import bad_request
from plexus.protocols.members import Members

OPEN = ord("{")
_SNAKE = re.compile(r"(?<=.)_([a-z0-9])")


def camel(members: Members) -> Members:
    """The node with its own members spelled in camelCase. Raises ClientError where both spellings of one are there."""
    for name in [name for name in members.raw if "_" in name]:
        other = _SNAKE.sub(lambda found: found[1].upper(), name)
        if other == name:
            continue
        if other in members.raw:
            raise bad_request(f"{members.where(name)} and {members.where(other)} are the same member. Send one.")
        members.raw[other] = members.raw.pop(name)
    return members


def take_node(members: Members, name: str) -> Members | None:
    """The member ``name`` as an object in camelCase."""
    node = members.take_members(name)
    return None if node is None else camel(node)


def take_nodes(members: Members, name: str) -> list[Members]:
    """The member ``name`` as a list of objects in camelCase; a lone object stands for a list of one, as in proto3 JSON."""
    value = members.peek(name)
    if value is not None and memoryview(value)[0] == OPEN:
        node = take_node(members, name)
        return [] if node is None else [node]
    return [camel(node) for node in members.take_list(name)]
