"""Namespaces of tools, flattened: other protocols have one list of functions, with one name each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest
from plexus.protocols.members import own_members
from plexus.protocols.openai_responses.content import PROTOCOL

SEPARATOR = "__"
LONGEST = 64
"""Characters of a function's name, at OpenAI and at Anthropic."""


def flat_name(namespace: str, name: str) -> str:
    """The one name that stands for ``name`` in ``namespace``; too long ones end in a digest. The same pair always gives the
    same name."""
    whole = namespace.rstrip("_") + SEPARATOR + name
    if len(whole) <= LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: LONGEST - 9]}_{digest}"


class KnownTool(msgspec.Struct, frozen=True):
    """A tool as the client named it."""

    name: str
    namespace: str | None
    custom: bool


def known_tools(request: GenerateRequest) -> Mapping[str, KnownTool]:
    """The client's tools by their flat names."""
    known: dict[str, KnownTool] = {}
    for tool in request.tools:
        if isinstance(tool, FunctionTool | CustomTool):
            own = own_members(tool.extras, PROTOCOL)
            space = own.get("namespace")
            name = msgspec.json.decode(own["name"], type=str) if "name" in own else tool.name
            namespace = msgspec.json.decode(space, type=_Namespace).name if space is not None else None
            known[tool.name] = KnownTool(name, namespace, isinstance(tool, CustomTool))
    return known


class _Namespace(msgspec.Struct):
    name: str
