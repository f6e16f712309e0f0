"""Arguments that come in pieces."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.protocols.gemini.partial_args import PartialArgs
from plexus.protocols.members import Object


def collect(*pieces: dict[str, Any]) -> Any:
    args = PartialArgs()
    for piece in pieces:
        args.add(msgspec.json.decode(json.dumps(piece), type=Object))
    return json.loads(args.text())


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([], {}),
        ([{"jsonPath": "$.a", "stringValue": "x"}], {"a": "x"}),
        (
            [
                {"jsonPath": "$.a", "stringValue": "Bos", "willContinue": True},
                {"jsonPath": "$.a", "stringValue": "ton", "willContinue": True},
                {"jsonPath": "$.a", "stringValue": ""},
            ],
            {"a": "Boston"},
        ),
        ([{"jsonPath": "$.a.b[1].c", "numberValue": 2}], {"a": {"b": [None, {"c": 2}]}}),
        ([{"jsonPath": "$['a b']", "boolValue": True}, {"jsonPath": "$.n", "nullValue": "NULL_VALUE"}],
         {"a b": True, "n": None}),
        ([{"jsonPath": "$.a", "stringValue": "x"}, {"jsonPath": "$.a.b", "stringValue": "y"}], {"a": "x"}),
        ([{"jsonPath": "$.a[99999999]", "stringValue": "x"}], {"a": []}),
        ([{"jsonPath": "$", "stringValue": "x"}, {"stringValue": "y"}, {"jsonPath": "$.a"}], {}),
    ],
)  # fmt: skip
def test_pieces_become_the_object(pieces: list[dict[str, Any]], whole: Any) -> None:
    assert collect(*pieces) == whole


PATHS = st.text(alphabet="$.ab[]01'\\", max_size=10)


@given(st.lists(st.tuples(PATHS, st.text(max_size=3) | st.integers(0, 3)), max_size=6))
def test_any_paths_are_taken(pieces: list[tuple[str, Any]]) -> None:
    collect(
        *(
            {"jsonPath": path, "stringValue" if isinstance(value, str) else "numberValue": value}
            for path, value in pieces
        )
    )
