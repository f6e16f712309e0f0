"""The legacy completions, by OpenAI's document and the recordings."""

from __future__ import annotations

from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.recordings import Recording, recordings

from plexus.mock_provider import Stream

PATH = "/v1/completions"


def _asked(prompt: Any = "Once upon", **members: Any) -> dict[str, Any]:
    return {"model": "mock-echo", "prompt": prompt} | members


CASES: dict[str, dict[str, Any]] = {
    "text": _asked(),
    "length": _asked("word " * 30),
    "stop": _asked("one two", stop=["two"]),
    "choices": _asked(n=2),
    "prompts": _asked(["One", "Two"], echo=True),
    "tokens": _asked([[1, 2], [3]]),
    "logprobs": _asked(logprobs=2, echo=True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_body_and_its_stream_say_the_same(case: str) -> None:
    whole = support.reply_of(PATH, CASES[case])
    documented = whole | {"choices": [one | {"finish_reason": one["finish_reason"]} for one in whole["choices"]]}
    specs_schema.openai("CreateCompletionResponse").validate(documented)
    chunks = support.data_of(
        support.events_of(PATH, CASES[case] | {"stream_options": {"include_usage": True}, "stream": True})
    )
    assert chunks[-1]["usage"] == whole["usage"]
    assert chunks[-1]["choices"] == []
    for wanted in whole["choices"]:
        pieces = [one for chunk in chunks for one in chunk["choices"] if one["index"] == wanted["index"]]
        assert "".join(one["text"] for one in pieces) == wanted["text"]
        assert [one["finish_reason"] for one in pieces if one["finish_reason"]] == [wanted["finish_reason"]]
        if case == "logprobs":
            told = [one["logprobs"] for one in pieces if one["logprobs"]]
            assert [at for one in told for at in one["text_offset"]] == wanted["logprobs"]["text_offset"]
            assert [token for one in told for token in one["tokens"]] == wanted["logprobs"]["tokens"]


def test_what_is_asked_is_done() -> None:
    assert support.reply_of(PATH, CASES["length"])["usage"]["completion_tokens"] == 16
    assert support.reply_of(PATH, CASES["length"])["choices"][0]["finish_reason"] == "length"
    assert support.reply_of(PATH, CASES["stop"])["choices"][0]["text"] == "one "
    assert len(support.reply_of(PATH, CASES["choices"])["choices"]) == 2
    assert [one["text"][:3] for one in support.reply_of(PATH, CASES["prompts"])["choices"]] == ["One", "Two"]
    assert support.reply_of(PATH, CASES["tokens"])["usage"]["prompt_tokens"] == 3


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "prompt"),
        (_asked([]), "prompt"),
        (_asked(["a", 1]), "prompt"),
        (_asked(messages=[]), "messages"),
        (_asked(logprobs=6), "logprobs"),
        (_asked(n=3, best_of=2), "best_of"),
        (_asked(best_of=2, stream=True), "best_of"),
        (_asked(stream_options={}), "stream_options"),
    ],
)
def test_refusals(body: dict[str, Any], param: str) -> None:
    assert support.refusal_of(PATH, body)["param"] == param


@pytest.mark.parametrize("recording", recordings("openai.completions"), ids=repr)
def test_recorded_calls(recording: Recording) -> None:
    if recording.status != 200 or recording.request is None or recording.provider != "openai":
        return
    asked = recording.request | {"stream": False}
    asked.pop("stream_options", None)
    assert support.reply_of(PATH, asked)["object"] == "text_completion"


def test_faults_work_here_too() -> None:
    events = support.data_of(support.events_of(PATH, _asked("one two three"), step=Stream(error_after=1)))
    assert set(events[-1]) == {"error"}
    assert len(events) == 2
