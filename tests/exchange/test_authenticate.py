from __future__ import annotations

import pytest
from tests.builders import SECRET, digest, key, snapshot

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.headers import Headers
from plexus.exchange.authenticate import Caller, authenticate

S = SECRET.encode()


def caller(*fields: tuple[bytes, bytes], query: dict[str, str] | None = None) -> Caller:
    return authenticate(Headers(fields), query or {}, snapshot(), digest)


@pytest.mark.parametrize(
    "fields",
    [
        ((b"authorization", b"Bearer " + S),),
        ((b"Authorization", b"bearer  " + S + b" "),),
        ((b"authorization", S),),
        ((b"x-api-key", S),),
        ((b"x-goog-api-key", S),),
        ((b"authorization", b"Bearer " + S), (b"x-api-key", b"something-else")),
        ((b"x-api-key", S), (b"x-goog-api-key", b"something-else")),
    ],
)
def test_every_form_in_its_order(fields: tuple[tuple[bytes, bytes], ...]) -> None:
    assert caller(*fields).key.name == "tester"


def test_the_query_is_the_last_form() -> None:
    assert caller(query={"key": SECRET}).key.name == "tester"
    with pytest.raises(ClientError):
        caller((b"x-api-key", b"wrong-secret-x"), query={"key": SECRET})


@pytest.mark.parametrize(
    ("suffix", "label"), [("", None), (":", None), (":Mobile:V2", "mobile:v2"), (":Team A", "team a")]
)
def test_what_follows_the_first_colon_is_the_label(suffix: str, label: str | None) -> None:
    assert caller((b"x-api-key", S + suffix.encode())).label == label


@pytest.mark.parametrize(
    "fields", [(), ((b"authorization", b"Bearer"),), ((b"x-api-key", b"wrong"),), ((b"x-api-key", b""),)]
)
def test_no_key_and_an_unknown_key_are_refused(fields: tuple[tuple[bytes, bytes], ...]) -> None:
    with pytest.raises(ClientError) as refused:
        caller(*fields)
    assert refused.value.kind is ErrorKind.KEY_INVALID
    assert SECRET not in refused.value.message


def test_a_disabled_key_is_unknown() -> None:
    off = snapshot(keys=(key(enabled=False),))
    with pytest.raises(ClientError):
        authenticate(Headers([(b"x-api-key", S)]), {}, off, digest)
