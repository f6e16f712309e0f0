from __future__ import annotations

import json
from typing import Any

import pytest
from tests.recordings import recordings

from plexus.canonical.content import Text
from plexus.canonical.errors import ClientError
from plexus.canonical.request import GenerateRequest
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.completions.request import ORIGIN, decode_request


def read(body: Any) -> GenerateRequest:
    return decode_request(Inbound(envelope=envelope.read(json.dumps({"model": "m", **body}).encode())))


def test_a_prompt_is_the_one_turn_and_settings_keep_their_meaning() -> None:
    settings = {
        "temperature": 0.5, "top_p": 0.9, "seed": 1, "frequency_penalty": 0.1, "presence_penalty": 0.2, "user": "u",
    }  # fmt: skip
    request = read({"prompt": "Hi", "max_tokens": 9, "n": 2, "stop": "x", "logit_bias": {"1": 2}, **settings})
    assert {name: getattr(request, name) for name in settings} == settings
    (turn,) = request.messages
    assert (turn.role, turn.content) == ("user", (Text(text="Hi"),))
    assert (request.max_output_tokens, request.candidates, request.stop) == (9, 2, ("x",))
    assert (request.origin, request.extras, request.stream) == (ORIGIN, None, False)
    assert bytes(request.logit_bias or b"") == b'{"1":2}'


def test_what_is_left_out_is_the_apis_own_default() -> None:
    request = read({"prompt": ["Hi"], "stop": ["x", "y"], "logit_bias": {}, "suffix": None, "echo": False})
    assert (request.max_output_tokens, request.stop, request.logit_bias) == (16, ("x", "y"), None)
    assert read({"prompt": "Hi", "max_tokens": 0}).max_output_tokens == 0


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ({"logprobs": 2}, {"logprobs"}),
        ({"logprobs": None}, set()),
        ({"best_of": 3}, {"best_of"}),
        ({"best_of": 2, "n": 2}, set()),
        ({"new_member": 1}, {"new_member"}),
    ],
)
def test_what_a_chat_has_no_word_for_is_kept_aside(body: Any, lost: set[str]) -> None:
    extras = read({"prompt": "Hi", **body}).extras
    assert set(extras.members if extras is not None else ()) == lost


@pytest.mark.parametrize(("options", "stream", "usage"), [({}, False, False), ({"stream": True}, True, False)])
def test_usage_in_a_stream_is_the_clients_wish(options: Any, stream: bool, usage: bool) -> None:
    request = read({"prompt": "Hi", **options})
    assert (request.stream, request.stream_usage) == (stream, usage)
    assert read({"prompt": "Hi", "stream": True, "stream_options": {"include_usage": True}}).stream_usage


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1, 2]]}, "prompt"),
        ({"prompt": "a", "suffix": "b"}, "suffix"),
        ({"prompt": "a", "echo": True}, "echo"),
        ({"prompt": "a", "max_tokens": "many"}, "max_tokens"),
    ],
)
def test_what_only_a_continuation_can_mean_is_a_400(body: Any, param: str) -> None:
    with pytest.raises(ClientError) as refused:
        read(body)
    assert refused.value.param == param


def test_recorded_calls_are_read_or_refused() -> None:
    found: dict[str, Any] = {}
    for recording in recordings("openai.completions"):
        try:
            found[recording.id] = read(recording.request).messages[0].content[0]
        except ClientError as refused:
            found[recording.id] = refused.param
    assert sum(isinstance(one, Text) for one in found.values()) == 6
    assert sorted(one for one in found.values() if isinstance(one, str)) == ["prompt", "suffix"]
