"""Tool calls on the wire: an id within Anthropic's alphabet, and an input that is an object."""

from __future__ import annotations

import hashlib
import re

import msgspec

from plexus.canonical.content import ToolCall
from plexus.protocols.anthropic_messages.members import UNREADABLE

_TOOL_ID = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def tool_id(written: str) -> str:
    """A tool call's id within Anthropic's alphabet: another one is rewritten, always to the same."""
    if _TOOL_ID.fullmatch(written):
        return written
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_NOT_IN_ID.sub('_', written) or 'call'}_{digest}"


def tool_input(call: ToolCall) -> tuple[msgspec.Raw | dict[str, str], bool]:
    """(``input``, whether it is what the call said). Messages wants an object; any other text is put into one."""
    if not call.custom:
        if not call.arguments.strip():
            return {}, True
        try:
            _OBJECT.decode(call.arguments)
            return msgspec.Raw(call.arguments.encode()), True
        except (*UNREADABLE, UnicodeEncodeError):
            pass
    return {"input": call.arguments}, call.custom
