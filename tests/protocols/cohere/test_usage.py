from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.protocols.cohere.usage import decode_usage

BOTH = {
    "billed_units": {"input_tokens": 267, "output_tokens": 52},
    "tokens": {"input_tokens": 34, "output_tokens": 56.0, "reasoning_tokens": 9, "image_tokens": 259},
    "cached_tokens": 12,
}


def counts(document: Any, kind: Any = "billed_units") -> tuple[int, ...] | None:
    usage = decode_usage(json.dumps(document).encode(), kind)
    if usage is None:
        return None
    assert json.loads(usage.raw or "") == document
    return (usage.input, usage.cached_input, usage.image_input, usage.output, usage.reasoning)


def test_what_is_billed_is_the_usage() -> None:
    assert counts(BOTH) == (267, 0, 0, 52, 0)


def test_all_tokens_where_the_operator_wants_them() -> None:
    assert counts(BOTH, "tokens") == (293, 12, 259, 56, 9)


@pytest.mark.parametrize("kind", ["billed_units", "tokens"])
@pytest.mark.parametrize("name", ["billed_units", "tokens"])
def test_one_of_them_is_enough(name: str, kind: str) -> None:
    assert counts({name: {"input_tokens": 1, "output_tokens": 2}}, kind) == (1, 0, 0, 2, 0)


@pytest.mark.parametrize("document", [
    {}, {"billed_units": None}, {"tokens": {}}, {"billed_units": {"search_units": 1}}, {"tokens": {"input_tokens": "1"}}, 7, [],
])  # fmt: skip
def test_nothing_counted_is_no_usage(document: Any) -> None:
    assert counts(document) is None


@pytest.mark.parametrize("count", [-1, 1e300])
def test_counts_that_are_none(count: float) -> None:
    assert counts({"tokens": {"input_tokens": count, "output_tokens": 2}}) == (0, 0, 0, 2, 0)
