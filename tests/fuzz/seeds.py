"""What fuzzing begins with: the recordings, each with the targets that read its like."""

from __future__ import annotations

import functools
import json

from tests.fuzz.targets import TARGETS
from tests.recordings import Recording, recordings

FOLDERS = {
    "openai_chat": "openai.chat", "openai_responses": "openai.responses", "anthropic_messages": "anthropic.messages",
    "gemini": "gemini.generate", "ollama": "ollama.chat", "cohere": "cohere.chat", "bedrock_converse": "bedrock.converse",
}  # fmt: skip
OTHER_FOLDERS = {
    ("openai_chat", "embed"): "openai.embeddings", ("cohere", "embed"): "cohere.embeddings",
    ("cohere", "rerank"): "cohere.rerank", ("openai_chat", "moderate"): "openai.moderations",
    ("gemini", "embed"): "gemini.embeddings",
}  # fmt: skip
"""Where operations beside generating have recordings of their own."""
COUNTS = {"anthropic_messages": "anthropic.count_tokens", "gemini": "gemini.count_tokens"}

HEADS = (
    b"POST /v1/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
    b"GET http://h/v1/models?a=b HTTP/1.1\r\nHost: h\r\nConnection: close, te\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\n\r\n",
)
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--x\r\nContent-Disposition: form-data; name="file"; '
    b'filename="a"\r\nContent-Type: audio/wav\r\nContent-Length: 3\r\n\r\nabc\r\n--x--\r\n'
)
OTHERS: dict[str, tuple[bytes, ...]] = {
    "http1/heads": HEADS,
    "http1/chunked": (b"\x003\r\nabc\r\n0\r\n\r\n", b"\x05a;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"),
    "small_texts": (b"12", b"Wed, 21 Oct 2026 07:28:00 GMT", b"plx1.AAAAAAAAAAAAAAAAAAAAAA"),
    "multipart": (b"\x00" + FORM, b"\x20" + FORM),
    "sse": (b"\x02event: a\ndata: 1\n\n: x\n\ndata: 2\r\n\r\n",),
    "ndjson": (b'\x01{"a":1}\n\r\n{"b":2}',),
}


@functools.cache
def seeds(target: str, most: int = 100_000) -> tuple[bytes, ...]:
    """Inputs of ``target`` up to ``most`` bytes; b"" and the like where there are no recordings of its kind."""
    found = OTHERS.get(target, ())
    if target == "envelope":
        found = tuple(each.request_bytes for each in _recorded("openai_chat", "generate") if each.request is not None)
    elif "/" in target and not target.startswith("http1"):
        protocol, operation, function = target.split("/")
        found = tuple(data for each in _recorded(protocol, operation) for data in _inputs(each, function))
    return tuple(dict.fromkeys(data for data in found if len(data) <= most)) or (b"", b"{}", b"data: {}\n\n")


def _recorded(protocol: str, operation: str) -> tuple[Recording, ...]:
    if (other := OTHER_FOLDERS.get((protocol, operation))) is not None:
        return recordings(other)
    folder = COUNTS.get(protocol) if operation == "count_tokens" else FOLDERS.get(protocol, protocol.replace("_", "."))
    return recordings(folder) if folder is not None else ()


def _inputs(recording: Recording, function: str) -> list[bytes]:
    match function:
        case "decode_request" | "edits":
            return [] if recording.request is None else [json.dumps({"model": "m", **recording.request}).encode()]
        case "stream_decoder" | "tap_watch":
            stream = recording.stream or (recording.body if (recording.body or b"").startswith(b"[") else None)
            return [] if stream is None else [b"\x00" + stream, b"\x2f" + stream]
        case "decode_error":
            return [recording.body] if recording.body is not None and recording.status >= 400 else []
        case _:
            return [] if recording.body is None else [recording.body]


def covered() -> dict[str, int]:
    """Target -> its seeds."""
    return {name: len(seeds(name)) for name in TARGETS}
