"""Log probabilities both ways."""

from __future__ import annotations

import json

import msgspec

from plexus.protocols.gemini.logprobs import decode_logprobs, encode_logprobs
from plexus.protocols.members import raw_json

WIRE = {
    "chosenCandidates": [{"token": "é", "logProbability": -0.5}, {"token": "b", "logProbability": -1}],
    "topCandidates": [{"candidates": [{"token": "é", "logProbability": -0.5}]}, {}],
}


def test_there_and_back() -> None:
    canonical = decode_logprobs(raw_json(WIRE))
    assert canonical is not None
    content = json.loads(bytes(canonical))["content"]
    assert content[0]["bytes"] == [195, 169]
    assert content[0]["top_logprobs"][0]["logprob"] == -0.5
    assert encode_logprobs([canonical]) == {
        "chosenCandidates": [{"token": "é", "logProbability": -0.5}, {"token": "b", "logProbability": -1.0}],
        "topCandidates": [{"candidates": [{"token": "é", "logProbability": -0.5}]}, {"candidates": []}],
    }


def test_pieces_are_joined_and_nonsense_is_nothing() -> None:
    piece = raw_json({"content": [{"token": "a", "logprob": 0}], "refusal": None})
    joined = encode_logprobs([piece, msgspec.Raw(b'{"content":null}'), msgspec.Raw(b"[]"), piece])
    assert isinstance(joined, dict)
    assert len(joined["chosenCandidates"]) == 2
    assert "topCandidates" not in joined
    assert encode_logprobs([]) is None
    assert decode_logprobs(msgspec.Raw(b"[]")) is None
