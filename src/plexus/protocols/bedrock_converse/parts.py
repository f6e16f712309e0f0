"""Blocks of a request as Converse writes them: an object with one member that says its kind."""

from __future__ import annotations

import hashlib
import re

import msgspec

from plexus.canonical.content import Audio, CacheMark, Document, Image, InlineData, Source, ToolCall, Url, Video
from plexus.protocols.members import Object
from plexus.protocols.unreadable import UNREADABLE

Part = dict[str, object]

IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/x-markdown": "md",
}
VIDEOS = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mov": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/mpg": "mpg",
    "video/wmv": "wmv",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
SOUNDS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/opus": "opus",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "mp4",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
    "audio/pcm": "pcm",
    "audio/m4a": "m4a",
}
"""Media type -> Converse's word for the format; each table is what the API lists, under the names that clients use."""
FORMATS: dict[str, dict[str, str]] = {"image": IMAGES, "document": DOCUMENTS, "video": VIDEOS, "audio": SOUNDS}


def media_kind(block: Image | Document | Audio | Video) -> str:
    """The member that holds it."""
    return type(block).__name__.lower()


def encode_source(source: Source | None, kind: str) -> tuple[str, Part] | None:
    """(format, source) of a medium; None for one that Converse cannot be given: it fetches nothing but from S3."""
    match source:
        case InlineData(media_type=media_type, base64=data):
            word = FORMATS[kind].get(media_type.partition(";")[0].strip().lower())
            return None if word is None else (word, {"bytes": data})
        case Url(url=url, media_type=media_type) if url.startswith("s3://"):
            end = url.rpartition(".")[2].lower()
            word = FORMATS[kind].get(media_type or "") or ({"jpg": "jpeg"}.get(end, end))
            return (word, {"s3Location": {"uri": url}}) if word in FORMATS[kind].values() else None
        case _:
            return None


def cache_point(mark: CacheMark) -> Part:
    """What stands behind a block that is worth caching."""
    point: Part = {"type": "default"}
    if mark.ttl is not None:
        point["ttl"] = mark.ttl
    return {"cachePoint": point}


_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NO_ID = re.compile(r"[^a-zA-Z0-9_.:-]")


def tool_id(call_id: str) -> str:
    """A call's id as Converse allows it (``[a-zA-Z0-9_.:-]+``, at most 64); the same id always becomes the same."""
    if _ID.fullmatch(call_id):
        return call_id
    short = _NO_ID.sub("_", call_id)[:43]
    return f"{short}_{hashlib.sha256(call_id.encode()).hexdigest()[:20]}"


INVALID = "INVALID_JSON"
"""Where arguments that are no JSON object are put, for ``input`` must be one."""


def encode_call(block: ToolCall) -> tuple[Part, bool]:
    """The block, and whether its arguments stand in it as they were."""
    text = block.arguments.strip() or "{}"
    inner: Part = {"toolUseId": tool_id(block.id), "name": block.name}
    exact = not block.custom and is_object(text)
    if exact:
        inner["input"] = msgspec.Raw(text.encode())
    else:
        inner["input"] = {"input" if block.custom else INVALID: block.arguments}
    return {"toolUse": inner}, exact


def is_object(text: str) -> bool:
    """Whether ``text`` is a JSON object."""
    try:
        msgspec.json.decode(text, type=Object)
    except UNREADABLE:
        return False
    return True


_NO_NAME = re.compile(r"[^a-zA-Z0-9\s\-()\[\]]+")


class DocumentNames:
    """Names of documents: letters, digits, single spaces, ``-()[]``; each once in a request."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def name(self, wish: str | None) -> str:
        """A name that Converse takes, as near to ``wish`` as may be."""
        plain = re.sub(r"\s+", " ", _NO_NAME.sub("-", wish or "document")).strip()[:190] or "document"
        name, number = plain, 2
        while name in self._used:
            name, number = f"{plain} ({number})", number + 1
        self._used.add(name)
        return name
