"""A JSON reply, read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.bedrock_converse.making import answered, read

from plexus.canonical.content import Text
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.response import FinishReason


def test_a_reply() -> None:
    usage = {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}
    response = answered({"text": "a"}, {"text": "b"}, usage=usage, serviceTier={"type": "flex"})
    (candidate,) = response.candidates
    assert candidate.blocks == (Text(text="a"), Text(text="b"))
    assert candidate.finish is not None
    assert candidate.finish.reason is FinishReason.STOP
    assert response.usage is not None
    assert (response.usage.input, response.usage.output) == (3, 5)
    assert (response.id, response.model, response.service_tier) == ("", "", "flex")


def test_what_a_reply_may_lack() -> None:
    response = read(output={"message": {"role": "assistant", "content": []}})
    assert response.candidates[0].finish is None
    assert response.usage is None


@pytest.mark.parametrize("reply", [{}, {"output": {}}, {"output": 1}, {"output": {"message": {"content": 1}}}])
def test_what_is_no_reply(reply: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        read(**reply)
    assert caught.value.kind is ErrorKind.UPSTREAM_MALFORMED
