"""Errors, by the type in the header, in the body, or by status."""

from __future__ import annotations

import json

import pytest
from tests.protocols.bedrock_converse.making import failure

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.headers import Headers
from plexus.protocols.bedrock_converse import CODEC
from plexus.protocols.bedrock_converse.errors import type_of
from plexus.protocols.eventstream import encode_message

K = ErrorKind


def error(status: int, kind: str | None = None, message: str = "no", **more: str) -> GatewayError:
    fields = [(b"x-amzn-ErrorType", kind.encode())] if kind else []
    fields += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return CODEC.decode_error(status, Headers(fields), json.dumps({"message": message}).encode())


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected"),
    [
        (400, "ValidationException", "bad", K.BAD_REQUEST),
        (400, "ValidationException", "Input is too long for requested model.", K.CONTEXT_LENGTH),
        (400, "ValidationException", "The provided model identifier is invalid.", K.UPSTREAM_MODEL_UNKNOWN),
        (
            400,
            "ValidationException:http://internal.amazon.com/coral/",
            "Invocation of model ID x with on-demand throughput isn\u2019t supported.",
            K.UPSTREAM_MODEL_UNKNOWN,
        ),
        (400, "ServiceQuotaExceededException", "quota", K.RATE_LIMIT),
        (403, "AccessDeniedException", "no access to the model", K.UPSTREAM_FORBIDDEN),
        (403, "ExpiredTokenException:http://x/", "expired", K.UPSTREAM_AUTH),
        (403, "InvalidSignatureException", "signature", K.UPSTREAM_AUTH),
        (403, "UnrecognizedClientException", "token", K.UPSTREAM_AUTH),
        (404, "ResourceNotFoundException", "model", K.UPSTREAM_MODEL_UNKNOWN),
        (408, "ModelTimeoutException", "slow", K.UPSTREAM_GATEWAY),
        (424, "ModelErrorException", "broke", K.UPSTREAM_ERROR),
        (429, "ThrottlingException", "Too many tokens, please wait before trying again.", K.RATE_LIMIT),
        (429, "ThrottlingException", "Too many tokens per day, please wait before trying again.", K.UPSTREAM_BILLING),
        (429, "ModelNotReadyException", "warming up", K.OVERLOADED),
        (500, "InternalServerException", "oops", K.UPSTREAM_ERROR),
        (503, "ServiceUnavailableException", "busy", K.OVERLOADED),
        (503, None, "busy", K.OVERLOADED),
        (418, "SomethingNew", "tea", K.BAD_REQUEST),
    ],
)
def test_a_type_says_what_failed(status: int, kind: str | None, message: str, expected: ErrorKind) -> None:
    found = error(status, kind, message)
    assert (found.kind, found.message, found.status) == (expected, message, status)
    named = kind.partition(":")[0] if kind else None
    assert found.code == (None if expected is K.CONTEXT_LENGTH else named)


def test_when_to_come_back() -> None:
    assert error(429, "ThrottlingException", retry_after="7").retry_after == 7


def test_the_type_may_stand_in_the_body() -> None:
    body = {"__type": "com.amazon.coral.service#ExpiredTokenException", "Message": "old"}
    found = CODEC.decode_error(403, Headers(), json.dumps(body).encode())
    assert (found.kind, found.message, found.code) == (K.UPSTREAM_AUTH, "old", "ExpiredTokenException")


def test_a_web_page_is_nobodys_answer() -> None:
    assert CODEC.decode_error(403, Headers(), b"<html>").kind is K.UPSTREAM_FOREIGN
    assert CODEC.decode_error(502, Headers(), b"<html>").kind is K.UPSTREAM_GATEWAY


@pytest.mark.parametrize(("text", "name"), [(None, None), ("", None), ("A:b", "A"), ("x#A", "A"), ("A", "A")])
def test_the_bare_name_of_a_type(text: str | None, name: str | None) -> None:
    assert type_of(text) == name


@pytest.mark.parametrize(
    ("kind", "expected", "status"),
    [
        ("throttlingException", K.RATE_LIMIT, 429),
        ("validationException", K.BAD_REQUEST, 400),
        ("internalServerException", K.UPSTREAM_ERROR, 500),
        ("modelStreamErrorException", K.UPSTREAM_ERROR, 424),
        ("serviceUnavailableException", K.OVERLOADED, 503),
        ("somethingNew", K.UPSTREAM_ERROR, 500),
    ],
)
def test_an_exception_inside_a_stream_is_typed_as_its_reply(kind: str, expected: ErrorKind, status: int) -> None:
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    found = failure(encode_message(headers, b'{"message":"no"}')).error
    assert (found.kind, found.status, found.message) == (expected, status, "no")


def test_an_error_of_the_stream_itself() -> None:
    headers = {":message-type": "error", ":error-code": "InternalServerException", ":error-message": "gone"}
    found = failure(encode_message(headers, b"")).error
    assert (found.kind, found.message, found.code) == (K.UPSTREAM_ERROR, "gone", "InternalServerException")
