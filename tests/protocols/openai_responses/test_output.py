from __future__ import annotations

import msgspec

from plexus.canonical.content import Reasoning, ReasoningState, Text
from plexus.canonical.losses import Losses
from plexus.protocols.members import raw_json, with_twins
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.items import ITEM, RAW_THOUGHT, YES
from plexus.protocols.openai_responses.output import ItemWriter, reply_id, thought_texts, token_logprobs


def test_ids_of_replies() -> None:
    assert reply_id("resp_1") == "resp_1"
    assert reply_id("msg_01/é") == "resp_msg_01__"
    assert reply_id("") != reply_id("")


def test_a_summary_and_the_words_behind_it_are_one_item() -> None:
    raw = with_twins(None, PROTOCOL, {RAW_THOUGHT: YES})
    summary = Reasoning(text="a", summary=True, id="rs_1")
    words = Reasoning(text="b", id="rs_1", extras=raw, state=ReasoningState(PROTOCOL, "enc"))
    other = Reasoning(text="c", id="rs_2", extras=raw)
    items = ItemWriter("resp_1", {}, Losses()).items((summary, words, other), None)
    assert items == [
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "a"}],
            "content": [{"type": "reasoning_text", "text": "b"}],
            "encrypted_content": "enc",
        },
        {"id": "rs_2", "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "c"}]},
    ]


def test_messages_that_were_two_stay_two() -> None:
    def opening(name: str) -> Text:
        wrapper = {"id": name, "type": "message", "role": "assistant", "status": "completed"}
        return Text(text=name, extras=with_twins(None, PROTOCOL, {ITEM: raw_json(wrapper)}))

    items = ItemWriter("resp_1", {}, Losses()).items((opening("msg_a"), Text(text="b"), opening("msg_c")), None)
    written = msgspec.json.decode(msgspec.json.encode(items))
    assert [(item["id"], len(item["content"])) for item in written] == [("msg_a", 2), ("msg_c", 1)]


def test_log_probabilities_belong_to_the_first_text() -> None:
    tokens = raw_json({"content": [{"token": "a"}], "refusal": None})
    (item,) = ItemWriter("r", {}, Losses()).items((Text(text="a"), Text(text="b")), tokens)
    written = msgspec.json.decode(msgspec.json.encode(item))
    assert [part["logprobs"] for part in written["content"]] == [[{"token": "a"}], []]
    assert token_logprobs(raw_json([1])) == []
    assert token_logprobs(None) == []


def test_parts_of_thoughts() -> None:
    assert thought_texts(Reasoning(text="ab", parts=("a", "b"))) == ("a", "b")
    assert thought_texts(Reasoning(text="a")) == ("a",)
    assert thought_texts(Reasoning()) == ("",), "not hidden: it comes back as one that said nothing"
    assert thought_texts(Reasoning(redacted=True)) == ()
