"""Who may pass, where a path leads, and which fields go through."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import key, provider, route, snapshot, target

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.headers import Headers
from plexus.domain.key import Key
from plexus.domain.provider import Endpoint, Origin, Provider
from plexus.exchange.passage import Passage, climbs, fields_down, fields_up, find_passage
from plexus.protocols.registry import CODECS

K = ErrorKind
CHAT, MESSAGES, GEMINI = "openai_chat", "anthropic_messages", "gemini"
OPEN = key(passthrough=True)


def account(name: str = "acme", **members: Any) -> Provider:
    members.setdefault("passthrough", ())
    return provider(name, protocols=(CHAT, MESSAGES, GEMINI), **members)


def passage(path: bytes, of: Provider | None = None, by: Key = OPEN, name: str = "acme") -> Passage:
    return find_passage(name, path, by, snapshot(route("chat", target(of or account()))), CODECS)


PLACES: list[tuple[bytes, str, str | None, str | None]] = [
    (b"/v1/chat/completions", CHAT, "generate", None),
    (b"/v1/audio/speech", CHAT, "speech", None),
    (b"/v1/messages", MESSAGES, "generate", None),
    (b"/v1/messages/count_tokens", MESSAGES, "count_tokens", None),
    (b"/v1/files", CHAT, None, None),
    (b"/v1", CHAT, None, None),
    (b"/v1beta/models/g-1:generateContent", GEMINI, "generate", "g-1"),
    (b"/v1beta/models/a%2Fb:streamGenerateContent", GEMINI, "generate", "a/b"),
    (b"/v1beta/models/:generateContent", GEMINI, None, None),
    (b"/v1beta/models", GEMINI, None, None),
]


@pytest.mark.parametrize(("path", "protocol", "operation", "model"), PLACES)
def test_a_path_leads_to_the_endpoint_that_knows_it(
    path: bytes, protocol: str, operation: str | None, model: str | None
) -> None:
    found = passage(path)
    assert (found.endpoint.protocol, found.operation, found.model) == (protocol, operation, model)


def test_the_nearest_base_url_wins() -> None:
    origin = Origin("127.0.0.1", 9)
    of = Provider(
        name="acme",
        display_name="acme",
        endpoints={CHAT: Endpoint(CHAT, origin, "/api"), MESSAGES: Endpoint(MESSAGES, origin, "/api/anthropic/v1")},
        auth={},
        passthrough=(),
    )
    assert passage(b"/api/anthropic/v1/files", of).endpoint.protocol == MESSAGES
    assert passage(b"/api/files", of).endpoint.protocol == CHAT


REFUSED: list[tuple[bytes, Provider, Key, str, ErrorKind]] = [
    (b"/v1/x", account(), key(), "acme", K.KEY_FORBIDDEN),
    (b"/v1/x", account(), key(passthrough=True, models="gpt-.*"), "acme", K.KEY_FORBIDDEN),
    (b"/v1/x", account(passthrough=None), OPEN, "acme", K.NOT_FOUND),
    (b"/v1/x", account(), OPEN, "other", K.NOT_FOUND),
    (b"/v1/x", account(enabled=False), OPEN, "acme", K.UNAVAILABLE),
    (b"/v2/x", account(), OPEN, "acme", K.NOT_FOUND),
    (b"/v1x", account(), OPEN, "acme", K.NOT_FOUND),
    (b"/%76%31/x", account(), OPEN, "acme", K.NOT_FOUND),
    (b"", account(), OPEN, "acme", K.NOT_FOUND),
    (b"/v1/../admin", account(), OPEN, "acme", K.BAD_REQUEST),
    (b"/v1/x", account(passthrough=("/v1/files",)), OPEN, "acme", K.NOT_FOUND),
]


@pytest.mark.parametrize(("path", "of", "by", "name", "kind"), REFUSED)
def test_who_may_not(path: bytes, of: Provider, by: Key, name: str, kind: ErrorKind) -> None:
    with pytest.raises(ClientError) as refused:
        passage(path, of, by, name)
    assert refused.value.kind is kind


def test_a_key_with_models_needs_the_raw_name_among_them() -> None:
    assert passage(b"/v1/x", by=key(passthrough=True, models="gpt-.*|raw/ac.*")).provider.name == "acme"


def test_paths_beside_the_base_url_are_open_where_listed() -> None:
    of = account(passthrough=("/upload/v1beta", "/v1/files"))
    assert passage(b"/upload/v1beta/files", of).endpoint.protocol == CHAT
    assert passage(b"/v1/files/1", of).endpoint.protocol == CHAT
    with pytest.raises(ClientError, match="/raw/acme/upload/v1beta/"):
        passage(b"/v1/chat/completions", of)


CLIMBING = ["/v1/../x", "/v1/..", "/./v1", "/v1/%2e%2e/x", "/v1/.%2E/x", "/v1/%252e%252e/x", "/v1/..%2fx", "/v1/..%5Cx"]
CLIMBING += ["/v1/..\\x", "/v1/..;/x", "/v1/..;a=b/x", "/v1/.. /x", "//evil.example/x", "/\\evil.example/x", "/v1/%2e"]
CLIMBING += ["/v1/%25252525252e%25252525252e"]


@pytest.mark.parametrize("path", CLIMBING)
def test_climbing_is_seen_in_all_spellings(path: str) -> None:
    assert climbs(path)


@pytest.mark.parametrize(
    "path", ["/v1/files", "/v1/a..b/c", "/v1/...", "/v1/a%20b", "/v1/%2F%2f", "/v1//x", "/v1/.well-known"]
)
def test_other_paths_do_not_climb(path: str) -> None:
    assert not climbs(path)


@given(st.lists(st.sampled_from(["..", ".", "v1", "%2e", "%2E", "%25", "2e", "/", "\\", ";"]), max_size=8))
def test_what_does_not_climb_stays_below_when_it_is_decoded(pieces: list[str]) -> None:
    path = "/v1/" + "".join(pieces)
    if climbs(path):
        return
    for _ in range(4):
        depth = 0
        for segment in path.replace("\\", "/").split("/")[1:]:
            depth += -1 if segment == ".." else 1
            assert depth >= 0
        assert "/../" not in path + "/"
        path = unquote(path)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9))
def test_a_name_that_is_quoted_whole_passes(name: str) -> None:
    dotted = {segment.partition(";")[0].strip() for segment in name.replace("\\", "/").split("/")} & {".", ".."}
    if not dotted and unquote(name) == name:
        assert not climbs("/v1/files/" + quote(name, safe=""))


def names(fields: list[tuple[bytes, bytes]]) -> list[bytes]:
    return [name for name, _ in fields]


def test_the_client_s_secrets_and_its_connection_stay_here() -> None:
    sent = Headers(
        [
            (b"Host", b"gateway"), (b"Authorization", b"Bearer key"), (b"X-Api-Key", b"key"), (b"x-goog-api-key", b"key"),
            (b"Api-Key", b"key"), (b"Cookie", b"session=1"), (b"Connection", b"close, X-Private"), (b"X-Private", b"1"),
            (b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"3"), (b"Expect", b"100-continue"),
            (b"Accept-Encoding", b"gzip"), (b"X-Forwarded-For", b"10.0.0.1"), (b"X-Plexus-Strict", b"true"),
            (b"TE", b"trailers"), (b"Upgrade", b"websocket"), (b"X-Team", b"a"), (b"Content-Type", b"text/plain"),
            (b"anthropic-version", b"2023-06-01"), (b"X-Team", b"b"),
        ]
    )  # fmt: skip
    assert fields_up(sent, frozenset()) == [
        (b"X-Team", b"a"), (b"Content-Type", b"text/plain"), (b"anthropic-version", b"2023-06-01"), (b"X-Team", b"b"),
    ]  # fmt: skip
    assert names(fields_up(sent, frozenset({b"x-team"}))) == [b"Content-Type", b"anthropic-version"]


def test_what_a_provider_says_of_its_own_host_stays_there() -> None:
    got = Headers(
        [
            (b"Date", b"now"), (b"Set-Cookie", b"a=b"), (b"Alt-Svc", b"h3"), (b"Strict-Transport-Security", b"max-age=9"),
            (b"Connection", b"keep-alive"), (b"Content-Length", b"5"), (b"X-Request-Id", b"theirs"), (b"X-Plexus-Target", b"x"),
            (b"Content-Encoding", b"gzip"), (b"Location", b"https://else.example"), (b"Retry-After", b"7"),
        ]
    )  # fmt: skip
    assert fields_down(got) == [
        (b"x-upstream-request-id", b"theirs"), (b"Content-Encoding", b"gzip"), (b"Location", b"https://else.example"),
        (b"Retry-After", b"7"), (b"content-length", b"5"),
    ]  # fmt: skip
