"""A picture, speech, and speech heard again, through Plexus with OpenAI's SDK."""

import base64
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from openai import OpenAI

client = OpenAI(base_url=os.environ["PLEXUS_URL"] + "/v1", api_key=os.environ["PLEXUS_KEY"])
model = os.environ.get("PLEXUS_MODEL") or client.models.list().data[0].id

with TemporaryDirectory() as folder:
    picture, sound = Path(folder, "cat.png"), Path(folder, "hello.wav")

    made = client.images.generate(model=model, prompt="A cat on a wall")
    assert made.data
    picture.write_bytes(base64.b64decode(made.data[0].b64_json or ""))
    print(f"picture: {picture.stat().st_size} bytes")

    with client.audio.speech.with_streaming_response.create(
        model=model, voice="alloy", input="Hello from Plexus.", response_format="wav"
    ) as speech:
        speech.stream_to_file(sound)
    print(f"speech:  {sound.stat().st_size} bytes")

    heard = client.audio.transcriptions.create(model=model, file=sound)
    print(f"heard:   {heard.text}")
