"""The query of a request's target."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_to_bytes


def read_query(raw: bytes) -> tuple[dict[str, str], bytes]:
    """The query's parameters, and the query as it may go upstream: without ``key``, which is the client's secret."""
    if not raw:
        return {}, b""
    pairs = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
    kept = [part for part in raw.split(b"&") if unquote_to_bytes(part.partition(b"=")[0]).lower() != b"key"]
    return pairs, b"&".join(kept)
