"""Reads the input of a Responses call: decodes its items, and refuses what OpenAI refuses, in its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.responses import schema as responses
from plexus.mock_provider.shelf import Shelf
from plexus.mock_provider.signature import hide, is_hidden_by
from plexus.mock_provider.strictness import explain, is_base64

ENCRYPTED: Final = "gAAAAA"
"""How the vendor's encrypted contents begin."""
PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
}
"""How ids of items begin; another one is refused."""

_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_LONG = re.compile(r"Expected `str` of length <= (\d+)")
_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item: as it came, and as it was read. The vendor's own tools' items are not read."""

    raw: Json
    item: responses.Item | None


def refusal(error: msgspec.ValidationError, prefix: str = "") -> Refused:
    """What a wrong type becomes: ``Missing required parameter: 'input[0].call_id'.``"""
    what, where = explain(error)
    joined = prefix + where if where.startswith("[") or not (prefix and where) else f"{prefix}.{where}"
    for pattern, verdict, code in (
        (_MISSING, "Missing required parameter", "missing_required_parameter"),
        (_UNKNOWN, "Unknown parameter", "unknown_parameter"),
    ):
        found = pattern.match(what)
        if found:
            name = f"{joined}.{found[1]}" if joined else found[1]
            return Refused(f"{verdict}: '{name}'.", param=name, code=code)
    long = _LONG.match(what)
    if long:
        text = f"Invalid '{joined}': string too long. Expected a string with maximum length {long[1]}."
        return Refused(text, param=joined, code="string_above_max_length")
    code = "invalid_type" if ", got" in what else "invalid_value"
    return Refused(f"Invalid value for '{joined}': {what}.", param=joined or None, code=code)


def entries_of(given: str | Sequence[Json] | None) -> list[Entry]:
    """The items of ``input``; a text is a message of the user. Raises Refused."""
    if isinstance(given, str):
        raw: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}
        return [_entry(raw, "input")]
    return [_entry(raw, f"input[{index}]") for index, raw in enumerate(given or ())]


def _entry(raw: Json, where: str) -> Entry:
    kind = raw.get("type") or ("message" if "role" in raw else "item_reference")
    if kind in responses.OPAQUE_ITEMS:
        return Entry(raw, None)
    known = responses.ITEMS.get(str(kind))
    if known is None:
        names = ", ".join(f"'{name}'" for name in (*responses.ITEMS, *sorted(responses.OPAQUE_ITEMS)))
        message = f"Invalid value: '{kind}'. Supported values are: {names}."
        raise Refused(message, param=where, code="invalid_value")
    try:
        item = msgspec.convert(raw, known)
    except msgspec.ValidationError as error:
        raise refusal(error, where) from None
    _check_id(item, str(kind), where)
    if isinstance(item, responses.MessageItem):
        _check_message(item, where)
    elif isinstance(item, responses.CallOutputItem | responses.CustomOutputItem):
        _check_content(item.output, f"{where}.output")
    return Entry(raw, item)


def _check_id(item: responses.Item, kind: str, where: str) -> None:
    prefix = PREFIXES.get(kind)
    if prefix is not None and item.id is not None and not item.id.startswith(prefix):
        message = f"Invalid '{where}.id': '{item.id}'. Expected an ID that begins with '{prefix}'."
        raise Refused(message, param=f"{where}.id", code="invalid_value")


_OF_THE_MODEL: Final = (responses.OutputText, responses.OutputRefusal)


def _check_message(item: responses.MessageItem, where: str) -> None:
    spoken = item.role == "assistant"
    for number, part in enumerate(item.content if isinstance(item.content, list) else ()):
        if isinstance(part, _OF_THE_MODEL) is not spoken:
            allowed = (
                "'output_text' and 'refusal'"
                if spoken
                else "'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and"
                " 'summary_text'"
            )
            tag = type(part).__struct_config__.tag
            message = f"Invalid value: '{tag}'. Supported values are: {allowed}."
            raise Refused(message, param=f"{where}.content[{number}]", code="invalid_value")
    _check_content(item.content, f"{where}.content")


def _check_content(content: str | Sequence[responses.Content], where: str) -> None:
    for number, part in enumerate(content if not isinstance(content, str) else ()):
        at = f"{where}[{number}]"
        if isinstance(part, responses.InputImage):
            if part.file_id is None and part.image_url is None:
                raise Refused(f"Missing required parameter: '{at}.image_url'.", param=f"{at}.image_url")
            if part.image_url is not None and not _readable(part.image_url):
                message = f"Invalid '{at}.image_url'. Expected a valid URL, but got a value with an invalid format."
                raise Refused(message, param=f"{at}.image_url", code="invalid_value")
        elif isinstance(part, responses.InputFile):
            if part.file_id is None and part.file_url is None and part.file_data is None:
                raise Refused(f"Missing required parameter: '{at}.file_id'.", param=f"{at}.file_id")
            if part.file_data is not None and not _readable(part.file_data):
                message = f"Invalid '{at}.file_data'. Expected a base64-encoded data URL with a MIME type."
                raise Refused(message, param=f"{at}.file_data", code="invalid_value")


def _readable(url: str) -> bool:
    """A web address, or a data URL whose base64 is sound."""
    if url.startswith(("http://", "https://")):
        return True
    found = _DATA_URL.fullmatch(url)
    return found is not None and is_base64(found[1])


def check(entries: Sequence[Entry], shelf: Shelf, issuer: str, *, own: int, whole: bool = True) -> None:
    """Raises Refused for the first rule between items that is broken. The last ``own`` items are this call's; unless
    they are the ``whole`` conversation, their calls may stand elsewhere."""
    if whole:
        _check_pairs(entries)
    for index, entry in enumerate(entries[len(entries) - own :]):
        if isinstance(entry.item, responses.ReasoningItem):
            _check_reasoning(entry.item, shelf, issuer)
            if index == own - 1:
                raise Refused(
                    f"Item '{entry.item.id}' of type 'reasoning' was provided without its required following item.",
                    param="input",
                )
        elif isinstance(entry.item, responses.CompactionItem) and not is_sealed(issuer, entry.item.encrypted_content):
            raise _unverified(entry.item.encrypted_content)


def seal(issuer: str, text: str) -> str:
    """``text`` as an encrypted content."""
    return ENCRYPTED + hide(issuer, text)


def is_sealed(issuer: str, data: str) -> bool:
    """Whether ``issuer`` made this encrypted content."""
    return data.startswith(ENCRYPTED) and is_hidden_by(issuer, data.removeprefix(ENCRYPTED))


def _unverified(data: str) -> Refused:
    return Refused(
        f"The encrypted content {data[:4]}...{data[-4:]} could not be verified. Reason: Encrypted content could not be"
        " decrypted or parsed.",
        code="invalid_encrypted_content",
    )


def _check_reasoning(item: responses.ReasoningItem, shelf: Shelf, issuer: str) -> None:
    if item.encrypted_content is not None:
        if not is_sealed(issuer, item.encrypted_content):
            raise _unverified(item.encrypted_content)
    elif item.id is None or shelf.item(item.id) is None:
        raise missing_item(item.id)


def missing_item(ident: str | None) -> Refused:
    """An item that is not kept."""
    return Refused(
        f"Item with id '{ident}' not found. Items are not persisted when `store` is set to false. Try again with `store`"
        " set to true, or remove this item from your input.",
        param="input",
        status=404,
        kind="not-found",
    )


def _check_pairs(entries: Sequence[Entry]) -> None:
    """Each call is answered later, each answer belongs to a call before it."""
    due: dict[str, str] = {}
    for item in _read(entries):
        if isinstance(item, responses.CallItem | responses.CustomCallItem):
            due[item.call_id] = "function" if isinstance(item, responses.CallItem) else "custom tool"
        elif isinstance(item, responses.CallOutputItem | responses.CustomOutputItem):
            kind = "function" if isinstance(item, responses.CallOutputItem) else "custom tool"
            if due.get(item.call_id) != kind:
                message = f"No tool call found for {kind} call output with call_id {item.call_id}."
                raise Refused(message, param="input")
    answered = {
        item.call_id
        for item in _read(entries)
        if isinstance(item, responses.CallOutputItem | responses.CustomOutputItem)
    }
    for call_id, kind in due.items():
        if call_id not in answered:
            raise Refused(f"No tool output found for {kind} call {call_id}.", param="input")


def _read(entries: Sequence[Entry]) -> Iterator[responses.Item]:
    for entry in entries:
        if entry.item is not None:
            yield entry.item
