from __future__ import annotations

import pytest

from plexus.canonical.headers import Headers
from plexus.protocols.retry_after import read_retry_after


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([(b"retry-after", b"12")], 12.0),
        ([(b"retry-after-ms", b"250"), (b"retry-after", b"12")], 0.25),
        ([(b"retry-after", b"Wed, 21 Oct 2026 07:28:30 GMT"), (b"date", b"Wed, 21 Oct 2026 07:28:00 GMT")], 30.0),
        ([(b"retry-after", b"Wed, 21 Oct 2026 07:28:00 GMT"), (b"date", b"Wed, 21 Oct 2026 07:28:30 GMT")], None),
        ([(b"retry-after", b"Wed, 21 Oct 2026 07:28:30 GMT")], None),
        ([(b"retry-after", b"0")], None),
        ([(b"retry-after", b"-3")], None),
        ([(b"retry-after", b"nan")], None),
        ([(b"retry-after", b"soon"), (b"date", b"now")], None),
        ([], None),
    ],
)
def test_waits(fields: list[tuple[bytes, bytes]], expected: float | None) -> None:
    assert read_retry_after(Headers(fields)) == expected
