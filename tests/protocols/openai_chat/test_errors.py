"""Providers' failures become kinds; our own are told as OpenAI tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import specs_schema

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError, TransportError
from plexus.canonical.headers import Headers
from plexus.protocols.faults import shown_status
from plexus.protocols.openai_chat.errors import (
    decode_error,
    decode_error_body,
    encode_error,
    encode_stream_error,
)
from plexus.protocols.openai_errors import CODE_KINDS
from plexus.protocols.sse import split_events

K = ErrorKind


def told(status: int, body: Any, *headers: tuple[bytes, bytes]) -> GatewayError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_error(status, Headers(list(headers)), content)


@pytest.mark.parametrize(("code", "kind"), CODE_KINDS.items())
def test_a_typed_code_wins_over_the_status(code: str, kind: ErrorKind) -> None:
    status = 500 if kind is K.UPSTREAM_ERROR else 418
    assert told(status, {"error": {"message": "no", "code": code}}).kind is kind
    assert told(status, {"error": {"message": "no", "type": code}}).kind is kind


@pytest.mark.parametrize("code", ["server_error", "api_error"])
def test_a_code_that_says_no_more_than_500_leaves_other_statuses_their_meaning(code: str) -> None:
    assert told(503, {"error": {"code": code}}).kind is K.OVERLOADED
    assert told(400, {"error": {"code": code}}).kind is K.BAD_REQUEST


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, {"message": "m", "code": "model_not_found"}, K.UPSTREAM_MODEL_UNKNOWN),
        (404, {"message": "m", "param": "model"}, K.UPSTREAM_MODEL_UNKNOWN),
        (404, {"message": "m", "code": "file_not_found"}, K.NOT_FOUND),
        (404, {"message": "m", "param": "file_id"}, K.NOT_FOUND),
        (404, {"message": "m"}, K.UPSTREAM_PATH),
        (404, {"message": "m", "param": ""}, K.UPSTREAM_PATH),
        (400, {"message": "m", "type": "invalid_request_error"}, K.BAD_REQUEST),
        (422, {"message": "m", "type": "invalid_request_error"}, K.BAD_REQUEST),
        (401, {"message": "m", "type": "invalid_request_error"}, K.UPSTREAM_AUTH),
    ],
)
def test_what_the_status_and_the_members_say_together(status: int, error: dict[str, Any], kind: ErrorKind) -> None:
    assert told(status, {"error": error}).kind is kind


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "no"}}, "no"),
        ({"error": "no"}, "no"),
        ({"message": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ({"error": {"detail": "no"}}, "no"),
        ([{"error": {"message": "no", "code": 400, "status": "INVALID_ARGUMENT"}}], "no"),
        ({"error": {"message": "no", "code": {"odd": True}}}, "no"),
        ({"error": {"message": 5}}, "The provider answered 400."),
        ({"error": None}, "The provider answered 400."),
        ([], "The provider answered 400."),
        ("no", "The provider answered 400."),
        (b"", "The provider answered 400."),
        (b"\xff\xfe", "The provider answered 400."),
    ],
)
def test_the_message_in_all_its_places(body: Any, message: str) -> None:
    error = told(400, body)
    assert (error.message, error.status, error.kind) == (message, 400, K.BAD_REQUEST)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, K.UPSTREAM_FOREIGN), (403, K.UPSTREAM_FOREIGN), (404, K.UPSTREAM_PATH), (502, K.UPSTREAM_GATEWAY)],
)
def test_a_web_page_is_no_api(status: int, kind: ErrorKind) -> None:
    assert told(status, b"\n<!DOCTYPE html><html></html>").kind is kind


def test_the_providers_words_are_kept() -> None:
    error = told(400, {"error": {"message": "m", "code": "context_length_exceeded", "param": "messages", "type": "x"}})
    assert (error.code, error.param) == ("context_length_exceeded", "messages")


@pytest.mark.parametrize(("code", "expected"), [("", None), ("429", None), (429, None), ("my_code", "my_code")])
def test_a_code_of_digits_is_none(code: Any, expected: str | None) -> None:
    assert told(429, {"error": {"message": "m", "code": code}}).code == expected


def test_the_headers_say_when_to_come_back() -> None:
    error = told(429, {}, (b"retry-after", b"7"), (b"x-should-retry", b"false"))
    assert (error.retry_after, error.should_retry) == (7.0, False)


@pytest.mark.parametrize(
    ("raw", "status", "kind"),
    [
        ({"message": "m", "code": 429}, 429, K.RATE_LIMIT),
        ({"message": "m", "code": "503"}, 503, K.OVERLOADED),
        ({"message": "m", "status_code": 400}, 400, K.BAD_REQUEST),
        ({"message": "m", "status": 402}, 402, K.UPSTREAM_BILLING),
        ({"message": "m", "code": 12}, 500, K.UPSTREAM_ERROR),
        ({"message": "m", "code": "5000"}, 500, K.UPSTREAM_ERROR),
        ({"message": "m", "code": "4" * 5000}, 500, K.UPSTREAM_ERROR),
        ({"message": "m", "type": "invalid_request_error"}, 400, K.BAD_REQUEST),
        ({"message": "m"}, 500, K.UPSTREAM_ERROR),
        ("m", 500, K.UPSTREAM_ERROR),
        ({"message": "m", "code": "rate_limit_exceeded"}, 500, K.RATE_LIMIT),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_error_inside_a_200_has_the_status_that_it_names(raw: Any, status: int, kind: ErrorKind) -> None:
    error = decode_error_body(json.dumps(raw).encode())
    assert (error.status, error.kind) == (status, kind)


@given(
    st.integers(100, 599),
    st.binary(max_size=80) | st.sampled_from([b"null", b'{"error":[]}', b"[[]]", b'{"error":{}}']),
)
@settings(deadline=None)
def test_any_reply_is_an_error_that_can_be_told(status: int, body: bytes) -> None:
    error = decode_error(status, Headers(), body)
    assert isinstance(error, ProviderError)
    assert error.message
    decode_error_body(body)


# --- writing


@pytest.mark.parametrize("kind", list(K))
def test_every_kind_is_told_in_openais_shape(kind: ErrorKind) -> None:
    reply = encode_error(GatewayError(kind, "It failed."), "req_1")
    document = json.loads(reply.body)
    specs_schema.openai("ErrorResponse").validate(document)
    error = document["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] == "It failed."
    assert reply.status == shown_status(kind)
    family = "invalid_request_error" if reply.status in (400, 401, 403, 404, 405, 413) else None
    family = family or ("rate_limit_error" if reply.status == 429 else "server_error")
    assert error["type"] == family
    assert error["code"] is None or error["code"].replace("_", "").isalpha()
    assert (b"retry-after" in dict(reply.headers)) == (reply.status in (429, 503))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError(K.BAD_REQUEST, "m", code="duplicate_member"), "duplicate_member"),
        (ClientError(K.BAD_REQUEST, "m"), None),
        (ProviderError(K.BAD_REQUEST, "m", code="invalid_image"), "invalid_image"),
        (ProviderError(K.BAD_REQUEST, "m", code="invalid_request_error"), None),  # a type of Messages: no code
        (ProviderError(K.UPSTREAM_AUTH, "m", code="invalid_api_key"), "upstream_auth"),  # our key, not the client's
        (ProviderError(K.RATE_LIMIT, "m", code="tokens"), "rate_limit_exceeded"),
        (TransportError(K.STALL_TIMEOUT, "m"), "upstream_timeout"),
        (TransportError(K.DNS_FAILED, "m"), "upstream_error"),
    ],
)
def test_whose_code_the_client_sees(error: GatewayError, code: str | None) -> None:
    assert json.loads(encode_error(error, "r").body)["error"]["code"] == code


@pytest.mark.parametrize(("seconds", "shown"), [(None, b"1"), (0.2, b"1"), (2.0, b"2"), (2.1, b"3"), (3600.0, b"3600")])
def test_retry_after_is_in_whole_seconds_rounded_up(seconds: float | None, shown: bytes) -> None:
    reply = encode_error(GatewayError(K.RATE_LIMIT, "m", retry_after=seconds), "r")
    assert dict(reply.headers)[b"retry-after"] == shown


def test_the_hint_for_the_operator_is_not_told() -> None:
    error = GatewayError(K.CONNECT_FAILED, "The provider cannot be reached.", hint="10.0.0.7:443 refused")
    assert b"10.0.0.7" not in encode_error(error, "r").body + encode_stream_error(error, b"")


def test_the_last_frame_of_a_stream_that_broke() -> None:
    (event,) = split_events(encode_stream_error(ClientError(K.CONTENT_REJECTED, "m", param="p"), b""))
    assert event.name in (None, b"", b"message")
    assert json.loads(event.data) == {
        "error": {"message": "m", "type": "invalid_request_error", "param": "p", "code": "content_filter"}
    }
