"""Heads of HTTP/1.1 messages as values: what is accepted, how their bodies are framed, and how ours are written.

A head is cut off at its first empty line and checked whole by llhttp (in C, without a Python call per field); this
module adds what llhttp lets pass. Two readers that disagree about where a message ends are how requests are smuggled
(RFC 9112 section 11.2), so everything doubtful is refused instead of repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import httptools
import msgspec

Field = tuple[bytes, bytes]
"""One field of a head: its name as it was sent, its value without the whitespace around it."""

END: Final = b"\r\n\r\n"
"""What ends a head (RFC 9112 section 2.1)."""

CHUNKED: Final = -1
"""Framing of a body that comes in chunks. A framing of 0 or more is a length in bytes."""
UNTIL_CLOSE: Final = -2
"""Framing of a reply's body that ends with its connection."""


class Malformed(Exception):
    """A message that is refused; the connection can be trusted no more and is closed.

    ``status`` is what a server answers (a client ignores it), ``detail`` says what is wrong and never quotes the message.
    """

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Preface(Exception):
    """The opening of HTTP/2 (RFC 9113 section 3.4): closed without an answer, which it could not read anyway."""


class RequestHead(msgspec.Struct, gc=False):
    """A request's head, accepted."""

    method: bytes
    target: bytes
    path: bytes
    """Raw, without the query and, for a target in absolute form, without scheme and authority."""
    query: bytes
    """Raw, after the first ``?``."""
    http11: bool
    framing: int
    """Bytes of the body, or ``CHUNKED``."""
    keep_alive: bool
    expects_continue: bool
    block: bytes
    """The field lines; see ``split_fields``."""


class ReplyHead(msgspec.Struct, gc=False):
    """A reply's head, accepted."""

    status: int
    http11: bool
    framing: int
    """Bytes of the body, ``CHUNKED`` or ``UNTIL_CLOSE``."""
    keep_alive: bool
    """Whether the connection can carry another request after the body."""
    block: bytes
    """The field lines; see ``split_fields``."""


_FIELD = re.compile(rb"([^:]+):[ \t]*([^\r]*)\r\n")
_FRAMING = re.compile(rb"\n(content-length|transfer-encoding|connection|host|expect):[ \t]*([^\r]*)")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_HOST = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,;=%:\[\]]*[ \t]*")


def split_fields(block: bytes) -> list[Field]:
    """The fields of an accepted head, in order, names as sent."""
    fields = _FIELD.findall(block)
    if b" \r\n" in block or b"\t\r\n" in block:
        return [(name, value.rstrip(b" \t")) for name, value in fields]
    return fields


def check_incomplete(buffered: bytes, max_bytes: int) -> None:
    """Refuse a head that will not end well. ``buffered`` is what came of it, without an empty line so far.

    Raises Malformed: 400 for a bare LF (a sender that ends lines with it would never end its head), 414 when the first
    line alone is too long (RFC 9110 section 15.5.15), else 431 beyond ``max_bytes`` (RFC 6585 section 5).
    """
    if buffered.count(b"\n") != buffered.count(b"\r\n"):
        raise Malformed("A line ends without CR.")
    if len(buffered) >= max_bytes:
        if buffered.find(b"\n", 0, max_bytes) < 0:
            raise Malformed("The request line is too long.", 414)
        raise Malformed("The head is too large.", 431)


def parse_request(head: bytes, max_fields: int = 200) -> RequestHead:
    """A request's head, from its first byte up to and with its empty line.

    Raises Malformed and Preface. The rules, with their place in RFC 9112 unless said otherwise:

    - 2.2: lines end with CRLF; a bare LF or CR is refused. 2.3: the version is HTTP/1.1 or HTTP/1.0, else 505.
    - 3: exactly one space between method, target and version. RFC 9110 9.1: an unknown method is a 501, as is CONNECT
      (RFC 9110 9.3.6: it is for proxies).
    - 3.2: one valid Host on HTTP/1.1, at most one on 1.0; no control bytes and no fragment in the target.
    - 5: names are tokens directly before their colon (5.1), no folded lines (5.2), no NUL or control bytes in values
      (RFC 9110 5.5).
    - 6.1, 6.2, 6.3: see ``_request_framing``. RFC 9110 10.1.1: the only expectation is 100-continue, else 417.
    """
    line_end = head.find(b"\r\n")
    parts = head[:line_end].split(b" ")
    if len(parts) != 3:
        raise Malformed("The request line is not: method, space, target, space, version.")
    method, target, version = parts
    http11 = version == b"HTTP/1.1"
    if not http11 and version != b"HTTP/1.0":
        raise _refuse_version(method, version)
    if len(head) > 4 * max_fields and head.count(b"\r\n") > max_fields + 2:  # a field has at least 4 bytes
        raise Malformed("The head has too many fields.", 431)
    _check_head(httptools.HttpRequestParser, head)
    if target[:1] == b"/" and b"#" not in target:
        path, _, query = target.partition(b"?")
    else:
        path, query = _split_target(method, target)
    found = _framing_fields(head, line_end)
    host = found.get(b"host")
    if (host is None and http11) or (host is not None and not _HOST.fullmatch(host)):
        raise Malformed("The field host is missing or is no host.")
    expects_continue = http11 and b"expect" in found
    if expects_continue and found[b"expect"].rstrip(b" \t") != b"100-continue":
        raise Malformed("The only expectation that can be met is 100-continue.", 417)
    return RequestHead(
        method,
        target,
        path,
        query,
        http11,
        _request_framing(found, http11),
        _keep_alive(found.get(b"connection"), http11),
        expects_continue,
        head[line_end + 2 : -2],
    )


def parse_reply(head: bytes, method: bytes, max_fields: int = 200) -> ReplyHead:
    """A reply's head, from its first byte up to and with its empty line; ``method`` is that of its request.

    Raises Malformed for what ``parse_request`` refuses in fields and framing. The body's framing is RFC 9112 section
    6.3: none after HEAD and with 1xx, 204 and 304, whatever the fields say.
    """
    line_end = head.find(b"\r\n")
    version, _, rest = head[:line_end].partition(b" ")
    http11 = version == b"HTTP/1.1"
    if not http11 and version != b"HTTP/1.0":
        raise Malformed("The reply is not HTTP/1.1.")
    if head.count(b"\r\n") > max_fields + 2:
        raise Malformed("The head has too many fields.")
    digits = rest[:3]
    if len(digits) != 3 or not digits.isdigit() or rest[3:4] not in (b"", b" ") or digits[0] == 0x30:
        raise Malformed("The status is not a number of three digits.")
    _check_head(httptools.HttpResponseParser, head)
    found = _framing_fields(head, line_end)
    status = int(digits)
    framing = _reply_framing(found, http11)
    if status < 200 or status in (204, 304) or method == b"HEAD":
        framing = 0
    keep_alive = framing != UNTIL_CLOSE and _keep_alive(found.get(b"connection"), http11)
    return ReplyHead(status, http11, framing, keep_alive, head[line_end + 2 : -2])


def _refuse_version(method: bytes, version: bytes) -> Exception:
    if method == b"PRI" and version == b"HTTP/2.0":
        return Preface()
    if _VERSION.fullmatch(version):
        return Malformed("Only HTTP/1.1 and HTTP/1.0 are spoken here.", 505)
    return Malformed("The version is not one of HTTP.")


class _Witness:
    """Sees that llhttp has come to a head's end."""

    __slots__ = ("complete",)

    def __init__(self) -> None:
        self.complete = False

    def on_headers_complete(self) -> None:
        self.complete = True


def _check_head(parser: type, head: bytes) -> None:
    """llhttp's view of a head: line ends, tokens, control bytes, numbers. A fresh parser each time: no state to leak.

    Raises Malformed, also when llhttp does not see the head's end where we do.
    """
    witness = _Witness()
    try:
        parser(witness).feed_data(head)
    except httptools.HttpParserUpgrade:  # an Upgrade field, or CONNECT: it stops after the head
        pass
    except httptools.HttpParserInvalidMethodError:
        word = _TOKEN.fullmatch(head[: head.find(b" ")])
        raise Malformed("The method is not known.", 501 if word else 400) from None
    except httptools.HttpParserError as error:
        raise Malformed(f"{error}.") from None
    if not witness.complete:
        raise Malformed("The head has no end.")


def _split_target(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """Path and query of a target in any of its forms (RFC 9112 section 3.2)."""
    if b"#" in target:
        raise Malformed("The target has a fragment.")
    if target[:1] != b"/":
        if method == b"CONNECT":
            raise Malformed("CONNECT is for proxies.", 501)
        if target == b"*":
            if method != b"OPTIONS":
                raise Malformed("Only OPTIONS has the target *.")
        else:
            scheme, mark, rest = target.partition(b"://")
            if not mark or scheme.lower() not in (b"http", b"https"):
                raise Malformed("The target is no path.")
            slash, mark_at = rest.find(b"/"), rest.find(b"?")
            cut = min(at for at in (slash, mark_at, len(rest)) if at >= 0)
            target = rest[cut:] if cut == slash else b"/" + rest[cut:]
    path, _, query = target.partition(b"?")
    return path, query


def _framing_fields(head: bytes, line_end: int) -> dict[bytes, bytes]:
    """The fields that decide about framing, lower case. Raises Malformed when one that must be single is repeated."""
    matches = _FRAMING.findall(head.lower(), line_end)
    found: dict[bytes, bytes] = dict(matches)
    if len(found) != len(matches):
        seen: dict[bytes, list[bytes]] = {}
        for name, value in matches:
            seen.setdefault(name, []).append(value)
        for name, values in seen.items():
            if len(values) > 1 and name != b"connection":
                raise Malformed(f"The field {name.decode()} is repeated.")
        found[b"connection"] = b",".join(seen[b"connection"])
    return found


def _request_framing(found: dict[bytes, bytes], http11: bool) -> int:
    """How the body of a request is framed.

    RFC 9112 section 6.1: Transfer-Encoding beside Content-Length, on HTTP/1.0, or anything but ``chunked`` alone is
    refused (the RFC lets a server decode other codings; nothing sends them, and they are how readers come to disagree).
    Section 6.3: a Content-Length that is repeated, also with the same value, or not plain digits is refused.
    """
    length = found.get(b"content-length")
    coding = found.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise Malformed("The head has both transfer-encoding and content-length.")
        if not http11:
            raise Malformed("HTTP/1.0 has no transfer-encoding.")
        if coding.rstrip(b" \t") != b"chunked":
            raise Malformed("The only transfer coding is chunked.")
        return CHUNKED
    return 0 if length is None else _length(length)


def _reply_framing(found: dict[bytes, bytes], http11: bool) -> int:
    if b"content-length" not in found and b"transfer-encoding" not in found:
        return UNTIL_CLOSE
    return _request_framing(found, http11)


def _length(value: bytes) -> int:
    digits = value.rstrip(b" \t")
    if not digits.isdigit() or len(digits) > 18:
        raise Malformed("The field content-length is not a number.")
    return int(digits)


def _keep_alive(connection: bytes | None, http11: bool) -> bool:
    """RFC 9112 section 9.3: 1.1 persists unless told ``close``, 1.0 only when told ``keep-alive``."""
    if connection is None:
        return http11
    options = {option.strip(b" \t") for option in connection.split(b",")}
    if b"close" in options:
        return False
    return http11 or b"keep-alive" in options


STATUS_LINES: Final = {status.value: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}


def status_line(status: int) -> bytes:
    """The first line of a reply; an unregistered status has an empty reason (RFC 9112 section 4)."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def encode_fields(fields: Iterable[Field]) -> bytes:
    """Field lines. Raises ValueError for a name or value that would break out of its line (response splitting)."""
    lines = [b"%b: %b\r\n" % field for field in fields]
    block = b"".join(lines)
    if block.count(b"\n") != len(lines) or block.count(b"\r") != len(lines) or b"\0" in block:
        raise ValueError("a field holds a line end or NUL")
    return block
