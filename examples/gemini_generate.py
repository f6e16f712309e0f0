"""An answer through Plexus with Google's SDK: counted, then streamed, with thoughts."""

import os

from google import genai
from google.genai import types

client = genai.Client(
    api_key=os.environ["PLEXUS_KEY"], http_options=types.HttpOptions(base_url=os.environ["PLEXUS_URL"])
)
names = [(model.name or "").removeprefix("models/") for model in client.models.list()]
model = os.environ.get("PLEXUS_MODEL") or ("mock-thinking" if "mock-thinking" in names else names[0])
question = "Which is heavier, a litre of oil or of water?"

count = client.models.count_tokens(model=model, contents=question)
print(f"{model}, {count.total_tokens} tokens in")

thinking = types.ThinkingConfig(include_thoughts=True)
usage = None
for chunk in client.models.generate_content_stream(
    model=model, contents=question, config=types.GenerateContentConfig(thinking_config=thinking)
):
    for candidate in chunk.candidates or []:
        for part in (candidate.content.parts if candidate.content else None) or []:
            print(part.text or "", end="\n" if part.thought else "", flush=True)
    usage = chunk.usage_metadata or usage
print()
if usage is not None:
    print(f"({usage.prompt_token_count} tokens in, {usage.candidates_token_count} out)")
