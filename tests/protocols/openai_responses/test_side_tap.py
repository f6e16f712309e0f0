from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.usage import Usage
from plexus.protocols.openai_responses.side_tap import side_tap


def usage_of(body: bytes) -> Usage | None:
    return Usage(input=msgspec.json.decode(body, type=int))


def test_a_reply_is_read_whole() -> None:
    tap = side_tap(usage_of)
    tap.watch(b"data: 1\n\n")
    assert (tap.meaningful, tap.ended, tap.terminated) == (False, False, False)
    tap.read(b"7")
    assert tap.usage == Usage(input=7)
    assert (tap.failure, tap.finish, tap.empty) == (None, None, False)
    assert (tap.meaningful, tap.ended, tap.terminated) == (True, True, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ErrorKind.UPSTREAM_MALFORMED),
        (b"\xff", ErrorKind.UPSTREAM_MALFORMED),
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"error":null}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"error":{"message":"m","code":"rate_limit_exceeded"}}', ErrorKind.RATE_LIMIT),
    ],
)
def test_what_is_no_reply_fails(body: bytes, kind: ErrorKind) -> None:
    tap = side_tap(usage_of)
    tap.read(body)
    assert tap.failure is not None
    assert tap.failure.kind is kind
    assert (tap.usage, tap.ended) == (None, False)
