from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.headers import Headers
from plexus.protocols.faults import (
    MAX_RETRY_AFTER,
    STATUS_KINDS,
    error_fields,
    is_html,
    kind_of_status,
    retry_after,
    seconds_to_wait,
    should_retry,
    shown_status,
)

K = ErrorKind
NOW = 1_770_000_000.0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *STATUS_KINDS.items(),
        (300, K.UPSTREAM_REDIRECT),
        (399, K.UPSTREAM_REDIRECT),
        (418, K.BAD_REQUEST),
        (451, K.BAD_REQUEST),
        (499, K.BAD_REQUEST),
        (501, K.UPSTREAM_ERROR),
        (599, K.UPSTREAM_ERROR),
        (200, K.UPSTREAM_ERROR),
        (101, K.UPSTREAM_ERROR),
    ],
)
def test_a_status_that_no_code_explains(status: int, kind: ErrorKind) -> None:
    assert kind_of_status(status) is kind


@pytest.mark.parametrize("kind", list(K))
def test_what_a_client_is_shown(kind: ErrorKind) -> None:
    status = shown_status(kind)
    assert 400 <= status < 600
    if kind.value.startswith("upstream_"):
        assert status == 502, "a fault of our account is not the client's"
    if kind.value.endswith("_timeout"):
        assert status == 504


def date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("field", "text", "seconds"),
    [
        (b"retry-after", "7", 7.0),
        (b"retry-after", "0.5", 0.5),
        (b"retry-after", "0", None),
        (b"retry-after", "-3", None),
        (b"retry-after", "nan", None),
        (b"retry-after", "inf", MAX_RETRY_AFTER),
        (b"retry-after", "soon", None),
        (b"retry-after", "", None),
        (b"retry-after", "999999999", MAX_RETRY_AFTER),
        (b"retry-after", date(30), 30.0),
        (b"retry-after", date(-30), None),
        (b"retry-after", date(10 * 86400), MAX_RETRY_AFTER),
        (b"retry-after", "Fri, 99 Nov 2026 00:00:00 GMT", None),
        (b"retry-after-ms", "1500", 1.5),
        (b"retry-after-ms", "0", None),
        (b"retry-after-ms", "x", None),
        (b"Retry-After", "7", 7.0),
    ],
)
def test_when_to_come_back(field: bytes, text: str, seconds: float | None) -> None:
    assert retry_after(Headers([(field, text.encode())]), NOW) == seconds


def test_milliseconds_win_and_silence_is_none() -> None:
    assert retry_after(Headers([(b"retry-after", b"9"), (b"retry-after-ms", b"1")])) == 0.001
    assert retry_after(Headers()) is None


@given(st.text(st.characters(codec="latin-1", min_codepoint=32), max_size=40))
def test_any_header_is_a_sane_wait_or_none(text: str) -> None:
    seconds = retry_after(Headers([(b"retry-after", text.encode("latin-1"))]), NOW)
    assert seconds is None or 0 < seconds <= MAX_RETRY_AFTER


@pytest.mark.parametrize(
    ("text", "expected"), [(None, None), ("true", True), (" TRUE ", True), ("false", False), ("maybe", False)]
)
def test_what_the_provider_says_about_retrying(text: str | None, expected: bool | None) -> None:
    fields = [] if text is None else [(b"x-should-retry", text.encode())]
    assert should_retry(Headers(fields)) is expected


@pytest.mark.parametrize(
    ("body", "html"),
    [(b"<html>", True), (b"\n\t <!doctype html>", True), (b"{}", False), (b"", False), (b"a < b", False)],
)
def test_what_is_a_web_page(body: bytes, html: bool) -> None:
    assert is_html(body) == html


@pytest.mark.parametrize(
    ("kind", "told", "seconds"),
    [
        (ErrorKind.RATE_LIMIT, None, 1), (ErrorKind.RATE_LIMIT, 0.2, 1), (ErrorKind.RATE_LIMIT, 2.1, 3),
        (ErrorKind.OVERLOADED, 60.0, 60), (ErrorKind.BAD_REQUEST, 5.0, None), (ErrorKind.UPSTREAM_ERROR, 5.0, None),
    ],
)  # fmt: skip
def test_what_a_client_is_told_to_wait(kind: ErrorKind, told: float | None, seconds: int | None) -> None:
    error = GatewayError(kind, "x", retry_after=told)
    assert seconds_to_wait(error) == seconds
    found = dict(error_fields(error, (b"request-id", b"r")))
    assert found.pop(b"retry-after", None) == (None if seconds is None else b"%d" % seconds)
    assert found == {b"content-type": b"application/json", b"request-id": b"r"}
