"""Form bodies (multipart/form-data, RFC 7578) read as they pass: which small fields there are, and where their values lie.

Nothing is copied or taken apart: ``FormScanner`` is fed the pieces of a body and notes a few values by their place, so that
``replace`` gives the same pieces with one of them exchanged. What two readers could take for two different forms is
refused: we would authorise one ``model``, and the provider obey the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote

from plexus.canonical.errors import ClientError, bad_request

MAX_HEAD = 16 * 1024
"""Bytes of a part's head."""
MAX_VALUE = 4 * 1024
"""Bytes of a value that is read."""
MAX_PADDING = 256
"""Bytes of whitespace behind a boundary (RFC 2046 section 5.1.1 allows some)."""
MAX_PARTS = 1000

_PARAMETER = re.compile(r'[ \t]*;[ \t]*([!#$%&\'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,199}[0-9A-Za-z'()+_,\-./:=?]")
_CODINGS = frozenset({b"7bit", b"8bit", b"binary"})


class Edit(NamedTuple):
    """The bytes from ``start`` to ``end`` of a body become ``new``."""

    start: int
    end: int
    new: bytes

    @property
    def growth(self) -> int:
        """Bytes by which the body becomes longer."""
        return len(self.new) - (self.end - self.start)


class Value(NamedTuple):
    """A small field: its text, where its bytes lie, and where its part says their number, if it does."""

    text: str
    start: int
    end: int
    length: tuple[int, int] | None

    def change(self, text: str) -> list[Edit]:
        """What makes it ``text``, in the order of the body; nothing where it is that already."""
        if text == self.text:
            return []
        new = text.encode()
        edits = [Edit(self.start, self.end, new)]
        if self.length is not None:
            edits.insert(0, Edit(*self.length, b"%d" % len(new)))
        return edits


class _State(Enum):
    DATA = 1
    """Of a part, or before the first one."""
    LINE = 2
    """The rest of a boundary's line."""
    HEAD = 3
    EPILOGUE = 4


class _Part(NamedTuple):
    """The head of a part, read."""

    name: str
    is_file: bool
    coding: bytes
    length: tuple[int, int] | None
    """Where the digits of its Content-Length lie, from the head's beginning."""


def is_form(content_type: str | None) -> bool:
    """Whether a body of this type is a form."""
    return content_type is not None and content_type.lower().lstrip().startswith("multipart/form-data")


def read_boundary(content_type: str) -> bytes:
    """The boundary that a form's Content-Type names. Raises ClientError where it names none, two, or one that RFC 2046
    does not allow (up to 200 characters are taken)."""
    rest = content_type.strip()[len("multipart/form-data") :]
    found = [_plain(quoted, token) for name, quoted, token in _parameters(rest) if name.lower() == "boundary"]
    if len(found) != 1 or not _BOUNDARY.fullmatch(found[0]):
        raise bad_request("The Content-Type multipart/form-data must name its boundary, once.")
    return found[0].encode("ascii")


def _parameters(text: str) -> list[tuple[str, str, str]]:
    """(name, quoted value as it stands, token). Raises ClientError for what is no list of parameters."""
    place, found = 0, []
    while place < len(text.rstrip(" \t;")):
        match = _PARAMETER.match(text, place)
        if match is None:
            raise _bad("a header's parameters cannot be read")
        name, quoted, token = match.groups()
        found.append((name, quoted or "", token or ""))
        place = match.end()
    return found


def _plain(quoted: str, token: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted) or token


class FormScanner:
    """Reads the form with ``boundary`` in pieces of any size; ``wanted`` are the names of the fields whose values count."""

    def __init__(self, boundary: bytes, wanted: frozenset[str]) -> None:
        self.fields: dict[str, Value] = {}
        """The wanted fields, as far as they have passed whole."""
        self.complete = False
        """The last boundary has passed."""
        self.text_bytes = 0
        """Of the values that are no files, so far."""
        self.files = 0
        self.file_bytes = 0
        self._mark = b"\n--" + boundary
        self._wanted = wanted
        self._state = _State.DATA
        self._held = b"\r\n"  # the first boundary may be the body's beginning
        self._at = -2  # where ``_held`` begins
        self._part: _Part | None = None
        self._parts = 0
        self._part_length: tuple[int, int] | None = None
        self._value_start = -2
        self._value: list[bytes] = []
        self._value_size = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes. Raises ClientError(BAD_REQUEST) for what is no form, or a doubtful one."""
        data = self._held + piece
        place = 0
        while place >= 0 and self._state is not _State.EPILOGUE:
            start = place
            place = _STEPS[self._state](self, data, start)
            if place < 0:
                kept = -place - 1
                self._held, self._at = data[kept:], self._at + kept
        if self._state is _State.EPILOGUE:
            self._held = b""

    def finish(self) -> None:
        """The body is over. Raises ClientError where the form is not."""
        if not self.complete:
            raise _bad("it ends before its last boundary")

    # Each step takes what it can at ``place`` and gives the next place, or -1 - (what must be kept) when more is needed.

    def _data(self, data: bytes, place: int) -> int:
        begins = max(place, self._value_start - self._at)
        found = data.find(self._mark, place)
        if found < 0:
            kept = max(place, len(data) - len(self._mark))
            self._take(data[begins:kept])
            return -1 - kept
        if found <= self._value_start - self._at or data[found - 1 : found] != b"\r":
            raise _bad("a boundary does not stand on a line of its own")  # some readers would see one, some would not
        self._take(data[begins : found - 1])
        self._end_part(self._at + found - 1)
        self._state = _State.LINE
        return found + len(self._mark)

    def _line(self, data: bytes, place: int) -> int:
        if data[place : place + 2] == b"--":
            self._state = _State.EPILOGUE
            self.complete = True
            return place
        end = data.find(b"\r\n", place, place + MAX_PADDING)
        rest = data[place : end if end >= 0 else place + MAX_PADDING]
        allowed = (b"",) if end >= 0 else (b"", b"\r", b"-")
        if rest.strip(b" \t") not in allowed or len(rest) >= MAX_PADDING:
            raise _bad("something stands behind a boundary")
        if end < 0:
            return -1 - place
        self._state = _State.HEAD
        return end + 2

    def _head(self, data: bytes, place: int) -> int:
        if data[place : place + 2] == b"\r\n":
            raise _bad("a part has no head")
        end = data.find(b"\r\n\r\n", place, place + MAX_HEAD)
        if end < 0:
            if len(data) - place >= MAX_HEAD:
                raise _bad("a part's head is too large")
            return -1 - place
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _bad(f"it has more than {MAX_PARTS} parts")
        part = self._part = read_part_head(data[place : end + 2], self._wanted)
        head_at = self._at + place
        self._part_length = part.length and (part.length[0] + head_at, part.length[1] + head_at)
        if part.name in self._wanted and (part.is_file or part.coding not in _CODINGS):
            raise bad_request(f"{part.name!r} must be a plain field of the form.", param=part.name)
        if part.name in self.fields:
            raise bad_request(f"The form has {part.name!r} twice.", param=part.name)
        self.files += part.is_file
        self._value_start = self._at + end + 4
        self._value, self._value_size = [], 0
        self._state = _State.DATA
        return end + 3  # with the head's last line feed: a boundary right behind it must be seen

    def _take(self, data: bytes) -> None:
        part = self._part
        if part is None:
            return
        if part.is_file:
            self.file_bytes += len(data)
            return
        self.text_bytes += len(data)
        if part.name in self._wanted:
            self._value.append(data)
            self._value_size += len(data)
            if self._value_size > MAX_VALUE:
                raise bad_request(f"{part.name!r} is too long.", param=part.name)

    def _end_part(self, end: int) -> None:
        part, self._part = self._part, None
        if part is None or part.name not in self._wanted:
            return
        try:
            text = b"".join(self._value).decode()
        except UnicodeDecodeError:
            raise bad_request(f"{part.name!r} is not UTF-8.", param=part.name) from None
        self.fields[part.name] = Value(text, self._value_start, end, self._part_length)


_STEPS = {
    _State.DATA: FormScanner._data,  # noqa: SLF001 - the class's own steps
    _State.LINE: FormScanner._line,  # noqa: SLF001
    _State.HEAD: FormScanner._head,  # noqa: SLF001
}


def read_part_head(head: bytes, wanted: frozenset[str]) -> _Part:
    """A part's field lines, each with its line end. Raises ClientError for what two readers could read differently."""
    disposition: bytes | None = None
    coding, length, place = b"binary", None, 0
    for line in head.split(b"\r\n")[:-1]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name.strip() != name or any(mark in line for mark in (b"\r", b"\n", b"\0")):
            raise _bad("a part's head cannot be read")
        name, plain = name.lower(), value.strip(b" \t")
        if name == b"content-disposition":
            if disposition is not None:
                raise _bad("a part has two Content-Dispositions")
            disposition = plain
        elif name == b"content-transfer-encoding":
            coding = plain.lower()
        elif name == b"content-length":
            start = place + line.index(plain, len(name) + 1)
            length = (start, start + len(plain))
        place += len(line) + 2
    name_of_part, is_file = _read_disposition(disposition, wanted)
    return _Part(name_of_part, is_file, coding, length)


def _read_disposition(value: bytes | None, wanted: frozenset[str]) -> tuple[str, bool]:
    """Name, and whether it is a file."""
    text = (value or b"").decode("utf-8", "surrogateescape")
    kind, rest = text[:9], text[9:]
    if kind.lower() != "form-data":
        raise _bad("a part is no form-data")
    names, is_file = [], False
    for parameter, quoted, token in _parameters(rest):
        if '\\"' in quoted and ";" in quoted:
            raise _bad(
                "a quoted text holds both a quote and a semicolon"
            )  # readers without escapes see parameters there
        lower = parameter.lower()
        if lower == "name":
            names.append(quoted or token)
        elif lower == "name*":
            raise _bad("name* is not allowed (RFC 7578 section 4.2)")
        elif lower in ("filename", "filename*"):
            is_file = True
    if len(names) != 1:
        raise _bad("a part must have one name")
    name = names[0]
    if name not in wanted and {name.replace("\\", ""), unquote(name).strip(), name.strip()} & wanted:
        raise _bad("a name is spelled in a way that readers take differently")
    return name, is_file


def replace(pieces: Iterable[bytes], edits: list[Edit]) -> Iterator[bytes]:
    """``pieces`` with ``edits``, which are in order and do not overlap. Pieces without an edit stay the same objects."""
    waiting = list(reversed(edits))
    at = 0  # where the piece begins
    done = 0  # up to where the body has been given or left out
    for piece in pieces:
        end = at + len(piece)
        while waiting and waiting[-1].start < end:
            edit = waiting.pop()
            if edit.start > max(done, at):
                yield piece[max(done, at) - at : edit.start - at]
            if edit.new:
                yield edit.new
            done = edit.end
        if done <= at:
            yield piece
        elif done < end:
            yield piece[done - at :]
        at = end


def _bad(what: str) -> ClientError:
    return bad_request(f"The body is no multipart/form-data that can be read: {what}.")
