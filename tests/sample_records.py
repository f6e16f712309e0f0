"""Records for tests: a plain one by number, and whatever hypothesis can think of."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import strategies as st

from plexus.canonical.losses import Loss
from plexus.canonical.usage import Usage, usage
from plexus.domain.record import AttemptRecord, Opening, Record

START = 1_764_000_000_000_000
USAGE = usage(input=10, cached_input=4, output=5, raw=msgspec.Raw(b'{"prompt_tokens":10,"completion_tokens":5}'))


def opening(number: int) -> Opening:
    return Opening(
        id=f"req_{number:032x}",
        started_at=START + number,
        key="ada",
        protocol="openai_chat",
        operation="generate",
        model="small",
        target="acme/small-1",
    )


def record(number: int, **members: Any) -> Record:
    plain = Record(
        id=f"req_{number:032x}",
        started_at=START + number,
        duration_us=1500,
        first_token_us=500,
        overhead_us=80,
        key="ada",
        protocol="openai_chat",
        operation="generate",
        model="small",
        stream=True,
        provider="acme",
        target_model="small-1",
        target_protocol="openai_chat",
        lane="edit",
        status=200,
        finish="stop",
        usage=USAGE,
        attempts=(attempt(1),),
    )
    return msgspec.structs.replace(plain, **members)


def attempt(number: int, **members: Any) -> AttemptRecord:
    plain = AttemptRecord(
        number=number,
        provider="acme",
        model="small-1",
        protocol="openai_chat",
        lane="edit",
        started_us=30,
        duration_us=1400,
        status=200,
        usage=USAGE,
    )
    return msgspec.structs.replace(plain, **members)


TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
MAYBE_TEXT = st.none() | TEXT
COUNT = st.integers(0, 2**63 - 1)
MAYBE_COUNT = st.none() | COUNT
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def raws(draw: st.DrawFn) -> msgspec.Raw:
    """A JSON object, compact or pretty-printed."""
    value = draw(st.dictionaries(TEXT, JSON, max_size=3))
    indent = draw(st.sampled_from([None, 2]))
    return msgspec.Raw(json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())).encode())


def usages() -> st.SearchStrategy[Usage]:
    counts = {
        name: COUNT for name in Usage.__struct_fields__ if name not in ("estimated", "reported_cost_nanos", "raw")
    }
    return st.builds(Usage, **counts, estimated=st.booleans(), reported_cost_nanos=MAYBE_COUNT, raw=st.none() | raws())


def attempts(number: int) -> st.SearchStrategy[AttemptRecord]:
    return st.builds(
        AttemptRecord,
        number=st.just(number),
        provider=TEXT,
        model=TEXT,
        protocol=TEXT,
        lane=TEXT,
        started_us=COUNT,
        duration_us=COUNT,
        first_token_us=MAYBE_COUNT,
        status=st.none() | st.integers(100, 599),
        error=MAYBE_TEXT,
        error_message=MAYBE_TEXT,
        error_code=MAYBE_TEXT,
        hint=MAYBE_TEXT,
        upstream_request_id=MAYBE_TEXT,
        usage=st.none() | usages(),
        unknown=st.booleans(),
        verdict=MAYBE_TEXT,
    )


def records(ids: st.SearchStrategy[str] = TEXT) -> st.SearchStrategy[Record]:
    return st.builds(
        Record,
        id=ids,
        kind=st.sampled_from(["exchange", "interrupted"]),
        started_at=COUNT,
        duration_us=COUNT,
        first_token_us=MAYBE_COUNT,
        overhead_us=MAYBE_COUNT,
        key=MAYBE_TEXT,
        label=MAYBE_TEXT,
        client_ip=MAYBE_TEXT,
        user_agent=MAYBE_TEXT,
        client_request_id=MAYBE_TEXT,
        protocol=TEXT,
        operation=TEXT,
        model=TEXT,
        stream=st.booleans(),
        bytes_in=COUNT,
        bytes_out=COUNT,
        route=MAYBE_TEXT,
        provider=MAYBE_TEXT,
        target_model=MAYBE_TEXT,
        target_protocol=MAYBE_TEXT,
        lane=MAYBE_TEXT,
        reason=MAYBE_TEXT,
        losses=st.lists(st.builds(Loss, TEXT, TEXT), max_size=3).map(tuple),
        status=st.integers(0, 599),
        finish=MAYBE_TEXT,
        error=MAYBE_TEXT,
        error_message=MAYBE_TEXT,
        error_code=MAYBE_TEXT,
        notes=st.lists(TEXT, max_size=3).map(tuple),
        usage=st.none() | usages(),
        attempts=st.integers(0, 3).flatmap(
            lambda count: st.tuples(*(attempts(number) for number in range(1, count + 1)))
        ),
    )
