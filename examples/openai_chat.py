"""A chat completion through Plexus with OpenAI's SDK: first whole, then streamed."""

import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["PLEXUS_URL"] + "/v1", api_key=os.environ["PLEXUS_KEY"])
model = os.environ.get("PLEXUS_MODEL") or client.models.list().data[0].id

reply = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "developer", "content": "You answer in one sentence."},
        {"role": "user", "content": "What does a gateway do?"},
    ],
)
print(f"{model}: {reply.choices[0].message.content}")
assert reply.usage is not None
print(f"({reply.usage.prompt_tokens} tokens in, {reply.usage.completion_tokens} out)\n")

stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Count to five."}],
    stream=True,
    stream_options={"include_usage": True},
)
print("streamed: ", end="")
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
    if chunk.usage is not None:
        print(f"\n({chunk.usage.total_tokens} tokens in all)")
