"""A tool loop over streamed chat completions: the model asks for the weather, we look it up, it answers."""

import json
import os

from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

client = OpenAI(base_url=os.environ["PLEXUS_URL"] + "/v1", api_key=os.environ["PLEXUS_KEY"])
names = [model.id for model in client.models.list().data]
model = os.environ.get("PLEXUS_MODEL") or ("mock-tools" if "mock-tools" in names else names[0])

TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city, now.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
MAX_TURNS = 5


def get_weather(city: str) -> str:
    """Stands for whatever your program knows."""
    return json.dumps({"city": city, "celsius": 21, "sky": "clear"})


def ask(messages: list[ChatCompletionMessageParam]) -> tuple[str, dict[int, dict[str, str]]]:
    """One streamed turn: the text, and the tool calls put together from their deltas."""
    text, calls = "", dict[int, dict[str, str]]()
    for chunk in client.chat.completions.create(model=model, messages=messages, tools=TOOLS, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for delta in choice.delta.tool_calls or []:
                call = calls.setdefault(delta.index, {"id": "", "name": "", "arguments": ""})
                call["id"] += delta.id or ""
                if delta.function is not None:
                    call["name"] += delta.function.name or ""
                    call["arguments"] += delta.function.arguments or ""
    return text, calls


messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Do I need a coat in Paris today?"}]
for _ in range(MAX_TURNS):
    text, calls = ask(messages)
    if not calls:
        print(f"{model}: {text}")
        break
    messages.append(
        {
            "role": "assistant",
            "content": text or None,
            "tool_calls": [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in calls.values()
            ],
        }
    )
    for call in calls.values():
        print(f"(calls {call['name']} with {call['arguments']})")
        result = get_weather(**json.loads(call["arguments"]))
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
else:
    raise SystemExit(f"no answer within {MAX_TURNS} turns")
