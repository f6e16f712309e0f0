"""The body of a failure, in any shape that providers of Chat are known to use."""

from __future__ import annotations

import re

import msgspec

from plexus.protocols.openai_chat.members import ABSENT, UNREADABLE, is_null, read_as


class ErrorBody(msgspec.Struct):
    """What is known of a failure: its words for machines and the one for people."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    """An HTTP status that stood inside the body."""
    retry_after: float | None = None
    """Seconds."""


class _Metadata(msgspec.Struct):
    error_type: str | None = None


class _Error(msgspec.Struct):
    """An error object in any of its shapes: words may be numbers, and numbers words."""

    message: msgspec.Raw = ABSENT
    type: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    param: msgspec.Raw = ABSENT
    status: msgspec.Raw = ABSENT
    status_code: msgspec.Raw = ABSENT
    metadata: msgspec.Raw = ABSENT
    details: msgspec.Raw = ABSENT


class _Detail(msgspec.Struct):
    """Google's ``RetryInfo`` among the details of an error."""

    retry_delay: str | None = msgspec.field(name="retryDelay", default=None)


class _Document(msgspec.Struct):
    error: msgspec.Raw = ABSENT
    detail: msgspec.Raw = ABSENT
    message: msgspec.Raw = ABSENT
    msg: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    type: msgspec.Raw = ABSENT
    object: msgspec.Raw = ABSENT


_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)
_DOCUMENT = msgspec.json.Decoder(_Document)
_DOCUMENTS = msgspec.json.Decoder(list[_Document])


def read_error(body: bytes) -> ErrorBody | None:
    """The error that a body is, in any shape that providers of Chat are known to use; None where it is none.

    ``{"error": {…}}`` (OpenAI), ``[{"error": {…}}]`` (Google), ``{"error": "text"}`` (Ollama, Together),
    ``{"detail": …}`` (FastAPI servers), ``{"message": …}`` (Mistral, gateways).
    """
    try:
        document = _DOCUMENT.decode(body)
    except UNREADABLE:
        try:
            documents = _DOCUMENTS.decode(body)
        except UNREADABLE:
            return None
        if not documents:
            return None
        document = documents[0]
    return _read_document(document)


def _read_document(document: _Document) -> ErrorBody | None:
    if not is_null(document.error):
        text = read_as(document.error, str)
        if text is not None:
            return ErrorBody(message=text, type=_text(document.type), code=_word(document.code))
        return read_error_object(document.error)
    for said in (document.detail, document.message, document.msg):
        text = _said(said)
        if text is not None:
            return ErrorBody(
                message=text, type=_text(document.type), code=_word(document.code), status=_status(document.code)
            )
    return None


def read_error_object(raw: msgspec.Raw) -> ErrorBody | None:
    """The object in ``error``."""
    wire = read_as(raw, _Error)
    if wire is None:
        return None
    metadata = read_as(wire.metadata, _Metadata)
    kind = _text(wire.type) or (metadata.error_type if metadata is not None else None) or _text(wire.status)
    return ErrorBody(
        message=_said(wire.message),
        type=kind,
        code=_word(wire.code),
        param=_text(wire.param),
        status=_status(wire.code) or _status(wire.status_code) or _status(wire.status),
        retry_after=_retry_delay(wire.details),
    )


def _retry_delay(details: msgspec.Raw) -> float | None:
    """Seconds of ``"retryDelay": "45.8s"``."""
    for detail in read_as(details, list[_Detail]) or ():
        match = _SECONDS.fullmatch(detail.retry_delay or "")
        if match is not None:
            return float(match[1]) or None
    return None


def _text(raw: msgspec.Raw) -> str | None:
    return read_as(raw, str) or None


def _word(raw: msgspec.Raw) -> str | None:
    """A code for machines; a number is a status, not a word."""
    word = _text(raw)
    return None if word is None or word.isdecimal() else word


def _status(raw: msgspec.Raw) -> int | None:
    """An HTTP status of a failure, written as a number or as its three digits."""
    digits = read_as(raw, str)
    if digits is not None:
        number: int | None = int(digits) if digits.isdecimal() and len(digits) == 3 else None
    else:
        number = read_as(raw, int)
    return number if number is not None and 400 <= number < 600 else None


class _Problem(msgspec.Struct):
    msg: str | None = None
    message: str | None = None


def _said(raw: msgspec.Raw) -> str | None:
    """The message for people: a text, an object or list with texts, at worst the JSON itself."""
    if is_null(raw):
        return None
    text = read_as(raw, str)
    if text is not None:
        return text
    one = read_as(raw, _Problem)
    several = [one] if one is not None else read_as(raw, list[_Problem]) or []
    texts = [problem.msg or problem.message or "" for problem in several]
    return "; ".join(filter(None, texts)) or bytes(raw).decode(errors="replace")
