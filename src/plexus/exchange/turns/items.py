"""Items of the Responses API as they are kept and shown: with a type, an id, a status, and content in parts."""

from __future__ import annotations

import uuid

import msgspec

from plexus.protocols.members import is_string, raw_json

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])

PREFIXES = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
}
NEEDS_STATUS = frozenset({"message", "function_call", "function_call_output"})


def kept_item(item: msgspec.Raw) -> msgspec.Raw:
    """``item`` as the API shows it later; one that has all of it stays as it is.

    Raises msgspec.MsgspecError for what is no object.
    """
    members = _MEMBERS.decode(item)
    kind = _text(members, "type") or "message"
    ident = _text(members, "id") or f"{PREFIXES.get(kind, 'item_')}{uuid.uuid4().hex}"
    added: dict[str, object] = {}
    if not _text(members, "type"):
        added["type"] = kind
    if _text(members, "id") != ident:
        added["id"] = ident
    if kind in NEEDS_STATUS and "status" not in members:
        added["status"] = "completed"
    content = members.get("content")
    if kind == "message" and content is not None and is_string(content):
        added["content"] = [_part(content, _text(members, "role"))]
    return raw_json({**members, **added}) if added else item


def _part(text: msgspec.Raw, role: str) -> dict[str, object]:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": []}
    return {"type": "input_text", "text": text}


def _text(members: dict[str, msgspec.Raw], name: str) -> str:
    raw = members.get(name)
    return msgspec.json.decode(raw, type=str) if raw is not None and is_string(raw) else ""


def without_state(item: msgspec.Raw) -> msgspec.Raw:
    """A thought without its sealed text, as it is shown to who did not ask for that."""
    members = _MEMBERS.decode(item)
    if "encrypted_content" not in members:
        return item
    del members["encrypted_content"]
    return raw_json(members)
