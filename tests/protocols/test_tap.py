from __future__ import annotations

import pytest

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.usage import Usage
from plexus.protocols.tap import Noted, Seen, WholeTap


@pytest.mark.parametrize(
    ("ended", "said", "usage", "empty"),
    [
        (True, False, None, True),
        (True, False, Usage(input=5), True),
        (True, False, Usage(output=1), False),
        (True, True, None, False),
        (False, False, None, False),
    ],
)
def test_empty_is_a_proper_end_with_nothing_said(ended: bool, said: bool, usage: Usage | None, empty: bool) -> None:
    noted = Noted()
    noted.ended, noted.said, noted.usage = ended, said, usage
    assert noted.empty == empty


def test_a_tap_notes_what_it_is_told() -> None:
    tap = WholeTap(lambda body: Seen(Usage(input=len(body)), bool(body)))
    tap.watch(b"data: x\n\n")
    assert not tap.ended
    tap.read(b"abc")
    assert (tap.usage, tap.empty, tap.ended, tap.terminated, tap.meaningful) == (
        Usage(input=3),
        False,
        True,
        True,
        True,
    )
    hollow = WholeTap(lambda body: Seen(None, False))
    hollow.read(b"")
    assert hollow.empty


def test_a_tap_keeps_the_failure_inside_a_reply() -> None:
    failure = ProviderError(ErrorKind.RATE_LIMIT, "Later.")

    def look(body: bytes) -> Seen:
        raise failure

    tap = WholeTap(look)
    tap.read(b"{}")
    assert tap.failure is failure
    assert (tap.ended, tap.empty) == (False, False)
