from __future__ import annotations

from typing import Any

import h11
import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.http1.refusals import REFUSALS
from tests.http1.wire import request

from plexus.http1.head import (
    CHUNKED,
    END,
    UNTIL_CLOSE,
    Malformed,
    Preface,
    encode_fields,
    parse_reply,
    parse_request,
    split_fields,
    status_line,
)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", b"/", b""),
        (b"/a/b?c=d", b"/a/b", b"c=d"),
        (b"/a??", b"/a", b"?"),
        (b"//a", b"//a", b""),
        (b"http://a/b?c", b"/b", b"c"),
        (b"HTTPS://a:1", b"/", b""),
        (b"http://a?c=/d", b"/", b"c=/d"),
        (b"http://a/", b"/", b""),
    ],
)
def test_the_forms_of_a_target(target: bytes, path: bytes, query: bytes) -> None:
    head = parse_request(request(start=b"GET " + target + b" HTTP/1.1"))
    assert (head.target, head.path, head.query) == (target, path, query)


def test_the_asterisk_is_for_options() -> None:
    assert parse_request(request(start=b"OPTIONS * HTTP/1.1")).path == b"*"


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ([], 0),
        ([b"Content-Length: 0"], 0),
        ([b"content-length:10"], 10),
        ([b"Content-Length: \t10 \t"], 10),
        ([b"Content-Length: 0010"], 10),
        ([b"Transfer-Encoding: chunked"], CHUNKED),
        ([b"transfer-encoding:CHUNKED"], CHUNKED),
        ([b"X-Content-Length: 5"], 0),
        ([b"X: a content-length: 5"], 0),
        ([b"X: transfer-encoding:chunked"], 0),
    ],
)
def test_how_a_request_is_framed(fields: list[bytes], framing: int) -> None:
    assert parse_request(request(*fields)).framing == framing


@pytest.mark.parametrize("host", [b"a", b"", b"a.b:80", b"[::1]:8080", b"a%20b", b"x_y"])
def test_hosts(host: bytes) -> None:
    head = parse_request(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert split_fields(head.block) == [(b"Host", host)]


def test_high_bytes_in_a_value_are_kept() -> None:
    """RFC 9110 section 5.5: obs-text."""
    assert split_fields(parse_request(request(b"X: \xe9\xff")).block)[1] == (b"X", b"\xe9\xff")


def test_an_upgrade_is_an_ordinary_request() -> None:
    head = parse_request(request(b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 3"))
    assert (head.framing, head.keep_alive) == (3, True)


def test_the_preface_of_http2() -> None:
    with pytest.raises(Preface):
        parse_request(b"PRI * HTTP/2.0\r\n\r\n")


class Oracle:
    """llhttp with every callback: what it understands of a head."""

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


_NAMES = st.sampled_from([b"Host", b"X", b"content-length", b"Transfer-Encoding", b"Expect", b"Connection", b"Upgrade"])
_VALUES = st.one_of(
    st.sampled_from([b"a", b"3", b"chunked", b"close", b"upgrade", b"100-continue", b"3, 3", b" ", b"\t3"]),
    st.binary(max_size=8),
)
_JOINTS = st.sampled_from([b": ", b":", b" :", b":\t", b"", b"\r\n"])
_ENDS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\r\n ", b"\r\n\t", b"\0"])
_LINES = st.builds(lambda *parts: b"".join(parts), _NAMES, _JOINTS, _VALUES, _ENDS)
_STARTS = st.builds(
    lambda *parts: b" ".join(parts),
    st.sampled_from([b"GET", b"POST", b"OPTIONS", b"CONNECT", b"PRI", b"X"]),
    st.sampled_from([b"/", b"*", b"/a?b", b"a:1", b"http://a/", b"/ /"]),
    st.sampled_from([b"HTTP/1.1\r\n"] * 5 + [b"HTTP/1.0\r\n", b"HTTP/2.0\r\n", b"HTTP/1.1\n", b"\r\n"]),
)


@given(_STARTS, st.lists(_LINES, max_size=5))
@example(b"GET / HTTP/1.1\r\n", [b"Host: a\r\n", b"X: b\r\n"])
def test_what_is_accepted_is_what_llhttp_understands(start: bytes, lines: list[bytes]) -> None:
    """Both readers see the same fields and the same end, or the head is refused."""
    data = start + b"".join(lines) + b"\r\n"
    head_bytes = data[: data.find(END) + 4]
    try:
        head = parse_request(head_bytes)
    except (Malformed, Preface):
        return
    oracle = Oracle()
    parser = httptools.HttpRequestParser(oracle)
    try:
        parser.feed_data(head_bytes[:-1])
        assert not oracle.complete
        parser.feed_data(head_bytes[-1:])
    except httptools.HttpParserUpgrade:
        pass
    assert oracle.complete
    assert (oracle.url, oracle.fields) == (head.target, split_fields(head.block))


HEADS = [row for row in REFUSALS if END in row[2] and row[1] not in ("9112 7.1", "9112 7.1.1", "9112 7.1.2", "6585 5")]


@pytest.mark.parametrize("row", HEADS, ids=[row[0] for row in HEADS])
def test_what_is_wrong_with_a_head_is_found_without_its_connection(row: tuple[str, str, bytes, int]) -> None:
    _, _, data, status = row
    with pytest.raises(Malformed) as error:
        parse_request(data[: data.find(END) + 4])
    assert error.value.status == status
    assert error.value.detail


# replies


def reply(*lines: bytes, start: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join((start, *lines, b"", b""))


@pytest.mark.parametrize(
    ("head", "method", "framing", "keep_alive"),
    [
        (reply(b"Content-Length: 5"), b"POST", 5, True),
        (reply(b"Content-Length: 5"), b"HEAD", 0, True),
        (reply(b"Transfer-Encoding: chunked"), b"POST", CHUNKED, True),
        (reply(b"Transfer-Encoding: chunked"), b"HEAD", 0, True),
        (reply(), b"POST", UNTIL_CLOSE, False),
        (reply(), b"HEAD", 0, True),
        (reply(b"Content-Length: 5", b"Connection: close"), b"POST", 5, False),
        (reply(b"Content-Length: 5", start=b"HTTP/1.0 200 OK"), b"POST", 5, False),
        (reply(b"Content-Length: 5", b"Connection: keep-alive", start=b"HTTP/1.0 200"), b"POST", 5, True),
        (reply(start=b"HTTP/1.1 204 No Content"), b"POST", 0, True),
        (reply(b"Content-Length: 5", start=b"HTTP/1.1 304 Not Modified"), b"GET", 0, True),
        (reply(start=b"HTTP/1.1 100 Continue"), b"POST", 0, True),
        (reply(b"Upgrade: x", b"Connection: upgrade", start=b"HTTP/1.1 101 "), b"GET", 0, True),
    ],
)
def test_how_a_reply_is_framed(head: bytes, method: bytes, framing: int, keep_alive: bool) -> None:
    """RFC 9112 section 6.3."""
    parsed = parse_reply(head, method)
    assert (parsed.framing, parsed.keep_alive) == (framing, keep_alive)


@pytest.mark.parametrize(
    "head",
    [
        reply(b"Content-Length: 5", b"Content-Length: 5"),
        reply(b"Content-Length: 5", b"Content-Length: 6"),
        reply(b"Content-Length: 5, 5"),
        reply(b"Content-Length: -5"),
        reply(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        reply(b"Transfer-Encoding: gzip, chunked"),
        reply(b"Transfer-Encoding: chunked", start=b"HTTP/1.0 200 OK"),
        reply(b"X : a"),
        reply(b"X: a", b" b"),
        reply(b"X: a\0"),
        reply(start=b"HTTP/1.1 20 OK"),
        reply(start=b"HTTP/1.1 2000 OK"),
        reply(start=b"HTTP/1.1 2x0 OK"),
        reply(start=b"HTTP/1.1 000 OK"),
        reply(start=b"HTTP/1.1  200 OK"),
        reply(start=b"HTTP/2 200 OK"),
        reply(start=b"ICY 200 OK"),
        reply(*[b"X: a"] * 300),
        b"HTTP/1.1 200 OK\nX: a\n\r\n\r\n",
    ],
)
def test_replies_that_are_refused(head: bytes) -> None:
    with pytest.raises(Malformed):
        parse_reply(head, b"GET")


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_a_head_or_malformed(data: bytes, as_reply: bool) -> None:
    parse: Any = (lambda head: parse_reply(head, b"GET")) if as_reply else parse_request
    try:
        parse(data.replace(END, b"") + END)
    except (Malformed, Preface):
        pass


# writing


def test_status_lines() -> None:
    assert status_line(200) == b"HTTP/1.1 200 OK\r\n"
    assert status_line(599) == b"HTTP/1.1 599 \r\n"


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Za-z\-]{1,8}", fullmatch=True), st.text("ab c:;\t\xe9", max_size=8)), max_size=5
    )
)
def test_fields_read_back(pairs: list[tuple[str, str]]) -> None:
    fields = [(name.encode(), value.encode("latin-1").strip(b" \t")) for name, value in pairs]
    assert split_fields(encode_fields(fields)) == fields


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    st.from_regex(r"/[a-z/%0-9.]{0,10}(\?[a-z=&]{0,8})?", fullmatch=True),
    st.lists(st.tuples(st.from_regex(r"x-[a-z\-]{1,8}", fullmatch=True), st.text("ab:;,= ", max_size=8)), max_size=5),
)
def test_requests_of_h11_are_understood(method: str, target: str, pairs: list[tuple[str, str]]) -> None:
    client = h11.Connection(h11.CLIENT)
    fields = [("Host", "a"), *((name, value.strip()) for name, value in pairs)]
    data = client.send(h11.Request(method=method, target=target, headers=fields))
    assert data is not None
    head = parse_request(data)
    assert (head.method.decode(), head.target.decode()) == (method, target)
    assert [(name.decode(), value.decode()) for name, value in split_fields(head.block)] == fields
