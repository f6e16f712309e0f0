from __future__ import annotations

import h11
import pytest

from plexus.canonical.headers import Field
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.encode import OURS, HeadEncoder
from plexus.upstream.proxy import Proxy
from plexus.upstream.request import UpstreamRequest

SECURE = Origin("provider.example", 443, TlsSettings())


def request(*fields: Field, method: bytes = b"POST", target: bytes = b"/v1", body: bytes = b"{}") -> UpstreamRequest:
    return UpstreamRequest(origin=SECURE, method=method, target=target, headers=list(fields), body=body)


def read(head: bytes, body: bytes = b"{}") -> tuple[h11.Request, dict[bytes, bytes]]:
    """As h11 understands it."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(head + body)
    event = server.next_event()
    assert isinstance(event, h11.Request)
    headers = list(event.headers)
    assert len(dict(headers)) == len(headers), "a field is repeated"
    return event, dict(headers)


def test_a_head() -> None:
    event, headers = read(HeadEncoder(SECURE, None).encode(request((b"X-Api-Key", b"k"), (b"accept", b"*/*"))))
    assert (event.method, event.target, event.http_version) == (b"POST", b"/v1", b"1.1")
    assert headers == {
        b"host": b"provider.example",
        b"accept-encoding": b"identity",
        b"x-api-key": b"k",
        b"accept": b"*/*",
        b"content-length": b"2",
    }


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (SECURE, b"provider.example"),
        (Origin("provider.example", 8443, TlsSettings()), b"provider.example:8443"),
        (Origin("provider.example", 80), b"provider.example"),
        (Origin("2001:db8::1", 8080), b"[2001:db8::1]:8080"),
        (Origin("bücher.example", 80), b"xn--bcher-kva.example"),
    ],
)
def test_the_host(origin: Origin, host: bytes) -> None:
    assert read(HeadEncoder(origin, None).encode(request()))[1][b"host"] == host


@pytest.mark.parametrize("name", sorted(OURS - {b"host"}))
def test_fields_that_belong_to_the_connection_are_left_out(name: bytes) -> None:
    plain = HeadEncoder(SECURE, None).encode(request((b"a", b"b")))
    assert HeadEncoder(SECURE, None).encode(request((name.title(), b"x"), (b"a", b"b"))) == plain


def test_an_operator_may_name_the_host() -> None:
    head = HeadEncoder(SECURE, None).encode(request((b"Host", b"inner.example"), (b"a", b"b")))
    assert read(head)[1][b"host"] == b"inner.example"


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [(b"GET", b"", None), (b"HEAD", b"", None), (b"POST", b"", b"0"), (b"PUT", b"", b"0"), (b"DELETE", b"x", b"1")],
)
def test_the_length(method: bytes, body: bytes, length: bytes | None) -> None:
    head = HeadEncoder(SECURE, None).encode(request(method=method, body=body))
    assert read(head, body)[1].get(b"content-length") == length


def test_before_a_proxy() -> None:
    proxy = Proxy("proxy", 3128, b"Basic eA==")
    plain = HeadEncoder(Origin("provider.example", 81), proxy).encode(request())
    event, headers = read(plain)
    assert event.target == b"http://provider.example:81/v1"
    assert headers[b"proxy-authorization"] == b"Basic eA=="
    event, headers = read(HeadEncoder(SECURE, proxy).encode(request()))
    assert event.target == b"/v1"
    assert b"proxy-authorization" not in headers  # the provider would read it


@pytest.mark.parametrize(
    "bad",
    [
        request(method=b"GET /"),
        request(method=b""),
        request(target=b""),
        request(target=b"/a b"),
        request(target=b"/a\r\nb: c"),
        request(target="/ä".encode()),
        request((b"a", b"b\r\nc: d")),
        request((b"a", b"b\nc: d")),
        request((b"a\r\nb", b"c")),
        request((b"a", b"\0")),
        request((b"host", b"a\r\nb: c")),
    ],
)
def test_what_would_break_out_of_its_line_is_refused(bad: UpstreamRequest) -> None:
    with pytest.raises(ValueError, match=r"line|space"):
        HeadEncoder(SECURE, None).encode(bad)
