"""A message through Plexus with Anthropic's SDK: counted, then streamed, with thinking."""

import os

from anthropic import Anthropic
from anthropic.types import MessageParam

client = Anthropic(base_url=os.environ["PLEXUS_URL"], api_key=os.environ["PLEXUS_KEY"])
names = [model.id for model in client.models.list()]
model = os.environ.get("PLEXUS_MODEL") or ("mock-thinking" if "mock-thinking" in names else names[0])
messages: list[MessageParam] = [{"role": "user", "content": "Which is heavier, a litre of oil or of water?"}]

count = client.messages.count_tokens(model=model, messages=messages)
print(f"{model}, {count.input_tokens} tokens in")

with client.messages.stream(
    model=model,
    max_tokens=2048,
    thinking={"type": "enabled", "budget_tokens": 1024},
    messages=messages,
) as stream:
    for event in stream:
        if event.type == "thinking":
            print(event.thinking, end="", flush=True)
        elif event.type == "text":
            print(event.text, end="", flush=True)
        elif event.type == "content_block_stop":
            print()
    usage = stream.get_final_message().usage
print(f"({usage.input_tokens} tokens in, {usage.output_tokens} out)")
