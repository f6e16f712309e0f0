from __future__ import annotations

from tests.protocols.openai_chat.making import asking, decode, encode, turn
from tests.specs_schema import openai

from plexus.canonical.content import Text
from plexus.protocols.openai_chat import CODEC, ChatDialect

HI = turn("user", Text(text="Hi"))


def test_the_call() -> None:
    outbound, losses = CODEC.encode_request(asking(HI, max_output_tokens=5), ChatDialect())
    assert outbound.path == "/chat/completions"
    assert outbound.body == b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":5}'
    assert losses == []


def test_it_is_what_openai_takes() -> None:
    body, _ = encode(asking(HI, system=(Text(text="a"), Text(text="b")), stream=True, stop=("x",), temperature=1.0))
    assert list(openai("CreateChatCompletionRequest").iter_errors(body)) == []


def test_streams_ask_for_usage() -> None:
    body, _ = encode(asking(HI, stream=True))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert "stream" not in encode(asking(HI))[0]


def test_refused_members() -> None:
    refusing = ChatDialect(refused_members=frozenset({"stream_options", "user"}))
    body, losses = encode(decode({"messages": [], "stream": True, "user": "u"}), refusing)
    assert body == {"model": "m", "messages": [], "stream": True}
    assert {(loss.path, loss.reason) for loss in losses} == {("stream_options", "refused"), ("user", "refused")}
