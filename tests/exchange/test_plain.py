from __future__ import annotations

from plexus.exchange.carrier import Carrier
from plexus.exchange.plain import PlainCarrier


def test_bytes_pass_and_are_counted() -> None:
    carrier: Carrier = PlainCarrier()
    chunk = b"RIFF"
    assert carrier.take(chunk) is chunk
    assert [carrier.progressed, carrier.progressed] == [True, False], "once for what has come"
    assert (carrier.ended, carrier.terminated) == (False, False)
    assert carrier.close() == b""
    assert (carrier.ended, carrier.empty, carrier.said_bytes) == (True, False, 4)


def test_an_end_without_a_byte_is_empty() -> None:
    carrier = PlainCarrier()
    assert not carrier.empty
    carrier.close()
    assert carrier.empty
