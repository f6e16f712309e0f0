from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.parts import DONE, USAGE, call, chunk

from plexus.canonical.usage import Usage
from plexus.exchange.call import read_question
from plexus.exchange.carrier import Carrier, PassCarrier, TranslateCarrier
from plexus.exchange.naming import Names
from plexus.exchange.seal import Seal
from plexus.protocols.registry import CODECS

CHAT, MESSAGES = CODECS["openai_chat", "generate"], CODECS["anthropic_messages", "generate"]
HELLO = chunk("Hel") + chunk("lo") + chunk(finish="stop") + USAGE + DONE
GUESS = Usage(input=1, output=2, estimated=True)


def passing(*, withholds: bool = False) -> PassCarrier:
    return PassCarrier(CHAT, CHAT.default_dialect, withholds=withholds)


def translating(guess: Usage | None = GUESS) -> TranslateCarrier:
    request = MESSAGES.decode_request
    asked = b'{"model":"chat","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    inbound = read_question(call(protocol="anthropic_messages"), asked).inbound
    return TranslateCarrier(
        CHAT.stream_decoder(CHAT.default_dialect),
        MESSAGES.stream_encoder(request(inbound)),
        Seal("acme", "anthropic_messages", b"k" * 32),
        lambda _: guess,
        Names("req_1", "asked"),
    )


def feed(carrier: Carrier, stream: bytes, cuts: list[int] | None = None) -> bytes:
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts or [])})
    pieces = [stream[start:end] for start, end in pairwise(places)]
    return b"".join(carrier.take(piece) for piece in pieces) + carrier.close()


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_bytes_pass_untouched_whatever_the_chunking(cuts: list[int]) -> None:
    carrier = passing()
    assert feed(carrier, HELLO, cuts) == HELLO
    assert carrier.usage is not None
    assert (carrier.usage.input, carrier.usage.output) == (5, 2)
    assert carrier.said_bytes == len("Hello")
    assert carrier.ended
    assert carrier.terminated
    assert not carrier.empty


def test_an_answer_that_was_kept_back_is_not_empty() -> None:
    for carrier in (passing(), translating()):
        feed(carrier, chunk(finish="content_filter") + DONE)
        assert carrier.ended
        assert not carrier.empty
    nothing = passing()
    feed(nothing, chunk(finish="stop") + DONE)
    assert nothing.empty


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_the_usage_that_we_asked_for_is_withheld_and_nothing_else(cuts: list[int]) -> None:
    carrier = passing(withholds=True)
    assert feed(carrier, HELLO, cuts) == HELLO.replace(USAGE, b"")
    assert carrier.usage is not None


def test_only_whole_events_go_out() -> None:
    carrier = passing()
    assert carrier.take(HELLO[: len(chunk("Hel")) + 10]) == chunk("Hel")
    assert carrier.close() == b"", "the incomplete rest of a cut stream is no event"
    assert not carrier.ended


def test_a_missing_last_frame_is_added_behind_a_proper_end_only() -> None:
    assert feed(passing(), chunk("Hi") + chunk(finish="stop")).endswith(DONE)
    assert feed(passing(), chunk("Hi")) == chunk("Hi")


def test_a_last_event_without_its_blank_line_still_counts() -> None:
    carrier = passing()
    out = feed(carrier, chunk("Hi") + chunk(finish="stop").rstrip(b"\n"))
    assert out == chunk("Hi") + chunk(finish="stop") + DONE
    assert carrier.ended


def test_what_came_before_an_error_goes_out_the_error_does_not() -> None:
    carrier = passing()
    error = b'data: {"error":{"message":"overloaded","type":"server_error","code":null}}\n\n'
    assert carrier.take(chunk("Hi") + error + chunk("never")) == chunk("Hi")
    assert carrier.failure is not None


def test_an_event_without_end_is_a_failure_and_bounded() -> None:
    carrier = passing()
    piece = b"x" * (1 << 20)
    assert all(carrier.take(piece) == b"" for _ in range(64))
    assert carrier.failure is not None


def test_progress_is_what_the_client_would_see() -> None:
    carrier = passing()
    carrier.take(b": comment\n\n" + chunk(""))
    assert [carrier.progressed] == [False]
    carrier.take(chunk("Hi"))
    assert [carrier.progressed, carrier.progressed] == [True, False], "asked once"


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_a_translation_is_the_same_whatever_the_chunking(cuts: list[int]) -> None:
    whole, pieces = translating(), translating()
    assert feed(whole, HELLO) == feed(pieces, HELLO, cuts)
    assert pieces.usage is not None
    assert (pieces.usage.output, pieces.said_bytes) == (2, 5)
    assert pieces.finish is not None
    assert pieces.ended


def test_a_translated_reply_without_usage_is_told_the_estimate() -> None:
    carrier = translating()
    out = feed(carrier, HELLO.replace(USAGE, b""))
    assert b'"output_tokens":2' in out
    assert carrier.usage == GUESS
    silent = translating(None)
    feed(silent, HELLO.replace(USAGE, b""))
    assert silent.usage is None


def test_a_translation_never_ends_what_the_provider_cut() -> None:
    carrier = translating()
    out = feed(carrier, chunk("Hi"))
    assert b"message_stop" not in out
    assert not carrier.ended
    assert not carrier.terminated


def test_a_proper_end_with_nothing_said_is_empty() -> None:
    nothing = chunk(finish="stop") + DONE
    for carrier in (passing(), translating(None)):
        feed(carrier, nothing)
        assert carrier.empty


def test_a_stream_that_names_nothing_is_named_by_the_exchange() -> None:
    nameless = HELLO.replace(b'"model": ', b'"module": ')
    assert nameless != HELLO
    assert b'"model":"asked"' in feed(translating(), nameless)
