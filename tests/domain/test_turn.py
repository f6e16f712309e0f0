"""Turns."""

from __future__ import annotations

import msgspec

from plexus.domain.turn import Issuer, Past, Turn


def test_a_turns_items_say_who_made_them() -> None:
    given, said = msgspec.Raw(b'{"id":"a"}'), msgspec.Raw(b'{"id":"b"}')
    turn = Turn(owner="k", id="resp_1", created_at=1, provider="acme", body=given, given=(given,), output=(said,))
    assert turn.items == (Past(given), Past(said, "acme"))


def test_a_turn_is_a_line() -> None:
    turn = Turn(
        owner="k",
        id="resp_1",
        created_at=1,
        issuer=Issuer("acme", "default", "resp_up"),
        body=msgspec.Raw(b'{"id":"resp_1","text":"line\\n"}'),
    )
    line = msgspec.json.encode(turn)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Turn) == turn
