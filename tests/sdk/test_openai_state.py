"""The official openai SDK over what is kept: ``previous_response_id``, kept responses, conversations, over each upstream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from sqlalchemy import select
from tests.builders import SECRET, key
from tests.gateway import MESSAGES, RESPONSES, UPSTREAMS, Bench, gateway
from tests.kept import kept
from tests.sdk.material import CITY

from plexus.domain.snapshot import Retention
from plexus.mock_provider import Status, Stream
from plexus.storage.schema import response

UPSTREAM = pytest.mark.parametrize("upstream", UPSTREAMS)
STREAMED = pytest.mark.parametrize("streamed", [False, True])
OTHER = "sk-other-secret-0123456789"


def sdk(bench: Bench, secret: str = SECRET) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{bench.url}/v1", api_key=secret, max_retries=0)


async def respond(client: openai.AsyncOpenAI, streamed: bool = False, **ask: Any) -> Any:
    """The whole reply, either way."""
    ask = {"model": "chat", "max_output_tokens": 300, **ask}
    if not streamed:
        return await client.responses.create(**ask)
    async with client.responses.stream(**ask) as stream:
        return await stream.get_final_response()


def sent(bench: Bench, number: int = 0) -> str:
    """The last body that a provider got."""
    return json.dumps(bench.providers[number].calls[-1].json)


@UPSTREAM
@STREAMED
async def test_a_turn_goes_on_from_the_one_before(upstream: str, streamed: bool, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(upstream, state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, streamed, input="My name is Ada.")
        second = await respond(client, streamed, input="And my dog is Rex.", previous_response_id=first.id)
        third = await respond(client, streamed, input="Who am I?", previous_response_id=second.id)
        assert len({first.id, second.id, third.id}) == 3
        assert third.previous_response_id == second.id
        assert third.store is True
        if upstream == RESPONSES:
            assert f'"previous_response_id": "{second.id}"' in sent(bench)
            assert "Ada" not in sent(bench), "the provider keeps it itself"
        else:
            assert sent(bench).index("Ada") < sent(bench).index("Rex") < sent(bench).index("Who am I?")
            assert first.output_text[:20] in sent(bench)
        assert all(loss.path != "store" for loss in bench.journal.records[-1].losses)


@UPSTREAM
@STREAMED
async def test_a_reply_is_found_and_deleted(upstream: str, streamed: bool, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(upstream, state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, streamed, input="Hello", metadata={"a": "b"})
        second = await respond(client, input="And?", previous_response_id=first.id)
        found = await client.responses.retrieve(first.id)
        assert (found.output_text, found.status, found.metadata) == (first.output_text, "completed", {"a": "b"})
        assert found.usage == first.usage
        page: Any = await client.responses.input_items.list(second.id, order="asc")
        texts = [item.content[0].text for item in page.data]
        assert texts == ["Hello", first.output_text, "And?"]
        await client.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError, match=f"Response with id '{first.id}' not found."):
            await client.responses.retrieve(first.id)
        with pytest.raises(openai.BadRequestError, match="not found") as gone:
            await respond(client, input="And?", previous_response_id=first.id)
        assert gone.value.code == "previous_response_not_found"
        assert (await client.responses.retrieve(second.id)).output_text == second.output_text


@UPSTREAM
@STREAMED
async def test_a_conversation(upstream: str, streamed: bool, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(upstream, state=keeper.state) as bench, sdk(bench) as client:
        made = await client.conversations.create(
            metadata={"topic": "dogs"}, items=[{"type": "message", "role": "user", "content": "My name is Ada."}]
        )
        first = await respond(client, streamed, input="Hello", conversation=made.id)
        await respond(client, streamed, input="Who am I?", conversation={"id": made.id})
        assert sent(bench).index("Ada") < sent(bench).index("Hello") < sent(bench).index("Who am I?")
        assert "conversation" not in bench.providers[0].calls[-1].json
        page: Any = await client.conversations.items.list(made.id, order="asc")
        texts = [item.content[0].text for item in page.data]
        assert texts[:4] == ["My name is Ada.", "Hello", first.output_text, "Who am I?"]
        assert len(texts) == 5
        if upstream != RESPONSES:
            assert first.conversation is not None
            assert first.conversation.id == made.id
        assert (await client.responses.retrieve(first.id)).conversation is not None


async def test_what_is_done_to_a_conversation(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(state=keeper.state, **KEYS) as bench, sdk(bench) as client:
        made = await client.conversations.create()
        assert made.metadata == {}
        assert (await client.conversations.update(made.id, metadata={"a": "b"})).metadata == {"a": "b"}
        assert (await client.conversations.retrieve(made.id)).metadata == {"a": "b"}
        items: Any = [{"role": "user", "content": text} for text in ("one", "two", "three")]
        added = await client.conversations.items.create(made.id, items=items)
        assert [item.type for item in added.data] == ["message"] * 3
        ids = [str(item.id) for item in added.data]
        newest = await client.conversations.items.list(made.id, limit=2)
        assert ([item.id for item in newest.data], newest.has_more) == ([ids[2], ids[1]], True)
        rest = await client.conversations.items.list(made.id, limit=2, after=ids[1])
        assert ([item.id for item in rest.data], rest.has_more) == ([ids[0]], False)
        item: Any = await client.conversations.items.retrieve(ids[1], conversation_id=made.id)
        assert item.content[0].text == "two"
        assert (await client.conversations.items.delete(ids[1], conversation_id=made.id)).id == made.id
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.retrieve(ids[1], conversation_id=made.id)
        async with sdk(bench, OTHER) as stranger:
            with pytest.raises(openai.NotFoundError):
                await stranger.conversations.retrieve(made.id)
            with pytest.raises(openai.NotFoundError):
                await stranger.conversations.delete(made.id)
        assert (await client.conversations.delete(made.id)).deleted
        with pytest.raises(openai.NotFoundError, match=made.id):
            await client.conversations.retrieve(made.id)


KEYS: Any = {"keys": (key(), key("other", OTHER))}


@UPSTREAM
async def test_nobody_else_sees_it(upstream: str, tmp_path: Path) -> None:
    async with (
        kept(tmp_path) as keeper,
        gateway(upstream, state=keeper.state, **KEYS) as bench,
        sdk(bench) as client,
        sdk(bench, OTHER) as stranger,
    ):
        first = await respond(client, input="My name is Ada.")
        for ask in (stranger.responses.retrieve, stranger.responses.delete, stranger.responses.cancel):
            with pytest.raises(openai.NotFoundError):
                await ask(first.id)
        with pytest.raises(openai.NotFoundError):
            await stranger.responses.input_items.list(first.id)
        calls = len(bench.providers[0].calls)
        with pytest.raises(openai.BadRequestError) as refused:
            await respond(stranger, input="Who am I?", previous_response_id=first.id)
        assert refused.value.code == "previous_response_not_found"
        assert len(bench.providers[0].calls) == calls, "no provider was asked"
        assert (await client.responses.retrieve(first.id)).id == first.id


@UPSTREAM
@STREAMED
async def test_what_must_not_be_stored_is_not(upstream: str, streamed: bool, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(upstream, state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, streamed, input="Hello", store=False)
        assert first.store is False
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(first.id)


@UPSTREAM
async def test_switched_off(upstream: str, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(upstream, state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="Hello")
        keeper.retention = Retention(store=False)
        assert (await respond(client, input="Hello", store=True)).store is False
        with pytest.raises(openai.BadRequestError, match=r"responses\.store is off") as refused:
            await respond(client, input="And?", previous_response_id=first.id)
        assert refused.value.code == "previous_response_not_found"
        with pytest.raises(openai.BadRequestError, match="off"):
            await client.conversations.create()
        with pytest.raises(openai.NotFoundError, match="off"):
            await respond(client, input="And?", conversation="conv_1")


async def test_another_provider_goes_on(tmp_path: Path) -> None:
    """The provider that knows the earlier turn is asked first; where it fails, another gets the items."""
    async with (
        kept(tmp_path) as keeper,
        gateway(RESPONSES, "openai_chat", state=keeper.state) as bench,
        sdk(bench) as client,
    ):
        first = await respond(client, input="My name is Ada.")
        bench.providers[0].script(Status(503), Status(503))
        second = await respond(client, input="Who am I?", previous_response_id=first.id)
        assert second.previous_response_id == first.id
        assert "Ada" in sent(bench, 1)


async def test_a_provider_that_has_forgotten_gets_the_items(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(RESPONSES, state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="My name is Ada.")
        there = f"http://127.0.0.1:{bench.providers[0].port}/v1"
        async with openai.AsyncOpenAI(base_url=there, api_key="x") as direct:
            await direct.responses.delete(first.id)
        second = await respond(client, input="Who am I?", previous_response_id=first.id)
        assert "Ada" in sent(bench)
        assert second.status == "completed"
        assert bench.journal.records[-1].status == 200


async def test_an_item_is_named_by_its_id(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway("openai_chat", state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="Hello")
        named: Any = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "And?"}]
        await respond(client, input=named)
        assert first.output_text[:20] in sent(bench)
        with pytest.raises(openai.NotFoundError, match="Item with id 'msg_x' not found"):
            await respond(client, input=[{"type": "item_reference", "id": "msg_x"}])


async def test_without_a_database(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway("openai_chat", state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="My name is Ada.")
        await keeper.spool.flush()
        keeper.down = True
        with pytest.raises(openai.InternalServerError) as away:
            await respond(client, input="Who am I?", previous_response_id=first.id)
        assert (away.value.status_code, away.value.code) == (503, "store_unavailable")
        with pytest.raises(openai.InternalServerError):
            await client.conversations.create()
        second = await respond(client, input="My name is Bob.")
        third = await respond(client, input="Who am I?", previous_response_id=second.id)
        assert "Bob" in sent(bench), "found in memory"
        assert (await client.responses.retrieve(third.id)).id == third.id


async def test_what_is_over_is_gone(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway("openai_chat", state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="Hello")
        await keeper.spool.flush()
        keeper.now += 29 * 86400
        assert (await client.responses.retrieve(first.id)).id == first.id
        keeper.now += 2 * 86400
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(first.id)
        with pytest.raises(openai.BadRequestError):
            await respond(client, input="And?", previous_response_id=first.id)


async def test_what_cannot_be_asked(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway("openai_chat", state=keeper.state) as bench, sdk(bench) as client:
        first = await respond(client, input="Hello")
        with pytest.raises(openai.BadRequestError, match="background"):
            await client.responses.cancel(first.id)
        with pytest.raises(openai.BadRequestError, match="cannot be asked for here"):
            await respond(client, input="x", background=True)
        with pytest.raises(openai.BadRequestError, match="streamed"):
            await client.responses.retrieve(first.id, stream=True)
        with pytest.raises(openai.BadRequestError, match="Mutually exclusive"):
            await respond(client, input="x", previous_response_id=first.id, conversation="conv_1")
        with pytest.raises(openai.NotFoundError, match="conv_1"):
            await respond(client, input="x", conversation="conv_1")
        assert (await bench.client.put(f"/v1/responses/{first.id}")).status_code == 405
        assert (await bench.client.get(f"/v1/responses/{first.id}/else")).status_code == 404


@UPSTREAM
@STREAMED
async def test_a_tool_loop_sends_what_is_new_only(upstream: str, streamed: bool, tmp_path: Path) -> None:
    models = ("mock-tools",)
    async with (
        kept(tmp_path) as keeper,
        gateway(upstream, models=models, state=keeper.state) as bench,
        sdk(bench) as client,
    ):
        first = await respond(client, streamed, input="Weather?", tools=[TOOL])
        calls = [item for item in first.output if item.type == "function_call"]
        answers = [{"type": "function_call_output", "call_id": call.call_id, "output": "It is fine."} for call in calls]
        last = await respond(client, streamed, input=answers, tools=[TOOL], previous_response_id=first.id)
        assert "fine" in last.output_text


TOOL: Any = {"type": "function", "name": "weather", "description": "d", "parameters": CITY, "strict": True}


@STREAMED
async def test_sealed_thoughts_are_kept(streamed: bool, tmp_path: Path) -> None:
    """Also where the client never sees them: the provider gets its signatures back."""
    models = ("mock-thinking",)
    ask: Any = {"reasoning": {"effort": "low"}, "max_output_tokens": 9000}
    async with (
        kept(tmp_path) as keeper,
        gateway(MESSAGES, models=models, state=keeper.state) as bench,
        sdk(bench) as client,
    ):
        first = await respond(client, streamed, input="Hello", **ask)
        await respond(client, streamed, input="And?", previous_response_id=first.id, **ask)
        turns: Any = bench.providers[0].calls[-1].json["messages"]
        thoughts = [block for turn in turns for block in turn["content"] if isinstance(block, dict)]
        assert [block["type"] for block in thoughts if "signature" in block] == ["thinking"]
        shown = await client.responses.retrieve(first.id)
        assert "plx1" not in shown.model_dump_json()
        whole = await client.responses.retrieve(first.id, include=["reasoning.encrypted_content"])
        assert "plx1" in whole.model_dump_json()


@STREAMED
async def test_what_broke_is_not_kept(streamed: bool, tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(RESPONSES, state=keeper.state) as bench, sdk(bench) as client:
        bench.providers[0].script(Stream("Hello there", cut_after=3) if streamed else Status(500), Status(500))
        with pytest.raises(openai.APIError):
            async for _ in await client.responses.create(model="chat", input="Hi", stream=True):
                pass
        await keeper.spool.flush()
        async with keeper.database.read() as connection:
            assert (await connection.execute(select(response.c.id))).all() == []
