"""Forms in any chunking: what is found, where it lies, and what is refused."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.protocols.multipart import (
    MAX_HEAD,
    MAX_PARTS,
    MAX_VALUE,
    Edit,
    FormScanner,
    is_form,
    read_boundary,
    replace,
)

WANTED = frozenset({"model", "stream"})
MODEL = b'Content-Disposition: form-data; name="model"\r\n\r\nwhisper'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF'


def form(*parts: bytes, boundary: bytes = b"xyz", preamble: bytes = b"", epilogue: bytes = b"\r\n") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return preamble + body + b"--" + boundary + b"--" + epilogue


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def scan(*pieces: bytes, boundary: bytes = b"xyz") -> FormScanner:
    scanner = FormScanner(boundary, WANTED)
    for piece in pieces:
        scanner.feed(piece)
    scanner.finish()
    return scanner


def texts(scanner: FormScanner) -> dict[str, str]:
    return {name: value.text for name, value in scanner.fields.items()}


BOUNDARY = st.text("abcXYZ019'()+_,-./:=?", min_size=1, max_size=70).map(str.encode)
FILENAME = st.text(st.characters(codec="utf-8", exclude_characters='"\\;\r\n\0'), max_size=20)
OTHER = st.sampled_from(["prompt", "language", "image[]", "timestamp_granularities[]", "Model", "modell", "größe"])


@st.composite
def parts(draw: st.DrawFn) -> list[tuple[str, bytes, bytes]]:
    """(name, head, data), with a model somewhere among the others, in any spelling that is plain."""

    def head(name: str, *more: str) -> bytes:
        field = draw(st.sampled_from(["Content-Disposition", "content-disposition", "CONTENT-DISPOSITION"]))
        quoted = name if name == "model" and draw(st.booleans()) else f'"{name}"'
        lines = ["; ".join([f"{field}: form-data", f"name={quoted}", *more])]
        if draw(st.booleans()):
            lines.insert(draw(st.integers(0, 1)), "Content-Type: application/x-anything; charset=utf-8")
        return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"

    data = st.binary(max_size=60) | st.just(b"\r\n--") | st.just(b"\r\r\n\n")
    found = [(name, head(name), draw(data)) for name in draw(st.lists(OTHER, max_size=3))]
    if draw(st.booleans()):
        found.append(("stream", head("stream"), b"true"))
    for _ in range(draw(st.integers(0, 2))):
        named = draw(FILENAME)
        found.append(("file", head("file", f'filename="{named}"'), draw(data)))
    model = draw(st.text(st.characters(codec="utf-8"), max_size=20)).encode()
    found.append(("model", head("model"), model))
    draw(st.randoms(use_true_random=False)).shuffle(found)
    return found


@given(parts(), BOUNDARY, st.lists(st.integers(0, 10_000), max_size=8), st.sampled_from([b"", b"Hello\r\n", b"\r\n"]))
def test_any_order_and_any_chunking_find_the_same_fields(
    found: list[tuple[str, bytes, bytes]], boundary: bytes, places: list[int], preamble: bytes
) -> None:
    if any(b"--" + boundary in head + data for _, head, data in found) or b"--" + boundary in preamble:
        return  # RFC 2046 section 5.1: it must not appear inside
    body = form(*(head + data for _, head, data in found), boundary=boundary, preamble=preamble)
    pieces = cut(body, places)
    scanner = scan(*pieces, boundary=boundary)
    (model,) = [data for name, _, data in found if name == "model"]
    assert texts(scanner) == {name: data.decode() for name, _, data in found if name in WANTED}
    value = scanner.fields["model"]
    assert body[value.start : value.end] == model
    plain = [data for _, head, data in found if b"filename" not in head]
    assert scanner.text_bytes == sum(map(len, plain))
    changed = b"".join(replace(pieces, value.change("upstream-model")))
    assert changed == body[: value.start] + b"upstream-model" + body[value.end :]


def test_one_byte_at_a_time() -> None:
    body = form(FILE, MODEL)
    scanner = scan(*(body[place : place + 1] for place in range(len(body))))
    assert texts(scanner) == {"model": "whisper"}


def test_the_model_is_known_as_soon_as_its_part_has_passed() -> None:
    scanner = FormScanner(b"xyz", WANTED)
    scanner.feed(b"--xyz\r\n" + MODEL)
    assert scanner.fields == {}
    scanner.feed(b"\r\n--xyz\r\n")
    assert texts(scanner) == {"model": "whisper"}
    assert not scanner.complete


@given(st.binary(max_size=300), st.lists(st.integers(0, 1000), max_size=5))
def test_any_bytes_give_a_form_or_a_400(body: bytes, places: list[int]) -> None:
    scanner = FormScanner(b"x", WANTED)
    try:
        for piece in cut(body, places):
            scanner.feed(piece)
        scanner.finish()
    except GatewayError as error:
        kind = error.kind
    else:
        kind = ErrorKind.BAD_REQUEST
    assert kind is ErrorKind.BAD_REQUEST, "and no other exception"


def test_what_is_held_stays_small() -> None:
    scanner = FormScanner(b"xyz", WANTED)
    scanner.feed(b"--xyz\r\n" + FILE)
    for _ in range(200):
        scanner.feed(random.Random(1).randbytes(10_000))
        assert len(scanner._held) <= len(scanner._mark) + 2
    scanner.feed(b"\r\n--xyz--")
    assert scanner._held == b""
    scanner.feed(b"z" * 10_000)
    assert scanner._held == b"", "nothing of what follows the end"


NAMES = [
    b'Content-Disposition: form-data; name="file"; filename="say \\"hi\\".wav"',
    b'Content-Disposition: form-data; name="file"; filename="Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x8e\xb5.wav"',
    b'Content-Disposition: form-data; name="file"; filename="Gr\xfc\xdfe.wav"',
    b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.wav",
    b'Content-Disposition: form-data; name="file"; filename="model%22"; ',
    b'Content-Disposition: form-data; name="file"; filename=""',
    b'content-disposition:form-data;name=file;filename="; name=model"',
]


@pytest.mark.parametrize("head", NAMES)
def test_file_names_of_all_kinds_are_files(head: bytes) -> None:
    scanner = scan(form(head + b"\r\n\r\n" + b"model data", MODEL))
    assert texts(scanner) == {"model": "whisper"}
    assert scanner.text_bytes == len("whisper")


REFUSED = {
    "nothing": b"",
    "no end": form(MODEL)[:-10],
    "JSON": b'{"model":"whisper"}',
    "another boundary": form(MODEL, boundary=b"other"),
    "two models": form(MODEL, FILE, MODEL),
    "the model as a file": form(b'Content-Disposition: form-data; name="model"; filename="m"\r\n\r\nwhisper'),
    "an escaped name": form(b'Content-Disposition: form-data; name="mod\\el"\r\n\r\nother', MODEL),
    "an encoded name": form(b'Content-Disposition: form-data; name="mod%65l"\r\n\r\nother', MODEL),
    "a padded name": form(b'Content-Disposition: form-data; name="model "\r\n\r\nother', MODEL),
    "an extended name": form(b"Content-Disposition: form-data; name*=UTF-8''model\r\n\r\nother", MODEL),
    "two names": form(b'Content-Disposition: form-data; name="a"; name="model"\r\n\r\nother', MODEL),
    "no name": form(b"Content-Disposition: form-data\r\n\r\nother", MODEL),
    "no disposition": form(b"Content-Type: text/plain\r\n\r\nother", MODEL),
    "two dispositions": form(MODEL.replace(b"\r\n\r\n", b"\r\n" + MODEL.partition(b"\r\n")[0] + b"\r\n\r\n")),
    "an attachment": form(b'Content-Disposition: attachment; name="a"\r\n\r\nother', MODEL),
    "no head": form(b"\r\nother", MODEL),
    "a folded line": form(b'Content-Disposition: form-data;\r\n name="model"\r\n\r\nother'),
    "a bare line feed in a head": form(b'X: y\nContent-Disposition: form-data; name="a"\r\n\r\nother', MODEL),
    "a parameter inside a quoted text": form(
        b'Content-Disposition: form-data; name="a"; filename="x\\"; name=model; b=\\"c"\r\n\r\nother', MODEL
    ),
    "a boundary behind a bare line feed": form(FILE + b"\n--xyz\r\n" + MODEL, MODEL),
    "a boundary right behind a head": form(FILE.removesuffix(b"RIFF") + b"--xyz\r\n" + MODEL, MODEL),
    "more behind a boundary": form(MODEL).replace(b"--xyz\r\n", b"--xyzw\r\n"),
    "a dash behind a boundary": form(MODEL).replace(b"--xyz\r\n", b"--xyz-\r\n"),
    "an encoded model": form(
        b'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64\r\n\r\nd2hpc3Blcg=='
    ),
    "a model that is no text": form(MODEL + b"\xff"),
    "a model that is too long": form(MODEL + b"r" * MAX_VALUE),
    "a head that is too large": form(b"X: " + b"y" * MAX_HEAD + b"\r\n" + MODEL),
    "a head without end": b"--xyz\r\nX: " + b"y" * MAX_HEAD,
    "padding without end": b"--xyz" + b" " * 300,
    "too many parts": form(*[b'Content-Disposition: form-data; name="a"\r\n\r\n'] * (MAX_PARTS + 1)),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("size", [1_000_000, 7])
def test_doubtful_forms_are_refused(body: bytes, size: int) -> None:
    with pytest.raises(GatewayError) as refused:
        scan(*(body[place : place + size] for place in range(0, len(body), size)))
    assert refused.value.kind is ErrorKind.BAD_REQUEST


def test_padding_and_an_epilogue_are_allowed() -> None:
    body = form(MODEL, epilogue=b"\r\nthe end --xyz\r\n").replace(b"--xyz\r\nC", b"--xyz \t \r\nC")
    assert texts(scan(body)) == {"model": "whisper"}


def test_a_length_in_the_part_follows_its_value() -> None:
    part = b'Content-Disposition: form-data; name="model"\r\nContent-Length:  7\r\n\r\nwhisper'
    body = form(FILE, part)
    edits = scan(body).fields["model"].change("whisper-large-v3")
    assert b"".join(replace([body], edits)) == body.replace(b":  7", b":  16").replace(
        b"\r\n\r\nwhisper", b"\r\n\r\nwhisper-large-v3"
    )
    assert sum(edit.growth for edit in edits) == len("-large-v3") + 1


def test_the_same_model_changes_nothing() -> None:
    assert scan(form(MODEL)).fields["model"].change("whisper") == []


@given(
    st.binary(min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 9), st.binary(max_size=5)), max_size=4),
    st.lists(st.integers(0, 100), max_size=6),
)
def test_replacing_is_the_same_in_any_chunking(
    body: bytes, wishes: list[tuple[int, int, bytes]], places: list[int]
) -> None:
    edits: list[Edit] = []
    for start, size, new in sorted(wishes):
        if start < len(body) and (not edits or start > edits[-1].end):
            edits.append(Edit(start, min(start + size, len(body)), new))
    expected, done = b"", 0
    for edit in edits:
        expected += body[done : edit.start] + edit.new
        done = edit.end
    expected += body[done:]
    assert b"".join(replace(cut(body, places), edits)) == expected
    assert len(expected) == len(body) + sum(edit.growth for edit in edits)


def test_pieces_without_an_edit_are_not_copied() -> None:
    pieces = [b"a" * 100, b"b" * 100, b"c" * 100]
    given_on = list(replace(pieces, [Edit(150, 151, b"!")]))
    assert given_on[0] is pieces[0]
    assert given_on[-1] is pieces[-1]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data;boundary="a b:c"', b"a b:c"),
        ("multipart/form-data; charset=utf-8; BOUNDARY=----WebKitFormBoundaryX ", b"----WebKitFormBoundaryX"),
    ],
)
def test_boundaries(content_type: str, boundary: bytes) -> None:
    assert is_form(content_type)
    assert read_boundary(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=a; boundary=b",
        'multipart/form-data; boundary="a\nb"',
        "multipart/form-data; boundary=" + "a" * 201,
        "multipart/form-data boundary=a",
    ],
)
def test_types_without_one_boundary_are_refused(content_type: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_boundary(content_type)
    assert refused.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("content_type", [None, "application/json", "multipart/mixed; boundary=a"])
def test_other_types_are_no_forms(content_type: str | None) -> None:
    assert not is_form(content_type)


@given(st.lists(st.integers(0, 60), max_size=4))
def test_a_refusal_says_the_same_in_any_chunking(places: list[int]) -> None:
    """Found by the fuzz: an empty head, with what could end a head further on."""
    body = b"--xyz\r\n\r\nother\r\n\r\nmore\r\n--xyz--"
    with pytest.raises(GatewayError, match="a part has no head"):
        scan(*cut(body, places))
